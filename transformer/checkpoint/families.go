package checkpoint

import "tandem/transformer"

// A family is what an architecture's name in config.json says about the computation. docs/CHECKPOINTS.md says how to add one.
type family struct {
	core
	models string // that the name stands for
	source source

	// How it was trained to fill masks in. Keys of config.json win over mask, block and end.
	attention transformer.Attention
	shifted   bool  // diffusion logits of row i-1 predict position i
	block     int   // positions of a block, where attention is BlockCausal
	mask      int32 // 0: none
	end       ids   // end of a text
	explicit  bool  // none of the decoders here is its published one, so settings must say what to compute

	keys    string     // further keys; see plainKeys
	needs   string     // keys that may not be missing, since the published code's default is not supported
	layouts [][]string // what to replace in Llama's tensor names; the first of which the file has the embedding; nil: nothing
	skips   []string   // tensors whose names begin so belong to no language model
	spells  []string   // keys that it spells otherwise: its own, transformers', …
	text    []string   // it wraps one of these, which text_config describes: model_type, architecture, …
}

// A core is the computation that several families share, with transformers' default of a key that config.json lacks.
type core struct {
	qkvBias    bool   // q, k and v always have biases
	qkNorm     bool   // RMSNorm on every head of q and k
	queryScale bool   // llama_4_scaling_beta scales the queries
	reads      string // keys that change the computation, beside those that all families read
	missing    defaults
	windowed   func(c config, layer int) bool // whether a layer's window is bounded, where layer_types does not say; nil: none is
	fixedTypes bool                           // layer_types must agree with windowed
}

// defaults are what transformers takes for a key that is missing; 0 and "" are no default of their own.
type defaults struct {
	headDim int // 0: hidden size by heads
	kvHeads int // 0: as many as heads
	eps     float32
	theta   float64
	window  int    // sliding_window; 0: none
	rope    string // rope_parameters
	tied    bool
}

// A source is what an entry of the table was checked against.
type source string

const (
	verified  source = "transformers"   // transformers has the class: keys, tensors and logits are compared with its own
	published source = "published code" // it has not: keys and tensor names are of published files, logits of the class that the code derives from
)

const windowKeys = "use_sliding_window sliding_window max_window_layers"

// The cores.
var (
	llama = core{reads: "attention_bias mlp_bias", missing: defaults{eps: 1e-6, theta: 1e4}}
	qwen2 = core{qkvBias: true, reads: windowKeys, windowed: fromMaxWindowLayers,
		missing: defaults{kvHeads: 32, eps: 1e-6, theta: 1e4, window: 4096}}
	qwen3 = core{qkNorm: true, reads: "attention_bias " + windowKeys, windowed: fromMaxWindowLayers,
		missing: defaults{headDim: 128, kvHeads: 32, eps: 1e-6, theta: 1e4, window: 4096}}
	mistral = core{reads: "sliding_window", windowed: everyLayer, fixedTypes: true,
		missing: defaults{kvHeads: 8, eps: 1e-6, theta: 1e4, window: 4096}}
	ministral  = core{reads: "sliding_window", windowed: everyLayer, missing: mistral.missing}
	ministral3 = core{reads: "sliding_window", windowed: everyLayer, fixedTypes: true, queryScale: true,
		missing: defaults{headDim: 128, kvHeads: 8, eps: 1e-5, theta: 1e4, rope: ministral3Rope}}
	smollm3 = core{reads: "attention_bias mlp_bias no_rope_layers no_rope_layer_interval use_sliding_window sliding_window",
		windowed: withoutRope, missing: defaults{kvHeads: 4, eps: 1e-6, theta: 2e6, tied: true}}
	olmo  = core{missing: defaults{eps: 1e-5, theta: 1e4, tied: true}}                                   // LLaDA
	wedlm = core{reads: "attention_bias qk_norm", missing: defaults{kvHeads: 32, eps: 1e-6, theta: 1e4}} // Qwen2 or Qwen3
)

const ministral3Rope = `{"rope_type": "yarn", "rope_theta": 1e6, "factor": 16, "original_max_position_embeddings": 16384, "mscale": 1,
	"mscale_all_dim": 1, "llama_4_scaling_beta": 0.1}`

// families are the architectures that the core computes, by the name in config.json.
var families = map[string]family{
	"LlamaForCausalLM":      {core: llama, models: "Llama 1 to 3, SmolLM 1 and 2, Seed-Coder", source: verified, end: ids{2}},
	"Qwen2ForCausalLM":      {core: qwen2, models: "Qwen 2, 2.5 and 2.5-Coder", source: verified, keys: "attention_bias"},
	"Qwen3ForCausalLM":      {core: qwen3, models: "Qwen 3, I-DLM, the embedded checkpoint", source: verified},
	"MistralForCausalLM":    {core: mistral, models: "Mistral 7B", source: verified, end: ids{2}},
	"MinistralForCausalLM":  {core: ministral, models: "Ministral 8B", source: verified, end: ids{2}},
	"Ministral3ForCausalLM": {core: ministral3, models: "Ministral 3, text alone", source: verified, end: ids{2}},
	"Mistral3ForConditionalGeneration": {models: "Ministral 3 and Mistral Small 3, without the images", source: verified,
		text: []string{"mistral", "MistralForCausalLM", "ministral3", "Ministral3ForCausalLM"}, layouts: multimodal,
		skips: []string{"vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector."}},
	"SmolLM3ForCausalLM": {core: smollm3, models: "SmolLM 3", source: verified, end: ids{128001}},

	"DreamModel": {core: qwen2, models: "Dream 7B, Dream-Coder 7B, DiffuCoder 7B", source: published,
		attention: transformer.WholeSequence, shifted: true, mask: 151666, end: ids{151643}, keys: "attention_bias use_mrope=false"},
	"LLaDAModelLM": {core: olmo, models: "LLaDA 8B, LLaDA 1.5", source: published,
		attention: transformer.WholeSequence, mask: 126336, end: ids{126081}, keys: lladaKeys, needs: lladaNeeds, spells: lladaSpells,
		layouts: lladaTensors},
	"SDARForCausalLM": {core: qwen3, models: "SDAR 1.7B, 4B and 8B", source: published,
		attention: transformer.BlockCausal, block: 4, mask: 151669, end: ids{151643}, keys: "micro_forward skip_checkpoint use_deepep"},
	"Fast_dLLM_QwenForCausalLM": {core: qwen2, models: "Fast-dLLM v2 1.5B and 7B", source: published,
		attention: transformer.BlockCausal, shifted: true, block: 32, mask: 151665, end: ids{151645}, keys: "attention_bias"},
	"StableDiffcoderForCausalLM": {core: llama, models: "Stable-DiffCoder 8B", source: published,
		attention: transformer.BlockCausal, block: 4, mask: 5, end: ids{2}},
	"WeDLMForCausalLM": {core: wedlm, models: "WeDLM 7B and 8B", source: published,
		attention: transformer.CausalMasks, mask: 151665, end: ids{151643}, keys: "sliding_window use_sliding_window max_window_layers"},
	"NemotronLabsDiffusionModel": {core: ministral3, models: "Nemotron-Labs-Diffusion 3B, 8B and 14B", source: published,
		explicit: true, mask: 100, end: ids{11}, keys: "ar_loss_weight block_size dlm_loss_weight dlm_paradigm dp_varying_mask_ratio",
		layouts: [][]string{{"model.", "encoder.", "lm_head.", "diffusion_head."}}},
}

// multimodal are the tensor names of a language model beside a vision tower: those of published files, and of transformers in memory.
var multimodal = [][]string{
	{"model.", "language_model.model.", "lm_head.", "language_model.lm_head."},
	{"model.", "model.language_model."},
}

// LLaDA's code is OLMo's. What of it LLaDA does not use is refused, its defaults included.
const (
	lladaKeys = `alibi=false alibi_bias_max attention_layer_norm=false attention_layer_norm_with_affine bias_for_layer_norm=false
		block_group_size=1 block_type="llama" clip_qkv=null embedding_dropout flash_attention flash_attn_varlen include_bias=false
		include_qkv_bias=false init_cutoff_factor init_device init_fn init_std input_emb_norm=false layer_norm_type="rms"
		layer_norm_with_affine=true mlp_ratio multi_query_attention=false precision residual_dropout rope=true rope_full_precision
		scale_logits=false`
	lladaNeeds = "hidden_act block_type include_bias layer_norm_type rope"
)

var (
	lladaSpells = []string{"activation_type", "hidden_act", "d_model", "hidden_size", "max_sequence_length", "max_position_embeddings",
		"mlp_hidden_size", "intermediate_size", "n_heads", "num_attention_heads", "n_kv_heads", "num_key_value_heads", "n_layers",
		"num_hidden_layers", "weight_tying", "tie_word_embeddings"}
	lladaTensors = [][]string{{"model.embed_tokens.", "model.transformer.wte.", "model.norm.", "model.transformer.ln_f.",
		"lm_head.", "model.transformer.ff_out.", "model.layers.", "model.transformer.blocks.", "self_attn.o_proj.", "attn_out.",
		"self_attn.", "", "mlp.gate_proj.", "ff_proj.", "mlp.up_proj.", "up_proj.", "mlp.down_proj.", "ff_out.",
		"post_attention_layernorm.", "ff_norm.", "input_layernorm.", "attn_norm."}}
)
