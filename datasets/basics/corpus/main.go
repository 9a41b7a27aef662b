// Command corpus writes the training text of the embedded checkpoint, or the tasks that its training run is
// watched with.
//
//	go run ./datasets/basics/corpus -seed 1 -n 400000 -out corpus.jsonl
//	go run ./datasets/basics/corpus -dev 164 -out dev.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"tandem/datasets"
	"tandem/datasets/basics"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(2)
	}
}

// run writes what the arguments ask for.
func run(args []string, messages io.Writer) (err error) {
	flags := flag.NewFlagSet("corpus", flag.ContinueOnError)
	flags.SetOutput(messages)
	seed := flags.Uint64("seed", 1, "seed of the stream")
	n := flags.Int("n", 400000, "training documents to write")
	dev := flags.Int("dev", 0, "write this many development tasks instead")
	out := flags.String("out", "", "file to write (required)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || *n < 0 || *dev < 0 || flags.NArg() > 0 {
		return fmt.Errorf("give -out FILE and no negative count")
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	if *dev > 0 {
		err = datasets.Write(w, basics.Dev(*seed, *dev))
	} else {
		err = write(w, *seed, *n)
	}
	for _, finish := range []func() error{w.Flush, file.Close} {
		if ferr := finish(); err == nil {
			err = ferr
		}
	}
	return err
}

// write writes the first n documents of the seed's stream.
func write(w io.Writer, seed uint64, n int) error {
	encode := json.NewEncoder(w)
	encode.SetEscapeHTML(false)
	for document := range basics.Corpus(seed) {
		if n--; n < 0 {
			return nil
		}
		if err := encode.Encode(document); err != nil {
			return err
		}
	}
	return nil
}
