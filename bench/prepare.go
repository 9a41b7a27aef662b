package bench

import (
	"cmp"
	"errors"
	"slices"

	"tandem/decoders"
	"tandem/evals"
	"tandem/record"
	"tandem/transformer"
)

// PlanPrompts gives the decoders of a plan that name no prompt the usual one, and each its prompt's own name: "auto" may stand for
// another one. A completion is no setting, so that it has one name. Decoders that are the same then stand once.
func PlanPrompts(plan []decoders.Settings, usual string, prompts evals.Prompts) (out []decoders.Settings, err error) {
	for _, s := range plan {
		if s.Prompt, err = prompts.Resolve(cmp.Or(s.Prompt, usual)); err != nil {
			return nil, err
		}
		if s.Prompt == evals.CompletionPrompt {
			s.Prompt = ""
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// Ask asks each decoder of a plan a suite's first tasks, all of them for a limit of 0: it fills in Prompts, Others and the header's
// Prompts, to those of an earlier call. longest is the tokens of the longest prompt of any; endpoints have none.
func (s *Setup) Ask(prompts evals.Prompts, plan []decoders.Settings, limit int) (longest int, err error) {
	tasks := prompts.Suite.Tasks
	if limit > 0 && limit < len(tasks) {
		tasks = tasks[:limit]
	}
	prompts.Suite.Tasks = tasks
	if s.Others == nil {
		s.Others = map[string][]Prompt{}
	}
	texts := map[string][]Prompt{}
	for _, of := range plan {
		name := cmp.Or(of.Prompt, evals.CompletionPrompt)
		if texts[name] == nil {
			asked, info, err := prompts.Ask(name)
			if err != nil {
				return 0, err
			}
			s.addPrompt(info)
			for i, one := range asked {
				p := Prompt{Task: tasks[i].TaskID, Text: one.Text, Framed: one.Framed, Level: tasks[i].Level, End: one.End}
				for _, m := range one.Messages {
					p.Messages = append(p.Messages, decoders.Message(m))
				}
				texts[name] = append(texts[name], p)
				if of.Family != decoders.Endpoint {
					longest = max(longest, len(encode(s.Tokenizer, p)))
				}
			}
		}
		s.Prompts, s.Others[of.Name()] = texts[name], texts[name]
	}
	return longest, nil
}

// addPrompt adds a prompt to the header, once.
func (s *Setup) addPrompt(info record.PromptInfo) {
	if !slices.ContainsFunc(s.Header.Prompts, func(p record.PromptInfo) bool { return p.Name == info.Name && p.SHA256 == info.SHA256 }) {
		s.Header.Prompts = append(s.Header.Prompts, info)
	}
}

// Open opens a session of so many slots for each of the settings and fills in the setup's Decoders, Memory, Ideal and Work: the
// decoders of one name share the session. The header must hold the plan and the ceilings. close closes the decoders' sessions.
func (s *Setup) Open(backend transformer.Backend, settings []decoders.Settings, slots int) (close func() error, err error) {
	var lanes []transformer.Session
	close = func() (err error) {
		for _, lane := range slices.Backward(lanes) {
			err = errors.Join(err, lane.Close())
		}
		return err
	}
	about, batch, memory := backend.Describe(), s.Header.Plan.Batch, map[string]int64{}
	for _, of := range settings {
		session, err := backend.Open(batch, slots)
		if err != nil {
			return nil, errors.Join(err, close())
		}
		memory[of.Name()] = about.Memory + session.Memory()
		own := []transformer.Session{session}
		if batch > 1 {
			own = decoders.Batch(session, batch)
		}
		lanes = append(lanes, own...)
		for _, lane := range own {
			d, err := decoders.On(lane, backend.Config(), of, slots)
			if err != nil {
				return nil, errors.Join(err, close())
			}
			s.Decoders = append(s.Decoders, d)
		}
	}
	s.Memory = func(decoder string) int64 { return memory[decoder] }
	if batch == 1 { // else a forward is of several decodings, and what one of them costs at best is not known
		card := transformer.Card{Config: backend.Config(), Dtype: about.Dtype}
		shape := func(step record.Step) transformer.Shape {
			return transformer.Shape{Sequences: 1, Rows: step.Rows, Guesses: len(step.Commits), Reach: step.Reach}
		}
		s.Ideal = func(step record.Step, ceilings map[string]float64) float64 { return card.Ideal(shape(step), ceilings) }
		s.Work = func(step record.Step) record.Work {
			return record.Work{Bytes: float64(card.Bytes(shape(step))), FLOPs: card.FLOPs(shape(step))}
		}
	}
	return close, nil
}
