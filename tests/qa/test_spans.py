"""The span reader: which engine runs it, and the same contract for the compiled one and torch's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import qa.spans
from embeddings.engines.apart import Refused
from embeddings.engines.compiled import MARK, Mark, is_whole, read_mark
from embeddings.engines.graphs import fast_precisions
from embeddings.errors import ModelUnavailable
from embeddings.model import built_in_model
from qa import span_compiling, span_model
from qa.span_compiling import compile_spans
from qa.span_engine import CompiledSpans, shipped_weights, spans_folder
from qa.span_model import TorchSpans
from qa.spans import Span, SpanEngine, SpanReader, open_spans

QUESTION = "渡船的票价是多少?"
PASSAGE = "渡口改造之后,渡船的票价降为每人三元,老人免费。船长说,客人比去年多了一成。"
OTHER = "昨天夜里下了一场小雨,山上的茶园都绿了。"


def refuse(_model: Path, precision: Any, folder: Path) -> None:
    folder.mkdir(parents=True)
    Mark(precision, refused="scores moved").write(folder)


class Chosen:
    """What `open_spans` tried, with parts that only say that they were asked for."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.notices: list[str] = []
        self.compile: Callable[[Path, Any, Path], None] = refuse
        self.open: Callable[[Path, Path], object] = lambda folder, _model: folder.name
        self._cache = tmp_path
        monkeypatch.setattr(qa.spans, "built_in_model", lambda cache: cache)
        monkeypatch.setattr(qa.spans, "spans_folder", lambda model, precision: model / precision)
        monkeypatch.setattr(qa.spans, "fast_precisions", lambda: ("int8", "bfloat16", "float32"))
        monkeypatch.setattr(qa.spans, "compile_apart", self._make)
        monkeypatch.setattr(qa.spans, "CompiledSpans", lambda folder, model: self.open(folder, model))
        monkeypatch.setattr(span_model, "TorchSpans", lambda _model, _weights: "torch")

    def _make(self, model: Path, precision: str, folder: Path) -> None:
        self.made.append(precision)
        self.compile(model, precision, folder)

    def engine(self) -> object:
        return open_spans(self._cache, self.notices.append)


def make(_model: Path, precision: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.xml").write_text("<net/>")
    Mark(precision, bytes={"graph.xml": 6}).write(folder)


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chosen:
    return Chosen(tmp_path, monkeypatch)


def test_open_spans_makes_the_fastest_once(chosen: Chosen) -> None:
    chosen.compile = make
    assert [chosen.engine(), chosen.engine()] == ["int8", "int8"]
    assert chosen.made == ["int8"]
    assert len(chosen.notices) == 1


def test_open_spans_falls_back_to_torch_and_does_not_try_again_what_was_refused(chosen: Chosen) -> None:
    assert [chosen.engine(), chosen.engine()] == ["torch", "torch"]
    assert chosen.made == ["int8", "bfloat16", "float32"]


def test_open_spans_takes_the_first_precision_that_is_not_refused(chosen: Chosen) -> None:
    chosen.compile = lambda *given: refuse(*given) if given[1] == "int8" else make(*given)
    assert [chosen.engine(), chosen.engine()] == ["bfloat16", "bfloat16"]
    assert chosen.made == ["int8", "bfloat16"]


def test_open_spans_makes_a_damaged_reader_anew(chosen: Chosen) -> None:
    chosen.compile = make
    chosen.engine()
    damaged = iter([True])

    def open_one(folder: Path, _model: Path) -> object:
        if next(damaged, False):
            raise RuntimeError("cannot parse the graph")
        return folder.name

    chosen.open = open_one
    assert chosen.engine() == "int8"
    assert chosen.made == ["int8", "int8"]


def test_open_spans_that_cannot_write_says_so_once_and_serves(chosen: Chosen) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    chosen.compile = fail
    assert chosen.engine() == "torch"
    assert chosen.made == ["int8"]
    assert sum("磁盘" in notice for notice in chosen.notices) == 1


def test_open_spans_without_the_library_compiles_nothing(
    chosen: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.spans, "find_spec", lambda _name: None)
    assert chosen.engine() == "torch"
    assert chosen.made == []


def test_read_of_no_passages_loads_nothing(tmp_path: Path) -> None:
    assert SpanReader(tmp_path / "none").read(QUESTION, []) == []
    assert not (tmp_path / "none").exists()


def test_read_without_the_built_in_model_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_cache: Path) -> Path:
        raise ModelUnavailable("不在", hint="安装")

    monkeypatch.setattr(qa.spans, "built_in_model", missing)
    with pytest.raises(ModelUnavailable):
        SpanReader(tmp_path).read(QUESTION, [PASSAGE])


def test_check_refuses_moved_scores_and_other_spans() -> None:
    expected = [[Span(0, 4, 1.0)], [Span(2, 3, 2.0)]]
    span_compiling._check([[Span(1, 4, 1.5)], [Span(2, 3, 0.6)]], expected)  # moved by 0.95
    with pytest.raises(Refused, match=r"1\.000, scores moved 1\.050"):
        span_compiling._check([[Span(1, 4, 1.7)], [Span(2, 3, 0.6)]], expected)
    with pytest.raises(Refused, match=r"overlap 0\.500"):
        span_compiling._check([[Span(4, 5, 1.0)], [Span(2, 3, 2.0)]], expected)


def test_calibration_checks_on_passages_that_nothing_is_fitted_to() -> None:
    fitted, checked = span_compiling._texts()
    fitted_texts = {text for question, passages in fitted for text in (question, *passages)}
    checked_texts = {text for question, passages in checked for text in (question, *passages)}
    assert not fitted_texts & checked_texts
    assert (len(fitted), len(checked)) > (20, 10)


def test_compile_spans_that_fails_leaves_the_reason_and_no_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_model: Path, _precision: str, folder: Path) -> None:
        (folder / "graph.bin").write_bytes(b"part")
        raise Refused("overlap 0.100, scores moved 9.000")

    monkeypatch.setattr(span_compiling, "_compile_into", fail)
    folder = tmp_path / "models" / "reader"
    compile_spans(tmp_path, "int8", folder)
    assert read_mark(folder).refused == "overlap 0.100, scores moved 9.000"
    assert [path.name for path in folder.iterdir()] == [MARK]


@pytest.fixture(scope="session")
def compiled(model_cache: Path) -> SpanEngine:
    """The compiled reader, made once into the session's cache."""
    engine = open_spans(model_cache, lambda _notice: None)
    assert isinstance(engine, CompiledSpans)
    return engine


@pytest.fixture(scope="session")
def torch_engine(model_cache: Path) -> SpanEngine:
    with shipped_weights() as weights:
        return TorchSpans(built_in_model(model_cache), weights)


@pytest.fixture(params=["compiled", "torch_engine"])
def engine(request: pytest.FixtureRequest) -> SpanEngine:
    """Each engine in turn."""
    found: SpanEngine = request.getfixturevalue(request.param)
    return found


@pytest.mark.model
def test_read_finds_the_answer_where_it_is_and_keeps_the_order(engine: SpanEngine) -> None:
    (absent,), (here,) = engine.read(QUESTION, [OTHER, PASSAGE])
    assert "三元" in PASSAGE[here.start : here.end]
    assert here.score > 0 > absent.score


@pytest.mark.model
def test_read_gives_the_best_spans_first_inside_the_passage(engine: SpanEngine) -> None:
    (spans,) = engine.read(QUESTION, [PASSAGE], 5)
    assert len(spans) == len({(span.start, span.end) for span in spans}) == 5
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    assert all(0 <= span.start < span.end <= len(PASSAGE) for span in spans)
    assert spans[:1] == engine.read(QUESTION, [PASSAGE])[0]


@pytest.mark.model
@pytest.mark.parametrize("before", ["😀👍🏽", "\ud800", "𠮷野家。", "\x00\n\u200b"])
def test_read_places_spans_behind_odd_characters(engine: SpanEngine, before: str) -> None:
    passage = before + PASSAGE
    ((span,),) = engine.read(QUESTION, [passage])
    assert "三元" in passage[span.start : span.end]


@pytest.mark.model
def test_read_of_an_empty_passage_finds_nothing_beside_others(engine: SpanEngine) -> None:
    empty, found = engine.read(QUESTION, ["", PASSAGE])
    assert empty == []
    assert found[0].score > 0


@pytest.mark.model
def test_read_of_a_very_long_question_reads_its_end(engine: SpanEngine) -> None:
    ((span,),) = engine.read("请您仔细地想一想再告诉我。" * 400 + QUESTION, [PASSAGE])
    assert "三元" in PASSAGE[span.start : span.end]


@pytest.mark.model
def test_read_of_a_very_long_passage_reads_its_beginning(engine: SpanEngine) -> None:
    ((span,),) = engine.read(QUESTION, [PASSAGE + OTHER * 2000])
    assert "三元" in PASSAGE[span.start : span.end]


@pytest.mark.model
def test_read_of_a_lone_surrogate_as_the_question_gives_some_span(engine: SpanEngine) -> None:
    assert len(engine.read("\udfff", [PASSAGE], 2)[0]) == 2


@pytest.mark.model
def test_compiled_spans_of_a_passage_do_not_depend_on_the_others(compiled: SpanEngine) -> None:
    passages = [PASSAGE * times for times in (1, 2, 3, 1, 4, 1)]
    together = compiled.read(QUESTION, passages, 4)
    assert together == [compiled.read(QUESTION, [passage], 4)[0] for passage in passages]


@pytest.mark.model
def test_compiled_spans_of_threads_at_once_are_those_of_one(compiled: SpanEngine) -> None:
    passages = [PASSAGE * times + OTHER for times in range(1, 7)]
    alone = compiled.read(QUESTION, passages, 4)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: compiled.read(QUESTION, passages, 4), range(8)))
    assert found == [alone] * 8


@pytest.mark.model
def test_compiled_reader_needs_neither_torch_nor_transformers(
    compiled: SpanEngine, model_cache: Path
) -> None:
    script = (
        "import sys; from pathlib import Path; from qa.spans import SpanReader;"
        "found = SpanReader(Path(sys.argv[1])).read('票价是多少?', ['票价是三元。']);"
        "print(len(found), [name for name in sys.argv[2:] if sys.modules.get(name)])"
    )
    heavy = ["torch", "transformers", "sentence_transformers", "nncf"]
    command = [sys.executable, "-c", script, str(model_cache), *heavy]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "1 []\n"


@pytest.fixture
def folder_copy(compiled: SpanEngine, model_cache: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The built-in model's folder, and a copy of a compiled reader's over it that may be damaged."""
    model = built_in_model(model_cache)
    made = (spans_folder(model, precision) for precision in fast_precisions())
    copy = tmp_path / "reader"
    shutil.copytree(next(path for path in made if is_whole(path) and not read_mark(path).refused), copy)
    return model, copy


@pytest.mark.model
@pytest.mark.parametrize("name", ["graph.xml", "graph.bin"])
def test_compiled_reader_that_lost_a_files_end_is_not_whole(
    folder_copy: tuple[Path, Path], name: str
) -> None:
    _, copy = folder_copy
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    assert not is_whole(copy)


@pytest.mark.model
def test_compiled_reader_with_a_damaged_graph_is_not_opened_and_loses_its_mark(
    folder_copy: tuple[Path, Path],
) -> None:
    model, copy = folder_copy
    (copy / "graph.xml").write_bytes(b"x" * (copy / "graph.xml").stat().st_size)
    assert qa.spans._opened(model, copy) is None
    assert not is_whole(copy)
