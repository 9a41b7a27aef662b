package metric

import "tandem/record"

// idleWatts is sum(joules) / sum(seconds) over the windows in which nothing was decoded.
func idleWatts(windows []record.Energy) (float64, bool) {
	joules, seconds, _, _ := pooledEnergy(windows, "")
	return ratio(joules, seconds)
}

// JoulesPerToken is sum(joules) / sum(useful tokens) over a decoder's windows. Net takes the idle power times the seconds
// off the joules first; it needs a window in which nothing was decoded.
func JoulesPerToken(windows []record.Energy, decoder string, net bool) (float64, bool) {
	joules, seconds, tokens, _ := pooledEnergy(windows, decoder)
	if net {
		idle, ok := idleWatts(windows)
		if !ok {
			return 0, false
		}
		joules -= idle * seconds
	}
	return ratio(joules, float64(tokens))
}

// JoulesPerSolved is sum(joules) / (decodings * pass rate) over a decoder's windows: what a solved task costs. Pass is
// pass@1, of 0 to 1.
func JoulesPerSolved(windows []record.Energy, decoder string, pass float64) (float64, bool) {
	joules, _, _, decodings := pooledEnergy(windows, decoder)
	return ratio(joules, float64(decodings)*pass)
}

func pooledEnergy(windows []record.Energy, decoder string) (joules, seconds float64, tokens, decodings int) {
	for _, w := range windows {
		if w.Decoder == decoder {
			joules, seconds, tokens, decodings = joules+w.Joules, seconds+w.Seconds, tokens+w.Tokens, decodings+w.Decodings
		}
	}
	return joules, seconds, tokens, decodings
}
