package reports

import "tandem/bench/metric"

// Charge says what tokens and solved tasks cost on a machine that costs so many dollars an hour; 0 is no price. Endpoints, which
// have prices of their own, keep theirs.
func (s *Summary) Charge(pricePerHour float64) {
	s.Price = pricePerHour
	for i := range s.Decoders {
		d := &s.Decoders[i]
		if metric.IsEndpoint(d.Name) {
			continue
		}
		d.DollarsPerMillion, d.DollarsPerSolved = nil, nil
		if d.TokensPerSecond != nil {
			d.DollarsPerMillion = apply(metric.DollarsPerMillionTokens(d.TokensPerSecond.Value, pricePerHour))
		}
		if d.machine != nil && d.Pass1 != nil {
			d.DollarsPerSolved = apply(metric.DollarsPerSolved(*d.machine, d.Pass1.Value, pricePerHour))
		}
	}
}
