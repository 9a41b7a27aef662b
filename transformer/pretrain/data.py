"""From text to packed rows: the tokenizer, the token arrays, and the masks of both objectives.

A row of a packed batch holds several segments. Each token carries what attention needs and nothing more:

    seg    which segment it belongs to (segments never see each other; 0 is padding)
    pos    its position in its document
    limit  it reads the clean tokens of its segment at positions below `limit`
    noisy  0 for a clean token, else the number of its noisy block, whose tokens read one another

which is the Go core's rule (a row at p reads the slots below (p // span + 1) * span) in both its uses: span 1
for the causal objective, span B for block diffusion, where a noisy block reads the clean blocks before it.
"""
import json

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

EOS, MASK = 0, 1
SPECIALS = ["<|endoftext|>", "<|mask|>"]
BLOCKS = [4, 8, 16, 32]
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def train_tokenizer(texts, entries):
    """A byte-level BPE over Qwen2's split pattern."""
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=entries, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


class Documents:
    """Every document's tokens, flat: document i is tokens[start[i]:start[i+1]], its first prompt[i] the prompt."""

    def __init__(self, tokens, start, prompt):
        self.tokens, self.start, self.prompt = tokens, start, prompt

    @classmethod
    def encode(cls, path, tokenizer):
        """Prompt and completion are encoded apart, as at inference, and EOS closes the document."""
        docs = [json.loads(line) for line in open(path)]
        prompts = [e.ids for e in tokenizer.encode_batch_fast([d["prompt"] for d in docs])]
        bodies = [e.ids for e in tokenizer.encode_batch_fast([d["completion"] for d in docs])]
        tokens = np.concatenate([np.array(p + b + [EOS], np.uint16) for p, b in zip(prompts, bodies)])
        prompt = np.array([len(p) for p in prompts], np.int32)
        length = prompt + np.array([len(b) + 1 for b in bodies], np.int32)
        return cls(tokens, np.concatenate([[0], length.cumsum()]), prompt)

    def __len__(self):
        return len(self.prompt)

    def __getitem__(self, i):
        return self.tokens[self.start[i]:self.start[i + 1]].astype(np.int64), int(self.prompt[i])


def causal(tokens, prompt):
    """The causal segment: arrays tok, pos, limit, noisy, target (-1 where there is no loss)."""
    pos = np.arange(len(tokens) - 1)
    target = np.where(pos >= prompt - 1, tokens[1:], -1)
    return np.stack([tokens[:-1], pos, pos + 1, np.zeros_like(pos), target])


def diffusion(tokens, prompt, block, copies, rng):
    """The block-diffusion segment: the clean stream once, then `copies` noisy ones with their own masks.

    The completion is filled up with EOS to the end of its last block. Each noisy block draws t ~ U(0,1], across
    copies antithetic, and masks ceil(t * n) of its n completion tokens; the loss falls on the masked ones.
    """
    end = -(-len(tokens) // block) * block
    first = prompt // block * block
    full = np.concatenate([tokens, np.full(end - len(tokens), EOS)])
    pos = np.arange(end - block)
    parts = [np.stack([full[:end - block], pos, (pos // block + 1) * block, 0 * pos, np.full_like(pos, -1)])]
    pos = np.arange(first, end)
    b = pos // block - first // block
    blocks = b[-1] + 1
    free = pos >= prompt
    n = np.bincount(b, free, blocks)
    t = rng.random(blocks)
    for copy in range(copies):
        quota = np.ceil((1 - (t + copy / copies) % 1) * n)
        order = np.where(free, rng.random(len(pos)), 2).reshape(blocks, block)
        rank = order.argsort(1).argsort(1).ravel()
        masked = free & (rank < quota[b])
        tok = np.where(masked, MASK, full[first:])
        parts.append(np.stack([tok, pos, pos // block * block, 1 + copy * blocks + b,
                               np.where(masked, full[first:], -1)]))
    return np.concatenate(parts, 1)


def segments(docs, rng, width):
    """Both objectives for every document in a fresh order, for ever."""
    while True:
        for i in rng.permutation(len(docs)):
            tokens, prompt = docs[i]
            if len(tokens) > width:
                continue
            yield causal(tokens, prompt)
            block = BLOCKS[rng.integers(len(BLOCKS))]
            for copies in (2, 1):
                s = diffusion(tokens, prompt, block, copies, rng)
                if s.shape[1] <= width:
                    yield s
                    break


def batches(docs, seed, rows, width, targets):
    """Packed batches: tok, pos, seg, limit, noisy [rows, width]; where and target [targets], weight [targets].

    Each segment, oldest first, goes into the fullest row that has room; what does not fit waits for the next batch.
    """
    rng = np.random.default_rng(seed)
    stream, waiting = segments(docs, rng, width), []
    while True:
        while sum(s.shape[1] for s in waiting) < rows * width * 1.5:
            waiting.append(next(stream))
        room = np.full(rows, width)
        out = np.zeros((6, rows, width), np.int64)
        out[5] = -1
        rest, used = [], 0
        for n, s in enumerate(waiting):
            size, losses = s.shape[1], int((s[4] >= 0).sum())
            fit = np.where(room >= size, room, 1 << 30)
            r = fit.argmin()
            if fit[r] > width or used + losses > targets:
                rest.append(s)
                continue
            at = width - room[r]
            out[:, r, at:at + size] = np.stack([s[0], s[1], np.full(size, n + 1), s[2], s[3], s[4]])
            room[r] -= size
            used += losses
        waiting = rest
        where = np.flatnonzero(out[5].ravel() >= 0)
        pad = targets - len(where)
        target = np.pad(out[5].ravel()[where], (0, pad))
        weight = np.pad(np.ones(len(where), np.float32), (0, pad))
        yield (*out[:5], np.pad(where, (0, pad)), target, weight)
