package evals

import "tandem/datasets"

// middleStops end a middle: the ends of text of the fill-in-the-middle checkpoints. A middle has no other end, as any
// line may belong to it.
var middleStops = []string{"<|endoftext|>", "<|fim_pad|>", "<|file_sep|>", "<|repo_name|>", "<EOT>"}

// askMiddle puts prefix and suffix between the markers of Qwen2.5-Coder (Hui et al. 2024, arXiv 2409.12186, section 3.2),
// in the order prefix, suffix, middle.
func askMiddle(task datasets.Example) string {
	return "<|fim_prefix|>" + task.Prompt + "<|fim_suffix|>" + task.Suffix + "<|fim_middle|>"
}

func between(task datasets.Example, cut string) string { return task.Prompt + cut + task.Suffix }
