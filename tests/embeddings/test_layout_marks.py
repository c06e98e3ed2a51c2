"""An operator's corrections: the file, how a mark finds its line, and that the reading obeys it."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.layout.articles import Layout, lay_out
from embeddings.layout.lines import split_lines
from embeddings.layout.marks import (
    EDITORS_ROLES,
    MAX_MARKS,
    Mark,
    constraints,
    parse_marks,
    role_word,
)
from embeddings.layout.roles import Role
from embeddings.layout.states import STATES
from embeddings.records import Page
from tests.embeddings.damaged_pages import FERRY, FERRY_MORE, NOODLES, NOODLES_MORE

PAGE = "\n\n".join(
    (
        "老街面馆开张",
        NOODLES,
        NOODLES_MORE,
        "渡口送别老船工",
        FERRY,
        FERRY_MORE,
        "记者 秦川",
        "石桥镇自来水公司",
    )
)


def test_parse_marks_reads_every_key() -> None:
    text = """
    [[mark]]
    text = "同心 共建　和美"
    line = 57
    break = true
    role = "headline"

    [[mark]]
    text = "一条船"
    join = true

    [[mark]]
    text = "编者按"
    role = "note"
    """
    assert parse_marks(text) == (
        Mark("同心共建和美", 56, True, "headline"),
        Mark("一条船", None, False, None),
        Mark("编者按", None, None, "note"),
    )


@pytest.mark.parametrize("text", ["", "\n# 没有标记\n", "mark = []"])
def test_parse_marks_finds_none_in_an_empty_file(text: str) -> None:
    assert parse_marks(text) == ()


ONE = '[[mark]]\ntext = "面馆"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[mark", "TOML"),
        ("\x00", "TOML"),
        ('mark = "面馆"', "只能有若干个"),
        ("mark = 3", "只能有若干个"),
        (ONE + "break = true\n[other]\nkey = 1", "只能有若干个"),
        ("mark = [1]", "第 1 个标记只能有"),
        (ONE + "break = true\nspeak = true", "第 1 个标记只能有"),
        ("[[mark]]\nbreak = true", "缺少 text"),
        ('[[mark]]\ntext = " "\nbreak = true', "缺少 text"),
        ("[[mark]]\ntext = 3\nbreak = true", "缺少 text"),
        (ONE + "line = 0\nbreak = true", "line"),
        (ONE + "line = true\nbreak = true", "line"),
        (ONE + "line = 1.5\nbreak = true", "line"),
        (ONE + 'role = "title"', "role"),
        (ONE + "role = 1", "role"),
        (ONE + 'role = ["body"]', "role"),
        (ONE + "line = " + "9" * 5000 + "\nbreak = true", "TOML"),
        (ONE, "应有 break、join 或 role"),
        (ONE + "break = true\njoin = true", "只能写一个"),
        (ONE + "break = false", "值为 true"),
        (ONE + "join = 1", "值为 true"),
        (ONE + "break = true\n" + ONE, "第 2 个标记"),
        ((ONE + "break = true\n") * (MAX_MARKS + 1), str(MAX_MARKS)),
        ("a = " + "[" * 20_000, "TOML"),
    ],
)
def test_parse_marks_refuses_a_file_it_cannot_follow(text: str, message: str) -> None:
    with pytest.raises(InputRefused, match=re.escape(message)) as refused:
        parse_marks(text)
    assert refused.value.code == "bad_marks"


@given(st.text(max_size=200))
def test_parse_marks_refuses_or_reads_any_text(text: str) -> None:
    with suppress(InputRefused):
        assert all(mark.text for mark in parse_marks(text))


@given(st.lists(st.tuples(st.sampled_from(sorted(EDITORS_ROLES)), st.booleans(), st.integers(1, 99))))
def test_parse_marks_reads_back_what_was_written(wanted: list[tuple[str, bool, int]]) -> None:
    text = "".join(
        f'[[mark]]\ntext = "面馆"\nline = {line}\nrole = "{role}"\n{"break" if breaks else "join"} = true\n'
        for role, breaks, line in wanted
    )
    assert parse_marks(text) == tuple(Mark("面馆", n - 1, breaks, role) for role, breaks, n in wanted)


def places(*marks: Mark, text: str = "面馆\n\n茶馆一\n面馆二\n面 馆三\n茶馆") -> list[int]:
    """Which lines (among the visible ones) marks that break are put on."""
    found = constraints(marks, split_lines(text)).begins
    return [i for i, begins in enumerate(found) if begins]


@pytest.mark.parametrize(
    ("mark", "place"),
    [
        (Mark("面馆", begins=True), 0),
        (Mark("面馆", 4, begins=True), 3),
        (Mark("面馆", 3, begins=True), 2),
        # No line 90: the nearest one that begins so.
        (Mark("面馆", 90, begins=True), 3),
        (Mark("面馆三", begins=True), 3),
        (Mark("茶馆", 1, begins=True), 1),
        (Mark("茶馆", 5, begins=True), 4),
    ],
)
def test_constraints_find_a_line_by_its_words_and_its_row(mark: Mark, place: int) -> None:
    assert places(mark) == [place]


def test_constraints_name_the_marks_that_fit_no_line() -> None:
    marks = (Mark("酒馆", begins=True), Mark("面馆", begins=True), Mark("馆", 2, begins=False))
    assert constraints(marks, split_lines("面馆")).unused == (0, 2)
    assert constraints(marks, []).unused == (0, 1, 2)


def test_constraints_let_the_last_mark_of_a_line_win() -> None:
    marks = (
        Mark("面馆", begins=True, role="body"),
        Mark("面馆", begins=False),
        Mark("面馆", role="note"),
    )
    found = constraints(marks, split_lines("茶馆\n面馆"))
    assert found.begins == [None, False]
    allowed = found.allowed[1]
    assert allowed is not None
    assert {STATES[k].role for k in allowed.nonzero()[0]} == {Role.NOTE}


def test_constraints_let_no_item_go_on_before_the_page_begins() -> None:
    assert constraints((Mark("面馆", begins=False),), split_lines("面馆\n茶馆")).begins == [None, None]


def test_constraints_of_no_marks_leave_everything_open() -> None:
    found = constraints((), split_lines("面馆\n茶馆"))
    assert (list(found.allowed), list(found.begins), found.unused) == ([None, None], [None, None], ())


def test_every_role_has_one_word_of_an_editor() -> None:
    meant = [role for roles in EDITORS_ROLES.values() for role in roles]
    assert sorted(meant) == sorted(Role)
    assert all(role in EDITORS_ROLES[role_word(role)] for role in Role)


def titles(layout: Layout) -> list[str]:
    """Titles of the items in order."""
    return [article.title for article in layout.articles]


def test_lay_out_splits_a_story_at_a_break() -> None:
    layout = lay_out(Page(PAGE, "p.txt"), parse_marks(f'[[mark]]\ntext = "{FERRY_MORE[:6]}"\nbreak = true'))
    starts = [article.source.start for article in layout.articles if article.source]
    assert PAGE.index(FERRY_MORE) in starts
    broken = layout.articles[starts.index(PAGE.index(FERRY_MORE))]
    assert broken.body.startswith(FERRY_MORE)
    assert broken.confidence == 1.0


def test_lay_out_joins_two_stories_at_a_join() -> None:
    assert titles(lay_out(Page(PAGE, "p.txt")))[:2] == ["老街面馆开张", "渡口送别老船工"]
    layout = lay_out(Page(PAGE, "p.txt"), parse_marks('[[mark]]\ntext = "渡口送别"\njoin = true'))
    assert "渡口送别老船工" not in titles(layout)
    first = layout.articles[0]
    assert first.source is not None
    assert first.source.end > PAGE.index(FERRY)


def test_lay_out_makes_a_headline_of_a_line_that_is_marked_so() -> None:
    marks = parse_marks(f'[[mark]]\ntext = "{NOODLES_MORE[:8]}"\nbreak = true\nrole = "headline"')
    layout = lay_out(Page(PAGE, "p.txt"), marks)
    assert any(NOODLES_MORE in title for title in titles(layout))


def test_lay_out_takes_a_marked_line_out_of_every_item() -> None:
    marks = parse_marks('[[mark]]\ntext = "石桥镇自来水"\nrole = "furniture"')
    layout = lay_out(Page(PAGE, "p.txt"), marks)
    assert not any("自来水" in a.title + a.body + a.byline for a in layout.articles)
    assert layout.parts[-1][-1].role == "furniture"


def test_lay_out_reports_marks_that_fit_no_line() -> None:
    marks = parse_marks(
        '[[mark]]\ntext = "没有这行"\nbreak = true\n' + ONE.replace("面馆", "老街面馆") + "break = true"
    )
    layout = lay_out(Page(PAGE, "p.txt"), marks)
    assert layout.sheet.unused_marks == (0,)


def test_lay_out_without_marks_equals_one_with_marks_that_agree() -> None:
    plain = lay_out(Page(PAGE, "p.txt"))
    marks = parse_marks('[[mark]]\ntext = "渡口送别"\nbreak = true\nrole = "headline"')
    marked = lay_out(Page(PAGE, "p.txt"), marks)
    assert titles(plain) == titles(marked)
    assert plain.parts == marked.parts


@pytest.mark.parametrize("text", ["", "\n　\n"])
def test_lay_out_of_a_blank_page_leaves_every_mark_unused(text: str) -> None:
    layout = lay_out(Page(text, "p.txt"), [Mark("面馆", begins=True)])
    assert layout.articles == ()
    assert layout.sheet.unused_marks == (0,)
