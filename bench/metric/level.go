package metric

import "slices"

// A Level is how many of a level's judged tasks passed: pass@1 by level is Passed / Tasks.
type Level struct {
	Level  int
	Passed float64
	Tasks  int
}

// ByLevel is PassAt1 of each level of a suite, from the lowest; none where no task has a level.
func (f *Fold) ByLevel() (levels []Level) {
	for _, t := range f.Tasks() {
		share, ok := t.PassRate()
		if !ok || t.Level == 0 {
			continue
		}
		i, found := slices.BinarySearchFunc(levels, t.Level, func(l Level, level int) int { return l.Level - level })
		if !found {
			levels = slices.Insert(levels, i, Level{Level: t.Level})
		}
		levels[i].Passed += share
		levels[i].Tasks++
	}
	return levels
}
