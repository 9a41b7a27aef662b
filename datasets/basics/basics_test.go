package basics

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/datasets"
	"tandem/internal/golden"
)

// The embedded suite's seed, and its number of tasks.
const seed, size = 1, 164

func ExampleSuite() {
	task := Suite().Tasks[0]
	fmt.Print(task.Prompt + task.CanonicalSolution)
	// Output:
	// def handle_list(items):
	//     """Keep the numbers in items that are less than zero, increase each by 3, and return the results sorted in ascending order.
	//
	//     >>> handle_list([14, 2, 4, -8, 10])
	//     [-5]
	//     """
	//     result = []
	//     for x in items:
	//         if x < 0:
	//             result.append(x + 3)
	//     return sorted(result)
}

func TestGenerateReproducesTheSuite(t *testing.T) {
	var out bytes.Buffer
	if err := datasets.Write(&out, Generate(seed, size)); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "basics.jsonl", out.Bytes())
}

func TestSuiteIsTheEmbeddedFile(t *testing.T) {
	suite := Suite()
	if len(suite.Tasks) != size || suite.Name != "basics" || suite.Licence == "" || len(suite.SHA256) != 64 {
		t.Fatalf("suite %q with %d tasks, licence %q, hash %q", suite.Name, len(suite.Tasks), suite.Licence, suite.SHA256)
	}
	for i, task := range suite.Tasks {
		if want := fmt.Sprintf("basics/%d", i); task.TaskID != want {
			t.Errorf("task %d is called %s", i, task.TaskID)
		}
		if n := strings.Count(task.Test, "assert "); n < 6 {
			t.Errorf("%s has %d asserts, want at least 6", task.TaskID, n)
		}
	}
}

// TestSuiteSharesNothingWithTraining looks for the suite's and the development tasks' prompts and bodies in the
// training text. TestBodiesTellTheComposition makes sure that there is none further on either.
func TestSuiteSharesNothingWithTraining(t *testing.T) {
	prompts, bodies := map[string]string{}, map[string]string{}
	for _, task := range append(Generate(seed, size), Dev(seed, size)...) {
		prompts[task.Prompt], bodies[task.CanonicalSolution] = task.TaskID, task.TaskID
	}
	if len(prompts) != 2*size || len(bodies) != 2*size {
		t.Errorf("%d prompts and %d bodies are distinct, want %d", len(prompts), len(bodies), 2*size)
	}
	left := 200_000
	for document := range Corpus(seed) {
		if id := prompts[document.Prompt]; id != "" {
			t.Errorf("the prompt of %s is in the training text", id)
		}
		if id := bodies[document.Completion]; id != "" {
			t.Errorf("the body of %s is in the training text", id)
		}
		if left--; left == 0 {
			break
		}
	}
}

// TestBodiesTellTheComposition: two compositions never give one body, and a composition is in one part. So a body
// of the suite, whose composition is not in the training part, can never be a training body.
func TestBodiesTellTheComposition(t *testing.T) {
	d, of := newDice(5), map[string]string{}
	for range 300_000 {
		f := one(d, families)
		from := f.draw(d)
		name := composition(f, from)
		body := from.write(d).body
		if other, ok := of[body]; ok && other != name {
			t.Fatalf("%q and %q give the same body:\n%s", name, other, body)
		}
		of[body] = name
	}
}

// TestDrawFromKeepsToItsPart checks the split itself, and that every operation is trained on.
func TestDrawFromKeepsToItsPart(t *testing.T) {
	d := newDice(3)
	for _, f := range families {
		trained := map[string]bool{}
		for range 3000 {
			from, name := drawFrom(d, f, training)
			if partOf(name) != training {
				t.Fatalf("%s is not a training composition", name)
			}
			for i, op := range from.ops {
				trained[fmt.Sprint(i, op)] = true
			}
		}
		for _, want := range []part{development, held} {
			for range 300 {
				from, name := drawFrom(d, f, want)
				if partOf(name) != want {
					t.Fatalf("%s is in part %d, want %d", name, partOf(name), want)
				}
				for i, op := range from.ops {
					if !trained[fmt.Sprint(i, op)] {
						t.Errorf("%s: operation %s is never trained on in place %d", name, op, i)
					}
				}
			}
		}
	}
}

// TestConjunctionsHaveOneName: "even and above" is "above and even", so both must be in one part.
func TestConjunctionsHaveOneName(t *testing.T) {
	d := newDice(2)
	for range 1000 {
		if _, ops := pickBoth(d, conditions); !slices.IsSorted(ops[:2]) {
			t.Fatalf("conditions %v depend on the order", ops)
		}
	}
}

func TestSuiteDealsOverFamilies(t *testing.T) {
	if len(families) < 12 {
		t.Errorf("%d families, want at least 12", len(families))
	}
	_, names := generate(seed, size, held)
	count, seen := map[string]int{}, map[string]bool{}
	for _, name := range names {
		family, _, _ := strings.Cut(name, " ")
		count[family]++
		if partOf(name) != held || seen[name] {
			t.Errorf("composition %q is in part %d, seen before: %v", name, partOf(name), seen[name])
		}
		seen[name] = true
	}
	for _, f := range families {
		if n := count[f.name]; n < size/len(families) || n > size/len(families)+1 {
			t.Errorf("family %s has %d of the %d tasks", f.name, n, size)
		}
	}
}

func TestGenerateFollowsItsSeed(t *testing.T) {
	a, b := Generate(2, 40), Generate(2, 40)
	if !reflect.DeepEqual(a, b) {
		t.Error("one seed gives two suites")
	}
	if reflect.DeepEqual(a, Generate(3, 40)) {
		t.Error("two seeds give one suite")
	}
	if !reflect.DeepEqual(a[:10], Generate(2, 10)) {
		t.Error("a shorter suite is not the start of a longer one")
	}
}

func TestCorpusIsAStreamOfItsSeed(t *testing.T) {
	first := func(seed uint64, n int) (out []Document) {
		for document := range Corpus(seed) {
			if out = append(out, document); len(out) == n {
				break
			}
		}
		return out
	}
	if !reflect.DeepEqual(first(7, 50), first(7, 50)) || reflect.DeepEqual(first(7, 50), first(8, 50)) {
		t.Error("the stream does not follow from its seed alone")
	}
}

func BenchmarkCorpus(b *testing.B) {
	n := b.N
	for range Corpus(1) {
		if n--; n <= 0 {
			return
		}
	}
}
