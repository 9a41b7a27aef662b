// Command schema writes JSON Schemas of Tandem's files from the types that are written:
//
//	go run ./reports/schema docs/schema
//
// A program that reads the files can rely on them: keys are added within a version of the schema, and neither change nor vanish.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/invopop/jsonschema"

	"tandem/bench/compare"
	"tandem/record"
	"tandem/reports"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "schema: name the folder to write to")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(2)
	}
}

// files are the schemas by their file, each with the type that is written and what it describes.
var files = []struct {
	name, title string
	of          any
}{
	{"header.schema.json", "the first line of run.jsonl and scored.jsonl", record.Header{}},
	{"record.schema.json", "every further line of run.jsonl and scored.jsonl", record.Record{}},
	{"raw.schema.json", "a line of raw.jsonl", record.RawReply{}},
	{"telemetry.schema.json", "a line of telemetry.jsonl", record.Telemetry{}},
	{"summary.schema.json", "summary.json", reports.Summary{}},
	{"compare.schema.json", "what compare and ab print as JSON", compare.Result{}},
}

// write writes all schemas into a folder.
func write(dir string) error {
	for _, f := range files {
		text, err := json.MarshalIndent(schema(f.title, f.of), "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// later are the keys, by type, that files of earlier releases of this version lack although they are always written now.
var later = map[string][]string{
	"Summary": {"warnings"},
	"Decoder": {"disturbed", "decodings", "timed_tasks"},
}

// schema is that of a type. Keys without omitempty are required; keys that are not named are allowed, since later versions add some.
func schema(title string, of any) *jsonschema.Schema {
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true, ExpandedStruct: true, Mapper: special}
	s := r.Reflect(of)
	s.Title = title
	s.Required = without(s.Required, later[reflect.TypeOf(of).Name()])
	for name, part := range s.Definitions {
		part.Required = without(part.Required, later[name])
	}
	return s
}

func without(keys, some []string) []string {
	return slices.DeleteFunc(keys, func(key string) bool { return slices.Contains(some, key) })
}

// special are the types that do not look in JSON as they do in Go.
func special(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[record.Commit]():
		return &jsonschema.Schema{Type: "array", Description: "position, token and the probability that the model gave it", Items: &jsonschema.Schema{Type: "number"},
			MinItems: pointer(3), MaxItems: pointer(3)}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "integer", Description: "nanoseconds"}
	}
	return nil
}

func pointer(n uint64) *uint64 { return &n }
