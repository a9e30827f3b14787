// Sends the messages of one rocket: go run ./produce [URL] [CHANNEL]
//
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

type metadata struct {
	Channel       string    `json:"channel"`
	MessageNumber uint64    `json:"messageNumber"`
	MessageTime   time.Time `json:"messageTime"`
	MessageType   string    `json:"messageType"`
}

type message struct {
	Metadata metadata       `json:"metadata"`
	Message  map[string]any `json:"message"`
}

var client = &http.Client{Timeout: 10 * time.Second}

// try sends once. It returns the answer if it was accepted, else how long to wait before the next try.
func try(request *http.Request) (text string, accepted bool, pause time.Duration) {
	answer, err := client.Do(request)
	if err != nil { // nobody listens, or the answer was lost
		log.Print("again in a second: ", err)
		return "", false, time.Second
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", false, time.Second
	}
	if answer.StatusCode < 300 {
		return string(body), true, 0
	}
	if answer.StatusCode < 500 { // repeating does not help: the answer names the fault and its place
		log.Fatal("refused: ", string(body))
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	return "", false, time.Duration(seconds) * time.Second
}

// post sends until it is accepted. Repeat it when in doubt: a message counts once.
func post(url, prefer string, messages ...message) string {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for _, one := range messages {
		if err := lines.Encode(one); err != nil {
			log.Fatal(err)
		}
	}
	for {
		request, err := http.NewRequest("POST", url+"/messages", bytes.NewReader(body.Bytes()))
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-ndjson")
		request.Header.Set("Prefer", prefer)
		if token := os.Getenv("DOWNLINK_TOKEN"); token != "" { // for a gateway with tokens
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer, accepted, pause := try(request)
		if accepted {
			return answer
		}
		time.Sleep(pause)
	}
}

func main() {
	url, channel := "http://localhost:8088", fmt.Sprintf("go-%d", time.Now().UnixNano())
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	if len(os.Args) > 2 {
		channel = os.Args[2]
	}
	of := func(number uint64, kind string, content map[string]any) message {
		return message{metadata{channel, number, time.Now().UTC(), kind}, content}
	}
	slower := of(2, "RocketSpeedDecreased", map[string]any{"by": 100})

	fmt.Println(post(url, "", of(1, "RocketLaunched",
		map[string]any{"type": "Falcon-9", "launchSpeed": 500, "mission": "ARTEMIS"})))
	// That number 3 comes before number 2 changes nothing, and that number 2 comes twice neither.
	fmt.Println(post(url, "", of(3, "RocketSpeedIncreased", map[string]any{"by": 3000}), slower))
	// With Prefer: wait=5 the answer comes once the messages are in the state.
	fmt.Println(post(url, "wait=5", slower,
		of(4, "RocketMissionChanged", map[string]any{"newMission": "SHUTTLE_MIR"})))
}
