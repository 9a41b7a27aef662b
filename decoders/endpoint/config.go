package endpoint

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tandem/internal/smallfile"
)

// A Config is one endpoint of a file. Fields that it leaves out are those of its preset, if it names one.
type Config struct {
	Name    string         `yaml:"name"`
	Preset  string         `yaml:"preset"`
	Kind    string         `yaml:"kind"`     // a name of kinds
	BaseURL string         `yaml:"base_url"` // up to the kind's path: "https://host/v1"
	Model   string         `yaml:"model"`
	KeyEnv  string         `yaml:"key_env"` // the environment variable with the key; "": it wants none
	Extra   map[string]any `yaml:"extra"`   // fields of the request's body, over those that are sent anyway; null takes one away

	ContinuousUsage bool     `yaml:"continuous_usage"` // ask for the number of tokens with each event
	MaxTokensAs     string   `yaml:"max_tokens_as"`    // what the server calls the most tokens of an answer; "": max_tokens
	Tokenizer       string   `yaml:"tokenizer"`        // a folder or file with the model's tokenizer, which checks or stands in for the server's count
	Metrics         string   `yaml:"metrics"`          // the path of the server's counters, for Prometheus: "/metrics"; "": it has none
	Prices          *Prices  `yaml:"prices"`
	Timeouts        Timeouts `yaml:"timeouts"`
}

// Prices are what a million tokens cost, in dollars, on a day: hosted prices change, so the day belongs to the figure.
type Prices struct {
	Date   string   `yaml:"date" json:"date"` // 2026-11-25
	Input  float64  `yaml:"input" json:"input"`
	Output float64  `yaml:"output" json:"output"`
	Cached *float64 `yaml:"cached_input" json:"cached_input,omitempty"` // of the prompt's tokens that the server held already; nil: as Input
}

// Timeouts bound the waits for an endpoint; 0 is the usual one.
type Timeouts struct {
	Connect   time.Duration `yaml:"connect"`    // for a connection, with TLS; usually 15s
	FirstByte time.Duration `yaml:"first_byte"` // from the request to the first event; usually 2m
	Idle      time.Duration `yaml:"idle"`       // between two events; usually 1m
	Whole     time.Duration `yaml:"whole"`      // from the request to the end; usually 10m
}

func (t Timeouts) orUsual() Timeouts {
	return Timeouts{cmp.Or(t.Connect, 15*time.Second), cmp.Or(t.FirstByte, 2*time.Minute), cmp.Or(t.Idle, time.Minute), cmp.Or(t.Whole, 10*time.Minute)}
}

//go:embed presets.yaml
var presetText []byte

// presets are the beginnings of endpoints, by name.
func presets() (map[string]Config, error) {
	all := map[string]Config{}
	err := yaml.UnmarshalWithOptions(presetText, &all, yaml.Strict())
	return all, err
}

// Read reads a file of endpoints: the key endpoints with a list of Configs.
func Read(path string) ([]Config, error) {
	text, err := smallfile.Read(path, "endpoints")
	if err != nil {
		return nil, err
	}
	list, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// parse reads the text of such a file.
func parse(text []byte) ([]Config, error) {
	var file struct {
		Endpoints []Config `yaml:"endpoints"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s", strings.Join(strings.Fields(yaml.FormatError(err, false, false)), " "))
	}
	if len(file.Endpoints) == 0 {
		return nil, fmt.Errorf("it names no endpoint: write endpoints: and a list with name, kind or preset, base_url and model")
	}
	known, err := presets()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, c := range file.Endpoints {
		if seen[c.Name] {
			return nil, fmt.Errorf("two endpoints are called %q", c.Name)
		}
		seen[c.Name] = true
		if file.Endpoints[i], err = c.over(known); err != nil {
			return nil, err
		}
		if err := file.Endpoints[i].check(); err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", c.Name, err)
		}
	}
	return file.Endpoints, nil
}

// over fills in what the endpoint leaves out from its preset. Extra fields are put together.
func (c Config) over(known map[string]Config) (Config, error) {
	if c.Preset == "" {
		return c, nil
	}
	base, ok := known[c.Preset]
	if !ok {
		return c, fmt.Errorf("endpoint %q: no preset is called %q; there are %s", c.Name, c.Preset, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	own, from := reflect.ValueOf(&c).Elem(), reflect.ValueOf(base)
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(from.Field(i))
		}
	}
	extra := maps.Clone(base.Extra)
	if extra != nil {
		maps.Copy(extra, c.Extra)
		c.Extra = extra
	}
	return c, nil
}

// endpointName is how endpoints may be named, so that names of decoders can hold them.
var endpointName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// priceDate is how a price's day is written.
const priceDate = "2006-01-02"

// check says what is wrong with an endpoint.
func (c Config) check() error {
	address, err := url.Parse(c.BaseURL)
	switch {
	case !endpointName.MatchString(c.Name):
		return fmt.Errorf("a name has letters, digits, dots and dashes")
	case kinds[c.Kind] == nil:
		return fmt.Errorf("kind is one of %s, not %q; or name a preset", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), c.Kind)
	case err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https":
		return fmt.Errorf("base_url must be http://HOST/… or https://HOST/…")
	case address.User != nil || address.RawQuery != "" || address.Fragment != "":
		return fmt.Errorf("base_url must hold no password and no query: a key comes from the variable that key_env names")
	case c.Model == "":
		return fmt.Errorf("name its model")
	case c.KeyEnv != "" && address.Scheme == "http" && !loopback(address.Hostname()):
		return fmt.Errorf("a key is not sent over http to another machine: use https, or leave key_env out")
	}
	if err := checkMetrics(c.Metrics); err != nil {
		return err
	}
	if p := c.Prices; p != nil {
		if _, err := time.Parse(priceDate, p.Date); err != nil {
			return fmt.Errorf("prices need their date, such as 2026-11-25: they change")
		}
		if p.Input < 0 || p.Output < 0 || p.Cached != nil && *p.Cached < 0 {
			return fmt.Errorf("a price is below 0")
		}
	}
	if t := c.Timeouts; min(t.Connect, t.FirstByte, t.Idle, t.Whole) < 0 {
		return fmt.Errorf("a time-out is below 0")
	}
	return nil
}

// loopback says that a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Settings are what a results file keeps of an endpoint. The key is none of them, and of a file's path nothing.
func (c Config) Settings() map[string]any {
	all := map[string]any{"kind": c.Kind, "base_url": c.BaseURL, "model": c.Model}
	if len(c.Extra) > 0 {
		all["extra"] = c.Extra
	}
	if c.Prices != nil {
		all["prices"] = *c.Prices
	}
	return all
}

// Chats says that the endpoint is asked in messages, around which the server puts its chat template; else it completes a text.
func (c Config) Chats() bool { return kinds[c.Kind].chats }

// leastKey is the least length of a key: a shorter text could stand anywhere, so that taking it out would damage answers.
const leastKey = 8

// key is the endpoint's key; "" where it wants none.
func (c Config) key() (string, error) {
	if c.KeyEnv == "" {
		return "", nil
	}
	key := strings.TrimSpace(os.Getenv(c.KeyEnv))
	if key == "" {
		return "", fmt.Errorf("endpoint %q: the environment variable %s holds no key", c.Name, c.KeyEnv)
	}
	if len(key) < leastKey {
		return "", fmt.Errorf("endpoint %q: what the environment variable %s holds is too short for a key; leave key_env out where none is wanted", c.Name, c.KeyEnv)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("endpoint %q: what the environment variable %s holds is no key: it has blanks or other characters that a header cannot hold", c.Name, c.KeyEnv)
	}
	return key, nil
}
