package claims

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"tandem/transformer"
	"tandem/transformer/models"
)

// A Ledger is a file of claims, with the cards that they name.
type Ledger struct {
	Schema int     `yaml:"schema" json:"schema"`
	Cards  []Card  `yaml:"cards" json:"cards"`
	Claims []Claim `yaml:"claims" json:"claims"`
}

//go:embed ledger.yaml
var shipped string

// schema is the version of ledgers.
const schema = 1

// Read reads the ledger that ships with Tandem, and beside it that of a file, or of none where it is "". A claim or a card of the
// file takes the place of one of the same name.
func Read(file string) (Ledger, error) {
	ledger, err := parse([]byte(shipped), nil)
	if err != nil {
		return ledger, fmt.Errorf("the ledger of this build: %w", err)
	}
	if file == "" {
		return ledger, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ledger, fmt.Errorf("ledger: %w", err)
	}
	own, err := parse(text, ledger.Cards)
	if err != nil {
		return ledger, fmt.Errorf("ledger %s: %w", file, err)
	}
	ledger.Cards = merge(ledger.Cards, own.Cards, func(c Card) string { return c.Name })
	ledger.Claims = merge(ledger.Claims, own.Claims, func(c Claim) string { return c.ID })
	return ledger, nil
}

// merge is all with own behind it; one of the same key takes the other's place.
func merge[T any](all, own []T, key func(T) string) []T {
	for _, one := range own {
		if i := slices.IndexFunc(all, func(other T) bool { return key(other) == key(one) }); i >= 0 {
			all[i] = one
		} else {
			all = append(all, one)
		}
	}
	return all
}

// Pick are the claims whose ids match one of the patterns, in the ledger's order; all of them without a pattern.
func (l Ledger) Pick(patterns []string) (picked []Claim, err error) {
	if len(patterns) == 0 {
		return l.Claims, nil
	}
	hit := make([]bool, len(l.Claims))
	for _, p := range patterns {
		found := false
		for i, c := range l.Claims {
			ok, err := path.Match(p, c.ID)
			if err != nil {
				return nil, fmt.Errorf("claim %q is no pattern: %w", p, err)
			}
			hit[i], found = hit[i] || ok, found || ok
		}
		if !found {
			return nil, &Unknown{p}
		}
	}
	for i, c := range l.Claims {
		if hit[i] {
			picked = append(picked, c)
		}
	}
	return picked, nil
}

// Unknown is the error of an id that is no claim's.
type Unknown struct{ ID string }

// Error names the id.
func (u *Unknown) Error() string { return fmt.Sprintf("no claim %s in the ledger", u.ID) }

// A mistake is at a place of a ledger: a path below an entry, such as figures.speedup.
type mistake struct{ list, path, text string }

// parse reads a ledger and checks it. Cards are those that its claims may name beside its own.
func parse(text []byte, cards []Card) (l Ledger, err error) {
	if err := yaml.NewDecoder(strings.NewReader(string(text)), yaml.Strict()).Decode(&l); err != nil && !errors.Is(err, io.EOF) {
		return l, errors.New(strings.Join(strings.Fields(yaml.FormatError(err, false, false)), " "))
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return l, err
	}
	switch {
	case l.Schema != schema:
		return l, fmt.Errorf("line 1: schema is %d, this version of tandem reads %d: write schema: %d", l.Schema, schema, schema)
	case len(l.Claims) == 0:
		return l, errors.New("line 1: it holds no claims: list them under claims")
	}
	cards = append(slices.Clone(cards), l.Cards...)
	for i := range l.Cards {
		if m := l.Cards[i].check(); m != nil {
			return l, m.at(tree, i, l.Cards[i].Name)
		}
	}
	seen := map[string]bool{}
	for i := range l.Claims {
		c := &l.Claims[i]
		m := c.check(cards)
		if m == nil && seen[c.ID] {
			m = &mistake{path: "id", text: "stands twice"}
		}
		if m != nil {
			m.list = "claims"
			return l, m.at(tree, i, c.ID)
		}
		seen[c.ID] = true
	}
	return l, nil
}

// at is the mistake as an error with its line: that of its key, or of what the key is missing in.
func (m *mistake) at(tree *ast.File, entry int, name string) error {
	where := fmt.Sprintf("$.%s[%d]", m.list, entry)
	keys := strings.Split(m.path, ".")
	line := 1
	for n := len(keys); n >= 0; n-- {
		full, err := yaml.PathString(strings.Join(append([]string{where}, keys[:n]...), "."))
		if err != nil {
			continue
		}
		if node, err := full.FilterFile(tree); err == nil && node != nil {
			line = node.GetToken().Position.Line // of a mapping that of its first pair
			break
		}
	}
	return fmt.Errorf("line %d: %s: %s %s", line, name, m.path, m.text)
}

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]*$`)
	dateForm = regexp.MustCompile(`^20\d\d-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$`)
)

// conditionNames are what may be undisclosed.
var conditionNames = []string{"hardware", "batch", "precision", "steps", "size", "lengths", "quality", "block", "engine"}

// check fills in the amounts and reports the first mistake.
func (c *Claim) check(cards []Card) *mistake {
	for _, m := range []*mistake{c.checkWords(), c.checkFigures(), c.checkConditions(cards)} {
		if m != nil {
			return m
		}
	}
	return nil
}

func (c *Claim) checkWords() *mistake {
	for _, must := range []struct{ key, value string }{{"id", c.ID}, {"who", c.Who}, {"claim", c.Claim},
		{"source", c.Source}, {"mark", string(c.Mark)}, {"read", c.Read}} {
		if must.value == "" {
			return &mistake{path: must.key, text: "is missing"}
		}
	}
	switch {
	case !idForm.MatchString(c.ID):
		return &mistake{path: "id", text: "may have small letters, digits, dots, plus signs and dashes"}
	case !dateForm.MatchString(c.Read):
		return &mistake{path: "read", text: fmt.Sprintf("%q is no day: write 2026-11-25 or 2026-11", c.Read)}
	}
	return oneOf([]word{{"mark", string(c.Mark), []string{string(Primary), string(Secondary), string(Unverified)}},
		{"about", string(c.About), []string{string(Diffusion), string(Forwards)}}})
}

// A word is a value that is one of a few; empty for none.
type word struct {
	path, value string
	of          []string
}

func oneOf(words []word) *mistake {
	for _, w := range words {
		if w.value != "" && !slices.Contains(w.of, w.value) {
			return &mistake{path: w.path, text: fmt.Sprintf("%q is none of %s", w.value, strings.Join(w.of, ", "))}
		}
	}
	return nil
}

func (c *Claim) checkFigures() *mistake {
	count := 0
	for _, f := range c.Figures.amounts() {
		if *f.amount == nil {
			continue
		}
		count++
		if err := (*f.amount).parse(); err != nil {
			return &mistake{path: "figures." + f.key, text: err.Error()}
		}
	}
	for i, s := range c.Series {
		if s.TokensPerSecond == nil {
			return &mistake{path: fmt.Sprintf("series[%d]", i), text: "has no tokens_per_second"}
		}
		if err := s.TokensPerSecond.parse(); err != nil {
			return &mistake{path: fmt.Sprintf("series[%d].tokens_per_second", i), text: err.Error()}
		}
	}
	if count == 0 {
		return &mistake{path: "figures", text: "must hold one of " + strings.Join(figureKeys(), ", ")}
	}
	if ratio, _ := c.Faster(); c.About == Forwards && (ratio == nil || c.Figures.PerForward == nil) {
		return &mistake{path: "figures", text: "of a claim about forwards need speedup and tokens_per_forward"}
	}
	return nil
}

func (c *Claim) checkConditions(cards []Card) *mistake {
	o := c.Conditions
	for i, name := range o.Models {
		if _, err := models.Find(name); err != nil {
			return &mistake{path: fmt.Sprintf("conditions.models[%d]", i), text: err.Error()}
		}
	}
	if _, err := transformer.Geometry(o.Geometry); o.Geometry != "" && err != nil {
		return &mistake{path: "conditions.geometry", text: err.Error()}
	}
	if _, known := find(cards, o.Hardware); o.Hardware != "" && o.Hardware != anyHardware && !known {
		return &mistake{path: "conditions.hardware", text: fmt.Sprintf("%q is no card of the ledger (%s): add it under cards, or write any",
			o.Hardware, strings.Join(names(cards), ", "))}
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"batch", o.Batch}, {"block", o.Block}, {"cards", o.Cards}, {"prompt", o.Prompt}, {"generated", o.Generated}} {
		if n.value < 0 {
			return &mistake{path: "conditions." + n.key, text: fmt.Sprintf("is %d, below 0", n.value)}
		}
	}
	if c.About == Forwards && (o.Batch == 0 || o.Block == 0) {
		return &mistake{path: "conditions", text: "of a claim about forwards need batch and block"}
	}
	given := map[string]bool{"hardware": o.Hardware != "", "batch": o.Batch > 0, "precision": o.Precision != "",
		"block": o.Block > 0, "engine": o.Engine != ""}
	for i, u := range c.Undisclosed {
		where := fmt.Sprintf("undisclosed[%d]", i)
		if m := oneOf([]word{{where, u, conditionNames}}); m != nil {
			return m
		}
		if given[u] {
			return &mistake{path: where, text: fmt.Sprintf("says that %s is undisclosed, and conditions give it", u)}
		}
	}
	kinds := []string{string(AR), string(Uncached), string(Other), string(Another), string(Hosted)}
	ratio, _ := c.Faster()
	if ratio != nil && o.Baseline.Kind == "" {
		return &mistake{path: "conditions.baseline.kind", text: "is missing: a claim of being faster says than what, one of " + strings.Join(kinds, ", ")}
	}
	return oneOf([]word{{"conditions.baseline.kind", string(o.Baseline.Kind), kinds}})
}

// A named amount is a field of Figures by its key.
type named struct {
	key    string
	amount **Amount
}

// amounts are the fields that hold one.
func (f *Figures) amounts() []named {
	return []named{{"speedup", &f.Speedup}, {"speedup_by_task", &f.SpeedupByTask}, {"end_to_end_speedup", &f.EndToEnd},
		{"tokens_per_second", &f.TokensPerSecond}, {"baseline_tokens_per_second", &f.BaselineTokens},
		{"seconds_per_task", &f.Seconds}, {"baseline_seconds_per_task", &f.BaselineSeconds},
		{"seconds_to_first_token", &f.First}, {"baseline_seconds_to_first_token", &f.BaselineFirst},
		{"tokens_per_forward", &f.PerForward}, {"dollars_per_million_tokens", &f.Dollars}, {"dollars_per_solved_task", &f.DollarsSolved}}
}

func figureKeys() (keys []string) {
	for _, f := range new(Figures).amounts() {
		keys = append(keys, f.key)
	}
	return keys
}
