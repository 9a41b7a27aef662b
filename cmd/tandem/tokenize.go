package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tandem/transformer/checkpoint"
	"tandem/transformer/tokenizer"
)

// tokenizeCmd reads the tokenizer alone, and answers each line before it reads the next, so that it serves as a co-process.
type tokenizeCmd struct {
	Model   string `default:"embedded" placeholder:"embedded|DIR|FILE|NAME" help:"embedded, a folder with tokenizer.json, such a file, a .gguf file, or a name of tandem models list that was fetched."`
	Special bool   `help:"Put the tokens around each text that the model expects there, such as BOS."`
}

func (c tokenizeCmd) Run(a *app) error {
	t, err := loadTokenizer(c.Model)
	if err != nil {
		return fmt.Errorf("--model: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- c.answer(a, os.Stdin, t) }()
	select {
	case err = <-done:
	case <-a.ctx.Done(): // a read of stdin may wait for ever
		err = fmt.Errorf("interrupted: %w", a.ctx.Err())
	}
	return err
}

// loadTokenizer reads the tokenizer of what --model may name.
func loadTokenizer(name string) (*tokenizer.Tokenizer, error) {
	if name == embedded {
		return checkpoint.EmbeddedTokenizer()
	}
	path, err := located(name)
	if err != nil {
		return nil, err
	}
	return checkpoint.LoadTokenizer(path)
}

// answer writes the ids of each line of r.
func (c tokenizeCmd) answer(a *app, r io.Reader, t *tokenizer.Tokenizer) error {
	var before, after []int32
	if c.Special {
		before, after = t.Frame()
	}
	return eachLine(r, func(line []byte) error {
		var text *string
		if err := json.Unmarshal(line, &text); err != nil || text == nil {
			return errors.New("not a JSON string")
		}
		ids := append([]int32{}, before...) // not nil, which would be null
		ids = append(append(ids, t.Encode(*text)...), after...)
		out, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(append(out, '\n'))
		return err
	})
}

// eachLine calls do for the lines of r, of any length. An error names its line.
func eachLine(r io.Reader, do func(line []byte) error) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("stdin: %w", err)
		}
		if err := do(line); err != nil {
			return fmt.Errorf("line %d of stdin: %w", n, err)
		}
	}
}
