"""Web pages: e-papers' own marks, single stories, pages of several stories, and hostile input."""

from __future__ import annotations

import datetime
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.records import Article, ArticleKind, Page
from embeddings.sources.found import Found, Limits
from embeddings.sources.html import read_html
from embeddings.sources.htmlfacts import date_in, page_number
from embeddings.sources.place import Place

SAMPLES = Path(__file__).parents[1] / "data" / "html"
STORY = "<p>老街上的面馆今天开张，门口排起了长队。</p>"


def read(markup: str | bytes, place: Place | None = None) -> Found:
    data = markup if isinstance(markup, bytes) else markup.encode()
    return read_html(data, "a.html", place or Place(), Limits())


def article(markup: str | bytes, place: Place | None = None) -> Article:
    found = read(markup, place)
    assert not found.pages
    (only,) = found.articles
    return only


def page(markup: str | bytes) -> Page:
    found = read(markup)
    assert not found.articles
    (only,) = found.pages
    return only


def code(markup: str | bytes) -> str:
    with pytest.raises(InputRefused) as caught:
        read(markup)
    assert f"({caught.value.code})" in caught.value.message
    return caught.value.code


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.html").read_bytes()


def test_read_html_takes_every_field_of_founder_markup_in_gbk() -> None:
    found = article(sample("founder").decode().encode("gb18030"))
    assert (found.title, found.kicker, found.subtitle) == (
        "老街面馆“重新”开张",
        "老街新事",
        "——一碗面的三十年",
    )
    assert found.body == "老街上的面馆今天开张，门口排起了长队。\n店主周师傅说，一碗面卖八元，三年没有涨价。"
    assert (found.byline, found.page) == ("本报记者 毛小路", "04")
    assert found.date == datetime.date(2026, 3, 4)
    assert found.captions == ("周师傅在煮面。 毛小路 摄",)
    assert found.url == "http://example.org/html/2026-03/04/content_123.htm"
    assert found.source is not None
    assert (found.source.file, found.source.start, found.source.end) == ("a.html", 0, len(found.text))


def test_read_html_prefers_the_place_of_the_folders_to_what_the_page_says() -> None:
    found = article(sample("founder"), Place("晨报", datetime.date(2026, 1, 2), "B1"))
    assert (found.paper, found.date, found.page) == ("晨报", datetime.date(2026, 1, 2), "B1")
    assert found.id.startswith("20260102-B1-")


def test_read_html_takes_headings_and_names_around_an_older_e_papers_text() -> None:
    found = article(sample("older"))
    assert (found.title, found.kicker, found.subtitle) == (
        "东桥维修工程下月启动",
        "公交八路改走西桥",
        "工期四十天",
    )
    assert (found.byline, found.paper, found.page) == ("林一苇 毛小路", "江风晚报", "A3")
    assert found.date == datetime.date(2026, 3, 5)
    assert found.body == "记者从市交通局获悉，东桥维修工程将于下月五日启动。\n施工期间，车辆请绕行西桥。"


def test_read_html_reads_a_single_story_without_its_frame() -> None:
    found = article(sample("single"))
    assert (found.title, found.kicker) == ("图书馆延长开放时间", "")
    assert found.body.split("\n") == [
        "市图书馆从下周起每天开放到晚上九点半，周末不休息。",
        "读者多了三成",
        "馆长说，去年来馆的读者有二十万人次。",
        "时段 座位",
        "白天 三百个",
        "自习室同时开放，座位可以提前一天预约。",
    ]
    assert found.captions == ("读者在阅览室看书。",)
    assert (found.byline, found.paper) == ("毛小路 林一苇", "江风晚报")
    assert (found.date, found.url) == (datetime.date(2026, 3, 6), "https://example.org/news/7")


def test_read_html_gives_the_layout_model_a_page_of_several_stories() -> None:
    found = page(sample("several"))
    lines = found.text.splitlines()
    assert lines[0] == "江风晚报 2026年3月7日 第02版：民生"
    assert lines.index("东桥维修工程下月启动") == 5
    assert lines[4] == ""
    assert len(found.sizes) == len(lines)
    # The stories' own headings are the headlines, whatever their level; h3 is smaller.
    assert [found.sizes[lines.index(line)] for line in ("东桥维修工程下月启动", "绕行办法", lines[2])] == [
        2.0,
        1.5,
        1.0,
    ]
    assert (found.number, found.date) == ("02", datetime.date(2026, 3, 7))
    assert "第01版" not in found.text


def test_read_html_takes_several_article_elements_as_several_stories() -> None:
    assert (
        page(f"<article><h3>面馆</h3>{STORY}</article><article><h3>新桥</h3>{STORY}</article>").text.count(
            "\n\n"
        )
        == 1
    )


def test_read_html_keeps_the_lines_of_preformatted_text() -> None:
    assert page("<pre>面馆开张\n面馆今天开张。\n\n新桥通车\n新桥今天通车。</pre>").text.splitlines() == [
        "面馆开张",
        "面馆今天开张。",
        "",
        "新桥通车",
        "新桥今天通车。",
    ]


def test_read_html_passes_on_text_that_has_no_markup() -> None:
    assert page("面馆开张\n面馆今天开张。").text == "面馆开张\n面馆今天开张。"


def test_read_html_refuses_a_list_of_links() -> None:
    assert code(sample("index")) == "no_article"


def test_read_html_makes_an_article_of_each_marked_story() -> None:
    one = (
        "<!--enpproperty <title>{0}</title><author>{1}</author>/enpproperty-->"
        "<!--enpcontent--><p>{0}，来了很多人。</p><!--/enpcontent-->"
    )
    found = read(one.format("面馆开张", "毛小路") + one.format("新桥通车", "林一苇")).articles
    assert [(a.title, a.byline, a.body) for a in found] == [
        ("面馆开张", "毛小路", "面馆开张，来了很多人。"),
        ("新桥通车", "林一苇", "新桥通车，来了很多人。"),
    ]
    assert len({a.id for a in found}) == 2


def test_read_html_drops_the_second_print_of_a_marked_text() -> None:
    content = "<!--enpcontent--><p>面馆今天开张，来了很多人。</p><!--/enpcontent-->"
    assert article(content + content).body == "面馆今天开张，来了很多人。"


def test_read_html_makes_a_photo_of_a_story_that_is_only_a_caption() -> None:
    found = article("<!--enpcontent--><p><img src=a.jpg><br>图为面馆开张。毛小路 摄</p><!--/enpcontent-->")
    assert (found.kind, found.body, found.captions) == (ArticleKind.PHOTO, "图为面馆开张。毛小路 摄", ())


def test_read_html_finds_the_byline_in_the_lead() -> None:
    assert article(f"<h1>面馆开张</h1><p>本报讯（记者 毛小路）面馆开张。</p>{STORY}").byline == "记者 毛小路"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8", "utf-8-sig", "utf-16"])
def test_read_html_decodes_what_the_page_claims_or_marks(encoding: str) -> None:
    claimed = {"gb18030": "gb2312", "big5": "Big5"}.get(encoding, "utf-8")
    markup = f'<meta charset="{claimed}"><h1>江上新橋</h1><p>江上的新橋今天通車，兩岸的人都來了。</p>'
    assert article(markup.encode(encoding)).body == "江上的新橋今天通車，兩岸的人都來了。"


def test_read_html_believes_utf8_bytes_rather_than_a_wrong_claim() -> None:
    assert article(f"<meta charset=gb2312><h1>面馆开张</h1>{STORY}").title == "面馆开张"


def test_read_html_forgives_one_broken_byte() -> None:
    data = f"<meta charset=gbk><h1>面馆开张</h1>{STORY * 3}".encode("gbk") + b"<p>\xff</p>"
    assert article(data).title == "面馆开张"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>坏话</script>",
        "<SCRIPT>坏话",
        "<style>坏话</style>",
        "<!-- 坏话 -->",
        "<!-- 坏话 --!><b></b>",
        "<noscript>坏话</noscript>",
        "<template>坏话</template>",
        "<svg><text>坏话</text></svg>",
        '<div style="DISPLAY : none">坏话坏话坏话</div>',
        "<p hidden>坏话</p>",
        '<p aria-hidden="true">坏话</p>',
        "<textarea>坏话</textarea>",
        '<p title="坏话" onclick="坏话"></p>',
        "<iframe src='http://example.org/'>坏话</iframe>",
    ],
)
def test_read_html_never_shows_what_readers_do_not_see(hidden: str) -> None:
    found = article(f"<h1>面馆开张</h1>{STORY}{hidden}")
    assert "坏话" not in repr(found)
    assert found.body == "老街上的面馆今天开张，门口排起了长队。"


def test_read_html_keeps_escaped_markup_as_text_and_drops_script_addresses() -> None:
    found = article(
        f'<link rel=canonical href="javascript:x()"><h1>面馆开张</h1>{STORY}<p>写作 &lt;b&gt; 的记号。</p>'
    )
    assert found.body.endswith("写作 <b> 的记号。")
    assert found.url == ""


def test_read_html_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    doctype = '<!DOCTYPE html PUBLIC "-//X" "http://example.org/x.dtd">'
    found = article(
        f'{doctype}<base href="http://example.org/"><h1>面馆开张</h1>{STORY}<img src="http://example.org/a">'
    )
    assert found.title == "面馆开张"


def test_read_html_keeps_news_about_licences() -> None:
    licence = "店主上月取得许可证，并在区里备案，未经授权的加盟店都已关门。"
    assert article(f"<h1>面馆开张</h1>{STORY}<p>{licence}</p>{STORY}").body.split("\n")[1] == licence


def test_read_html_takes_no_open_anchor_for_a_link() -> None:
    assert article(f"<a name=top><h1>面馆开张</h1>{STORY}").title == "面馆开张"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"%PDF-1.4", "binary"),
        (b"\x00\x01\x02<html>" * 50, "binary"),
        ("<html><script>render()</script><div id=app></div></html>", "no_article"),
        ("<div>" * 100_000 + "正文", "too_deep"),
        ("<b><i>" * 300_000, "too_deep"),
        ("<!--enpcontent-->面馆今天开张，来了很多人。<!--/enpcontent-->" * 501, "too_large"),
    ],
)
def test_read_html_refuses_with_a_code(markup: str | bytes, expected: str) -> None:
    assert code(markup) == expected


def test_read_html_refuses_a_file_over_the_limit() -> None:
    with pytest.raises(InputRefused) as caught:
        read_html(b"<p>" + b"x" * 100, "a.html", Place(), Limits(max_bytes=50))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "hostile",
    [
        '<p title="' + "x" * 20_000_000 + '">',
        "<p " + " ".join(f"a{i}=1" for i in range(300_000)) + ">",
        "<!--><p ' " + " ".join(f"a{i}='>'" for i in range(300_000)) + ">",
        "<div>" * 1_900,
        "<" * 2_000_000,
        '<a b="' * 300_000 + '">',
        "<!--enpproperty " * 300_000 + "-->",
        '<script type="application/ld+json">' + "[" * 200_000 + "</script>",
        "<meta name=x content=y>" * 100_000,
        "<title>" * 100_000 + "</title>",
        "<img src='data:image/png;base64," + "A" * 5_000_000 + "'>",
    ],
    ids=range(11),
)
def test_read_html_reads_a_story_after_hostile_markup_in_seconds(hostile: str) -> None:
    started = time.monotonic()
    found = read(f"<h1>面馆开张</h1>{hostile}{STORY}")
    assert time.monotonic() - started < 20
    assert "老街上的面馆今天开张，门口排起了长队。" in "".join(
        [a.body for a in found.articles] + [p.text for p in found.pages]
    )


def test_read_html_reads_a_file_near_the_limit_in_time() -> None:
    started = time.monotonic()
    found = article("<h1>面馆开张</h1>" + "<p>面馆今天开张。</p>\n" * 300_000)
    assert time.monotonic() - started < 60
    assert found.body.count("\n") == 299_999


@given(st.text(alphabet="<>/!-\"'= abdivpreh1\n面馆。", max_size=200))
def test_read_html_gives_text_or_a_refusal_whatever_it_gets(markup: str) -> None:
    try:
        found = read(markup)
    except InputRefused:
        return
    assert found.pages or found.articles
    for one in found.pages:
        assert not one.sizes or len(one.sizes) == len(one.text.splitlines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年3月4日 星期三", datetime.date(2026, 3, 4)),
        ("2026-03-04T08:00:00+08:00", datetime.date(2026, 3, 4)),
        ("20260304", datetime.date(2026, 3, 4)),
        ("2026-13-40 2026/3/5", datetime.date(2026, 3, 5)),
        ("第三天", None),
    ],
)
def test_date_in_reads_dates_as_printed(text: str, expected: datetime.date | None) -> None:
    assert date_in(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("第04版：要闻", "04"),
        ("《江风晚报》（2026年3月4日 第 4 版）", "4"),
        ("A03版：文娱", "A03"),
        ("第十二版", "12"),
        ("下转第03版", None),
        ("词典第12版首发", None),
    ],
)
def test_page_number_reads_stamps_but_no_pointers(line: str, expected: str | None) -> None:
    assert page_number([line]) == expected
