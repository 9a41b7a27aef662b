//go:build !(linux && cgo)

package telemetry

// Open returns ErrNone: this build has no NVML.
func Open(uuid string) (Source, error) { return nil, ErrNone }
