package claims

import (
	"regexp"
	"strings"

	"tandem/record"
	"tandem/transformer"
)

// A Card is a device, and what it can do at most.
type Card struct {
	Name      string  `yaml:"name" json:"name"`
	Match     string  `yaml:"match" json:"match,omitempty"` // words of the name that the machine gives it
	Bandwidth float64 `yaml:"gb_per_second" json:"gb_per_second"`
	Compute   float64 `yaml:"tflop_per_second" json:"tflop_per_second"` // dense, bf16
	Source    string  `yaml:"source" json:"source"`
}

// anyHardware is that of claims that hold on every machine.
const anyHardware = "any"

// check reports the first mistake.
func (c Card) check() *mistake {
	switch {
	case c.Name == "" || c.Name == anyHardware:
		return &mistake{list: "cards", path: "name", text: "is missing"}
	case c.Source == "":
		return &mistake{list: "cards", path: "source", text: "is missing: say whether its numbers are a data sheet's or measured"}
	case !(c.Bandwidth > 0):
		return &mistake{list: "cards", path: "gb_per_second", text: "must be above 0"}
	case !(c.Compute > 0):
		return &mistake{list: "cards", path: "tflop_per_second", text: "must be above 0"}
	}
	return nil
}

// find is the card of a name.
func find(cards []Card, name string) (Card, bool) {
	for _, c := range cards {
		if c.Name == name {
			return c, true
		}
	}
	return Card{}, false
}

func names(cards []Card) (all []string) {
	for _, c := range cards {
		all = append(all, c.Name)
	}
	return all
}

// is says whether a machine's device is the card: its name has all of the card's words.
func (c Card) is(e record.Environment) bool {
	name := e.CPU
	if e.Device != "cpu" {
		name = e.GPU
	}
	for _, word := range strings.Fields(c.Match) {
		if ok, _ := regexp.MatchString(`(?i)(^|[^a-z0-9])`+regexp.QuoteMeta(word)+`($|[^a-z0-9])`, name); !ok {
			return false
		}
	}
	return c.Match != ""
}

// ceilings are those of so many of the cards, by the transformer package's names.
func (c Card) ceilings(count int) map[string]float64 {
	n := float64(max(1, count))
	return map[string]float64{transformer.ReadCeiling: n * c.Bandwidth, transformer.BF16Ceiling: n * 1e3 * c.Compute,
		transformer.F32Ceiling: n * 1e3 * c.Compute}
}

// machineCard is the card of ceilings that were measured.
func machineCard(name string, ceilings map[string]float64) (Card, bool) {
	c := Card{Name: name, Bandwidth: ceilings[transformer.ReadCeiling], Source: "measured",
		Compute: ceilings[transformer.ComputeCeiling(transformer.BF16, ceilings)] / 1e3}
	return c, c.Bandwidth > 0 && c.Compute > 0
}
