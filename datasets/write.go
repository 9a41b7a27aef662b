package datasets

import (
	"encoding/json"
	"fmt"
	"io"
)

// Write writes tasks as Read reads them: one JSON object a line, the fields in the order of the schema and
// without escapes for HTML, so that the same tasks give the same bytes.
func Write(w io.Writer, tasks []Example) error {
	encode := json.NewEncoder(w)
	encode.SetEscapeHTML(false)
	for _, task := range tasks {
		if err := encode.Encode(task); err != nil {
			return fmt.Errorf("write task %s: %w", task.TaskID, err)
		}
	}
	return nil
}
