package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/record"
)

// A Mismatch is the error of a results file that another run wrote: its records and those of this run, averaged as if they
// were of one suite, model, plan and machine, would tell nothing.
type Mismatch struct {
	Path        string
	Before, Now string // what differs, in words: "the decoders ar, diffusion/block=16", "repeats 5, no limit"
}

// Error says in one line what differs.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s: cannot resume: that run had %s; this one has %s", m.Path, m.Before, m.Now)
}

// same returns a Mismatch of the first fact of a run that a resume may not change, or nil.
func same(path string, before, now record.Header) error {
	was, is, err := differ(before, now)
	if err == nil && was != is {
		return &Mismatch{path, was, is}
	}
	return err
}

// differ is the first fact in which two runs differ, in words of both; empty where there is none.
func differ(before, now record.Header) (was, is string, err error) {
	for _, f := range facts {
		was, err := json.Marshal(f.of(before)) // as JSON: that is what the file kept of settings whose Go types differ
		if err != nil {
			return "", "", err
		}
		is, err := json.Marshal(f.of(now))
		if err != nil {
			return "", "", err
		}
		if string(was) != string(is) {
			return f.name + f.say(before, now), f.name + f.say(now, before), nil
		}
	}
	return "", "", nil
}

// A fact of a run may not change when it is resumed. say tells h's in words, beside the one that it differs from.
type fact struct {
	name string
	of   func(h record.Header) any
	say  func(h, other record.Header) string
}

var facts = []fact{
	{"the suite ", func(h record.Header) any { return h.Suite }, func(h, _ record.Header) string {
		return fmt.Sprintf("%s of %d tasks (SHA-256 %.12s)", h.Suite.Name, h.Suite.Tasks, h.Suite.SHA256)
	}},
	{"the model ", func(h record.Header) any { return h.Model }, func(h, _ record.Header) string {
		return fmt.Sprintf("%s (%s, SHA-256 %.12s)", h.Model.Name, h.Model.Dtype, h.Model.SHA256)
	}},
	{"the decoders ", func(h record.Header) any { return h.Decoders }, decoderWords},
	{"", func(h record.Header) any { return withoutExtra(h.Plan) }, planWords},
	{"", func(h record.Header) any { return h.Shard }, func(h, _ record.Header) string { return shardWords(h) }},
	{"the prompts ", func(h record.Header) any { return h.Prompts }, promptWords},
	place("the version ", " of commit ", func(e record.Environment) []string { return []string{e.Version, e.Commit} }),
	place("the device ", " ", func(e record.Environment) []string { return []string{e.Device, e.GPU, e.Driver} }),
	place("the processor ", " with the kernels ", func(e record.Environment) []string {
		if e.Features == "" { // no kernels: it only asks: a job that was lost may go on on another machine
			return nil
		}
		return []string{e.CPU, e.Features}
	}),
	place("threads ", "", func(e record.Environment) []string { return []string{fmt.Sprint(e.Threads)} }),
}

// withoutExtra is a plan but for the budget of further decodings, which a resume may raise.
func withoutExtra(p record.PlanInfo) record.PlanInfo {
	p.Extra = 0
	return p
}

// place is a fact of the environment: parts that are joined, those that are not known left out.
func place(name, between string, parts func(record.Environment) []string) fact {
	return fact{name, func(h record.Header) any { return parts(h.Environment) }, func(h, _ record.Header) string {
		return strings.Join(slices.DeleteFunc(parts(h.Environment), func(part string) bool { return part == "" }), between)
	}}
}

// decoderWords are the decoders' names; where these are the same, with the settings that are not.
func decoderWords(h, other record.Header) string {
	names := func(h record.Header) (names []string) {
		for _, d := range h.Decoders {
			names = append(names, d.Name)
		}
		return names
	}
	own := names(h)
	if slices.Equal(own, names(other)) {
		for i, d := range h.Decoders {
			if settings := fmt.Sprint(d.Settings); settings != fmt.Sprint(other.Decoders[i].Settings) {
				own[i] += " with " + strings.TrimSuffix(strings.TrimPrefix(settings, "map["), "]")
			}
		}
	}
	return strings.Join(own, ", ")
}

// promptWords are the prompts with the hash of their texts, and that of the chat template.
func promptWords(h, _ record.Header) string {
	var words []string
	for _, p := range h.Prompts {
		text := fmt.Sprintf("%s (SHA-256 %.12s", p.Name, p.SHA256)
		if p.Template != "" {
			text += fmt.Sprintf(", chat template %.12s", p.Template)
		}
		words = append(words, text+")")
	}
	return strings.Join(words, ", ")
}

// planWords are the parts of the plan that differ: "repeats 5, no limit". A name is that of the plan's field, and of the flag
// that sets it.
func planWords(h, other record.Header) string {
	own, theirs := planParts(withoutExtra(h.Plan)), planParts(withoutExtra(other.Plan))
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if theirs[name] != own[name] {
			parts = append(parts, name+" "+own[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if _, ok := own[name]; !ok {
			parts = append(parts, "no "+name)
		}
	}
	return strings.Join(parts, ", ")
}

// planParts are the plan's fields as its JSON names them, with the values' JSON, strings without quotes.
func planParts(plan record.PlanInfo) map[string]string {
	text, err := json.Marshal(plan)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	parts := map[string]string{}
	for key, value := range fields {
		parts[strings.ReplaceAll(key, "_", "-")] = strings.Trim(string(value), `"`)
	}
	return parts
}
