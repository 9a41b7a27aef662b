package metric

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/record"
)

// written makes a record of a text: forwards are separated by "/" in order, each "position:token" separated by "|"; a forward
// that only computes has none. The program is the prompt and the text.
func written(decoder string, v record.Verdict, forwards ...string) record.Record {
	r := record.Record{Task: "t", Decoder: decoder, Verdict: &v}
	for _, f := range forwards {
		var step record.Step
		for _, commit := range strings.Split(f, "|") {
			at, piece, ok := strings.Cut(commit, ":")
			if !ok {
				continue
			}
			var pos int
			fmt.Sscan(at, &pos)
			for pos >= len(r.Pieces) {
				r.Pieces = append(r.Pieces, "")
			}
			r.Pieces[pos] = piece
			step.Commits = append(step.Commits, record.Commit{Pos: int32(pos), Token: id(piece), P: 0.75})
		}
		r.Trace = append(r.Trace, step)
	}
	r.Tokens = len(r.Pieces)
	r.Answer = "def f(xs):\n" + strings.Join(r.Pieces, "")
	return r
}

// id is the number of a piece: the same in every record.
func id(piece string) (n int32) {
	for _, c := range piece {
		n = (n*31 + int32(c)) & 0xffffff
	}
	return n
}

// oneByOne writes pieces from left to right.
func oneByOne(pieces ...string) record.Record {
	var forwards []string
	for i, piece := range pieces {
		forwards = append(forwards, fmt.Sprintf("%d:%s", i, piece))
	}
	return written("ar", record.Verdict{Result: record.Pass}, forwards...)
}

func lost(result record.Result, detail string, forwards ...string) record.Record {
	return written("diffusion/block=16/threshold=0.3", record.Verdict{Result: result, Detail: detail}, forwards...)
}

// TestExplain: of each kind a text whose two tokens came from one forward, and the same text in which they did not, of which nothing
// of the kind is said.
func TestExplain(t *testing.T) {
	total := oneByOne("    ", "total", " =", " 0", "\n", "    ", "return", " total", "\n")
	call := oneByOne("    ", "return", " sorted", "(xs", "[", "1", "]", ")", "\n")
	for _, c := range []struct {
		name   string
		base   record.Record
		result record.Result
		detail string
		text   []string // one token for each position
		odds   [2]int
		kind   Kind
	}{
		{"another name", total, record.RuntimeError, "NameError: name 'result' is not defined",
			[]string{"    ", "total", " =", " 0", "\n", "    ", "return", " result", "\n"}, [2]int{1, 7}, Unbound},
		{"a name of two halves", total, record.RuntimeError, "NameError: name 'totaltotal' is not defined",
			[]string{"    ", "total", " =", " 0", "\n", "    ", "return", " total", "total", "\n"}, [2]int{7, 8}, Unbound},
		{"the same name twice", call, record.SyntaxError, "SyntaxError: invalid syntax",
			[]string{"    ", "return", " sorted", " sorted", "(xs", "[", "1", "]", ")", "\n"}, [2]int{2, 3}, Repeated},
		{"a run twice", call, record.SyntaxError, "SyntaxError: invalid syntax",
			[]string{"    ", "return", " sorted", "(xs", "[", "1", "[", "1", "]", ")", "\n"}, [2]int{4, 6}, Repeated},
		{"two values", call, record.SyntaxError, "SyntaxError: invalid syntax",
			[]string{"    ", "return", " sorted", "(xs", "[", "1", " x", "]", ")", "\n"}, [2]int{5, 6}, Neighbours},
		{"an operator with nothing behind it", call, record.SyntaxError, "SyntaxError: invalid syntax",
			[]string{"    ", "return", " sorted", "(xs", "[", "1", " +", "]", ")", "\n"}, [2]int{6, 7}, Neighbours},
		{"brackets of two kinds", call, record.SyntaxError, "SyntaxError: closing parenthesis ')' does not match opening parenthesis '['",
			[]string{"    ", "return", " sorted", "(xs", "[", "1", ")", ")", "\n"}, [2]int{4, 6}, Brackets},
		{"one bracket too many", call, record.SyntaxError, "SyntaxError: unmatched ')'",
			[]string{"    ", "return", " sorted", "(xs", "[", "1", "]", ")", ",)", "\n"}, [2]int{7, 8}, Brackets},
		{"a token that is missing", call, record.Fail, "assert f([1]) == [1]",
			[]string{"    ", "return", "(xs", "[", "1", "]", ")", "\n"}, [2]int{1, 2}, Seam},
		{"a token too many", call, record.Fail, "assert f([1]) == [1]",
			[]string{"    ", "return", " not", " sorted", "(xs", "[", "1", "]", ")", "\n"}, [2]int{2, 3}, Seam},
		{"another token", call, record.Fail, "assert f([1]) == [1]",
			[]string{"    ", "return", " list", "(xs", "[", "1", "]", ")", "\n"}, [2]int{2, 3}, Parallel},
		{"the line of the parser", call, record.SyntaxError, "SyntaxError: invalid syntax (line 2)",
			[]string{"    ", "return", " lambda", "(xs", "[", "1", "]", ")", "\n"}, [2]int{2, 3}, Line},
	} {
		t.Run(c.name, func(t *testing.T) {
			var together, alone []string
			for i, piece := range c.text {
				commit := fmt.Sprintf("%d:%s", i, piece)
				switch i {
				case c.odds[0]:
					together = append(together, commit+fmt.Sprintf("|%d:%s", c.odds[1], c.text[c.odds[1]]))
					alone = append(alone, commit)
				case c.odds[1]:
					alone = append(alone, commit)
				default:
					together, alone = append(together, commit), append(alone, commit)
				}
			}
			f := explain(lost(c.result, c.detail, together...), c.base)
			if f.Kind != c.kind || f.Forward != c.odds[0] || !slices.Equal(f.Together, c.odds[:]) {
				t.Errorf("in one forward: %+v, want %s of %v", f, c.kind, c.odds)
			}
			if f.Kind.Contradicts() != (len(f.AtOdds) == 2) || len(f.AtOdds) == 2 && (f.AtOdds[0].Pos != c.odds[0] || f.AtOdds[1].Pos != c.odds[1] || f.AtOdds[0].P != 0.75) {
				t.Errorf("at odds: %+v, want %v", f.AtOdds, c.odds)
			}
			if f := explain(lost(c.result, c.detail, alone...), c.base); f.Kind != Single || len(f.AtOdds) > 0 || len(f.Together) != 1 {
				t.Errorf("one token a forward: %+v", f)
			}
		})
	}
}

// TestExplainClaimsNothing: what looks like a contradiction and is none is not called one.
func TestExplainClaimsNothing(t *testing.T) {
	base := oneByOne("    ", "return", " (", "(xs", ")", ")", "\n", "\n", "#")
	for name, r := range map[string]record.Record{
		"doubles that the baseline has, too": lost(record.SyntaxError, "SyntaxError: x", "0:    |1:return|2: (|3:(xs|4:)|5:)|6:\n|7:\n|8:!"),
		"digits twice, and no syntax error":  lost(record.Fail, "assert f(1) == 2", "0:    |1:return|2: |3:1|4:1|5:\n"),
		"lines that end within brackets":     lost(record.SyntaxError, "SyntaxError: x", "0:    |1:return|2: (1 +|3:\n|4:2)|5:\n|6:    |7:pass ="),
		"an empty line":                      lost(record.SyntaxError, "SyntaxError: x", "0:    |1:return|2: 1|3:\n|4:\n|5:!"),
		"strings side by side":               lost(record.SyntaxError, "SyntaxError: x", "0:    |1:return|2: 'a b'|3: f'c d'|4:\n|5:!"),
		"words of a comment":                 lost(record.SyntaxError, "SyntaxError: x", "0:    |1:# a b c|2: d e f|3:\n|4:!"),
		"a program that is none of the text's": func() record.Record {
			r := lost(record.SyntaxError, "SyntaxError: x", "0:one|1: two|2: ) ]")
			r.Answer = "x"
			return r
		}(),
	} {
		if f := explain(r, base); f.Kind != Parallel || len(f.AtOdds) > 0 || len(f.Together) < 3 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	same := oneByOne("a")
	same.Decoder, same.Verdict = "diffusion", &record.Verdict{Result: record.Fail}
	if f := explain(same, oneByOne("a")); f.Departs != nil || f.Kind != Single {
		t.Errorf("the same text: %+v", f)
	}
	if f := explain(record.Record{Decoder: "diffusion"}, oneByOne("a")); f.Kind != Single || f.Departs == nil || f.Departs.Base != "a" {
		t.Errorf("no text: %+v", f)
	}
}

// TestFailing: a task counts as lost where a refiner fails it and its baseline passes; the first decoding that failed is explained,
// and the run's decoder of one token a forward says whether that makes it pass.
func TestFailing(t *testing.T) {
	pass, fail := &record.Verdict{Result: record.Pass}, &record.Verdict{Result: record.Fail, Detail: "assert"}
	right, wrong := oneByOne("a", " b", " c"), written("", *fail, "0:a|1: x|2: c")
	var records []record.Record
	add := func(text record.Record, task, decoder string, repeat int, v *record.Verdict) {
		text.Task, text.Decoder, text.Repeat, text.Verdict, text.Seconds = task, decoder, repeat, v, 1
		records = append(records, text)
	}
	slow := "diffusion/block=16/quota=low-confidence"
	for _, repeat := range []int{1, 0} {
		add(right, "lost", "ar", repeat, pass)
		add(wrong, "lost", "diffusion/block=16/threshold=0.3", repeat, fail)
		add(right, "lost", slow, repeat, pass)
		add(wrong, "lost", "endpoint/far", repeat, fail)
		add(right, "both fail", "ar", repeat, fail)
		add(wrong, "both fail", "diffusion/block=16/threshold=0.3", repeat, fail)
		add(right, "won", "ar", repeat, fail)
		add(right, "won", "diffusion/block=16/threshold=0.3", repeat, pass)
		add(right, "not judged", "ar", repeat, pass)
		add(wrong, "not judged", "diffusion/block=16/threshold=0.3", repeat, &record.Verdict{Result: record.SandboxError})
	}
	all := func(yield func(record.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
	r, err := FoldRun(record.Header{}, all)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Failing()
	pairs, err := f.Pairs(all)
	if err != nil {
		t.Fatal(err)
	}
	failures := f.Explain(pairs)
	if len(failures) != 1 || failures[0].Task != "lost" || failures[0].Base != "ar" || pairs[0].Head.Repeat != 0 || failures[0].Kind != Parallel {
		t.Fatalf("%+v", failures)
	}
	if one := failures[0].OneByOne; one == nil || !*one {
		t.Errorf("one token at a time: %v", one)
	}
	if f.Wants("won", "ar") || !f.Wants("lost", "ar") || f.Wants("lost", slow) {
		t.Error("other records are wanted than those of the lost task")
	}
}

func TestByLevel(t *testing.T) {
	f := NewFold("ar", Block{})
	for i, level := range []int{3, 1, 3, 0, 1, 2} {
		v := &record.Verdict{Result: record.Pass}
		if i == 2 {
			v.Result = record.Fail
		}
		if i == 5 {
			v.Result = record.SandboxError
		}
		f.Add(record.Record{Task: fmt.Sprint(i), Level: level, Decoder: "ar", Verdict: v})
	}
	if got, want := fmt.Sprint(f.ByLevel()), "[{1 2 2} {3 1 2}]"; got != want {
		t.Errorf("level, passed and tasks are %s, want %s", got, want)
	}
}
