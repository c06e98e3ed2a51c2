"""`update(build(A), B) == build(B)`, whatever happened to the files in between."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from embeddings.index.snapshot import current_number
from embeddings.records import Filters
from embeddings.settings import Settings
from tests.embeddings.archive import Archive, contents, found
from tests.fakes import record

NAMES = ("a.jsonl", "b.jsonl", "c/d.jsonl")
BODIES = (
    "渡船每天往返十八趟。票价两元。",
    "渡船每天往返二十四趟。票价三元。",
    "老巷换了一百盏路灯，用电少了一半。",
    "早市从六点开到九点。" * 40,
)
QUESTIONS = ("渡船票价多少", "路灯有几盏", "早市几点开")

articles = st.builds(
    record,
    st.sampled_from(("p", "q", "r")),
    st.sampled_from(BODIES),
    st.sampled_from(("", "渡口消息", "老巷亮了")),
    page=st.sampled_from(("01", "02")),
    byline=st.sampled_from(("", "记者 阮小舟")),
)
files = st.lists(articles, min_size=1, max_size=3, unique_by=lambda one: one["id"])
# What lies in the inbox at the time of one build.
inboxes = st.dictionaries(st.sampled_from(NAMES), files, max_size=3)

Inbox = Mapping[str, list[dict[str, object]]]


def lay_out(archive: Archive, inbox: Inbox) -> None:
    """Make the archive's folder hold these files and no others."""
    for name in NAMES:
        if name in inbox:
            archive.write(name, *inbox[name])
        else:
            (archive.inbox / name).unlink(missing_ok=True)


@hypothesis(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(inboxes, min_size=2, max_size=4))
def test_update_equals_build_from_nothing_after_any_edits(settings: Settings, states: list[Inbox]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        archive = Archive(settings.model_copy(update={"data": data / "updated"}), data / "inbox")
        refused: tuple[str, ...] = ()
        for state in states:
            lay_out(archive, state)
            refused = tuple(r.file for r in archive.build(prune=True).refused)
        fresh = Archive(settings.model_copy(update={"data": data / "fresh"}), archive.inbox)
        report = fresh.build()
        assert refused == tuple(r.file for r in report.refused)
        if report.snapshot is None:
            assert current_number(archive.data) is None or not archive.ids()
            return
        assert contents(archive) == contents(fresh)
        for question in QUESTIONS:
            assert found(archive, question) == found(fresh, question)
        assert archive.build(prune=True).embedded == 0


@hypothesis(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(inboxes, min_size=2, max_size=3))
def test_parts_of_a_snapshot_agree_after_any_edits(settings: Settings, states: list[Inbox]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        archive = Archive(settings.model_copy(update={"data": data / "data"}), data / "inbox")
        for state in states:
            lay_out(archive, state)
            report = archive.build()  # without pruning: what vanished stays
            if report.snapshot is None:
                continue
            snapshot = archive.snapshot()
            keys = snapshot.catalog.keys(Filters())
            assert len(keys) == len(snapshot.vectors) == len(snapshot.terms) == report.passages
            assert len(snapshot.vectors.vectors(keys)) == len(keys)
            assert archive.ids() >= {str(one["id"]) for file in state.values() for one in file}
