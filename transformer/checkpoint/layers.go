package checkpoint

import (
	"fmt"
	"slices"

	"tandem/transformer"
)

// kinds are what single layers do otherwise: the window of sliding attention, and no rotation. It is nil where none does.
func (f family) kinds(c config) ([]transformer.LayerKind, error) {
	window, err := f.window(c)
	if err != nil {
		return nil, err
	}
	if c.LayerTypes != nil && len(c.LayerTypes) != *c.Layers {
		return nil, fmt.Errorf("layer_types names %d layers, num_hidden_layers is %d: %s", len(c.LayerTypes), *c.Layers, mend)
	}
	kinds := make([]transformer.LayerKind, *c.Layers)
	for i := range kinds {
		slides := window > 0 && f.windowed(c, i)
		if c.LayerTypes != nil {
			if slides, err = f.slides(c.LayerTypes[i], window, slides); err != nil {
				return nil, err
			}
		}
		if slides {
			kinds[i].Window = window
		}
		kinds[i].NoRope = f.uses("no_rope_layers") && !c.rotates(i)
	}
	if !slices.ContainsFunc(kinds, func(k transformer.LayerKind) bool { return k != transformer.LayerKind{} }) {
		return nil, nil
	}
	return kinds, nil
}

// slides says whether a layer of the type attends to the window, which is 0 for none. Default is what it does without a type.
func (f family) slides(kind string, window int, byDefault bool) (bool, error) {
	slides := kind == "sliding_attention"
	switch {
	case !slides && kind != "full_attention":
		return false, fmt.Errorf("layer_types %q is not supported, only full_attention and sliding_attention", kind)
	case slides && window == 0:
		return false, fmt.Errorf("layer_types has sliding_attention, but the other keys turn it off: %s", mend)
	case f.fixedTypes && slides != byDefault:
		return false, fmt.Errorf("layer_types has %s, but sliding_window is for all layers of this architecture: %s", kind, mend)
	}
	return slides, nil
}

// window is the size of the window of the layers that have one; 0: none has.
func (f family) window(c config) (int, error) {
	if c.RopeLayers != nil && len(c.RopeLayers) < *c.Layers {
		return 0, fmt.Errorf("no_rope_layers names %d layers, num_hidden_layers is %d: %s", len(c.RopeLayers), *c.Layers, mend)
	}
	if f.windowed == nil || f.uses("use_sliding_window") && !c.Sliding {
		return 0, nil
	}
	if c.has("sliding_window") {
		return or(c.Window, 0), nil
	}
	return f.missing.window, nil
}

// fromMaxWindowLayers: Qwen's layers have a window from max_window_layers on.
func fromMaxWindowLayers(c config, layer int) bool { return layer >= or(c.FullLayers, 28) }

// everyLayer: Mistral's layers all have a window.
func everyLayer(config, int) bool { return true }

// withoutRope: SmolLM3's layers without a rotation have a window.
func withoutRope(c config, layer int) bool { return !c.rotates(layer) }

// rotates says whether SmolLM3 rotates a layer's queries and keys.
func (c config) rotates(layer int) bool {
	if c.RopeLayers != nil {
		return c.RopeLayers[layer] != 0
	}
	return (layer+1)%or(c.RopeInterval, 4) != 0
}
