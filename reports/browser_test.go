package reports

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A probe is what the page shows in a browser, before and after it was used.
type probe struct {
	Width, Wide    int      // of the window, of what the page fills
	Boxes          []int    // of each table, the width that its box hides
	Resources      []string // that the page asked for
	Dark           bool
	Play           string
	Time           float64 // of the replay, when the page is open
	First, Sorted  []string
	Sort, Sorts    string // aria-sort after one press and after two
	Told, Other    string // what the replay says of the first task and of the last
	Odd            []string
	Ignored, Space string  // the button's text after a key elsewhere, and in the replay
	Stepped, Ended float64 // the time after an arrow, and after End
	Outline        string  // of the play button with the keyboard's focus
}

// probing uses the page in a frame and writes what it finds into the document.
const probing = `<body><iframe src="/report.html" style="border:0;width:%dpx;height:1500px"></iframe><pre id="probe"></pre><script>
onload = () => {
  const w = document.querySelector("iframe").contentWindow, d = w.document, $ = id => d.getElementById(id), out = {};
  const key = (at, key) => at.dispatchEvent(new w.KeyboardEvent("keydown", { key, bubbles: true }));
  out.Width = w.innerWidth; out.Wide = d.documentElement.scrollWidth;
  out.Boxes = [...d.querySelectorAll(".scroll")].map(e => e.scrollWidth - e.clientWidth);
  out.Resources = w.performance.getEntriesByType("resource").map(e => e.name);
  out.Dark = w.getComputedStyle(d.body).backgroundColor !== "rgb(246, 247, 249)";
  out.Play = $("play").textContent; out.Time = +$("time").value;
  const table = d.querySelector("table"), heads = [...table.tHead.rows[0].cells];
  const column = heads.findIndex(h => h.textContent === "tok/s"), cells = () => [...table.tBodies[0].rows].map(r => r.cells[column].textContent);
  out.First = cells();
  const button = heads[column].querySelector("button");
  button.click(); out.Sorted = cells(); out.Sort = heads[column].ariaSort;
  button.click(); out.Sorts = heads[column].ariaSort;
  out.Told = $("says").textContent;
  key($("replay"), "Home"); key($("replay"), "End"); out.Ended = +$("time").value;
  out.Odd = [...d.querySelectorAll(".canvas .odd")].map(e => e.textContent);
  key($("replay"), "Home"); key($("replay"), "ArrowRight"); out.Stepped = +$("time").value;
  key(d.querySelector(".scroll"), " "); out.Ignored = $("play").textContent;
  key($("replay"), " "); out.Space = $("play").textContent; key($("replay"), " ");
  $("task").selectedIndex = $("task").length - 1; $("task").dispatchEvent(new w.Event("change")); out.Other = $("says").textContent;
  $("play").focus({ focusVisible: true }); out.Outline = w.getComputedStyle($("play")).outlineStyle;
  document.getElementById("probe").textContent = JSON.stringify(out);
};
</script>`

// browse opens a page in a window of so many pixels and uses it. It skips where there is no browser.
func browse(t *testing.T, page []byte, width int, flags ...string) probe {
	t.Helper()
	browser := chromium(t)
	var lock sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		switch r.URL.Path {
		case "/report.html":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(page)
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, probing, width)
		case "/favicon.ico": // of the document around the page
		default:
			asked = append(asked, r.URL.String())
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, append(flags, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--enable-logging=stderr", fmt.Sprintf("--window-size=%d,1600", width+40), "--virtual-time-budget=5000", "--dump-dom", server.URL+"/")...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	dom, err := cmd.Output()
	if err != nil {
		t.Skipf("Chromium does not run here: %v", err)
	}
	if i := strings.Index(complaints.String(), "CONSOLE"); i >= 0 {
		t.Errorf("the page complains: %s", complaints.String()[i:])
	}
	_, text, _ := strings.Cut(string(dom), `<pre id="probe">`)
	text, _, _ = strings.Cut(text, "</pre>")
	var p probe
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &p); err != nil {
		t.Fatalf("the page was not used: %v\n%s", err, text)
	}
	lock.Lock()
	defer lock.Unlock()
	p.Resources = append(p.Resources, asked...)
	return p
}

// TestPageInUse opens the page of a run whose refiners lost tasks: it fits narrow and wide windows, asks for nothing, its tables
// are sorted by their buttons, and keys move the replay, which marks the tokens at odds.
func TestPageInUse(t *testing.T) {
	chromium(t)
	page := lossyPage(t)
	for _, width := range []int{400, 1280} {
		p := browse(t, page, width)
		if p.Width != width || p.Wide > width {
			t.Errorf("in %d pixels the page fills %d of %d", width, p.Wide, p.Width)
		}
		if width == 400 && p.Boxes[0] <= 0 {
			t.Errorf("the table's box hides %d pixels of it, so the table was squeezed", p.Boxes[0])
		}
		if len(p.Resources) > 0 {
			t.Errorf("the page asks for %q", p.Resources)
		}
		if p.Dark {
			t.Error("the page is dark without being asked")
		}
		if got := fmt.Sprint(p.Sorted); got == fmt.Sprint(p.First) || p.Sorted[0] < "1" || p.Sort != "descending" || p.Sorts != "ascending" {
			t.Errorf("sorted by tok/s, %s: %q, before %q", p.Sort, p.Sorted, p.First)
		}
		if fmt.Sprintf("%q", p.Odd) != `[" =" " ="]` || !strings.Contains(p.Told, "the same twice in a row") {
			t.Errorf("%q are marked; it says %q", p.Odd, p.Told)
		}
		if p.Other == p.Told || !strings.Contains(p.Other, "gain") {
			t.Errorf("of the last task it says %q", p.Other)
		}
		if p.Ended != 1000 || p.Stepped <= 0 || p.Stepped >= 1000 || p.Ignored != "Play" || p.Space != "Pause" {
			t.Errorf("after End %g, after an arrow %g, a key elsewhere %s, space %s", p.Ended, p.Stepped, p.Ignored, p.Space)
		}
		if p.Outline != "solid" {
			t.Errorf("the focus is shown as %q", p.Outline)
		}
	}
}

// TestPagePreferences: a reader who wants no motion sees the end of the replay, standing still; one who wants it dark gets it dark.
func TestPagePreferences(t *testing.T) {
	page := lossyPage(t)
	if p := browse(t, page, 1280, "--force-prefers-reduced-motion"); p.Play != "Play" || p.Time != 1000 {
		t.Errorf("without motion the replay stands at %g and says %s", p.Time, p.Play)
	}
	if p := browse(t, page, 1280, "--blink-settings=preferredColorScheme=0"); !p.Dark {
		t.Error("the page is not dark")
	}
}

// lossyPage is the page of writeLossy's run.
func lossyPage(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	writeLossy(t, dir)
	text, err := os.ReadFile(dir + "/report.html")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
