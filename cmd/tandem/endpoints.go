package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"tandem/bench"
	"tandem/bench/load/ceiling"
	"tandem/decoders"
	"tandem/decoders/endpoint"
	"tandem/evals"
	"tandem/record"
)

// endpoints are those of --endpoints, by name.
type endpoints map[string]endpoint.Config

// readEndpoints reads the file of --endpoints.
func (c runCmd) readEndpoints() (endpoints, error) {
	if c.Endpoints == "" {
		return nil, nil
	}
	list, err := endpoint.Read(c.Endpoints)
	if err != nil {
		return nil, fmt.Errorf("--endpoints: %w", err)
	}
	all := endpoints{}
	for _, one := range list {
		all[one.Name] = one
	}
	return all, nil
}

// decodesHere says that a decoder of --decoders runs the model; one that is misspelt is taken for such, and found later.
func (c runCmd) decodesHere() bool {
	return slices.ContainsFunc(c.Decoders, func(name string) bool {
		return !strings.HasPrefix(strings.TrimSpace(name), string(decoders.Endpoint)+"/")
	})
}

// of are the decoders of a plan that ask endpoints, ofModel those that run the model.
func (endpoints) of(plan []decoders.Settings) []decoders.Settings {
	return slices.DeleteFunc(slices.Clone(plan), func(s decoders.Settings) bool { return s.Family != decoders.Endpoint })
}

func ofModel(plan []decoders.Settings) []decoders.Settings {
	return slices.DeleteFunc(slices.Clone(plan), func(s decoders.Settings) bool { return s.Family == decoders.Endpoint })
}

// check says which endpoint of a plan is in no file.
func (e endpoints) check(plan []decoders.Settings) error {
	for _, s := range e.of(plan) {
		if _, ok := e[s.Endpoint]; !ok && len(e) == 0 {
			return fmt.Errorf("--decoders %s: name the file that says what it is with --endpoints", s.Name())
		} else if !ok {
			return fmt.Errorf("--decoders %s: the file of --endpoints has no such endpoint; it has %s", s.Name(), strings.Join(slices.Sorted(maps.Keys(e)), ", "))
		}
	}
	return nil
}

// prompts are how a decoder may be asked.
func (e endpoints) prompts(s decoders.Settings, asked evals.Prompts) evals.Prompts {
	if s.Family == decoders.Endpoint {
		asked.Chat, asked.Server = nil, e[s.Endpoint].Chats()
	}
	return asked
}

// models are the names of the models that are asked, each once.
func (e endpoints) models(plan []decoders.Settings) string {
	var names []string
	for _, s := range e.of(plan) {
		if model := e[s.Endpoint].Model; !slices.Contains(names, model) {
			names = append(names, model)
		}
	}
	return strings.Join(names, ", ")
}

// nonce says whether a run's prompts differ from repeat to repeat.
func (c runCmd) nonce(j job) bool {
	remote := len(j.remote.of(j.plan))
	return remote > 0 && (c.Nonce == "on" || c.Nonce == "auto" && remote == len(j.plan) && len(j.plan)*c.Repeats > 1)
}

// info is what the results' header says of a decoder.
func (e endpoints) info(s decoders.Settings) record.DecoderInfo {
	info := s.Info()
	if s.Family == decoders.Endpoint {
		maps.Copy(info.Settings, e[s.Endpoint].Settings())
	}
	return info
}

// openEndpoints adds the clients of a plan's endpoints to a setup, with how fast a client here is, and the file of their streams where --raw asks for it.
func (c runCmd) openEndpoints(a *app, setup *bench.Setup, j job) (hangUp func() error, err error) {
	var closers []func() error
	if len(j.remote.of(j.plan)) > 0 {
		if setup.Header.ClientChunks, err = ceiling.Measure(a.ctx); err != nil {
			return nil, err
		}
		fmt.Fprintf(a.stderr, "this client reads %.0f events a second on one processor\n", setup.Header.ClientChunks)
	}
	hangUp = func() (err error) {
		for _, one := range closers {
			err = errors.Join(err, one())
		}
		return err
	}
	for _, s := range j.remote.of(j.plan) {
		config, options := j.remote[s.Endpoint], endpoint.Options{Raw: c.Raw}
		if config.Tokenizer != "" {
			t, err := loadTokenizer(config.Tokenizer)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("--endpoints: tokenizer of %s: %w", config.Name, err), hangUp())
			}
			options.Count = func(text string) int { return len(t.Encode(text)) }
		}
		clients, done, err := endpoint.Open(config, s, options)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--endpoints: %w", err), hangUp())
		}
		closers = append(closers, func() error { done(); return nil })
		for _, one := range clients {
			setup.Decoders = append(setup.Decoders, one)
		}
	}
	if c.Raw && len(closers) > 0 {
		file, err := record.AppendRaw(filepath.Join(c.Out, record.RawFile))
		if err != nil {
			return nil, errors.Join(err, hangUp())
		}
		closers = append(closers, file.Close)
		setup.Raw = func(r record.RawReply) error { return file.Write(r) }
	}
	return hangUp, nil
}
