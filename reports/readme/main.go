// Command readme fills the parts of Markdown files that show what was measured, from the results themselves:
//
//	go run ./reports/readme README.md
//
// Such a part stands between two comments, the first of which says what it shows, of which folder of results:
//
//		<!-- begin: table docs/results/2026-11-23-epyc-2-cores 100 -->
//		<!-- end -->
//
//	  - table FOLDER WIDTH is a run's table, at most so many characters wide, then the command, the machine and the date.
//	  - verdict FOLDER is a run's verdict, then the same.
//	  - file PATH is a file of Markdown that a measuring program wrote.
//	  - chart FOLDER NAME TEXT is the picture FOLDER/NAME.png, with a text for those who do not see it.
//
// A folder of results holds the summary.json and the charts of a run, and the command that made them in command.txt. Folders are
// relative to the Markdown file.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"tandem/record"
	"tandem/reports"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(2)
	}
}

// run fills files.
func run(files []string) error {
	if len(files) == 0 {
		return errors.New("name the Markdown files to fill")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		filled, err := fill(string(text), filepath.Dir(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(name, []byte(filled), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var begin, part = regexp.MustCompile(`<!-- begin: `), regexp.MustCompile(`(?s)(<!-- begin: ([^\n]*) -->\n)(.*?)(<!-- end -->)`)

// fill returns the text with its parts filled; folders are relative to root.
func fill(text, root string) (string, error) {
	if parts := part.FindAllStringSubmatch(text, -1); len(parts) != len(begin.FindAllString(text, -1)) {
		return "", errors.New("a part has no end: each needs <!-- begin: … --> and <!-- end --> on lines of their own")
	}
	var errs []error
	text = part.ReplaceAllStringFunc(text, func(whole string) string {
		groups := part.FindStringSubmatch(whole)
		shown, err := show(strings.Fields(groups[2]), root)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", groups[2], err))
		}
		return groups[1] + shown + groups[4]
	})
	return text, errors.Join(errs...)
}

// show is what stands in a part.
func show(words []string, root string) (string, error) {
	switch {
	case len(words) == 3 && words[0] == "table":
		return table(root, words[1], words[2])
	case len(words) == 2 && words[0] == "verdict":
		return verdict(root, words[1])
	case len(words) == 2 && words[0] == "file":
		text, err := os.ReadFile(filepath.Join(root, words[1]))
		return string(text), err
	case len(words) > 3 && words[0] == "chart":
		return chart(root, words[1], words[2], strings.Join(words[3:], " "))
	}
	return "", errors.New("write table FOLDER WIDTH, verdict FOLDER, file PATH or chart FOLDER NAME TEXT")
}

func table(root, folder, width string) (string, error) {
	columns, err := strconv.Atoi(width)
	if err != nil || columns < 0 {
		return "", fmt.Errorf("width %q is no number of characters", width)
	}
	s, from, err := read(root, folder)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for line := range strings.Lines(reports.Table(s, columns)) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return fmt.Sprintf("```\n%s```\n\n%s\n", b.String(), from), nil
}

func verdict(root, folder string) (string, error) {
	s, from, err := read(root, folder)
	if err == nil && s.Verdict == "" {
		err = errors.New("the run has no verdict")
	}
	return fmt.Sprintf("> %s\n\n%s\n", s.Verdict, from), err
}

func chart(root, folder, name, text string) (string, error) {
	path := filepath.ToSlash(filepath.Join(folder, name+".png"))
	_, err := os.Stat(filepath.Join(root, path))
	return fmt.Sprintf("![%s](%s)\n", text, path), err
}

// read returns a folder's summary, and in words where it comes from.
func read(root, folder string) (s reports.Summary, from string, err error) {
	s, err = reports.ReadSummary(filepath.Join(root, folder, record.SummaryFile))
	if err != nil {
		return s, "", err
	}
	command, err := os.ReadFile(filepath.Join(root, folder, "command.txt"))
	if err != nil {
		return s, "", fmt.Errorf("the command of a run stands beside its summary: %w", err)
	}
	e := s.Environment
	return s, fmt.Sprintf("(`%s` on %s, %d of %d cores, %s: [%s](%s).)", strings.TrimSpace(string(command)), e.CPU, e.Threads, e.Cores,
		e.Started.UTC().Format("2006-01-02"), filepath.Base(folder), folder), nil
}
