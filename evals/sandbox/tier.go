package sandbox

import (
	"fmt"
	"slices"
)

// The tiers, strongest first. Every one has rlimits, time and output limits, an empty environment and no inherited
// descriptors. Tandem uses the best that works on the machine and records it with every Outcome.
const (
	Namespaces         Tier = "namespaces+landlock+seccomp" // own view of files, network, processes and users
	NamespacesSeccomp  Tier = "namespaces+seccomp"          // a kernel without Landlock
	Landlock           Tier = "landlock+seccomp"            // a container, or a system that forbids user namespaces
	Seccomp            Tier = "seccomp"                     // neither: any file that the user may read can be read
	ResourceLimitsOnly Tier = "rlimits"                     // nothing but limits: the code must be trusted
)

var tiers = []Tier{Namespaces, NamespacesSeccomp, Landlock, Seccomp, ResourceLimitsOnly}

// rank is the tier's place among the tiers, 0 for the strongest; an unknown one comes last.
func (t Tier) rank() int {
	if i := slices.Index(tiers, t); i >= 0 {
		return i
	}
	return len(tiers)
}

// valid reports a tier that is not one of those above.
func (t Tier) valid() error {
	if slices.Contains(tiers, t) {
		return nil
	}
	return fmt.Errorf("sandbox: unknown tier %q: one of %q", t, tiers)
}

// A plan is how a Runner starts its programs: what the probe found to work.
type plan struct {
	Tier     Tier
	Python   interpreter
	OtherUID bool // run the interpreter under a user id of its own: needs root
}

func (p plan) namespaces() bool { return p.Tier == Namespaces || p.Tier == NamespacesSeccomp }
func (p plan) landlock() bool   { return p.Tier == Namespaces || p.Tier == Landlock }
func (p plan) seccomp() bool    { return p.Tier != ResourceLimitsOnly }

// String describes the plan in a line.
func (p plan) String() string {
	if p.OtherUID {
		return fmt.Sprintf("%s, own user id, %s", p.Tier, p.Python.Path)
	}
	return fmt.Sprintf("%s, %s", p.Tier, p.Python.Path)
}

// plans lists what to try, best first. Root tries another user id with every interpreter before it keeps its own:
// an interpreter below /root is out of the other id's reach unless a mount namespace moves it.
func plans(tier Tier, pythons []interpreter, root bool) []plan {
	var list []plan
	for _, other := range []bool{true, false} {
		if other && !root {
			continue
		}
		for _, python := range pythons {
			list = append(list, plan{Tier: tier, Python: python, OtherUID: other})
		}
	}
	return list
}
