// Post and read with the Go client of openapi-generator: PROGRAM URL CHANNEL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	downlink "example.org/downlink"
)

func try(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func problemOf(err error) map[string]any {
	failed, isApi := err.(*downlink.GenericOpenAPIError)
	if !isApi {
		log.Fatalf("no problem: %v", err)
	}
	var problem map[string]any
	try("the problem", json.Unmarshal(failed.Body(), &problem))
	return problem
}

func main() {
	url, channel, now := os.Args[1], os.Args[2], time.Now()
	configuration := downlink.NewConfiguration()
	configuration.Servers = downlink.ServerConfigurations{{URL: url}}
	configuration.HTTPClient = &http.Client{Timeout: 20 * time.Second}
	client, background := downlink.NewAPIClient(configuration), context.Background()

	launch := *downlink.NewLaunchData("Falcon-9", 500, "ARTEMIS")
	launched := downlink.NewRocketLaunched(
		*downlink.NewRocketLaunchedMetadata(channel, 1, now, "RocketLaunched"), launch)
	faster := downlink.NewRocketSpeedIncreased(
		*downlink.NewRocketSpeedIncreasedMetadata(channel, 2, now, "RocketSpeedIncreased"),
		*downlink.NewSpeedData(9007199254740000))
	other := downlink.NewRocketMissionChanged(
		*downlink.NewRocketMissionChangedMetadata(channel, 4, now, "RocketMissionChanged"),
		*downlink.NewMissionData("MIR"))
	refused := downlink.NewRocketLaunched(
		*downlink.NewRocketLaunchedMetadata(channel, 0, now, "RocketLaunched"), launch)

	post := func(request downlink.PostMessagesRequest) (*downlink.Accepted, error) {
		accepted, _, err := client.MessagesAPI.PostMessages(background).
			PostMessagesRequest(request).Prefer("wait=10").Execute()
		return accepted, err
	}
	one, err := post(downlink.RocketLaunchedAsPostMessagesRequest(launched))
	try("post one", err)
	array := []downlink.Message{
		downlink.RocketSpeedIncreasedAsMessage(faster), downlink.RocketMissionChangedAsMessage(other)}
	many, err := post(downlink.ArrayOfMessageAsPostMessagesRequest(&array))
	try("post many", err)
	_, err = post(downlink.RocketLaunchedAsPostMessagesRequest(refused))
	problem := problemOf(err)
	rocket, _, err := client.RocketsAPI.GetRocket(background, channel).Execute()
	try("get", err)
	page, _, err := client.RocketsAPI.ListRockets(background).Mission("MIR").Limit(1000).Execute()
	try("list", err)
	isListed := false
	for _, found := range page.Rockets {
		isListed = isListed || found.Id == channel
	}
	_, _, err = client.RocketsAPI.GetRocket(background, "nobody").Execute()
	nobody := problemOf(err)

	said, err := json.Marshal(map[string]any{
		"applied": []any{one.Accepted, many.Accepted},
		"refused": []any{problem["status"], problem["errors"].([]any)[0].(map[string]any)["pointer"]},
		"rocket": []any{rocket.Type.Get(), rocket.Speed, rocket.Mission.Get(), rocket.Status,
			rocket.ExplosionReason.Get(), rocket.Missing},
		"listed": isListed,
		"nobody": nobody["type"]})
	try("print", err)
	fmt.Println(string(said))
}
