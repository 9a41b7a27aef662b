package jsonl

import (
	"io"
	"iter"
	"runtime"
	"sync"
)

// batchBytes is how much text a worker parses at a time: enough that handing it over costs nothing, and little in memory.
const batchBytes = 1 << 17

// A batch is some lines on their way from the reader to a worker and on to the consumer.
type batch[T any] struct {
	text    []byte
	ends    []int // of the lines in text
	readErr error // after these lines, io.EOF included; nil where more follow
	values  []T
	err     error         // of the line behind values
	parsed  chan struct{} // holds one while text is parsed and not yet consumed
}

// All parses the rest of the lines with as many goroutines as there are processors and yields the values in the order of the file,
// with the same errors as Next would give: after one nothing follows, and at the end or before a torn line the sequence just
// ends. parse is called for several lines at once, each of which is valid during its call. When the sequence has ended, also
// early, no goroutine is left. It can be iterated once.
func All[T any](r *Reader, parse func(line []byte, value *T) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		workers := runtime.GOMAXPROCS(0)
		free := make(chan *batch[T], 2*workers+1) // all batches that there are: nobody waits but for one of them
		ordered, work := make(chan *batch[T], cap(free)), make(chan *batch[T], cap(free))
		for range cap(free) {
			free <- &batch[T]{parsed: make(chan struct{}, 1)}
		}
		stop := make(chan struct{})
		var group sync.WaitGroup
		defer group.Wait()
		defer close(stop)
		group.Go(func() {
			defer close(work)
			defer close(ordered)
			for more := true; more; {
				select {
				case b := <-free:
					more = b.fill(r)
					ordered <- b
					work <- b
				case <-stop:
					return
				}
			}
		})
		for range workers {
			group.Go(func() {
				for b := range work {
					b.parse(parse)
					b.parsed <- struct{}{}
				}
			})
		}
		for b := range ordered {
			<-b.parsed
			if !b.deliver(r, yield) {
				return
			}
			free <- b
		}
	}
}

// fill reads the next lines; false where none follow them.
func (b *batch[T]) fill(r *Reader) (more bool) {
	b.text, b.ends, b.readErr = b.text[:0], b.ends[:0], nil
	for len(b.text) < batchBytes && b.readErr == nil {
		before := len(b.text)
		b.text, b.readErr = r.appendLine(b.text)
		if len(b.text) > before && (b.readErr == nil || b.readErr == io.EOF) {
			b.ends = append(b.ends, len(b.text))
		}
	}
	return b.readErr == nil
}

// parse parses the lines up to the first that is damaged or torn.
func (b *batch[T]) parse(parse func(line []byte, value *T) error) {
	clear(b.values)
	b.values, b.err = b.values[:0], nil
	from := 0
	for _, end := range b.ends {
		var v T
		if b.err = parse(b.text[from:end], &v); b.err != nil {
			return
		}
		b.values = append(b.values, v)
		from = end
	}
}

// deliver yields the values and then the error; false where the sequence ends.
func (b *batch[T]) deliver(r *Reader, yield func(T, error) bool) bool {
	from := 0
	for i, end := range b.ends {
		line, unended := b.text[from:end], b.readErr == io.EOF && b.text[end-1] != '\n'
		from = end
		var v T
		var err error
		if i < len(b.values) {
			v = b.values[i]
			r.took(line, nil, unended)
		} else if err = r.took(line, b.err, unended); err == io.EOF {
			return false
		}
		if !yield(v, err) || err != nil {
			return false
		}
	}
	if b.readErr != nil && b.readErr != io.EOF {
		var none T
		yield(none, b.readErr)
	}
	return b.readErr == nil
}
