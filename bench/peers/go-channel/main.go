// What Downlink is measured against: a service in one process. The handler puts a message into a
// buffered channel and answers 202; a goroutine takes it out and folds it into a map. Nothing is
// saved, nothing leaves the process, and when the channel is full the message is dropped.
// Only the standard library is used. go-channel ADDRESS [BUFFER]
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

type metadata struct {
	Channel       string `json:"channel"`
	MessageNumber int64  `json:"messageNumber"`
	MessageTime   string `json:"messageTime"`
	MessageType   string `json:"messageType"`
}

type body struct {
	Type        string `json:"type"`
	LaunchSpeed int64  `json:"launchSpeed"`
	Mission     string `json:"mission"`
	By          int64  `json:"by"`
	Reason      string `json:"reason"`
	NewMission  string `json:"newMission"`
}

type message struct {
	Metadata metadata `json:"metadata"`
	Message  body     `json:"message"`
}

type rocket struct {
	ID                string `json:"id"`
	Type              string `json:"type"`
	Speed             int64  `json:"speed"`
	Mission           string `json:"mission"`
	Status            string `json:"status"`
	ExplosionReason   string `json:"explosionReason,omitempty"`
	LastMessageNumber int64  `json:"lastMessageNumber"`
	LastMessageTime   string `json:"lastMessageTime"`
}

type service struct {
	channel chan message
	dropped int64 // atomic
	mutex   sync.RWMutex
	rockets map[string]*rocket // a rocket in it never changes: a new state is a new one
}

func (s *service) find(id string) *rocket {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.rockets[id]
}

func (s *service) save(r *rocket) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.rockets[r.ID] = r
}

func (s *service) all() []*rocket {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	all := make([]*rocket, 0, len(s.rockets))
	for _, r := range s.rockets {
		all = append(all, r)
	}
	return all
}

// fold takes the newest message only: what comes late is passed over.
func (s *service) fold(m *message) {
	next := rocket{ID: m.Metadata.Channel, Status: "flying"}
	if old := s.find(m.Metadata.Channel); old != nil {
		if m.Metadata.MessageNumber <= old.LastMessageNumber {
			return
		}
		next = *old
	}
	switch m.Metadata.MessageType {
	case "RocketLaunched":
		next.Type, next.Mission = m.Message.Type, m.Message.Mission
		next.Speed = m.Message.LaunchSpeed
	case "RocketSpeedIncreased":
		next.Speed += m.Message.By
	case "RocketSpeedDecreased":
		next.Speed -= m.Message.By
	case "RocketExploded":
		next.Status, next.ExplosionReason = "exploded", m.Message.Reason
	case "RocketMissionChanged":
		next.Mission = m.Message.NewMission
	}
	next.LastMessageNumber = m.Metadata.MessageNumber
	next.LastMessageTime = m.Metadata.MessageTime
	s.save(&next)
}

func (s *service) work() {
	for m := range s.channel {
		s.fold(&m)
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func (s *service) postMessage(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		refuse(w, 400, err.Error())
		return
	}
	d := &m.Metadata
	if d.Channel == "" || d.MessageNumber < 1 || d.MessageTime == "" || d.MessageType == "" {
		refuse(w, 400, "a member of metadata is missing")
		return
	}
	select {
	case s.channel <- m:
	default:
		atomic.AddInt64(&s.dropped, 1)
	}
	answer(w, 202, map[string]string{"status": "accepted"})
}

func (s *service) getRocket(w http.ResponseWriter, r *http.Request) {
	found := s.find(strings.TrimPrefix(r.URL.Path, "/rockets/"))
	if found == nil {
		refuse(w, 404, "there is no rocket of this id")
		return
	}
	answer(w, 200, found)
}

// getRockets sorts all of them and answers the first `limit`, or all.
func (s *service) getRockets(w http.ResponseWriter, r *http.Request) {
	by := r.URL.Query().Get("sort")
	all := s.all()
	less := func(a, b *rocket) bool { return a.ID < b.ID }
	switch strings.TrimPrefix(by, "-") {
	case "speed":
		less = func(a, b *rocket) bool { return a.Speed < b.Speed }
	case "mission":
		less = func(a, b *rocket) bool { return a.Mission < b.Mission }
	}
	sort.Slice(all, func(i, j int) bool {
		if strings.HasPrefix(by, "-") {
			i, j = j, i
		}
		return less(all[i], all[j])
	})
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit < len(all) {
		all = all[:limit]
	}
	answer(w, 200, all)
}

func (s *service) getStats(w http.ResponseWriter, _ *http.Request) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	answer(w, 200, map[string]int64{
		"rockets": int64(len(s.rockets)), "waiting": int64(len(s.channel)), "dropped": atomic.LoadInt64(&s.dropped)})
}

func onlyFor(method string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			refuse(w, 405, "this path does not know that method")
			return
		}
		handler(w, r)
	}
}

func main() {
	buffer := 1000
	if len(os.Args) > 2 {
		buffer, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) < 2 || buffer < 1 {
		fmt.Fprintln(os.Stderr, "usage: go-channel ADDRESS [BUFFER]")
		os.Exit(2)
	}
	s := &service{channel: make(chan message, buffer), rockets: map[string]*rocket{}}
	go s.work()
	http.HandleFunc("/messages", onlyFor("POST", s.postMessage))
	http.HandleFunc("/rockets", onlyFor("GET", s.getRockets))
	http.HandleFunc("/rockets/", onlyFor("GET", s.getRocket))
	http.HandleFunc("/stats", onlyFor("GET", s.getStats))
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], nil))
	os.Exit(1)
}
