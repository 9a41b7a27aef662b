package checkpoint

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// plainKeys are keys of published files that change nothing in the computation: those with any value, and those with the value
// behind "=" alone, or null. What a family reads wins.
const plainKeys = `_attn_implementation _attn_implementation_autoset _from_model_config _name_or_path architectures attention_dropout
	attn_implementation attn_pdrop auto_map bad_words_ids begin_suppress_tokens chunk_size_feed_forward cross_attention_hidden_size
	debug decoder_start_token_id diversity_penalty do_sample dtype early_stopping embd_pdrop encoder_no_repeat_ngram_size ep_size
	exponential_decay_length_penalty finetuning_task forced_bos_token_id forced_eos_token_id full_attn_token_id fuse_cross_entropy
	id2label initializer_range is_llama_config label2id length_penalty max_length max_window_layers min_length model_type
	no_repeat_ngram_size num_beam_groups num_beams num_return_sequences output_attentions output_hidden_states output_scores prefix
	pretraining_tp problem_type remove_invalid_values repetition_penalty resid_pdrop residual_dropout return_dict
	return_dict_in_generate sep_token_id sliding_window suppress_tokens task_specific_params temperature text_model
	tf_legacy_loss tie_encoder_decoder tokenizer_class top_k top_p torch_dtype torchscript transformers.js_config
	transformers_version trust_remote_code typical_p unk_token_id unsloth_fixed unsloth_version use_bfloat16 use_cache
	add_cross_attention=false attention_bias=false hidden_act="silu" is_causal=true is_decoder=false is_encoder_decoder=false
	mlp_bias=false no_rope_layers=null partial_rotary_factor=1 pruned_heads={} quantization_config=null rope_interleaved=false
	use_sliding_window=false`

// plain is a list such as plainKeys as a map from keys to the only values that change nothing; "" is any.
func plain(lists ...string) map[string]string {
	out := map[string]string{}
	for _, word := range strings.Fields(strings.Join(lists, " ")) {
		key, value, _ := strings.Cut(word, "=")
		out[key] = value
	}
	return out
}

// uses says whether the family reads a key that only some read.
func (c core) uses(key string) bool { return slices.Contains(strings.Fields(c.reads), key) }

// readByAll are the keys of a config that every family reads.
var readByAll = jsonKeys[config]()

// jsonKeys are the keys of a struct's own fields.
func jsonKeys[T any]() (keys []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); len(field.Index) == 1 && key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// checkKeys reports the keys that are neither used nor known to change nothing, all at once, then one whose value would.
func (f family) checkKeys(keys map[string]jsontext.Value) error {
	known := plain(plainKeys, f.keys)
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, ok := known[key]; !ok && !f.uses(key) && !slices.Contains(readByAll, key) {
			unknown = append(unknown, fmt.Sprintf("%q", key))
		}
	}
	switch len(unknown) {
	case 0:
	case 1:
		return fmt.Errorf("unknown key %s: it may change the computation; remove it if it does not", unknown[0])
	default:
		return fmt.Errorf("unknown keys %s: they may change the computation; remove them if they do not", strings.Join(unknown, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if want := known[key]; want != "" && !f.uses(key) && !equalJSON(keys[key], want) {
			return fmt.Errorf("%s %s is not supported, only %s", key, oneLine(keys[key]), want)
		}
	}
	for _, key := range strings.Fields(f.needs) {
		if _, ok := keys[key]; !ok {
			return fmt.Errorf("%s is missing: %s", key, mend)
		}
	}
	return nil
}

// equalJSON says whether a value is the wanted one, or null.
func equalJSON(value jsontext.Value, want string) bool {
	value = value.Clone()
	return value.Canonicalize() == nil && (string(value) == want || string(value) == "null")
}

// oneLine is a value of a file for a message: without line breaks, and not long.
func oneLine(value jsontext.Value) string {
	text := strings.Join(strings.Fields(string(value)), " ")
	if len(text) > 80 {
		text = text[:77] + "..."
	}
	return text
}
