"""The span reader: a question and a passage to the shortest string that answers, or "not here".

It is the built-in encoder with its upper layers trained further and two numbers a token: how likely
the answer starts, and ends, there. Position 0 stands for "not here", as in SQuAD 2.0 (Rajpurkar et
al., 2018); a span's score is its start and end logit less those of position 0, so above 0 means
"rather here than not". The layers that differ are shipped as int8 rows with a float16 scale each
(`reader.safetensors`, made by `tests/bench/train_reader.py`).

This is the reader in torch: what is trained, what `qa.span_compiling` compiles, and what runs where
nothing could be compiled.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from qa.span_pairs import Offsets, PairTokenizer, Span, best_spans

BATCH = 8

_SCALE = ".scale"


@dataclass(frozen=True, slots=True)
class EncodedPairs:
    """Token ids [n, length], mask [n, length], and each token's characters in the passage, unpadded."""

    ids: torch.Tensor
    mask: torch.Tensor
    offsets: list[Offsets]


class SpanModel(nn.Module):
    """Encoder and head."""

    def __init__(self, encoder: Any, tokenizer: PairTokenizer) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.head = nn.Linear(encoder.config.hidden_size, 2)

    @classmethod
    def fresh(cls, folder: Path) -> SpanModel:
        """The built-in encoder with an untrained head."""
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return cls(AutoModel.from_pretrained(folder, local_files_only=True), PairTokenizer(folder))

    @classmethod
    def overlaid(cls, folder: Path, weights: Path) -> SpanModel:
        """The built-in encoder with the trained layers and head laid over it, in float32."""
        model = cls.fresh(folder)
        model.load_state_dict(_unpacked(load_file(weights)), strict=False)
        return model

    def forward(self, encoded: EncodedPairs) -> tuple[torch.Tensor, torch.Tensor]:
        """Start and end logits [n, length]; only "not here" and the passage's tokens are possible."""
        hidden = self.encoder(input_ids=encoded.ids, attention_mask=encoded.mask).last_hidden_state
        start, end = self.head(hidden).unbind(-1)
        possible = torch.zeros_like(encoded.mask, dtype=torch.bool)
        possible[:, 0] = True
        for row, offsets in enumerate(encoded.offsets):
            possible[row, : len(offsets)] |= torch.from_numpy(offsets[:, 1] > offsets[:, 0])
        floor = torch.finfo(start.dtype).min / 4
        return start.masked_fill(~possible, floor), end.masked_fill(~possible, floor)


def _fastest_dtype() -> torch.dtype:
    """bfloat16 where the processor computes in it: twice as fast, and scores move by hundredths."""
    # torch tells this only by a name with an underscore.
    has_bfloat16 = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001
    return torch.bfloat16 if has_bfloat16 else torch.float32


class TorchSpans:
    """The shipped reader in torch, in the fastest type here; calls take turns."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self._model = SpanModel.overlaid(folder, weights).to(_fastest_dtype()).eval()
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """See `qa.spans.SpanReader`."""
        with self._lock:
            return read_all_spans(self._model, question, passages, n)


def encode_pairs(tokenizer: PairTokenizer, texts: Sequence[tuple[str, str]]) -> EncodedPairs:
    """Tokens of question and passage pairs, padded to the longest."""
    pairs = [pair for question, passage in texts for pair in tokenizer.pairs(question, [passage])]
    length = max(len(pair.ids) for pair in pairs)
    ids = np.zeros((len(pairs), length), np.int64)
    mask = np.zeros((len(pairs), length), np.int64)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = pair.ids
        mask[row, : len(pair.ids)] = 1
    return EncodedPairs(torch.from_numpy(ids), torch.from_numpy(mask), [pair.offsets for pair in pairs])


def read_spans(model: SpanModel, question: str, passages: Sequence[str]) -> list[Span]:
    """The best span of each passage, in order; an empty one where a passage has no token."""
    nothing = Span(0, 0, -math.inf)
    return [next(iter(spans), nothing) for spans in read_all_spans(model, question, passages)]


def read_all_spans(model: SpanModel, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
    """The best n spans of each passage, in the passages' order, best span first."""
    found = []
    for at in range(0, len(passages), BATCH):
        encoded = encode_pairs(model.tokenizer, [(question, one) for one in passages[at : at + BATCH]])
        with torch.inference_mode():
            starts, ends = (logits.float().numpy() for logits in model(encoded))
        found += [
            best_spans(start[: len(offsets)], end[: len(offsets)], offsets, n)
            for start, end, offsets in zip(starts, ends, encoded.offsets, strict=True)
        ]
    return found


def pack(model: SpanModel, path: Path, first_layer: int) -> None:
    """Write the head and the layers from `first_layer` on, matrices as int8 rows with a scale each."""
    packed: dict[str, torch.Tensor] = {}
    for name, value in model.state_dict().items():
        layer = int(name.split("layer.")[1].split(".")[0]) if "layer." in name else None
        if not name.startswith("head") and (layer is None or layer < first_layer):
            continue
        tensor = value.detach().float()
        if tensor.dim() == 2 and not name.startswith("head"):
            scale = tensor.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
            packed[name] = (tensor / scale).round().to(torch.int8)
            packed[name + _SCALE] = scale.squeeze(1)
        else:
            packed[name] = tensor
    save_file(packed, path)


def _unpacked(packed: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name: value.float() * packed[name + _SCALE][:, None] if name + _SCALE in packed else value
        for name, value in packed.items()
        if not name.endswith(_SCALE)
    }
