package decoders

import (
	"slices"
	"testing"
)

// Stop is told each token once, in order, when all before it stand, and ends either decoder; a forced length does not ask it.
func TestStop(t *testing.T) {
	const last = 13
	for _, c := range []struct {
		name     string
		forced   bool
		script   []string
		forwards int
		told     []int32
	}{
		{"ar", false, []string{"11@.9", "12@.8", "13@.7", "14@.6"}, 3, []int32{11, 12, 13}},
		{"ar", true, []string{"11@.9", "13@.8", "12@.7", "14@.6", "15@.6"}, 5, nil},
		// 13 stands first, behind masks: it ends nothing before these are committed.
		{"diffusion/threshold=0.9", false, []string{"11@.5 12@.6 13@.95", "11@.95 12@.8", "12@.9", "21@.9 22@.9 23@.9 24@.9"}, 3, []int32{11, 12, 13}},
		{"diffusion/cache=none/block=2/threshold=0.9", false, []string{"11@.95 12@.8", "12@.8", "13@.95 14@.2", "14@.9"}, 3, []int32{11, 12, 13}},
		{"diffusion/threshold=0.9", false, []string{"13@.95 12@.6 11@.95", "12@.8", "21@.9 22@.9 23@.9 24@.9"}, 1, []int32{13}},
	} {
		settings, err := ParseName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		config := scriptConfig
		if settings.Cache == CacheNone {
			config.BlockSizes = nil
		}
		session := &scripted{script: c.script}
		d, err := On(session, config, settings, 20)
		if err != nil {
			t.Fatal(err)
		}
		var told []int32
		request := Request{Prompt: []int32{5}, MaxTokens: 5, Forced: c.forced, Stop: func(token int32) bool {
			told = append(told, token)
			return token == last
		}}
		for _, err := range d.Decode(t.Context(), request) {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if len(session.passes) != c.forwards || !slices.Equal(told, c.told) {
			t.Errorf("%s: %d forwards, Stop was told %v; want %d and %v", c.name, len(session.passes), told, c.forwards, c.told)
		}
	}
}

// A prompt is a setting of either family that decoders only carry.
func TestPromptSetting(t *testing.T) {
	for _, name := range []string{"ar/prompt=chat", "diffusion/block=16/threshold=0.9/temperature=0.5/prompt=lm-eval"} {
		s, err := ParseName(name)
		if err != nil || s.Name() != name || s.Info().Settings["prompt"] != s.Prompt || s.Prompt == "" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	for _, name := range []string{"ar/prompt=", "ar/prompt=a b", "ar/prompt"} {
		if s, err := ParseName(name); err == nil {
			t.Errorf("%s was taken as %+v", name, s)
		}
	}
}
