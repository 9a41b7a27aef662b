package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/term"

	"tandem/reports"
)

type reportCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of scored runs: those that tandem run wrote."`
	tableFlags
}

func (c reportCmd) Run(a *app) error {
	for _, dir := range c.Dirs {
		if err := c.report(a, dir); err != nil {
			return fmt.Errorf("report of %s: %w", dir, err)
		}
	}
	return nil
}

// tableFlags say how a summary is printed.
type tableFlags struct {
	Wide bool `help:"Show all columns, however wide the terminal is."`
	JSON bool `help:"Print summary.json in place of the table; with several folders one after the other."`
}

// report rebuilds the report of a scored run and prints its table, or its summary.json, and where the rest lies.
func (f tableFlags) report(a *app, dir string) error {
	summary, err := reports.Write(dir)
	if err != nil {
		return err
	}
	files := a.stdout
	if f.JSON {
		files = a.stderr
		err = copyFile(a.stdout, filepath.Join(dir, "summary.json"))
	} else {
		_, err = fmt.Fprintf(a.stdout, "%s\n", reports.Table(summary, f.width(a.stdout)))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(files, "report: %s\nbeside it: charts/, summary.md (the table), summary.json (the data)\n", filepath.Join(dir, "report.html"))
	return err
}

// width is the terminal's, in columns; 0 for any width: with --wide, and where the output is no terminal and COLUMNS is not set.
func (f tableFlags) width(out io.Writer) int {
	if f.Wide {
		return 0
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	file, ok := out.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
