package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"tandem/transformer/checkpoint/mapped"
	"tandem/transformer/strictjson"
	"tandem/transformer/tokenizer"
)

// A folder is where the files of a checkpoint lie.
type folder struct {
	files fs.FS
	path  string // of the system; "" for the one in the binary
}

// weights opens a file of weights: mapped into memory, if it lies on a disk.
func (d folder) weights(name string) (*mapped.File, error) {
	f, _, err := open(d.files, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if file, ok := f.(*os.File); ok {
		return mapped.New(file)
	}
	data, err := io.ReadAll(f)
	return mapped.InMemory(data), err
}

// weightFiles are the safetensors files of a folder: the one, those that an index lists, or all.
func (d folder) weightFiles() ([]string, error) {
	const single, index = "model.safetensors", "model.safetensors.index.json"
	if d.has(single) {
		return []string{single}, nil
	}
	if !d.has(index) {
		names := d.all("*.safetensors")
		if len(names) == 0 {
			return nil, d.advise(fmt.Errorf("neither %s nor %s is there", single, index))
		}
		return names, nil
	}
	data, err := readFile(d.files, index, maxIndex)
	if err != nil {
		return nil, err
	}
	var list struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := strictjson.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	names := slices.Compact(slices.Sorted(maps.Values(list.Map)))
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: weight_map names no file", index)
	}
	for _, name := range names {
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("%s: bad file name %q", index, name)
		}
	}
	return names, nil
}

// has says whether something of that name is there.
func (d folder) has(name string) bool {
	_, err := fs.Stat(d.files, name)
	return !errors.Is(err, fs.ErrNotExist)
}

// all are the names of a pattern, sorted, without those of adapters and of other layouts.
func (d folder) all(pattern string) (names []string) {
	found, _ := fs.Glob(d.files, pattern) // the patterns are good
	return slices.DeleteFunc(found, func(name string) bool {
		return slices.ContainsFunc(foreign, func(f string) bool { ok, _ := filepath.Match(f, name); return ok })
	})
}

// foreign are safetensors files that hold something else than Hugging Face's tensors of a model.
var foreign = []string{"adapter_model*.safetensors", "consolidated*.safetensors"}

// toHF is how transformers writes a model that it can read in the files that are read here.
const toHF = `python -c "import transformers as t; p = '%[1]s'; t.AutoModelForCausalLM.from_pretrained(p, dtype='auto').save_pretrained(p + '-hf'); ` +
	`t.AutoTokenizer.from_pretrained(p).save_pretrained(p + '-hf')" writes %[1]s-hf`

// advices say what to do about a folder that holds a model in another form. %[1]s is the folder, %[2]s the file.
var advices = []struct{ pattern, advice string }{
	{"pytorch_model*.bin", "%[2]s has to be converted: " + toHF},
	{"adapter_model.*", "%[2]s is an adapter (LoRA) of another model: merge it into that with merge_and_unload() of Python's peft, then save_pretrained()"},
	{"consolidated*", "%[2]s has the names of the model's own code: fetch Hugging Face's form of the model, or convert it with a convert_*_weights_to_hf.py of transformers"},
	{"*.gguf", "%[2]s is a GGUF file: name it, %[1]s/%[2]s, and not its folder"},
	{"*.pt", "%[2]s has to be converted: " + toSafetensors},
	{"*.pth", "%[2]s has to be converted: " + toSafetensors},
	{"*.bin", "%[2]s has to be converted: " + toSafetensors},
}

// toSafetensors writes a dictionary of tensors in the format that is read here.
const toSafetensors = `python -c "import torch, safetensors.torch as s; t = torch.load('%[1]s/%[2]s', map_location='cpu', weights_only=True); ` +
	`s.save_file({k: v.clone() for k, v in t.items()}, '%[1]s/model.safetensors')" writes model.safetensors`

// advise adds to an error about a missing file what the folder holds in its place.
func (d folder) advise(err error) error {
	for _, a := range advices {
		if found, _ := fs.Glob(d.files, a.pattern); len(found) > 0 {
			return fmt.Errorf("%w; %s", err, fmt.Sprintf(a.advice, d.path, found[0]))
		}
	}
	return err
}

// tokenizer reads tokenizer.json.
func (d folder) tokenizer() (*tokenizer.Tokenizer, error) {
	const name = "tokenizer.json"
	t, err := parseTokenizer(d.files, name)
	if err != nil && !d.has(name) {
		for _, other := range []string{"tokenizer.model", "vocab.json", "spiece.model", "tokenizer.tiktoken"} {
			if d.has(other) {
				return nil, fmt.Errorf(`%w; %s is there: python -c "import transformers as t; t.AutoTokenizer.from_pretrained('%[3]s').save_pretrained('%[3]s')" writes it`,
					err, other, d.path)
			}
		}
	}
	return t, err
}
