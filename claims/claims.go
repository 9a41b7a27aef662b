// Package claims holds what was published about the speed of diffusion language models, and sets measurements beside it.
//
//  1. Read reads the ledger that ships with Tandem, and a file of one's own beside it: one entry a Claim, one a Card. A mistake is named
//     with its line (ledger.go).
//  2. Imply does the arithmetic that anyone can redo: which tokens per forward a claim implies at the roofline of its card, and which
//     share of the ceiling its baseline reaches (implied.go).
//  3. ReadEvidence reads what was measured: runs, and the forwards of `tandem bench` (evidence.go).
//  4. Check says of each claim whether the evidence reproduces or contradicts it, or why the two cannot be compared (check.go). What
//     stands between them is one table of obstacles (obstacles.go).
package claims

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Mark says where a claim was read.
type Mark string

// The marks: the text of those who claim it, told by others, or neither.
const (
	Primary    Mark = "primary"
	Secondary  Mark = "secondary"
	Unverified Mark = "unverified"
)

// An About says what a claim speaks of.
type About string

// What claims speak of: the models that they name, any diffusion model that is no toy, or the forwards of any machine, whatever the
// weights.
const (
	Models    About = ""
	Diffusion About = "diffusion"
	Forwards  About = "forwards"
)

// A Claim is one entry of the ledger.
type Claim struct {
	ID          string     `yaml:"id" json:"id"`
	Who         string     `yaml:"who" json:"who"`
	About       About      `yaml:"about" json:"about,omitempty"`
	Claim       string     `yaml:"claim" json:"claim"` // in words
	Figures     Figures    `yaml:"figures" json:"figures"`
	Series      []Dated    `yaml:"series" json:"series,omitempty"` // of a hosted model, whose speed drifts
	Source      string     `yaml:"source" json:"source"`
	Mark        Mark       `yaml:"mark" json:"mark"`
	Read        string     `yaml:"read" json:"read"` // day or month
	Conditions  Conditions `yaml:"conditions" json:"conditions"`
	Undisclosed []string   `yaml:"undisclosed" json:"undisclosed"`
	Note        string     `yaml:"note" json:"note,omitempty"`
}

// Figures are what a claim says, in the units of summary.json. Those of the baseline are the denominator's. Scores are in percent.
type Figures struct {
	Speedup         *Amount            `yaml:"speedup" json:"speedup,omitempty"`                       // of tokens per second
	SpeedupByTask   *Amount            `yaml:"speedup_by_task" json:"speedup_by_task,omitempty"`       // the least and the greatest
	EndToEnd        *Amount            `yaml:"end_to_end_speedup" json:"end_to_end_speedup,omitempty"` // of the seconds for an answer
	TokensPerSecond *Amount            `yaml:"tokens_per_second" json:"tokens_per_second,omitempty"`   // of all requests together
	BaselineTokens  *Amount            `yaml:"baseline_tokens_per_second" json:"baseline_tokens_per_second,omitempty"`
	Seconds         *Amount            `yaml:"seconds_per_task" json:"seconds_per_task,omitempty"`
	BaselineSeconds *Amount            `yaml:"baseline_seconds_per_task" json:"baseline_seconds_per_task,omitempty"`
	First           *Amount            `yaml:"seconds_to_first_token" json:"seconds_to_first_token,omitempty"`
	BaselineFirst   *Amount            `yaml:"baseline_seconds_to_first_token" json:"baseline_seconds_to_first_token,omitempty"`
	PerForward      *Amount            `yaml:"tokens_per_forward" json:"tokens_per_forward,omitempty"`
	Dollars         *Amount            `yaml:"dollars_per_million_tokens" json:"dollars_per_million_tokens,omitempty"`
	DollarsSolved   *Amount            `yaml:"dollars_per_solved_task" json:"dollars_per_solved_task,omitempty"`
	Scores          map[string]float64 `yaml:"scores" json:"scores,omitempty"`
	BaselineScores  map[string]float64 `yaml:"baseline_scores" json:"baseline_scores,omitempty"`
}

// A Dated is a figure of a hosted model at a time.
type Dated struct {
	Date            string  `yaml:"date" json:"date"` // in words where the source gives none
	By              string  `yaml:"by" json:"by"`
	TokensPerSecond *Amount `yaml:"tokens_per_second" json:"tokens_per_second"`
}

// Conditions are those of a claim. What is zero is not noted, or undisclosed where the claim says so.
type Conditions struct {
	Model        string   `yaml:"model" json:"model,omitempty"`       // in words
	Models       []string `yaml:"models" json:"models,omitempty"`     // its names in the catalogue, where its weights are published
	Geometry     string   `yaml:"geometry" json:"geometry,omitempty"` // its shape, where it is in no catalogue
	Hosted       bool     `yaml:"hosted" json:"hosted,omitempty"`
	Hardware     string   `yaml:"hardware" json:"hardware,omitempty"` // a card of the ledger, or any
	Cards        int      `yaml:"cards" json:"cards,omitempty"`
	Architecture string   `yaml:"architecture" json:"architecture,omitempty"` // where no more is said of the hardware
	Engine       string   `yaml:"engine" json:"engine,omitempty"`
	Precision    string   `yaml:"precision" json:"precision,omitempty"`
	Batch        int      `yaml:"batch" json:"batch,omitempty"` // requests at once
	Block        int      `yaml:"block" json:"block,omitempty"` // positions refined together
	Suite        string   `yaml:"suite" json:"suite,omitempty"`
	Tasks        string   `yaml:"tasks" json:"tasks,omitempty"` // in words
	Prompt       int      `yaml:"prompt" json:"prompt,omitempty"`
	Generated    int      `yaml:"generated" json:"generated,omitempty"` // tokens
	Decoder      string   `yaml:"decoder" json:"decoder,omitempty"`     // a pattern of Tandem's decoders that do the same
	Baseline     Baseline `yaml:"baseline" json:"baseline,omitzero"`
}

// A Baseline is what a claim divides by.
type Baseline struct {
	Kind   Kind   `yaml:"kind" json:"kind"`
	Name   string `yaml:"name" json:"name"`
	Engine string `yaml:"engine" json:"engine,omitempty"`
}

// A Kind is what sort of decoder a baseline is.
type Kind string

// The kinds of baselines.
const (
	AR       Kind = "ar"        // autoregressive with a cache, of the same weights or of a model of the same shape
	Uncached Kind = "uncached"  // the same diffusion model without a cache
	Other    Kind = "other"     // an autoregressive model of another shape
	Another  Kind = "diffusion" // another diffusion model
	Hosted   Kind = "hosted"    // a service
)

// An Amount is a claimed figure: a number, or one of the forms "2 to 10", "about 4", "over 1000", "at most 1" and "up to 20".
type Amount struct {
	Text      string
	Low, High float64 // the same where it is one number; 0 where that end is open
	Bound     bool    // "up to": what was reached at best, which no other setting contradicts
}

var amountForm = regexp.MustCompile(`^(about |over |at most |up to )?([0-9.]+)(?: to ([0-9.]+))?$`)

// parse fills in the ends from the text.
func (a *Amount) parse() error {
	m := amountForm.FindStringSubmatch(a.Text)
	wrong := fmt.Errorf(`%q is no figure: write a number, "2 to 10", "about 4", "over 1000", "at most 1" or "up to 20"`, a.Text)
	if m == nil || m[1] != "" && m[1] != "about " && m[3] != "" {
		return wrong
	}
	low, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return wrong
	}
	high := low
	if m[3] != "" {
		if high, err = strconv.ParseFloat(m[3], 64); err != nil {
			return wrong
		}
	}
	if !(low > 0 && high >= low) {
		return fmt.Errorf("%q must be above 0, and the first number the smaller one", a.Text)
	}
	switch m[1] {
	case "over ":
		high = 0
	case "at most ", "up to ":
		low, a.Bound = 0, m[1] == "up to "
	}
	a.Low, a.High = low, high
	return nil
}

// UnmarshalYAML takes the text; Read parses it, and knows its line.
func (a *Amount) UnmarshalYAML(unmarshal func(any) error) error { return unmarshal(&a.Text) }

// MarshalJSON writes a number where it is one, and the text of any other form.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Low == a.High {
		return json.Marshal(a.Low)
	}
	return json.Marshal(a.Text)
}

// middle is one number for the amount: the mean of a range, or its only end.
func (a Amount) middle() float64 {
	if a.Low == 0 || a.High == 0 {
		return a.Low + a.High
	}
	return (a.Low + a.High) / 2
}

// over is the quotient of two amounts, end by end.
func (a Amount) over(b Amount) *Amount {
	out := Amount{Low: a.Low, High: a.High, Bound: a.Bound}
	if b.High > 0 {
		out.Low /= b.High
	}
	if b.Low > 0 {
		out.High /= b.Low
	}
	if b.High == 0 {
		out.Low = 0
	}
	if b.Low == 0 {
		out.High = 0
	}
	if out.Low == 0 && out.High == 0 {
		return nil
	}
	out.Text = out.words()
	return &out
}

// words is the text of computed ends.
func (a Amount) words() string {
	switch low, high := fmt.Sprintf("%.3g", a.Low), fmt.Sprintf("%.3g", a.High); {
	case a.High == 0:
		return "over " + low
	case a.Low == 0:
		return "at most " + high
	case low == high:
		return low
	default:
		return low + " to " + high
	}
}

// Faster is how many times as fast the claim says that it is: as given, or the quotient of its figures. Of an end-to-end speed-up and
// of seconds it is of the time for an answer, else of tokens per second. It is nil where nothing is compared.
func (c Claim) Faster() (ratio *Amount, answers bool) {
	f := c.Figures
	switch {
	case f.Speedup != nil:
		return f.Speedup, false
	case f.EndToEnd != nil:
		return f.EndToEnd, true
	case f.TokensPerSecond != nil && f.BaselineTokens != nil:
		return f.TokensPerSecond.over(*f.BaselineTokens), false
	case f.Seconds != nil && f.BaselineSeconds != nil:
		return f.BaselineSeconds.over(*f.Seconds), true
	}
	return nil, false
}

// Where is the claim's hardware in words.
func (c Claim) Where() string {
	o := c.Conditions
	name := o.Hardware
	switch {
	case o.Cards > 1:
		name = fmt.Sprintf("%d x %s", o.Cards, o.Hardware)
	case name == "":
		name = o.Architecture
	}
	switch {
	case o.Hosted:
		return strings.TrimPrefix(name+", hosted", ", ")
	case name == "":
		return c.unsaid("hardware")
	}
	return name
}

// unsaid is the word for a condition that is not given.
func (c Claim) unsaid(condition string) string {
	for _, u := range c.Undisclosed {
		if u == condition {
			return "undisclosed"
		}
	}
	return "not noted"
}
