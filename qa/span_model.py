"""The span reader: a question and a passage to the shortest string that answers, or "not here".

It is the built-in encoder with its upper layers trained further and two numbers a token: how likely
the answer starts, and ends, there. Position 0 stands for "not here", as in SQuAD 2.0 (Rajpurkar et
al., 2018); a span's score is its start and end logit less those of position 0, so above 0 means
"rather here than not". The layers that differ are shipped as int8 rows with a float16 scale each
(`reader.safetensors`, made by `tests/bench/train_reader.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from embeddings.model import QUERY_PROMPT
from qa.spans import Span

MAX_TOKENS = 320
QUESTION_TOKENS_MAX = 96
ANSWER_TOKENS_MAX = 40
BATCH = 8

_SCALE = ".scale"


@dataclass(frozen=True, slots=True)
class EncodedPairs:
    """Token ids [n, length], mask [n, length], and each token's characters in the passage.

    A token of the question, a special one or padding has the offsets (0, 0).
    """

    ids: torch.Tensor
    mask: torch.Tensor
    offsets: list[list[tuple[int, int]]]


class SpanModel(nn.Module):
    """Encoder and head."""

    def __init__(self, encoder: Any, tokenizer: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.head = nn.Linear(encoder.config.hidden_size, 2)

    @classmethod
    def fresh(cls, folder: Path) -> SpanModel:
        """The built-in encoder with an untrained head."""
        from transformers import AutoModel, AutoTokenizer

        encoder = AutoModel.from_pretrained(folder, local_files_only=True)
        return cls(encoder, AutoTokenizer.from_pretrained(folder, local_files_only=True))

    @classmethod
    def shipped(cls, folder: Path, weights: Path) -> SpanModel:
        """The built-in encoder with the trained layers and head laid over it, in the fastest type here."""
        model = cls.fresh(folder)
        model.load_state_dict(_unpacked(load_file(weights)), strict=False)
        return model.to(_fastest_dtype()).eval()

    def forward(self, encoded: EncodedPairs) -> tuple[torch.Tensor, torch.Tensor]:
        """Start and end logits [n, length]; only "not here" and the passage's tokens are possible."""
        hidden = self.encoder(input_ids=encoded.ids, attention_mask=encoded.mask).last_hidden_state
        start, end = self.head(hidden).unbind(-1)
        possible = torch.tensor(
            [[e > s or i == 0 for i, (s, e) in enumerate(row)] for row in encoded.offsets]
        )
        floor = torch.finfo(start.dtype).min / 4
        return start.masked_fill(~possible, floor), end.masked_fill(~possible, floor)


def _fastest_dtype() -> torch.dtype:
    """bfloat16 where the processor computes in it: twice as fast, and scores move by hundredths."""
    # torch tells this only by a name with an underscore.
    has_bfloat16 = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001
    return torch.bfloat16 if has_bfloat16 else torch.float32


def encode_pairs(tokenizer: Any, texts: Sequence[tuple[str, str]]) -> EncodedPairs:
    """Tokens of question and passage pairs, a long question cut to its end and the passage to fit."""
    encoded = tokenizer(
        [QUERY_PROMPT + _question_end(tokenizer, question) for question, _ in texts],
        [passage for _, passage in texts],
        truncation="only_second",
        max_length=MAX_TOKENS,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = []
    for i, row in enumerate(encoded["offset_mapping"].tolist()):
        sides = encoded.sequence_ids(i)
        offsets.append([(s, e) if side == 1 else (0, 0) for (s, e), side in zip(row, sides, strict=True)])
    return EncodedPairs(encoded["input_ids"], encoded["attention_mask"], offsets)


def _question_end(tokenizer: Any, question: str) -> str:
    """The question, or the end of a long one: what is asked stands there, and the passage needs the room."""
    offsets = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
        "offset_mapping"
    ]
    over = len(offsets) > QUESTION_TOKENS_MAX
    return question[offsets[-QUESTION_TOKENS_MAX][0] :] if over else question


def read_spans(model: SpanModel, question: str, passages: Sequence[str]) -> list[Span]:
    """The best span of each passage, in order."""
    return [max(spans, key=lambda span: span.score) for spans in read_all_spans(model, question, passages)]


def read_all_spans(model: SpanModel, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
    """The best n spans of each passage, in the passages' order, best span first; never empty."""
    found = []
    for at in range(0, len(passages), BATCH):
        encoded = encode_pairs(
            model.tokenizer, [(question, passage) for passage in passages[at : at + BATCH]]
        )
        with torch.inference_mode():
            starts, ends = model(encoded)
        found += [
            _best(start, end, offsets, n)
            for start, end, offsets in zip(starts.float(), ends.float(), encoded.offsets, strict=True)
        ]
    return found


def _best(start: torch.Tensor, end: torch.Tensor, offsets: list[tuple[int, int]], n: int) -> list[Span]:
    none = float(start[0] + end[0])
    scores = start[:, None] + end[None, :]
    allowed = torch.ones_like(scores).triu().tril(ANSWER_TOKENS_MAX - 1).bool()
    allowed[0] = False
    scores = scores.masked_fill(~allowed, float("-inf"))
    values, places = scores.flatten().topk(min(n, scores.numel()))
    length = len(offsets)
    return [
        Span(offsets[place // length][0], offsets[place % length][1], float(value) - none)
        for value, place in zip(values.tolist(), places.tolist(), strict=True)
    ]


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
