package reports

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestOutline: the page's headings follow each other, the answer comes first, then its picture, the table, the charts and the
// replay; whatever can be used or is a picture has a name.
func TestOutline(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(string(lossyPage(t))))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	last, labels := 0, map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		name := attribute(n, "aria-label") + attribute(n, "aria-labelledby")
		switch n.Data {
		case "h1", "h2", "h3":
			level := int(n.Data[1] - '0')
			if level > last+1 || level == 1 && last > 0 {
				t.Errorf("h%d follows h%d", level, last)
			}
			last = level
			order = append(order, n.Data+" "+attribute(n, "id"))
		case "svg":
			order = append(order, "picture")
			if attribute(n, "role") != "img" || name == "" {
				t.Error("a picture has no name")
			}
		case "table":
			order = append(order, "table")
			if n.FirstChild == nil || first(n, "caption") == nil || attribute(n.Parent, "tabindex") != "0" || attribute(n.Parent, "aria-label") == "" {
				t.Error("a table has no caption, or a box that keys cannot scroll")
			}
		case "th":
			if attribute(n, "scope") == "" {
				t.Errorf("a head has no scope: %s", content(n))
			}
		case "select", "input":
			if name == "" && n.Parent.Data != "label" {
				t.Errorf("%s %s has no label", n.Data, attribute(n, "id"))
			}
		case "button":
			if name == "" && content(n) == "" {
				t.Error("a button has no name")
			}
		case "section":
			labels[attribute(n, "aria-labelledby")] = true
		}
		delete(labels, attribute(n, "id"))
	}
	if len(labels) > 0 {
		t.Errorf("sections have no heading: %v", labels)
	}
	order = slices.Compact(order)
	want := "h1 , picture, h2 measured, table, h3 , table, h2 charts, picture, h2 race, h2 wrong, table, h2 where, h2 how"
	if got := strings.Join(order, ", "); got != want {
		t.Errorf("the page is\n%s, want\n%s", got, want)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// first is the first element of a name within n.
func first(n *html.Node, name string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			return d
		}
	}
	return nil
}

func content(n *html.Node) (text string) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return strings.TrimSpace(text)
}

// TestContrast: every text of the page has a contrast of at least 4.5 to what it stands on, and every edge that must be seen of 3, as
// WCAG 2.2 asks (1.4.3, 1.4.11), in both schemes of colours. Between the ends of the scale of probabilities the lightness goes
// straight from one to the other.
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("page/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light := variables(t, string(style), ":root {")
	dark := variables(t, string(style), "(prefers-color-scheme: dark) {\n  :root {")
	for name := range light {
		if dark[name] == nil {
			t.Errorf("dark has no --%s", name)
		}
	}
	for scheme, v := range map[string]map[string]rgb{"light": light, "dark": dark} {
		share := 0.12
		if scheme == "dark" {
			share = 0.18
		}
		if !strings.Contains(string(style), fmt.Sprintf("--fresh: %g%%", 100*share)) {
			t.Errorf("the %s scheme tints new tokens by another share than %g", scheme, share)
		}
		fresh := func(name string) rgb { return mix(v[name], v["card"], share) } // a token that has just been committed
		for _, c := range []struct {
			what     string
			text, on rgb
			least    float64
		}{
			{"text on the page", v["ink"], v["paper"], 4.5}, {"text on a card", v["ink"], v["card"], 4.5},
			{"notes on the page", v["muted"], v["paper"], 4.5}, {"notes on a card", v["muted"], v["card"], 4.5},
			{"warnings", v["odd"], v["paper"], 4.5}, {"the play button", v["card"], v["accent"], 4.5},
			{"unlikely tokens", v["low"], v["card"], 4.5}, {"likely tokens", v["high"], v["card"], 4.5},
			{"new unlikely tokens", v["low"], fresh("low"), 4.5}, {"new likely tokens", v["high"], fresh("high"), 4.5},
			{"edges of buttons", v["line"], v["card"], 3}, {"the focus", v["accent"], v["paper"], 3}, {"the focus on a card", v["accent"], v["card"], 3},
			{"tokens at odds", v["odd"], v["card"], 3},
		} {
			if got := contrast(c.text, c.on); got < c.least {
				t.Errorf("%s, %s: contrast %.2f, want %.1f", scheme, c.what, got, c.least)
			}
		}
	}
}

// An rgb is red, green and blue from 0 to 1; nil for none.
type rgb []float64

// variables are the colours of a rule of the style sheet.
func variables(t *testing.T, style, rule string) map[string]rgb {
	t.Helper()
	_, body, found := strings.Cut(style, rule)
	if !found {
		t.Fatalf("the style sheet has no %q", rule)
	}
	body, _, _ = strings.Cut(body, "}")
	out := map[string]rgb{}
	for _, m := range regexp.MustCompile(`--(\w+): #([0-9a-f]{6});`).FindAllStringSubmatch(body, -1) {
		n, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		out[m[1]] = rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
	}
	if len(out) < 12 {
		t.Fatalf("only %d colours are known", len(out))
	}
	return out
}

func mix(a, b rgb, share float64) rgb {
	out := make(rgb, 3)
	for i := range out {
		out[i] = share*a[i] + (1-share)*b[i]
	}
	return out
}

// contrast is that of WCAG: (lighter luminance + 0.05) / (darker + 0.05).
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c rgb) (sum float64) {
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := c[i]
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
