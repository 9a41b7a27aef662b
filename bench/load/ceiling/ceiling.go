// Package ceiling measures how many events of a stream this client can read, so that a server's figure is not taken for what is its
// client's: a server of this process sends a stream on loopback as fast as it can, token by token, and an endpoint's client reads and stamps it.
package ceiling

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"tandem/decoders"
	"tandem/decoders/endpoint"
	"tandem/decoders/endpoint/mock"
)

// tokens is the length of the stream: some 100 ms of reading.
const tokens = 5000

// tries is how often it is read. The fastest counts, since other work can only slow it down.
const tries = 3

// Measure is the events with text a second that one goroutine reads and stamps, the server's work beside it included.
func Measure(ctx context.Context) (perSecond float64, err error) {
	text := strings.Repeat("abcd", tokens)
	handler, err := mock.New(mock.Config{Kind: mock.AR, Rate: 1e9, Answer: func(string) string { return text }})
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- mock.Serve(ctx, listener, handler, false) }()
	defer func() { cancel(); <-served }()
	settings := decoders.Settings{Family: decoders.Endpoint, Endpoint: "ceiling"}
	config := endpoint.Config{Name: "ceiling", Kind: "openai-completions", BaseURL: "http://" + listener.Addr().String() + "/v1", Model: "mock"}
	clients, hangUp, err := endpoint.Open(config, settings, endpoint.Options{Dial: (&net.Dialer{}).DialContext}) // never by a proxy
	if err != nil {
		return 0, err
	}
	defer hangUp()
	for range tries {
		one, err := read(ctx, clients[0])
		if err != nil {
			return 0, err
		}
		perSecond = max(perSecond, one)
	}
	return perSecond, nil
}

// read reads one stream, from its first event with text on.
func read(ctx context.Context, client decoders.Remote) (perSecond float64, err error) {
	var began, ended time.Duration
	events := 0
	for step, err := range client.Decode(ctx, decoders.Request{Text: "?", MaxTokens: tokens}) {
		if err != nil {
			return 0, err
		}
		if step.Text == "" {
			continue
		}
		if events++; events == 1 {
			began = step.At
		}
		ended = step.At
	}
	if events != tokens || ended <= began {
		return 0, fmt.Errorf("the client's ceiling: read %d of %d events", events, tokens)
	}
	return float64(events-1) / (ended - began).Seconds(), nil
}
