package claims

import (
	"testing"
)

func TestProbe(t *testing.T) {
	l, err := Read("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range l.Claims {
		i, why := l.Imply(c, nil)
		t.Log(c.ID, why)
		if i != nil {
			t.Log(i.Assumed)
			for _, line := range i.Lines {
				t.Log("   ", line)
			}
		}
	}
}
