"""The shared transformer: Qwen3's layer (RMSNorm, q/k norm, RoPE, GQA, SwiGLU, no bias), tied embeddings.

One forward serves training and decoding, because attention is described by data, not by code. Every row
carries a position; `allowed` says which keys a row may read, and every objective and every cache regime is
a way to fill it (data.py for training, Decoder below for inference).
"""
import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Config:
    """The blueprint; the names are those of Hugging Face's config.json."""
    vocab_size: int = 2048
    hidden_size: int = 256
    intermediate_size: int = 768
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    max_position_embeddings: int = 512


def rms(x, weight, eps):
    """RMSNorm in f32 over the last axis; the result takes the dtype the products want."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight


def rotate(x, cos, sin):
    """RoPE, rotate-half: x [n, rows, heads, head_dim], cos and sin [n, rows, 1, head_dim/2]."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Layer(torch.nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
        std = 0.5 / math.sqrt(c.hidden_size)
        matrix = lambda rows, cols, s=std: torch.nn.Parameter(torch.randn(rows, cols) * s)
        down = std / math.sqrt(2 * c.num_hidden_layers)
        self.q, self.k, self.v = matrix(q, c.hidden_size), matrix(kv, c.hidden_size), matrix(kv, c.hidden_size)
        self.o = matrix(c.hidden_size, q, down)
        self.gate, self.up = matrix(c.intermediate_size, c.hidden_size), matrix(c.intermediate_size, c.hidden_size)
        self.down = matrix(c.hidden_size, c.intermediate_size, down)
        self.attn_norm = torch.nn.Parameter(torch.ones(c.hidden_size))
        self.mlp_norm = torch.nn.Parameter(torch.ones(c.hidden_size))
        self.q_norm = torch.nn.Parameter(torch.ones(c.head_dim))
        self.k_norm = torch.nn.Parameter(torch.ones(c.head_dim))

    def qkv(self, h, cos, sin, dtype):
        """h [n, rows, hidden] -> q [n, rows, heads, d], k and v [n, rows, kv heads, d], rotated, in dtype."""
        c, (n, r, _) = self.c, h.shape
        x = rms(h, self.attn_norm, c.rms_norm_eps).to(dtype)
        project = lambda w: F.linear(x, w.to(dtype)).view(n, r, -1, c.head_dim)
        q = rotate(rms(project(self.q), self.q_norm, c.rms_norm_eps), cos, sin).to(dtype)
        k = rotate(rms(project(self.k), self.k_norm, c.rms_norm_eps), cos, sin).to(dtype)
        return q, k, project(self.v)

    def attend(self, h, q, k, v, bias, dtype):
        """Softmax attention of q over k and v (keys first), bias [n, 1, 1, rows, keys]; adds to the residual h."""
        c, (n, r, _) = self.c, h.shape
        kv, group = c.num_key_value_heads, c.num_attention_heads // c.num_key_value_heads
        q = q.view(n, r, kv, group, c.head_dim).permute(0, 2, 3, 1, 4).reshape(n * kv, group * r, c.head_dim)
        k, v = (x.transpose(1, 2).reshape(n * kv, -1, c.head_dim) for x in (k, v))
        score = torch.bmm(q, k.transpose(1, 2)).view(n, kv, group, r, -1)
        p = torch.softmax(score.float() / math.sqrt(c.head_dim) + bias, -1).to(dtype)
        out = torch.bmm(p.view(n * kv, group * r, -1), v).view(n, kv, group, r, c.head_dim)
        return h + F.linear(out.permute(0, 3, 1, 2, 4).reshape(n, r, -1), self.o.to(dtype))

    def mlp(self, h, dtype):
        """SwiGLU; adds to the residual h."""
        x = rms(h, self.mlp_norm, self.c.rms_norm_eps).to(dtype)
        gate, up = F.linear(x, self.gate.to(dtype)), F.linear(x, self.up.to(dtype))
        return h + F.linear(F.silu(gate) * up, self.down.to(dtype))


class Transformer(torch.nn.Module):
    """dtype is the products' and the K/V's; the residual stream, the norms and the softmax stay in f32."""

    def __init__(self, c: Config, dtype=torch.bfloat16):
        super().__init__()
        self.c, self.dtype = c, dtype
        self.embed = torch.nn.Parameter(torch.randn(c.vocab_size, c.hidden_size) * 0.05)
        self.layers = torch.nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = torch.nn.Parameter(torch.ones(c.hidden_size))
        inv = c.rope_theta ** (-torch.arange(0, c.head_dim, 2).double() / c.head_dim)
        angle = torch.arange(c.max_position_embeddings).double()[:, None] * inv
        self.register_buffer("cos", angle.cos().float(), persistent=False)
        self.register_buffer("sin", angle.sin().float(), persistent=False)

    def angles(self, pos):
        return self.cos[pos][:, :, None], self.sin[pos][:, :, None]

    def hidden(self, tokens, pos, allowed):
        """tokens and pos [n, rows], allowed bool [n, rows, rows] -> normed hidden states [n, rows, hidden]."""
        cos, sin = self.angles(pos)
        bias = torch.where(allowed, 0.0, -1e9)[:, None, None]
        h = self.embed[tokens]
        for layer in self.layers:
            h = layer.attend(h, *layer.qkv(h, cos, sin, self.dtype), bias, self.dtype)
            h = layer.mlp(h, self.dtype)
        return rms(h, self.norm, self.c.rms_norm_eps).to(self.dtype)

    def logits(self, hidden):
        return F.linear(hidden, self.embed.to(self.dtype)).float()


class Decoder:
    """K/V slots for a batch: the same contract as the Go core's Session.

    `forward(which, tokens, start, span)` runs tokens [n, rows] of the sequences `which` at positions start[i],
    start[i]+1, …, overwriting their slots; the row at p reads the slots below (p // span + 1) * span.
    """

    def __init__(self, model, sequences, slots):
        c = model.c
        self.model, self.slots = model, slots
        shape = (len(model.layers), sequences, slots, c.num_key_value_heads, c.head_dim)
        self.k, self.v = (torch.zeros(shape, dtype=model.dtype) for _ in range(2))

    @torch.no_grad()
    def forward(self, which, tokens, start, span):
        m = self.model
        pos = start[:, None] + torch.arange(tokens.shape[1])
        limit = (pos // span + 1) * span if span else torch.full_like(pos, tokens.shape[1])
        reach = int(limit.max().clamp(max=self.slots))
        bias = torch.where(torch.arange(reach) < limit[..., None], 0.0, -1e9)[:, None, None]
        cos, sin = m.angles(pos)
        h = m.embed[tokens]
        for i, layer in enumerate(m.layers):
            q, k, v = layer.qkv(h, cos, sin, m.dtype)
            self.k[i, which[:, None], pos], self.v[i, which[:, None], pos] = k, v
            h = layer.attend(h, q, self.k[i, which, :reach], self.v[i, which, :reach], bias, m.dtype)
            h = layer.mlp(h, m.dtype)
        return m.logits(rms(h, m.norm, m.c.rms_norm_eps).to(m.dtype))
