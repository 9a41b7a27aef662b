//go:build !(cgo && amd64 && linux)

package cpu

func rates() []rate { return []rate{portableRate} }

func read(p []byte) { portableRead(p) }
