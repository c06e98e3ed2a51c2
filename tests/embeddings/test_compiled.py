"""Compiled models: what is run together, which engine is taken, and the same vectors as torch's float32."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.encoder import ModelEncoder
from embeddings.engines import compiling, fastest, graphs
from embeddings.engines.compiled import (
    MARK,
    WORDS,
    CompiledEngine,
    Mark,
    batches_by_length,
    compiled_folder,
    is_whole,
    read_mark,
)
from embeddings.engines.compiling import compile_apart, compile_model
from embeddings.engines.fastest import open_engine
from embeddings.engines.graphs import WordTable, fast_precisions, padded
from embeddings.engines.torch_engine import TorchEngine
from embeddings.model import built_in_model, recorded_digest
from embeddings.settings import Settings


@pytest.mark.parametrize(
    ("tokens", "run_at"), [(0, 8), (1, 8), (8, 8), (9, 16), (64, 64), (65, 80), (80, 80), (512, 512)]
)
def test_padded_rounds_up(tokens: int, run_at: int) -> None:
    assert padded(tokens) == run_at


def test_batches_by_length_hold_one_padded_length_each_and_every_place_once() -> None:
    lengths = [3, 500, 7, 80, 66, 9, 512, 70, 2] * 5
    batches = list(batches_by_length(lengths, 16))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    run_at = [{padded(lengths[place]) for place in batch} for batch in batches]
    assert all(len(one) == 1 for one in run_at)
    assert [max(one) for one in run_at] == sorted((max(one) for one in run_at), reverse=True)
    assert max(map(len, batches)) <= 16
    assert max(len(batch) for batch in batches if lengths[batch[0]] >= 500) == 4  # 2048 // 512


@pytest.mark.parametrize(
    ("flags", "precisions"),
    [
        ("fpu avx2 avx512f avx512_vnni avx512_bf16", ("int8", "bfloat16", "float32")),
        ("fpu avx2 avx_vnni", ("int8", "float32")),
        ("fpu avx512f amx_bf16", ("bfloat16", "float32")),
        ("fpu avx2 avx512f", ("float32",)),
        ("", ("float32",)),
    ],
)
def test_fast_precisions_are_those_of_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, precisions: tuple[str, ...]
) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(graphs, "_PROCESSOR", tmp_path / "cpuinfo")
    assert fast_precisions() == precisions


def test_fast_precisions_where_nothing_is_known_is_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "_PROCESSOR", tmp_path / "none")
    assert fast_precisions() == ("float32",)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    from safetensors.numpy import save_file

    path = tmp_path / "model.safetensors"
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    save_file({"a": np.ones(5, np.float32), "words": table, "half": table.astype(np.float16)}, path)
    return path


def test_word_table_gives_rows_masked_and_padded(weights: Path) -> None:
    inputs = WordTable.of_tensor(weights, "words").inputs([[3, 0], [1, 1, 2]])
    assert inputs["inputs_embeds"].shape == (2, 8, 3)
    assert inputs["inputs_embeds"][0, :3].tolist() == [[9, 10, 11], [0, 1, 2], [0, 0, 0]]
    assert inputs["attention_mask"].sum(axis=1).tolist() == [2, 3]


@pytest.mark.parametrize("tensor", ["a", "half", "none"])
def test_word_table_of_anything_but_a_float32_matrix_is_refused(weights: Path, tensor: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        WordTable.of_tensor(weights, tensor)


def test_word_table_of_a_file_cut_short_is_refused_at_every_length(weights: Path) -> None:
    whole = weights.read_bytes()
    table_end = len(whole)
    for size in (0, 4, 8, 40, table_end - 60, table_end // 2):
        weights.write_bytes(whole[:size])
        with pytest.raises((ValueError, KeyError)):
            WordTable.of_tensor(weights, "words")


def refuse(_model: Path, precision: Any, folder: Path) -> None:
    folder.mkdir(parents=True)
    Mark(precision, refused="cosine 0.5").write(folder)


class Chosen:
    """What `open_engine` tried, with parts that only say that they were asked for."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.notices: list[str] = []
        self.compile: Callable[[Path, Any, Path], None] = refuse
        self._folder = tmp_path / "model"
        self._folder.mkdir()
        (self._folder / "model.safetensors").write_text("weights")
        self._cache = tmp_path / "cache"
        monkeypatch.setattr(fastest, "fast_precisions", lambda: ("int8", "bfloat16", "float32"))
        monkeypatch.setattr(fastest, "compile_apart", self._make)
        monkeypatch.setattr(fastest, "has_graphics_card", lambda: False)
        monkeypatch.setattr(fastest, "TorchEngine", lambda _model, precision, **_: f"torch {precision}")
        monkeypatch.setattr(fastest, "CompiledEngine", lambda folder, _model, **_: folder.name.split("-")[2])

    def _make(self, model: Path, precision: str, folder: Path) -> None:
        self.made.append(precision)
        self.compile(model, precision, folder)

    def engine(self, precision: Any = "auto") -> object:
        settings = Settings(cache=self._cache, precision=precision)
        return open_engine(self._folder, "hash", settings, self.notices.append)


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chosen:
    return Chosen(tmp_path, monkeypatch)


def test_open_engine_tries_the_fastest_first_and_falls_back_to_torch(chosen: Chosen) -> None:
    assert chosen.engine() == "torch float32"
    assert chosen.made == ["int8", "bfloat16", "float32"]


def test_open_engine_does_not_try_again_what_was_refused(chosen: Chosen) -> None:
    chosen.engine()
    notices = len(chosen.notices)
    assert chosen.engine() == "torch float32"
    assert len(chosen.made) == 3
    assert len(chosen.notices) == notices


def test_open_engine_takes_the_first_that_is_not_refused(chosen: Chosen) -> None:
    def compile_some(model: Path, precision: Any, folder: Path) -> None:
        refuse(model, precision, folder)
        if precision == "bfloat16":
            (folder / "graph.xml").write_text("<net/>")
            Mark(precision, bytes={"graph.xml": 6}).write(folder)

    chosen.compile = compile_some
    assert chosen.engine() == "bfloat16"
    assert chosen.made == ["int8", "bfloat16"]
    assert chosen.engine() == "bfloat16"
    assert chosen.made == ["int8", "bfloat16"]


def test_open_engine_with_a_precision_tries_no_other(chosen: Chosen) -> None:
    assert chosen.engine("bfloat16") == "torch bfloat16"
    assert chosen.engine("int8") == "torch float32"
    assert chosen.made == ["bfloat16", "int8"]


def test_open_engine_that_cannot_write_says_so_and_serves(chosen: Chosen) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    chosen.compile = fail
    assert chosen.engine() == "torch float32"
    assert any("磁盘" in notice for notice in chosen.notices)


def test_open_engine_on_a_graphics_card_compiles_nothing(
    chosen: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastest, "has_graphics_card", lambda: True)
    assert chosen.engine() == "torch float32"
    assert chosen.made == []


@pytest.mark.parametrize("mark", ["", "{", "[]", "null", "{}", '{"precision": "int8", "more": 1}'])
def test_is_whole_of_a_damaged_mark_is_false(tmp_path: Path, mark: str) -> None:
    (tmp_path / MARK).write_text(mark)
    assert not is_whole(tmp_path)


def test_is_whole_of_a_folder_whose_file_lost_its_end_is_false(tmp_path: Path) -> None:
    (tmp_path / "graph.xml").write_text("<net/>")
    Mark("int8", bytes={"graph.xml": 6}).write(tmp_path)
    assert is_whole(tmp_path)
    (tmp_path / "graph.xml").write_text("<net")
    assert not is_whole(tmp_path)


SENTENCES = ("渡口的船票两元一张。", "Lamps: 100 new ones", "早市" * 40, "灯")


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder of nearly nothing: random BERT, a token a character, mean pooling."""
    folder = tmp_path_factory.mktemp("small")
    script = Path(__file__).with_name("small_model.py")
    subprocess.run([sys.executable, "-W", "ignore", script, folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def small_reference(small_model: Path) -> TorchEngine:
    return TorchEngine(small_model, "float32")


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_compile_apart_keeps_the_vectors_of_another_model(
    small_model: Path, small_reference: TorchEngine, tmp_path: Path, precision: Any
) -> None:
    folder = tmp_path / precision
    compile_apart(small_model, precision, folder)
    assert read_mark(folder).refused == ""
    engine = CompiledEngine(folder, small_model)
    expected = small_reference.encode(SENTENCES, "问：")
    cosines = (engine.encode(SENTENCES, "问：") * expected).sum(axis=1)
    assert cosines.min() >= (0.97 if precision == "int8" else 0.99999)
    assert engine.count_tokens(SENTENCES) == small_reference.count_tokens(SENTENCES)
    assert (engine.dimension, engine.max_tokens) == (32, 24)
    assert (folder / WORDS).exists() is False


@pytest.mark.filterwarnings("ignore")
def test_compile_model_whose_vectors_differ_is_refused_and_keeps_nothing(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "COSINE_MEAN_MIN", 1.1)
    compile_model(small_model, "float32", tmp_path / "made")
    assert "cosine" in read_mark(tmp_path / "made").refused
    assert [path.name for path in (tmp_path / "made").iterdir()] == [MARK]


@pytest.fixture(scope="module")
def torch_engine(model_cache: Path) -> TorchEngine:
    return TorchEngine(built_in_model(model_cache), "float32")


LONG = "渡口的船票从两元涨到三元，居民说还能接受；" * 60
ODD = (
    "市民留言：“路灯修好了👍🏽👍🏽，谢谢社区😊”",
    "افتتحت المدينة مكتبة جديدة قرب النهر، والدخول إليها مجاني كل يوم أحد.",
    "ＡＢＣ路　１２号　﹏﹏～～ ①②③ ℃㎡ 𠮷野家",
    "\u200b\ufeff",
    "a",
    "",
    LONG,
)


@pytest.mark.model
def test_built_in_engine_gives_the_vectors_of_float32_torch(
    built_in_encoder: ModelEncoder, torch_engine: TorchEngine
) -> None:
    expected = torch_engine.encode(ODD, torch_engine.prompts["document"])
    cosines = (built_in_encoder.encode_passages(ODD) * expected).sum(axis=1)
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.97


@pytest.mark.model
def test_built_in_engine_counts_and_cuts_as_torch_does(
    built_in_encoder: ModelEncoder, torch_engine: TorchEngine
) -> None:
    prompt = torch_engine.prompts["document"]
    assert built_in_encoder.count_tokens(ODD) == torch_engine.count_tokens([prompt + text for text in ODD])
    assert built_in_encoder.max_tokens == torch_engine.max_tokens
    engine: Any = built_in_encoder._engine
    theirs = torch_engine.model.tokenizer([LONG], truncation=True, max_length=torch_engine.max_tokens)
    assert engine._ids([LONG]) == theirs["input_ids"]


@pytest.mark.model
def test_built_in_engine_gives_the_same_bits_in_any_company(built_in_encoder: ModelEncoder) -> None:
    texts = [f"第{n}路车" + "经过渡口和早市，" * (n % 40) for n in range(120)]
    together = built_in_encoder.encode_passages(texts)
    apart = np.concatenate([built_in_encoder.encode_passages([text]) for text in texts[:40]])
    np.testing.assert_array_equal(together[:40], apart)
    np.testing.assert_array_equal(together, built_in_encoder.encode_passages(texts[::-1])[::-1])


@pytest.mark.model
def test_built_in_engine_is_used_without_torch(built_in_encoder: ModelEncoder, model_cache: Path) -> None:
    assert built_in_encoder.dimension == 384  # it is made now, if it was not
    program = (
        "import sys; from pathlib import Path; from embeddings.encoder import find_encoder;"
        "from embeddings.settings import Settings; e = find_encoder(Settings(cache=Path(sys.argv[1])));"
        "e.encode_query('船票'); print([m for m in sys.argv[2:] if sys.modules.get(m)])"
    )
    heavy = ["torch", "sentence_transformers", "transformers", "nncf", "openvino_telemetry", "scipy"]
    command = [sys.executable, "-c", program, str(model_cache), *heavy]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.model
def test_built_in_engine_that_is_damaged_is_made_anew(
    built_in_encoder: ModelEncoder, model_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built_in_encoder.dimension == 384
    model = built_in_model(model_cache)
    found = next(
        folder
        for precision in fast_precisions()
        if is_whole(folder := compiled_folder(model_cache / "models", recorded_digest(model), precision))
    )
    copy = compiled_folder(tmp_path / "models", recorded_digest(model), read_mark(found).precision)
    shutil.copytree(found, copy)
    (copy / "graph.xml").write_bytes(b"\0" * (copy / "graph.xml").stat().st_size)

    def make(_model: Path, _precision: Any, folder: Path) -> None:
        assert not is_whole(folder)
        shutil.rmtree(folder)
        shutil.copytree(found, folder)

    monkeypatch.setattr(fastest, "compile_apart", make)
    settings = Settings(cache=tmp_path, precision=read_mark(found).precision)
    notices: list[str] = []
    engine = open_engine(model, recorded_digest(model), settings, notices.append)
    assert isinstance(engine, CompiledEngine)
    assert len(notices) == 1
