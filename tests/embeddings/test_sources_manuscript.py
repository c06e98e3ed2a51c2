"""Manuscripts: Word, Markdown and plain text, each one article."""

from __future__ import annotations

import datetime
import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.records import Article
from embeddings.sources.found import Limits
from embeddings.sources.manuscript import read_docx, read_manuscript, read_markdown
from embeddings.sources.place import Place
from embeddings.sources.signed import bare, byline_inside, is_byline

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = (
    f'<w:styles xmlns:w="{WORD}"><w:style w:styleId="a3"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="a4"><w:name w:val="Subtitle"/></w:style>'
    '<w:style w:styleId="10"><w:name w:val="heading 1"/></w:style></w:styles>'
)


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str, styles: str = STYLES, **others: bytes) -> bytes:
    """A Word document with this body; `others` are more members of the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
        )
        if styles:
            archive.writestr("word/styles.xml", styles)
        for name, data in others.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def word(data: bytes, limits: Limits | None = None) -> Article:
    (article,) = read_docx(data, "a.docx", Place(), limits or Limits()).articles
    return article


def word_code(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(InputRefused) as caught:
        word(data, limits)
    assert f"({caught.value.code})" in caught.value.message
    return caught.value.code


def markdown(text: str, place: Place | None = None) -> Article:
    (article,) = read_markdown(text.encode(), "a.md", place or Place(), Limits()).articles
    return article


def plain(text: str) -> Article:
    (article,) = read_manuscript(text.encode(), "a.txt", Place(), Limits()).articles
    return article


def test_read_docx_takes_headline_parts_by_style() -> None:
    found = word(
        docx(
            paragraph("老街新事")
            + paragraph("老街面馆重新开张", "a3")
            + paragraph("一碗面的三十年", "a4")
            + paragraph("（本报记者 毛小路）")
            + paragraph("老街上的面馆今天开张。")
            + paragraph("小标题", "10")
            + paragraph("来了很多人。")
        )
    )
    assert (found.kicker, found.title, found.subtitle) == ("老街新事", "老街面馆重新开张", "一碗面的三十年")
    assert found.byline == "本报记者 毛小路"
    assert found.body == "老街上的面馆今天开张。\n小标题\n来了很多人。"
    assert found.source is not None
    assert (found.source.file, found.source.start, found.source.end) == ("a.docx", 0, len(found.text))


def test_read_docx_takes_the_first_short_line_for_the_title_without_styles() -> None:
    found = word(
        docx(
            paragraph("老街面馆重新开张") + paragraph("——一碗面的三十年") + paragraph("面馆开张。"), styles=""
        )
    )
    assert (found.title, found.subtitle, found.body) == ("老街面馆重新开张", "——一碗面的三十年", "面馆开张。")


def test_read_docx_titles_a_text_that_begins_with_a_sentence() -> None:
    found = word(docx(paragraph("老街上的面馆今天开张，来了很多人。")))
    assert (found.title, found.body) == ("老街上的面馆今天开张", "老街上的面馆今天开张，来了很多人。")


def test_read_docx_reads_a_table_row_by_row() -> None:
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in row)}</w:tr>"
        for row in (("品种", "价格", "时段"), ("牛肉面", "12元", "全天"))
    )
    assert (
        word(docx(paragraph("价目表") + f"<w:tbl>{rows}</w:tbl>")).body == "品种 价格 时段\n牛肉面 12元 全天"
    )


def test_read_docx_passes_over_deleted_text_fields_and_footnotes() -> None:
    body = (
        "<w:p><w:r><w:t>面馆</w:t></w:r><w:del><w:r><w:delText>不</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>今天</w:t></w:r></w:ins><w:r><w:instrText>HYPERLINK x</w:instrText></w:r>"
        '<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:tab/><w:t>开张。</w:t><w:br/>'
        "<w:t>真好。</w:t></w:r></w:p>"
    )
    assert word(docx(paragraph("面馆") + body, macros=b"x")).body == "面馆今天 开张。\n真好。"


@pytest.mark.parametrize("style", ["rot13", ""])
def test_read_docx_does_not_fail_on_styles_it_does_not_know(style: str) -> None:
    assert word(docx(paragraph("面馆", style) + paragraph("面馆开张。"), styles="<x/>")).title == "面馆"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "encrypted"),
        (b"PK\x03\x04 torn", "damaged"),
        (b"", "damaged"),
        (docx(paragraph("面馆"))[:-40], "damaged"),
        (docx("<w:p><w:r>"), "damaged"),
        (docx(""), "no_article"),
        (docx(paragraph("只有标题")), "no_article"),
        (docx(paragraph("面馆"), bomb=b"\x00" * (20 << 20)), "too_large"),
        (docx("<w:p>" * 5_000 + "</w:p>" * 5_000), "damaged"),
    ],
    ids=range(9),
)
def test_read_docx_refuses_with_a_code(data: bytes, expected: str) -> None:
    assert word_code(data) == expected


def test_read_docx_refuses_what_unpacks_over_the_limit() -> None:
    assert word_code(docx(paragraph("面" * 2_000)), Limits(max_bytes=3_000)) == "too_large"


def test_read_docx_refuses_an_encrypted_member() -> None:
    data = bytearray(docx(paragraph("面馆开张。")))
    for at in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[at] |= 1
    assert word_code(bytes(data)) == "encrypted"


def test_read_docx_expands_no_entities() -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "坏话"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
        f'<w:document xmlns:w="{WORD}"><w:body>{paragraph("&a;&b;")}</w:body></w:document>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", bomb)
    assert word_code(buffer.getvalue()) == "damaged"


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_read_docx_gives_an_article_or_a_refusal_whatever_is_broken(at: int, noise: bytes) -> None:
    data = bytearray(docx(paragraph("面馆") + paragraph("面馆开张。")))
    data[at : at + len(noise)] = noise
    try:
        word(bytes(data))
    except InputRefused as error:
        assert error.code in {"damaged", "encrypted", "too_large", "no_article"}  # noqa: PT017


def test_read_markdown_reads_what_a_reader_sees() -> None:
    found = markdown(
        "# 老街面馆*重新*开张\n\n——一碗面的三十年\n\n本报记者 毛小路\n\n"
        "老街上的面馆今天**开张**，[店主](http://example.org/)周师傅\n一早就到了。\n\n"
        "![面馆一角](a.jpg)\n\n- 牛肉面\n- 阳春面\n\n1. 先付钱\n2. 再取面\n\n"
        "| 品种 | 价格 |\n|---|---|\n| 牛肉面 | 12元 |\n\n```\n代码  一行\n```\n\n## 尾声\n\n&lt;完&gt;\n"
    )
    assert (found.title, found.subtitle, found.byline) == (
        "老街面馆重新开张",
        "——一碗面的三十年",
        "本报记者 毛小路",
    )
    assert found.body.split("\n") == [
        "老街上的面馆今天开张，店主周师傅一早就到了。",
        "牛肉面",
        "阳春面",
        "1. 先付钱",
        "2. 再取面",
        "品种 价格",
        "牛肉面 12元",
        "代码 一行",
        "尾声",
        "<完>",
    ]
    assert found.captions == ("面馆一角",)


FRONT = (
    '---\ntitle: "面馆开张"\n作者: [毛小路, 林一苇]\ndate: 2026-03-04\n版: A2\npaper: 江风晚报\nx: [\n---\n'
)


def test_read_markdown_takes_front_matter_and_keeps_a_repeated_title_out_of_the_body() -> None:
    found = markdown(FRONT + "# 面馆开张\n\n面馆今天开张。")
    assert (found.title, found.byline, found.body) == ("面馆开张", "毛小路 林一苇", "面馆今天开张。")
    assert (found.date, found.page, found.paper) == (datetime.date(2026, 3, 4), "A2", "江风晚报")


def test_read_markdown_prefers_the_place_of_the_folders() -> None:
    found = markdown(FRONT + "面馆今天开张。", Place("晨报", datetime.date(2026, 1, 2), "B1"))
    assert (found.paper, found.date, found.page) == ("晨报", datetime.date(2026, 1, 2), "B1")


def test_read_markdown_strips_raw_html() -> None:
    found = markdown(
        '# 面馆\n\n面馆<script>坏话</script><b onclick="坏话">开张</b>。\n\n'
        "<style>坏话</style>\n\n<p>真好。</p>\n"
    )
    assert found.body == "面馆 开张。\n真好。"


def test_read_markdown_reads_a_rule_at_the_start_as_no_front_matter() -> None:
    assert markdown("---\n\n# 面馆\n\n面馆开张。").body == "面馆开张。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "empty"), ("# 只有标题", "no_article"), ("---\ndate: 昨天\n---\n面馆\n\n开张。", "bad_date")],
)
def test_read_markdown_refuses_with_a_code(text: str, expected: str) -> None:
    with pytest.raises(InputRefused) as caught:
        markdown(text)
    assert caught.value.code == expected


@pytest.mark.parametrize(
    "unit", ["[", "![[]()", "*a **a ", "> ", "- ", "`a``b", "<!", "[a](", "a\n\n", "|a", "&#x;", "_a"]
)
def test_read_markdown_reads_hostile_marks_in_seconds(unit: str) -> None:
    started = time.monotonic()
    body = (unit * 40_000)[:19_000] + "\n\n" + (unit * 40_000)
    assert markdown(f"# 面馆\n\n面馆开张。\n\n{body}").body.startswith("面馆开张。")
    assert time.monotonic() - started < 20


def test_read_manuscript_takes_title_and_byline_lines() -> None:
    found = plain(
        "\n  老街面馆重新开张\n□本报记者 毛小路 通讯员 林一苇\n\n　　面馆今天开张。\n\n　　来了很多人。\n"
    )
    assert (found.title, found.byline) == ("老街面馆重新开张", "本报记者 毛小路 通讯员 林一苇")
    assert found.body == "面馆今天开张。\n来了很多人。"


def test_read_manuscript_is_one_article_whatever_it_holds() -> None:
    assert (
        plain("面馆开张\n面馆今天开张。\n\n新桥通车\n本报讯（记者 毛小路）新桥今天通车。").body.count("\n")
        == 2
    )


def test_read_manuscript_decodes_gbk_and_refuses_what_is_over_the_limit() -> None:
    data = "老街面馆重新开张\n老街上的面馆今天开张，来了很多人。".encode("gb18030")
    (found,) = read_manuscript(data, "a.txt", Place(), Limits()).articles
    assert found.title == "老街面馆重新开张"
    with pytest.raises(InputRefused) as caught:
        read_manuscript(data, "a.txt", Place(), Limits(max_bytes=10))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "line", ["本报记者 毛小路", "记者:毛小路 林一苇", "（通讯员 毛小路）", "毛小路 文/图"]
)
def test_is_byline_knows_lines_of_names(line: str) -> None:
    assert is_byline(line)


@pytest.mark.parametrize("line", ["记者手记", "面馆开张", "记者来到面馆，看到了很多人。", "本报讯", ""])
def test_is_byline_takes_no_other_line(line: str) -> None:
    assert not is_byline(line)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("（本报记者　毛小路）", "本报记者 毛小路"),
        ("本报讯 记者 毛小路", "记者 毛小路"),
        ("◎毛小路", "毛小路"),
        ("", ""),
    ],
)
def test_bare_keeps_names_as_printed(printed: str, expected: str) -> None:
    assert bare(printed) == expected


def test_byline_inside_looks_at_the_lead_and_the_end() -> None:
    assert byline_inside(["本报讯（记者 毛小路）面馆开张。"]) == "记者 毛小路"
    assert byline_inside(["面馆开张。", "来了很多人。（本报记者 林一苇）"]) == "本报记者 林一苇"
    assert byline_inside(["面馆（老街店）开张。"]) == ""
