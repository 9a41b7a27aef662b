package plot

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVegaByOthers: altair's schema of Vega-Lite 5 takes the specifications, and vl-convert draws every dot. TANDEM_VEGA names a Python
// that has both (pip install "altair<6" vl-convert-python).
func TestVegaByOthers(t *testing.T) {
	python := os.Getenv("TANDEM_VEGA")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import altair, vl_convert; assert altair.__version__ < '6'").CombinedOutput(); err != nil {
		t.Skipf("%s has no altair below 6 with vl-convert (TANDEM_VEGA names one that does): %s", python, strings.TrimSpace(string(out)))
	}
	dir := t.TempDir()
	for _, s := range styles {
		ch := sample()
		ch.Name = s.Name
		if _, err := ch.SaveAs(dir, s, []string{"vega"}); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.vl.json"))
	if err != nil || len(files) != len(styles) {
		t.Fatal(files, err)
	}
	out, err := exec.Command(python, append([]string{"testdata/vega.py"}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range files {
		if want := fmt.Sprintf("%s 5 ", name); !strings.Contains(string(out), want) {
			t.Errorf("want %q in %s", want, out)
		}
	}
}
