"""References: GB/T 7714 and plain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web import samples
from web.references import answer_in_plain_text, answer_with_gbt7714, gbt7714, plain


@pytest.mark.parametrize(
    ("byline", "reference"),
    [
        ("本报记者 段青梧", "段青梧. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(1)."),
        ("记者 甲乙 丙丁 通讯员 戊己", "甲乙, 丙丁, 戊己. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(1)."),
        ("甲乙、丙丁、戊己、庚辛", "甲乙, 丙丁, 戊己, 等. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(1)."),
        ("", "夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(1)."),
    ],
)
def test_reference_names_authors_paper_day_and_page(byline: str, reference: str) -> None:
    assert gbt7714(replace(samples.LIBRARY, byline=byline)) == reference


@pytest.mark.parametrize(
    ("missing", "reference"),
    [
        ({"page": None}, "段青梧. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12."),
        ({"date": None}, "段青梧. 夜读灯亮到十一点[N]. 柳湾晚报, (1)."),
        ({"paper": None, "date": None, "page": None}, "段青梧. 夜读灯亮到十一点[N]."),
        ({"page": "A03"}, "段青梧. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(A03)."),
    ],
)
def test_what_is_not_known_is_left_out(missing: dict[str, None], reference: str) -> None:
    assert gbt7714(replace(samples.LIBRARY, **missing)) == reference  # type: ignore[arg-type]


def test_plain_source_is_that_of_a_newspaper() -> None:
    assert plain(samples.LIBRARY) == "《夜读灯亮到十一点》，柳湾晚报 2026年10月12日 第01版"
    assert plain(replace(samples.LIBRARY, paper=None, date=None, page=None)) == "《夜读灯亮到十一点》"


def test_answer_is_followed_by_its_sources_in_their_order() -> None:
    given = replace(samples.NIGHT_REPLY, question="多少人？")
    lines = answer_with_gbt7714(given).splitlines()
    assert lines[0] == "多少人？"
    assert [line[:3] for line in lines[-2:]] == ["[1]", "[2]"]
    assert "[9]" not in answer_with_gbt7714(given)
    assert f"“{given.citations[0].quote}”" in answer_in_plain_text(given)
