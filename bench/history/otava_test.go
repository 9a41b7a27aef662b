package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"tandem/bench/metric"
	"tandem/internal/golden"
)

// TestOtava: runs go to Otava's CSV and come back; Otava's own importer reads the same (testdata/otava-read.json is what
// bench/changepoint/testdata/findings.py testdata/otava.csv prints).
func TestOtava(t *testing.T) {
	runs := []Run{example(0, 2), example(1, 2), example(2, 2)}
	series, err := Group(runs, Selection{Last: 100})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := WriteOtava(&text, series); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/otava.csv", text.Bytes())
	back, ignored, err := ReadOtava(text.Bytes(), "otava")
	if err != nil || len(ignored) > 0 || len(back) != 3 {
		t.Fatalf("%+v, ignored %v, %v", back, ignored, err)
	}
	for i := range runs {
		if back[i].key() != runs[i].key() {
			t.Errorf("run %d: %+v", i, back[i])
		}
	}
	read, err := os.ReadFile("testdata/otava-read.json")
	if err != nil {
		t.Fatal(err)
	}
	var otava struct {
		Time       []int64
		Attributes map[string][]string
		Data       map[string][]float64
	}
	if err := json.Unmarshal(read, &otava); err != nil {
		t.Fatal(err)
	}
	if len(otava.Data) != len(series) {
		t.Errorf("Otava reads %d series, want %d", len(otava.Data), len(series))
	}
	for _, s := range series {
		values := otava.Data[strings.TrimSpace(s.Decoder+" "+s.Metric.Name+" "+s.Base)]
		for i, p := range s.Points {
			if len(values) != len(s.Points) || values[i] != p.Interval.Value || otava.Time[i] != p.Started.Unix() || otava.Attributes["commit"][i] != p.Commit {
				t.Errorf("Otava reads %v at %v of %+v", values, otava.Time, s)
				break
			}
		}
	}
}

// TestForeign: files of other programs have metrics that nobody has said the direction of, and bad ones are refused by line.
func TestForeign(t *testing.T) {
	text := "time,commit,branch,p50,host,errors\n2024.01.02 3:00:00 +0100,aaa,main,154023,box,\n2024-01-03,bbb,main,138455,box,3\n"
	runs, ignored, err := ReadOtava([]byte(text), "local")
	if err != nil || len(runs) != 2 || len(ignored) != 1 || ignored[0] != "host" {
		t.Fatalf("%+v, ignored %v, %v", runs, ignored, err)
	}
	if r := runs[0]; r.Suite != "local" || r.Plan != "main" || len(r.Values) != 1 || r.Values[0].Interval.Value != 154023 || r.Started.UTC().Hour() != 2 {
		t.Errorf("%+v", r)
	}
	if m := metricOf(runs[1].Values[1].Metric); m.Better != metric.Unknown || m.Name != "errors" {
		t.Errorf("%+v", m)
	}
	for text, want := range map[string]string{
		"":                            "local is empty",
		"when,p50\n1,2\n":             "local has no column time",
		"time,p50\n1700000000,2\nx,3": `local:3: "x" is no date`,
		"time,p50\n1,2,3\n":           "wrong number of fields",
	} {
		if _, _, err := ReadOtava([]byte(text), "local"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestMixed: a file holds what may be compared, and says what it cannot.
func TestMixed(t *testing.T) {
	other := example(1, 1)
	other.Suite = "humaneval@1234"
	series, err := Group([]Run{example(0, 1), other}, Selection{Last: 100})
	if err != nil {
		t.Fatal(err)
	}
	var mixed *Mixed
	if err := WriteOtava(&bytes.Buffer{}, series); !errors.As(err, &mixed) || mixed.What != "suite" || len(mixed.Values) != 2 {
		t.Errorf("%v", err)
	}
}

// TestDump: a dump holds everything, and one of a later version is refused.
func TestDump(t *testing.T) {
	run, err := example(1, 2).normal()
	if err != nil {
		t.Fatal(err)
	}
	run.Unmeasured = "disturbed"
	text, err := json.Marshal(Dump{1, []Run{run}})
	if err != nil {
		t.Fatal(err)
	}
	var d Dump
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Checked(); err != nil || !reflect.DeepEqual(got, []Run{run}) {
		t.Errorf("%+v, %v", got, err)
	}
	d.Schema = 2
	if _, err := d.Checked(); err == nil || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("a later schema: %v", err)
	}
}
