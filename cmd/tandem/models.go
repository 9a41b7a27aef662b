package main

import (
	"fmt"
	"io"

	"tandem/cmd/tandem/progress"
	"tandem/reports/sheet"
	"tandem/transformer/checkpoint"
	"tandem/transformer/models"
)

type modelsCmd struct {
	List   modelsListCmd   `cmd:"" help:"List the models that have a name, with size, licence and twin, and those that were fetched."`
	Fetch  modelsFetchCmd  `cmd:"" help:"Fetch a model, checked; a fetch that was cut off goes on. HF_ENDPOINT names a mirror, HF_TOKEN opens gated repositories."`
	Show   modelsShowCmd   `cmd:"" help:"Say what a model is, what it costs, and what this machine's ceilings allow it."`
	Verify modelsVerifyCmd `cmd:"" help:"Check fetched models against their locks; exit status 1 if one is damaged."`
}

type modelsListCmd struct {
	wideFlag
	JSON bool `help:"Print JSON: name, repository, licence, parameters, bytes, twins, diffusion, pinned, state."`
}

func (c modelsListCmd) Run(a *app) error {
	store, err := models.DefaultStore()
	if err != nil {
		return err
	}
	list, err := store.List()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.stdout, list)
	}
	_, err = io.WriteString(a.stdout, sheet.List(list).Show(c.width(a.stdout)))
	return err
}

type modelsFetchCmd struct {
	Names []string `arg:"" name:"name" help:"Names of tandem models list, or owner/name[@revision][/FILE.gguf] of the hub."`
	File  string   `placeholder:"FILE.gguf" help:"The one GGUF file of the repository."`
	From  string   `placeholder:"DIR" help:"Take the model from a folder or a GGUF file of this machine, or from huggingface_hub's cache of it (models--owner--name)."`
}

func (c modelsFetchCmd) Run(a *app) error {
	if len(c.Names) > 1 && c.From+c.File != "" {
		return fmt.Errorf("--from and --file take one model at a time, not %d", len(c.Names))
	}
	store, err := models.DefaultStore()
	if err != nil {
		return err
	}
	for _, name := range c.Names {
		entry, err := models.Find(name)
		if err == nil && c.File != "" {
			entry, err = entry.WithFile(c.File)
		}
		if err == nil {
			err = c.fetch(a, store, entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetch fetches one model, and says so where Tandem cannot compute it.
func (c modelsFetchCmd) fetch(a *app, store models.Store, entry models.Entry) error {
	bar := progress.New(a.stderr, "MB")
	lock, err := store.Fetch(a.ctx, entry, models.Options{From: c.From,
		Report: func(done, total int64) { bar.Report(max(1, int(done/1e6)), max(1, int(total/1e6))) },
		Say:    func(text string) { fmt.Fprintf(a.stderr, "tandem: %s\n", text) }})
	if err != nil {
		return err
	}
	path, err := store.Path(entry.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\t%s\t%s\n", lock.Name, models.Size(lock.Bytes()), path)
	if _, err := checkpoint.ReadConfig(path); err != nil {
		fmt.Fprintf(a.stderr, "tandem: it is fetched, but cannot be run yet: %v\n", err)
	}
	return nil
}

type modelsVerifyCmd struct {
	Models []string `arg:"" optional:"" name:"model" help:"Names or folders of fetched models; all of them by default."`
	JSON   bool     `help:"Print JSON: model, path, status of each file."`
}

func (c modelsVerifyCmd) Run(a *app) error {
	store, err := models.DefaultStore()
	if err != nil {
		return err
	}
	files, whole, err := store.Verify(c.Models)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(a.stdout, files)
	} else {
		for _, f := range files {
			fmt.Fprintf(a.stdout, "%s\t%s\t%s\n", f.Status, f.Model, f.Path)
		}
	}
	if err == nil && !whole {
		err = errFailed
	}
	return err
}
