package decoders

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tandem/record"
	"tandem/transformer"
)

// A Family is one of the two ways of writing, or Endpoint: a server that writes in a way of its own. Every decoder's name begins with it.
type Family string

// The families.
const (
	AR        Family = "ar"
	Diffusion Family = "diffusion"
	Endpoint  Family = "endpoint" // its name follows the family's: "endpoint/NAME"
)

// A Cache says which keys and values a diffusion decoder keeps between forwards.
type Cache string

// The caches. The first is for block-causal attention and exact. The other three are for whole-sequence attention, where
// only CacheNone is exact.
const (
	CacheBlock  Cache = "block"  // finished blocks are stored and never change
	CacheNone   Cache = "none"   // every forward computes the whole canvas
	CachePrefix Cache = "prefix" // the K/V before the block are kept while it is refined [Fast-dLLM]
	CacheDual   Cache = "dual"   // the K/V before and behind the block are kept while it is refined [Fast-dLLM]
)

// Arrivals say how far apart the requests of an open loop are.
type Arrivals string

// The arrivals.
const (
	Poisson  Arrivals = "poisson"  // at random, as of many who do not know of each other
	Constant Arrivals = "constant" // evenly
)

// mostRate is the most requests a second that may be asked for.
const mostRate = 1e5

// Settings describe a decoder. Fields that are zero are filled in by New.
type Settings struct {
	Family   Family
	Uncached bool   // a control: no K/V cache; every forward computes what a cache would hold
	Prompt   string // the name of what it is asked with, of which decoders know nothing else; "": the caller's usual one

	Temperature float64 // 0 is greedy
	TopP        float64 // 0: all
	TopK        int     // 0: all

	// Endpoint only.
	Endpoint    string   // which one
	Concurrency int      // requests in flight at once; 0: one, or with a Rate as many as it takes
	Rate        float64  // requests a second that are sent whether others were answered or not (an open loop); 0: a closed loop
	Arrivals    Arrivals // how far apart they are; "": Poisson
	Ramp        float64  // the rate, or the concurrency of a closed loop, at a repeat's beginning, from which it rises evenly; 0: none

	// Diffusion only.
	Separate     bool        // a control: finished blocks are stored by forwards of their own
	Cache        Cache       // "": block where the checkpoint was trained for blocks, none where for whole sequences
	Block        int         // positions that are refined together
	Threshold    float64     // commit policy: see Threshold
	Factor       float64     // commit policy: see Factor
	EntropyBound float64     // commit policy: see EntropyBound, in nats
	Quota        Score       // commit policy: see Quota
	Steps        int         // forwards per block, of Quota
	Custom       *PolicySpec // a commit policy that is none of this package's; names that hold one cannot be parsed
}

// An option is one setting of a name, in the order in which Name writes them.
type option struct {
	key      string
	families []Family
	get      func(s *Settings) any // the value, or nil where it is not set
	set      func(s *Settings, value string) error
}

var all, both = []Family{AR, Diffusion, Endpoint}, []Family{AR, Diffusion}
var onlyDiffusion, onlyEndpoint = []Family{Diffusion}, []Family{Endpoint}

var options = slices.Concat([]option{
	flagOption("uncached", both, func(s *Settings) *bool { return &s.Uncached }),
	flagOption("separate", onlyDiffusion, func(s *Settings) *bool { return &s.Separate }),
	wordOption("cache", onlyDiffusion, func(s *Settings) *Cache { return &s.Cache }, CacheBlock, CacheNone, CachePrefix, CacheDual),
	intOption("block", onlyDiffusion, func(s *Settings) *int { return &s.Block }),
}, policyOptions(), []option{
	intOption("concurrency", onlyEndpoint, func(s *Settings) *int { return &s.Concurrency }),
	floatOption("rate", onlyEndpoint, func(s *Settings) *float64 { return &s.Rate }, mostRate),
	wordOption("arrivals", onlyEndpoint, func(s *Settings) *Arrivals { return &s.Arrivals }, Poisson, Constant),
	floatOption("ramp", onlyEndpoint, func(s *Settings) *float64 { return &s.Ramp }, mostRate),
	floatOption("temperature", all, func(s *Settings) *float64 { return &s.Temperature }, 100),
	floatOption("top_p", all, func(s *Settings) *float64 { return &s.TopP }, 1),
	intOption("top_k", both, func(s *Settings) *int { return &s.TopK }),
	promptOption("prompt", all, func(s *Settings) *string { return &s.Prompt }),
})

func flagOption(key string, families []Family, field func(*Settings) *bool) option {
	return option{key, families, func(s *Settings) any { return unlessZero(*field(s)) }, func(s *Settings, v string) error {
		if v != "" && v != "true" {
			return fmt.Errorf("takes no value")
		}
		*field(s) = true
		return nil
	}}
}

func intOption(key string, families []Family, field func(*Settings) *int) option {
	return option{key, families, func(s *Settings) any { return unlessZero(*field(s)) }, func(s *Settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fmt.Errorf("wants a whole number of at least 1, not %q", v)
		}
		*field(s) = n
		return nil
	}}
}

func floatOption(key string, families []Family, field func(*Settings) *float64, most float64) option {
	return option{key, families, func(s *Settings) any { return unlessZero(*field(s)) }, func(s *Settings, v string) error {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || !(f > 0 && f <= most) {
			return fmt.Errorf("wants a number above 0 and at most %g, not %q", most, v)
		}
		*field(s) = f
		return nil
	}}
}

// promptName is how prompts may be named, so that names of decoders can hold them.
var promptName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func promptOption(key string, families []Family, field func(*Settings) *string) option {
	return option{key, families, func(s *Settings) any { return unlessZero(*field(s)) }, func(s *Settings, v string) error {
		if !promptName.MatchString(v) {
			return fmt.Errorf("wants a name of letters, digits, dots and dashes, not %q", v)
		}
		*field(s) = v
		return nil
	}}
}

func wordOption[T ~string](key string, families []Family, field func(*Settings) *T, words ...T) option {
	return option{key, families, func(s *Settings) any { return unlessZero(*field(s)) }, func(s *Settings, v string) error {
		if !slices.Contains(words, T(v)) {
			return fmt.Errorf("is one of %v, not %q", words, v)
		}
		*field(s) = T(v)
		return nil
	}}
}

func unlessZero[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// Name is the decoder's name with the settings that are set, in a fixed order: "diffusion/block=16/threshold=0.9". For
// settings of ParseName without a Custom policy, ParseName(s.Name()) returns s.
func (s Settings) Name() string {
	name := string(s.Family)
	if s.Family == Endpoint {
		name += "/" + s.Endpoint
	}
	for _, o := range options {
		switch v := o.get(&s).(type) {
		case nil:
		case bool:
			name += "/" + o.key
		case float64:
			name += "/" + o.key + "=" + strconv.FormatFloat(v, 'g', -1, 64)
		default:
			name += fmt.Sprintf("/%s=%v", o.key, v)
		}
	}
	if s.Custom != nil {
		name += "/" + s.Custom.Name
	}
	return name
}

// Greedy says whether the output is the same for every seed. Of an endpoint nobody knows.
func (s Settings) Greedy() bool {
	if s.Family == Endpoint {
		return false
	}
	random := slices.ContainsFunc(s.policies(), func(p *PolicySpec) bool { return p.Random != nil && p.Random(s) })
	return s.Temperature == 0 && !random
}

// Info is the name and the settings for the header of a results file.
func (s Settings) Info() record.DecoderInfo {
	info := record.DecoderInfo{Name: s.Name(), Settings: map[string]any{"family": s.Family}}
	for _, o := range options {
		if v := o.get(&s); v != nil {
			info.Settings[o.key] = v
		}
	}
	if s.Custom != nil {
		info.Settings["policy"] = s.Custom.Name
	}
	if s.Family == Endpoint {
		info.Settings["endpoint"] = s.Endpoint
	}
	return info
}

// ParseName reads a name such as "ar", "ar/temperature=0.8/top_p=0.95", "diffusion/block=16/threshold=0.9" or "endpoint/mine". Settings may
// stand in any order. A setting that is unknown, repeated or contradicts another one is an error; an unknown one lists those
// that are known.
func ParseName(name string) (Settings, error) {
	parts := strings.Split(name, "/")
	s, parts := Settings{Family: Family(parts[0])}, parts[1:]
	switch {
	case !slices.Contains(all, s.Family):
		return Settings{}, fmt.Errorf("decoder %q: a name begins with ar or diffusion, or with endpoint/NAME", name)
	case s.Family == Endpoint && (len(parts) == 0 || !promptName.MatchString(parts[0])):
		return Settings{}, fmt.Errorf("decoder %q: which endpoint? write endpoint/NAME", name)
	case s.Family == Endpoint:
		s.Endpoint, parts = parts[0], parts[1:]
	}
	seen := map[string]bool{}
	for _, part := range parts {
		key, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(options, func(o option) bool { return o.key == key && slices.Contains(o.families, s.Family) })
		if i < 0 {
			return Settings{}, fmt.Errorf("decoder %q: unknown setting %q; %s knows %s", name, key, s.Family, strings.Join(s.Family.Keys(), ", "))
		}
		if seen[key] {
			return Settings{}, fmt.Errorf("decoder %q: setting %s stands twice", name, key)
		}
		seen[key] = true
		if err := options[i].set(&s, value); err != nil {
			return Settings{}, fmt.Errorf("decoder %q: setting %s %w", name, key, err)
		}
	}
	if err := s.check(); err != nil {
		return Settings{}, fmt.Errorf("decoder %q: %w", name, err)
	}
	return s, nil
}

// Keys are the settings that a family knows, in the order of Name.
func (f Family) Keys() (keys []string) {
	for _, o := range options {
		if slices.Contains(o.families, f) {
			keys = append(keys, o.key)
		}
	}
	return keys
}

// check finds contradictions.
func (s Settings) check() error {
	if err := s.checkPolicy(); err != nil {
		return err
	}
	switch {
	case (s.TopP != 0 || s.TopK != 0) && s.Temperature == 0:
		return fmt.Errorf("top_p and top_k need temperature")
	case s.Uncached && s.Cache != "" && s.Cache != CacheBlock:
		return fmt.Errorf("uncached contradicts cache=%s", s.Cache)
	case s.Arrivals != "" && s.Rate == 0:
		return fmt.Errorf("arrivals needs rate")
	case s.Ramp > 0 && s.Rate > 0 && s.Ramp >= s.Rate, s.Ramp > 0 && s.Rate == 0 && (s.Ramp < 1 || s.Ramp >= float64(s.Concurrency)):
		return fmt.Errorf("ramp=%g is where a rate, or else a concurrency of more than one, begins to rise: give a lower one", s.Ramp)
	case s.Separate && (s.Uncached || s.Cache != "" && s.Cache != CacheBlock):
		return fmt.Errorf("separate needs cache=block")
	}
	return nil
}

// resolve fills in the settings that are not set: the cache that suits the checkpoint's attention, a block size that the
// checkpoint was trained for (16 where it can; 32 where none is known), a threshold of 0.9 as the commit policy, and for a
// quota as many steps as a block has positions.
func (s Settings) resolve(c transformer.Config) Settings {
	if s.Family != Diffusion {
		return s
	}
	blocks := c.Attention == transformer.BlockCausal || len(c.BlockSizes) > 0
	switch {
	case blocks && s.Cache == CacheBlock:
		s.Cache = ""
	case !blocks && s.Cache == "":
		s.Cache, s.Uncached, s.Separate = CacheNone, false, false
	}
	if s.Block == 0 {
		switch {
		case len(c.BlockSizes) == 0:
			s.Block = 32
		case slices.Contains(c.BlockSizes, 16):
			s.Block = 16
		default:
			s.Block = slices.Max(c.BlockSizes)
		}
	}
	if !s.hasPolicy() {
		s.Threshold = 0.9
	}
	if resolve := s.policies()[0].resolve; resolve != nil {
		resolve(&s)
	}
	return s
}
