package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCacheDir(t *testing.T) {
	cache := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} { // of Linux, macOS and Windows
		t.Setenv(name, cache)
	}
	t.Setenv(DataVariable, "")
	if dir, err := CacheDir(); err != nil || !strings.HasPrefix(dir, cache) || !strings.HasSuffix(dir, filepath.Join("tandem", "datasets")) {
		t.Errorf("%s, %v", dir, err)
	}
	t.Setenv(DataVariable, "elsewhere")
	if dir, err := CacheDir(); err != nil || dir != "elsewhere" {
		t.Errorf("with the variable: %s, %v", dir, err)
	}
}

// TestCatalog reads every suite whose files are at hand, checks them against the manifest and counts the tasks.
func TestCatalog(t *testing.T) {
	cache, err := CacheDir()
	if err != nil {
		t.Skip(err)
	}
	for _, s := range catalog {
		t.Run(s.Name, func(t *testing.T) {
			suite, err := s.Load(cache)
			if errors.Is(err, ErrNotFetched) {
				t.Skipf("its files are not in %s: %s may name another folder", cache, DataVariable)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(suite.Tasks) != s.Tasks {
				t.Errorf("%d tasks, the manifest says %d", len(suite.Tasks), s.Tasks)
			}
			for _, f := range s.Files {
				if info, err := os.Stat(filepath.Join(cache, s.Folder, f.Path)); err != nil || info.Size() != f.Bytes {
					t.Errorf("%s: %v, %v; the manifest says %d bytes", f.Path, info, err, f.Bytes)
				}
			}
			var out bytes.Buffer
			if err := Write(&out, suite.Tasks); err != nil {
				t.Fatal(err)
			}
			again, err := Read(s.Name, &out)
			if err != nil || !slices.EqualFunc(again.Tasks, suite.Tasks, func(a, b Example) bool {
				return a.TaskID == b.TaskID && a.Prompt == b.Prompt && a.Test == b.Test && a.Suffix == b.Suffix && a.Kind == b.Kind
			}) {
				t.Errorf("written and read again: %d tasks, %v", len(again.Tasks), err)
			}
		})
	}
}

// TestManifest: names are unique, and every file has an address, a licence and a whole hash.
func TestManifest(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range catalog {
		if seen[s.Name] || s.Licence == "" || s.Folder == "" || s.read == nil {
			t.Errorf("bad entry %q", s.Name)
		}
		seen[s.Name] = true
		for _, f := range s.Files {
			if len(f.SHA256) != 64 || len(f.URLs) == 0 || f.Bytes == 0 || !filepath.IsLocal(f.Path) || !strings.HasPrefix(f.URLs[0], "https://") {
				t.Errorf("%s: bad file %+v", s.Name, f)
			}
		}
	}
}

// find fails the test where there is no such suite.
func find(t testing.TB, name string) Source {
	t.Helper()
	s, ok := Find(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	return s
}

func TestMBPPExample(t *testing.T) {
	text := `{"text":"T2","code":"def a(x):\r\n  return x","task_id":2,"test_list":["assert a(1) == 1"]}
{"text":"T9","code":"import sys\r\nclass Pair(object):\r\n  pass\r\ndef longest(x):\r\n  return 1","task_id":9,"test_setup_code":"p = Pair()","test_list":["assert longest([Pair()]) == sys.maxsize", "assert p"]}
{"text":"T10","code":"import sys\ndef size(x):\n  return sys.maxsize","task_id":10,"test_list":["assert size(1) == sys.maxsize"]}`
	tasks, err := collect("m", readMBPP(1, 0, all)([]io.Reader{strings.NewReader(text)}))
	if err != nil || len(tasks) != 2 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	beside, plain := tasks[0], tasks[1]
	if beside.EntryPoint != "longest" || !beside.Beside || beside.Setup != "" ||
		beside.Test != "import sys\np = Pair()\n\ndef check(candidate):\n    longest = candidate\n    assert longest([Pair()]) == sys.maxsize\n    assert p\n" {
		t.Errorf("%+v", beside)
	}
	if plain.EntryPoint != "size" || plain.Beside || plain.Setup != "import sys" || plain.TaskID != "MBPP/10" {
		t.Errorf("%+v", plain)
	}
	want := "You are an expert Python programmer, and here is your task: T2 Your code should pass these tests:\n\nassert a(1) == 1\n" +
		"[BEGIN]\ndef a(x):\n  return x\n[DONE]\n\nYou are an expert"
	if !strings.HasPrefix(plain.Prompt, want) || !strings.HasSuffix(plain.Prompt, "sys.maxsize\n[BEGIN]\n") {
		t.Errorf("prompt %q", plain.Prompt)
	}
}

// TestLoadRefuses: a file that is absent, damaged, packed badly or of another format is one line that helps.
func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, "humaneval", "HumanEval.jsonl.gz")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := find(t, "humaneval")
	_, absent := s.Load(dir)
	path := write("\x1f\x8b no gzip")
	_, damaged := s.Load(dir)
	_, packed := s.LoadFile(path)
	write(`{"question": "?"}`)
	_, format := s.LoadFile(path)
	_, nothing := s.LoadFile(path + "x")
	_, several := find(t, "bfcl-simple").LoadFile(path)
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"absent", absent, "suite humaneval is not on this machine"},
		{"damaged", damaged, "is damaged"},
		{"packed badly", packed, "gzip"},
		{"another format", format, `task 1: field "task_id" is missing`},
		{"no file", nothing, "no such file"},
		{"one file of two", several, "name the folder that holds BFCL_v4_simple_python.json"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, c.err, c.want)
		}
	}
}

// FuzzLoad: whatever the bytes, every source's reader gives an error or valid tasks.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(line), []byte(`{"id":"a","ground_truth":[{"f":{"x":[1]}}]}`))
	f.Add([]byte(`{"text":"t","code":"def f(): pass","task_id":2,"test_list":["assert f()"]}`), []byte("{}"))
	f.Add([]byte(`[{"prompt":"t","code":"def f(): pass","task_id":2,"test_list":["assert f()"]}]`), []byte("{}"))
	f.Add([]byte(`{"id":"a","question":[[{"role":"user","content":"c"}]],"function":[{"name":"f"}]}`), []byte(`{"id":"a","ground_truth":[{"f":{"x":[1]}}]}`))
	f.Add([]byte(`{"question":"q","answer":"#### 1"}`), []byte(`{"input":"1","output":"2"}`))
	f.Fuzz(func(t *testing.T, data, answers []byte) {
		for _, s := range catalog {
			files := make([]io.Reader, len(s.Files))
			for i := range files {
				files[i] = bytes.NewReader(answers)
			}
			files[0] = bytes.NewReader(data)
			tasks, err := collect(s.Name, s.read(files))
			if err == nil && len(tasks) == 0 {
				t.Errorf("%s: no task and no error", s.Name)
			}
			for _, task := range tasks {
				if err := task.valid(); err != nil {
					t.Errorf("%s: %v", s.Name, err)
				}
			}
		}
	})
}

// TestGSM8K: the question is asked, the number behind the last mark is the answer.
func TestGSM8K(t *testing.T) {
	text := `{"question": "2 + 2?", "answer": "#### no, it is\n2 + 2 = <<2+2=4>>4\n#### 4"}` + "\n"
	tasks, err := collect("g", readGSM8K([]io.Reader{strings.NewReader(text)}))
	if err != nil || len(tasks) != 1 || string(tasks[0].Answer) != `"4"` || !strings.HasPrefix(tasks[0].Prompt, "Question: 2 + 2?\n") {
		t.Errorf("%+v, %v", tasks, err)
	}
	if _, err := collect("g", readGSM8K([]io.Reader{strings.NewReader(`{"question": "?", "answer": "4"}`)})); err == nil {
		t.Error("an answer without a mark was taken")
	}
}

// TestPlanning: the first tasks are examples before each of the others and none of the tasks.
func TestPlanning(t *testing.T) {
	var text strings.Builder
	for i := range shots + 2 {
		fmt.Fprintf(&text, "{\"input\": \"i%d\", \"output\": \"o%d\"}\n", i, i)
	}
	tasks, err := collect("p", readPlanning(Sudoku, "rule")([]io.Reader{strings.NewReader(text.String())}))
	if err != nil || len(tasks) != 2 || tasks[1].CanonicalSolution != "o9" || string(tasks[1].Answer) != `"i9"` ||
		!strings.HasPrefix(tasks[1].Prompt, "rule\n\nInput:\ni0\nOutput:\no0\n\nInput:\ni1") || !strings.HasSuffix(tasks[1].Prompt, "o7\n\nInput:\ni9\nOutput:\n") {
		t.Errorf("%+v, %v", tasks, err)
	}
}
