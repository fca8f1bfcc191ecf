"""Makes a language model that knows nothing: half a megabyte of random weights, one letter a token.

It stands in for a small model where none is at hand: ``python tests/policies/language/random_model.py MODEL.gguf``.
The layout of the file is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WIDTH, LAYERS, HEADS, INNER, CONTEXT, ALIGNED = 64, 2, 4, 128, 16_384, 32
NORMAL, CONTROL = 1, 3  # kinds of tokens
U32, I32, F32, TEXT, LIST = 4, 5, 6, 8, 9  # kinds of values
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
Weights = npt.NDArray[np.float32]


def gguf(seed: int = 1) -> bytes:
    """The whole file; the same for the same seed.

    >>> gguf() == gguf() != gguf(2), gguf()[:4], len(gguf()) % ALIGNED
    (True, b'GGUF', 0)
    """
    tokens, kinds, pairs = _vocabulary()
    about: list[tuple[str, int, Any]] = [
        ("general.architecture", TEXT, "llama"),
        ("general.name", TEXT, "random letters"),
        ("llama.context_length", U32, CONTEXT),
        ("llama.embedding_length", U32, WIDTH),
        ("llama.block_count", U32, LAYERS),
        ("llama.feed_forward_length", U32, INNER),
        ("llama.attention.head_count", U32, HEADS),
        ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        ("llama.rope.dimension_count", U32, WIDTH // HEADS),
        ("tokenizer.ggml.model", TEXT, "gpt2"),
        ("tokenizer.ggml.pre", TEXT, "default"),
        ("tokenizer.ggml.tokens", LIST, (TEXT, tokens)),
        ("tokenizer.ggml.token_type", LIST, (I32, kinds)),
        ("tokenizer.ggml.merges", LIST, (TEXT, pairs)),
        ("tokenizer.ggml.bos_token_id", U32, 1),
        ("tokenizer.ggml.eos_token_id", U32, 2),
        ("tokenizer.chat_template", TEXT, TEMPLATE),
    ]
    weights = dict(_weights(np.random.default_rng(seed), len(tokens)))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(about))
    head += b"".join(
        _value(TEXT, name) + struct.pack("<I", kind) + _value(kind, value) for name, kind, value in about
    )
    data = b""
    for name, values in weights.items():
        shape = values.shape[::-1]
        head += _value(TEXT, name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        data += _padded(values.tobytes())
    return _padded(head) + data


def _vocabulary() -> tuple[list[str], list[int], list[str]]:
    """Tokens, their kinds, and the pairs of letters that make one; bytes are written as GPT-2 writes them."""
    readable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = 256 - len(readable)
    letters = [chr(byte) for byte in readable] + [chr(256 + place) for place in range(hidden)]
    pairs = ["t h", "e r", "i n", "o n"]
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    ordinary = [*letters, *(pair.replace(" ", "") for pair in pairs)]
    return [*special, *ordinary], [CONTROL] * len(special) + [NORMAL] * len(ordinary), pairs


def _weights(rng: np.random.Generator, tokens: int) -> Iterator[tuple[str, Weights]]:
    def drawn(rows: int, columns: int, scale: float) -> Weights:
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    even = np.ones(WIDTH, np.float32)
    yield "token_embd.weight", drawn(tokens, WIDTH, 1.0)
    yield "output_norm.weight", even
    yield "output.weight", drawn(tokens, WIDTH, 0.3)
    for at in range(LAYERS):
        yield f"blk.{at}.attn_norm.weight", even
        for name in ("q", "k", "v", "output"):
            yield f"blk.{at}.attn_{name}.weight", drawn(WIDTH, WIDTH, WIDTH**-0.5)
        yield f"blk.{at}.ffn_norm.weight", even
        yield f"blk.{at}.ffn_gate.weight", drawn(INNER, WIDTH, WIDTH**-0.5)
        yield f"blk.{at}.ffn_up.weight", drawn(INNER, WIDTH, WIDTH**-0.5)
        yield f"blk.{at}.ffn_down.weight", drawn(WIDTH, INNER, INNER**-0.5)


def _value(kind: int, value: Any) -> bytes:
    if kind == TEXT:
        written = str(value).encode()
        return struct.pack("<Q", len(written)) + written
    if kind == LIST:
        inner, values = value
        return struct.pack("<IQ", inner, len(values)) + b"".join(_value(inner, one) for one in values)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], value)


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % ALIGNED)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(gguf())
