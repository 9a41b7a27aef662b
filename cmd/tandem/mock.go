package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"tandem/datasets"
	"tandem/decoders/endpoint/mock"
)

type mockCmd struct {
	Listen string   `default:"127.0.0.1:8765" placeholder:"HOST:PORT" help:"Where to serve; port 0 takes a free one."`
	Kind   string   `default:"ar" enum:"ar,diffusion" help:"How it writes: ar token by token, diffusion block by block."`
	Rate   float64  `default:"100" placeholder:"N" help:"Tokens a second."`
	Block  int      `default:"32" least:"1" help:"Tokens of a block of diffusion."`
	First  int      `default:"200" least:"0" placeholder:"MS" help:"Milliseconds to the first token or block."`
	Jitter float64  `placeholder:"PCT" help:"By how much each wait is longer or shorter at random, in percent."`
	Slots  int      `least:"0" placeholder:"N" help:"Requests that are served at once, while others wait; 0 for all."`
	Faults []string `placeholder:"LIST" help:"What goes wrong, of the list below: request n has the n-th fault of this list, and then they come again."`
	Engine string   `default:"" enum:",llama.cpp,sglang,vllm" help:"Engine whose own counters it has: llama.cpp, sglang or vllm."`
	Right  float64  `default:"100" placeholder:"PCT" help:"Share of the tasks that are answered rightly, in percent."`
	Suite  string   `default:"basics" help:"Suite whose prompts it knows and answers with the published solutions."`
	suiteFlags
}

// Help follows the flags' list.
func (mockCmd) Help() string {
	lines := []string{"It speaks /v1/chat/completions, /v1/completions and /v1/messages, and prints the truth about each request as a line of JSON. " +
		"A request with \"diffusing\": true gets states that replace each other.\n\nFaults:"}
	all := mock.Faults()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, fmt.Sprintf("  %s: %s", name, all[name]))
	}
	return strings.Join(lines, "\n")
}

// truth is what is printed of a request: seconds since its body was read.
type truth struct {
	First  float64 `json:"first_content,omitempty"`
	Last   float64 `json:"seconds,omitempty"`
	Tokens int     `json:"tokens"`
	Prompt int     `json:"prompt_tokens"`
	Gone   bool    `json:"client_left,omitempty"`
}

func (c mockCmd) Run(a *app) error {
	if !(c.Right >= 0 && c.Right <= 100) {
		return fmt.Errorf("--right must be at least 0 and at most 100, not %g", c.Right)
	}
	suite, err := c.load(c.Suite)
	if err != nil {
		return err
	}
	print := json.NewEncoder(a.stdout)
	served := make(chan mock.Served)
	handler, err := mock.New(mock.Config{Kind: c.Kind, Rate: c.Rate, Block: c.Block, First: time.Duration(c.First) * time.Millisecond,
		Jitter: c.Jitter / 100, Slots: c.Slots, Faults: c.Faults, Engine: c.Engine, Answer: mock.Answers(known(suite), c.Right/100),
		Served: func(s mock.Served) { served <- s }})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	scheme, secure := "http", mock.NeedsTLS(c.Faults)
	if secure {
		scheme = "https"
	}
	fmt.Fprintf(a.stderr, "serving %s://%s/v1; Ctrl-C ends it\n", scheme, listener.Addr())
	done := make(chan error, 1)
	go func() { done <- mock.Serve(a.ctx, listener, handler, secure) }()
	for {
		select {
		case s := <-served:
			err = print.Encode(truthOf(s))
		case err := <-done:
			return err
		}
		if err != nil {
			return err
		}
	}
}

func truthOf(s mock.Served) truth {
	t := truth{Tokens: s.Tokens, Prompt: s.Prompt, Gone: s.Gone}
	if !s.First.IsZero() {
		t.First, t.Last = s.First.Sub(s.Arrived).Seconds(), s.Last.Sub(s.Arrived).Seconds()
	}
	return t
}

// known are a suite's tasks with their published solutions: as they go on with the prompt, and as a chat gives them.
func known(suite datasets.Suite) (tasks []mock.Task) {
	for _, t := range suite.Tasks {
		one := mock.Task{Prompt: t.Prompt, Solution: t.CanonicalSolution, Chat: t.CanonicalSolution}
		switch t.Kind {
		case datasets.Code:
			one.Chat = "Here it is:\n```python\n" + t.Prompt + t.CanonicalSolution + "\n```\n"
		case datasets.Program:
			one.Chat = "```python\n" + t.CanonicalSolution + "\n```\n"
		}
		tasks = append(tasks, one)
	}
	return tasks
}
