package metric

// SecondsOfMachine is sum(seconds) / tasks: what a decoding takes of the machine, where one of a batch takes its share.
var SecondsOfMachine = Ratio{cost, once}

// DollarsPerMillionTokens is pricePerHour / 3600 / tokensPerSecond x 10^6: what a million useful tokens cost on a machine that costs so
// many dollars an hour. It applies where both are above 0.
func DollarsPerMillionTokens(tokensPerSecond, pricePerHour float64) (float64, bool) {
	if pricePerHour <= 0 {
		return 0, false
	}
	return ratio(1e6*pricePerHour/3600, tokensPerSecond)
}

// DollarsPerSolved is pricePerHour / 3600 x secondsOfMachine / pass: what a solved task costs, the failed ones included. Pass is pass@1,
// of 0 to 1.
func DollarsPerSolved(secondsOfMachine, pass, pricePerHour float64) (float64, bool) {
	if pricePerHour <= 0 {
		return 0, false
	}
	return ratio(pricePerHour/3600*secondsOfMachine, pass)
}
