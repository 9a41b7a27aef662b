package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tandem/record"
)

// load reads a results file: a header line, then records.
func load(path string) (record.Header, []record.Record, error) {
	var header record.Header
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return header, nil, fmt.Errorf("%s does not exist: `tandem run` writes it", path)
	}
	if err != nil {
		return header, nil, err
	}
	defer file.Close()
	in := json.NewDecoder(bufio.NewReader(file))
	if err := in.Decode(&header); err != nil {
		return header, nil, fmt.Errorf("%s: header: %w", path, err)
	}
	if header.Schema != record.Schema {
		return header, nil, fmt.Errorf("%s has schema %d, this program reads %d", path, header.Schema, record.Schema)
	}
	var records []record.Record
	for in.More() {
		var r record.Record
		if err := in.Decode(&r); err != nil {
			return header, nil, fmt.Errorf("%s: record %d: %w", path, len(records)+1, err)
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return header, nil, fmt.Errorf("%s holds no records: let `tandem run` finish at least one example", path)
	}
	return header, records, nil
}
