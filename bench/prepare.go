package bench

import (
	"errors"
	"slices"

	"tandem/datasets"
	"tandem/decoders"
	"tandem/evals"
	"tandem/record"
	"tandem/transformer"
)

// Prompts are a suite's first tasks as the model is asked, all of them for a limit of 0, and the tokens of the longest.
func Prompts(suite datasets.Suite, limit int, tokenizer Tokenizer) (prompts []Prompt, longest int) {
	for i, task := range suite.Tasks {
		if limit > 0 && i == limit {
			break
		}
		text := evals.Ask(task)
		prompts = append(prompts, Prompt{Task: task.TaskID, Text: text})
		longest = max(longest, len(tokenizer.Encode(text)))
	}
	return prompts, longest
}

// Open opens a session of so many slots for each of the settings and fills in the setup's Decoders, Memory and Ideal: the decoders
// of one name share the session. The header must hold the plan and the ceilings. close closes the decoders' sessions.
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
		s.Ideal = func(step record.Step, ceilings map[string]float64) float64 {
			return card.Ideal(transformer.Shape{Sequences: 1, Rows: step.Rows, Guesses: len(step.Commits), Reach: step.Reach}, ceilings)
		}
	}
	return close, nil
}
