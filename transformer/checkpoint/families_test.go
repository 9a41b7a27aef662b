package checkpoint

import "tandem/transformer"

// parseConfig reads a config.json.
func parseConfig(data []byte) (transformer.Config, error) {
	f, keys, err := findFamily(data)
	if err != nil {
		return transformer.Config{}, err
	}
	return f.config(keys)
}
