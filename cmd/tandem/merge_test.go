package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tandem/datasets/basics"
	"tandem/decoders/endpoint/mock"
	"tandem/reports"
)

// counted is what the summaries of two runs that differ in time alone have in common.
func counted(s reports.Summary) (out []reports.Decoder) {
	for _, d := range s.Decoders {
		out = append(out, reports.Decoder{Name: d.Name, Prompts: d.Prompts, Tasks: d.Tasks, Records: d.Records, Decodings: d.Decodings, Judged: d.Judged,
			Passed: d.Passed, Pass1: d.Pass1, ByLevel: d.ByLevel, Empty: d.Empty, Truncated: d.Truncated, Forwards: d.Forwards, Kinds: d.Kinds,
			Positions: d.Positions, Tokens: d.Tokens, Canvas: d.Canvas})
	}
	return out
}

// sameYAML says whether two values print alike.
func sameYAML(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := yaml.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := yaml.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(one, other)
}

// TestMergeOfModel: three shards of a run of the embedded model are, merged, the run: its counts and its pass rates.
func TestMergeOfModel(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 judges the programs")
	}
	dir := t.TempDir()
	command := func(more ...string) []string {
		return append(strings.Fields("run --limit 7 --repeats 1 --extra-repeats 0 --threads 1 --device cpu --sandbox weak"), more...)
	}
	whole := filepath.Join(dir, "whole")
	if status, _, stderr := verb(t, command("--out", whole)...); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var folders []string
	for i := range 3 {
		folders = append(folders, filepath.Join(dir, strconv.Itoa(i)))
		if i == 1 {
			continue
		}
		if status, _, stderr := verb(t, command("--shard", strconv.Itoa(i)+"/3", "--out", folders[i])...); status != 0 {
			t.Fatalf("status %d: %s", status, stderr)
		}
	}
	if status, stdout, stderr := verb(t, append([]string{"merge", "--check"}, folders...)...); status != 1 || stdout != "1\tmissing\n" || stderr != "" {
		t.Errorf("status %d: %q, %q", status, stdout, stderr)
	}
	merged := filepath.Join(dir, "merged")
	if status, _, stderr := verb(t, append([]string{"merge", "--out", merged}, folders...)...); status != 2 || !strings.Contains(stderr, "before they are merged: 1 (missing)") {
		t.Errorf("status %d: %s", status, stderr)
	}
	if status, _, stderr := verb(t, command("--shard", "1/3", "--out", folders[1])...); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if status, stdout, _ := verb(t, append([]string{"merge", "--check"}, folders...)...); status != 0 || stdout != "" {
		t.Errorf("status %d: %q", status, stdout)
	}
	if status, stdout, stderr := verb(t, append([]string{"merge", "--out", merged}, folders...)...); status != 0 || !strings.Contains(stdout, "report: ") {
		t.Fatalf("status %d: %s", status, stderr)
	}
	got, want := summaryOf(t, merged), summaryOf(t, whole)
	if !sameYAML(t, counted(got), counted(want)) || want.Decoders[0].Tokens == 0 || *want.Decoders[0].Passed == 0 {
		t.Errorf("merged %+v, unsharded %+v", got.Decoders, want.Decoders)
	}
	codes := map[string]bool{}
	for _, w := range append(got.Warnings, summaryOf(t, folders[1]).Warnings...) {
		codes[w.Code] = true
	}
	if !codes["merged"] || !codes["shard"] || codes["unfinished"] {
		t.Errorf("%v", codes)
	}
	for args, want := range map[string]string{"merge x": "--check", "merge x --check --out y": "--check", "merge no/such --check": "no folder holds",
		"run --shard 3/3": "--shard: ", "run --shard 30/31 --limit 7 --judge none --out " + t.TempDir(): "none of 7 tasks",
		"merge --check " + whole: "but a whole run"} {
		if status, _, stderr := verb(t, strings.Fields(args)...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s", args, status, stderr)
		}
	}
}

// clustered is a mock server that stands for a serving cluster.
func clustered(t *testing.T) (url string) {
	t.Helper()
	handler, err := mock.New(mock.Config{Kind: mock.AR, Rate: 1e6, Answer: mock.Answers(known(basics.Suite()), 0.8)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// An indexedJob is what of docs/scale/job.yaml decides what runs.
type indexedJob struct {
	Kind string
	Data map[string]string
	Spec struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Template       struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command, Args []string
					Env           []struct{ Name string }
					VolumeMounts  []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name      string
					ConfigMap struct{ Name string } `yaml:"configMap"`
				}
			}
		}
	}
}

// TestIndexedJob runs the command line of the manifest once for each index, as Kubernetes does, with the volumes at paths of this
// machine; merged and judged it is the unsharded run.
func TestIndexedJob(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 judges the programs")
	}
	text, err := os.ReadFile("../../docs/scale/job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	url, dir := clustered(t), t.TempDir()
	parts := strings.Split(string(text), "\n---\n")
	if len(parts) != 2 {
		t.Fatalf("%d documents", len(parts))
	}
	var config, job indexedJob
	for i, into := range []*indexedJob{&config, &job} {
		if err := yaml.Unmarshal([]byte(parts[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	c, n := job.Spec.Template.Spec.Containers[0], job.Spec.Completions
	if job.Kind != "Job" || job.Spec.CompletionMode != "Indexed" || job.Spec.Template.Spec.RestartPolicy != "Never" || c.Command[0] != "tandem" || n < 2 ||
		len(c.Env) != 1 || c.Env[0].Name != "SERVING_KEY" {
		t.Fatalf("%+v", job)
	}
	t.Setenv("SERVING_KEY", secret)
	mounts := []string{"$(JOB_COMPLETION_INDEX)", ""}
	for _, m := range c.VolumeMounts {
		own := filepath.Join(dir, m.Name)
		if err := os.Mkdir(own, 0o755); err != nil {
			t.Fatal(err)
		}
		mounts = append(mounts, m.MountPath+"/", own+"/")
	}
	endpoints := strings.Replace(config.Data["endpoints.yaml"], "http://serving.default.svc:8000/v1", url, 1)
	if err := os.WriteFile(filepath.Join(dir, "endpoints", "endpoints.yaml"), []byte(endpoints), 0o644); err != nil || !strings.Contains(endpoints, url) {
		t.Fatalf("%v: %s", err, endpoints)
	}
	args := func(index int) []string {
		mounts[1] = strconv.Itoa(index)
		return strings.Split(strings.NewReplacer(mounts...).Replace(strings.Join(c.Args, "\x00")), "\x00")
	}
	for i := range n {
		if status, _, stderr := verb(t, args(i)...); status != 0 {
			t.Fatalf("index %d: status %d: %s", i, status, stderr)
		}
	}
	folders, _ := filepath.Glob(filepath.Join(dir, "store", "shard-*"))
	if status, stdout, _ := verb(t, append([]string{"merge", "--check"}, folders...)...); status != 0 || len(folders) != n {
		t.Errorf("%d folders, status %d: %s", len(folders), status, stdout)
	}
	merged, whole := filepath.Join(dir, "merged"), filepath.Join(dir, "whole")
	if status, _, stderr := verb(t, append([]string{"merge", "--out", merged}, folders...)...); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, out := range []string{merged, whole} { // the same command without shard and --judge none judges what there is, or all of it
		var own []string
		for _, arg := range args(0) {
			if !strings.HasPrefix(arg, "--shard") && !strings.HasPrefix(arg, "--judge") && !strings.HasPrefix(arg, "--out") {
				own = append(own, arg)
			}
		}
		status, _, stderr := verb(t, append(own, "--sandbox=weak", "--out="+out)...)
		if status != 0 || strings.Contains(stderr, "holds all") != (out == merged) {
			t.Fatalf("status %d: %s", status, stderr)
		}
	}
	got, want := summaryOf(t, merged), summaryOf(t, whole)
	if !sameYAML(t, counted(got), counted(want)) || *want.Decoders[0].Passed == 0 || want.Decoders[0].Judged < 100 {
		t.Errorf("merged %+v, unsharded %+v", got.Decoders, want.Decoders)
	}
	noSecret(t, dir)
}

// TestArray runs the script of the job array as Slurm does, once for each task; lost ones are found as its comment says.
func TestArray(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash runs the script")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "endpoints.yaml")
	text := "endpoints:\n- {name: cluster, preset: vllm, base_url: \"" + clustered(t) + "\", model: m, key_env: SERVING_KEY}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	script := func(index string) {
		t.Helper()
		cmd := exec.Command(bash, "../../docs/scale/array.sh")
		cmd.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID="+index, "SLURM_ARRAY_TASK_COUNT=1", "STORE="+dir, "ENDPOINTS="+file, "SERVING_KEY="+secret)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, index := range strings.Fields("0 1 2 4 6 7") {
		script(index)
	}
	check := exec.Command(bash, "-c", "tandem merge --check "+dir+"/shard-* | cut -f1 | paste -sd,")
	out, err := check.Output()
	if err != nil || string(out) != "3,5\n" {
		t.Fatalf("%v: %q", err, out)
	}
	for index := range strings.SplitSeq(strings.TrimSpace(string(out)), ",") {
		script(index)
	}
	folders, _ := filepath.Glob(filepath.Join(dir, "shard-*"))
	if status, stdout, _ := verb(t, append([]string{"merge", "--check"}, folders...)...); status != 0 || len(folders) != 8 {
		t.Errorf("%d folders, status %d: %s", len(folders), status, stdout)
	}
}
