package reports

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chromium finds a browser, or skips.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on the PATH: the page's script is not run")
	return ""
}

// writePage writes the page of a synthetic run and returns its path.
func writePage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	header, records := synthetic(6, 1, ar, diffusion(16, 0.9))
	writeRun(t, dir, header, records)
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "report.html")
}

// TestPageIsOneFile: the page asks for nothing from elsewhere.
func TestPageIsOneFile(t *testing.T) {
	text, err := os.ReadFile(writePage(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*["']?[^"'#)>\s]+`).FindAllString(string(text), -1) {
		t.Errorf("the page points elsewhere: %s", link)
	}
	for _, want := range []string{"tokens per forward to win here", "<svg", `id="play"`, "How it was measured"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestInline: a chart on the page is drawn in the page's colours where they belong to no series, faint ones too, so that all of it is
// seen on a dark ground.
func TestInline(t *testing.T) {
	svg := string(lossyPage(t))
	svg = svg[strings.Index(svg, "<svg"):]
	if n := strings.Count(svg, "var(--ink)"); n < 10 {
		t.Errorf("only %d parts of charts have the page's ink", n)
	}
	for _, hex := range regexp.MustCompile(`#[0-9A-Fa-f]{6}`).FindAllString(svg[:strings.LastIndex(svg, "</svg>")], -1) {
		var r, g, b int
		if _, err := fmt.Sscanf(hex, "#%02X%02X%02X", &r, &g, &b); err != nil {
			t.Fatal(err)
		}
		if max(r, g, b)-min(r, g, b) < 24 {
			t.Errorf("a grey %s stays as it is", hex)
		}
	}
}

// TestReplay opens the page in a browser at the beginning, in the middle and at the end of the replay: tokens appear,
// at the end all of them, and the script raises no error.
func TestReplay(t *testing.T) {
	browser, page := chromium(t), writePage(t)
	shown := func(at string) (sum int, all bool) {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
			"--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom", "file://"+page+"#t="+at)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		dom, err := cmd.Output()
		if err != nil {
			t.Skipf("Chromium does not run here: %v", err)
		}
		if i := strings.Index(complaints.String(), "CONSOLE"); i >= 0 {
			t.Errorf("the page's script complains: %s", complaints.String()[i:])
		}
		states := regexp.MustCompile(`class="state">(\d+) of (\d+) tokens`).FindAllStringSubmatch(string(dom), -1)
		if len(states) != 2 {
			t.Fatalf("%d sides are replayed, want 2", len(states))
		}
		all = true
		for _, s := range states {
			n, err := strconv.Atoi(s[1])
			if err != nil {
				t.Fatal(err)
			}
			sum, all = sum+n, all && s[1] == s[2]
		}
		return sum, all
	}
	none, _ := shown("0")
	some, early := shown("0.4")
	most, all := shown("1")
	if none != 0 || some <= 0 || some >= most || early || !all {
		t.Errorf("%d, %d and %d tokens are shown; at the end all: %v", none, some, most, all)
	}
}
