//go:build !(linux && cgo)

package telemetry

// Open fails: this build has no NVML.
func Open(uuid string) (Source, error) { return nil, errNone }
