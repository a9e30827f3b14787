// Shows rockets as they change: go run ./consume [URL] [CHANNEL]
//
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

type rocket struct {
	ID      string  `json:"id"`
	Status  string  `json:"status"`
	Speed   int64   `json:"speed"`
	Mission *string `json:"mission"` // null until the launch is known
}

func show(data string) {
	var one rocket
	if err := json.Unmarshal([]byte(data), &one); err != nil {
		log.Fatal(err)
	}
	mission := "-"
	if one.Mission != nil {
		mission = *one.Mission
	}
	fmt.Println(one.ID, one.Status, one.Speed, mission)
}

// follow reads one stream of events to its end. It begins with the rockets that there are; then each
// comes when it changes. It returns the id of the last event, for the next stream to go on from.
func follow(target, last string) (string, error) {
	request, err := http.NewRequest("GET", target, nil)
	if err != nil {
		return last, err
	}
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	if token := os.Getenv("DOWNLINK_TOKEN"); token != "" { // for a gateway with tokens
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return last, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return last, fmt.Errorf("%s", answer.Status)
	}
	name := ""
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "event":
			name = value
		case field == "id":
			last = value
		case field == "data" && name == "rocket":
			show(value)
		}
	}
	return last, lines.Err()
}

func main() {
	target, last := "http://localhost:8088", ""
	if len(os.Args) > 1 {
		target = os.Args[1]
	}
	target += "/events"
	if len(os.Args) > 2 {
		target += "?id=" + url.QueryEscape(os.Args[2])
	}
	for {
		var err error
		if last, err = follow(target, last); err != nil {
			log.Print("again in a second: ", err)
		}
		time.Sleep(time.Second)
	}
}
