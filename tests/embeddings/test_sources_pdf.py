"""PDFs with a text layer -> pages: names, places, order, refusals, and every character once."""

from __future__ import annotations

import contextlib
import datetime
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from embeddings.errors import InputRefused
from embeddings.layout import read_page
from embeddings.records import Article, Page
from embeddings.sources import sheets
from embeddings.sources.found import Found, Limits
from embeddings.sources.glyphs import Glyph, type_lines
from embeddings.sources.pdf import read_pdf
from embeddings.sources.place import Place
from embeddings.sources.radicals import unified
from tests.pdfs import FONT, Item, items_of, newspaper, register_font
from tests.printed import printed_newspaper

SEEDS = Path(__file__).parents[2] / "seeds" / "清岚日报"
DAY = datetime.date(2031, 4, 18)
HEAD = "江风晚报 2031年4月18日 星期五 第02版:要闻"
FERRY = Item(
    title="渡口送别老船工",
    kicker="石桥明天通车",
    subtitle="——一条船摇了四十年",
    byline="□记者 秦川",
    paragraphs=(
        "石桥渡口的老船工昨天摇完了最后一趟船，两岸的乡亲站在雨里送他，船头挂着一串红辣椒，船尾坐着他的小孙女。",
        "渡口的船停了，新修的石桥明天通车，乡亲们过河只要走上两分钟。老船工说，他要在桥头支一个茶摊，天天看着河水。",
        "四十年里，他没有让一个过河的人湿过鞋。镇上给他送来一面锦旗，他把锦旗叠好，压在了箱底的新棉袄下面。",
    ),
    captions=("老船工在渡口系好最后一根缆绳。 秦川 摄",),
)
NOODLES = Item(
    title="老街面馆开张",
    paragraphs=(
        "本报讯（记者 毛小路）老街上的面馆昨天开张，三层小楼坐满了客人，老板毛大路说，面粉都是本地磨的。",
        "面馆一天卖出三百碗面，街坊们排队排到了巷口，毛大路打算再添两口大锅，再请四个帮手，把后院也摆上桌子。",
    ),
)


def read(data: bytes, place: Place | None = None, limits: Limits | None = None) -> Found:
    """What `read_pdf` finds in a file named `a.pdf`."""
    return read_pdf(data, "a.pdf", place or Place(), limits or Limits())


def drawn(*draw: Callable[[Canvas], object], **options: object) -> bytes:
    """A PDF with one page of 300 by 300 for each function, which draws it."""
    register_font()
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(300, 300), invariant=1, **options)
    for paint in draw:
        canvas.setFont(FONT, 10)
        paint(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def words(text: str, x: float = 40, y: float = 150) -> Callable[[Canvas], object]:
    """Draw one line of text."""
    return lambda canvas: canvas.drawString(x, y, text)


def picture(canvas: Canvas) -> None:
    """Draw nothing but a picture."""
    from PIL import Image

    canvas.drawInlineImage(Image.new("RGB", (8, 8), (90, 90, 90)), 20, 20, 200, 200)


def visible(text: str) -> Counter[str]:
    """How often each visible character occurs."""
    return Counter("".join(text.split()))


def code_of(data: bytes, limits: Limits | None = None) -> str:
    """The code that the file is refused with."""
    with pytest.raises(InputRefused) as caught:
        read(data, limits=limits)
    assert f"({caught.value.code})" in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("columns", [3, 4, 5])
def test_read_pdf_gives_headlines_paragraphs_and_captions_in_order(columns: int) -> None:
    (page,) = read(newspaper([[FERRY, NOODLES]], columns, [HEAD])).pages
    text = page.text.replace("　", "")
    lines = [line for line in text.splitlines() if line]
    assert lines[:5] == [HEAD, FERRY.kicker, FERRY.title, FERRY.subtitle, FERRY.byline]
    assert FERRY.captions[0] in lines
    assert NOODLES.title in lines
    flow = "".join(line for line in lines if line != FERRY.captions[0]).replace(" ", "")
    assert "".join(FERRY.paragraphs) in flow
    assert "".join(NOODLES.paragraphs).replace(" ", "") in flow
    assert len(page.sizes) == len(page.text.splitlines())
    assert page.sizes[page.text.splitlines().index(FERRY.title)] > 1.5


@pytest.mark.parametrize("columns", [3, 4, 5])
def test_read_pdf_keeps_every_character_of_the_text_layer_once(columns: int) -> None:
    for file in sorted(SEEDS.glob("*/0[14].txt")):
        data = newspaper([items_of(read_page(Page(file.read_text("utf-8"), file.name)))], columns, [HEAD])
        with pypdfium2.PdfDocument(data) as document:
            layer = document[0].get_textpage().get_text_range()
        assert visible(read(data).pages[0].text) == visible(layer)


@pytest.mark.parametrize("columns", [3, 4, 5])
def test_read_pdf_lets_the_layout_model_find_most_items_again(columns: int) -> None:
    found = asked = 0
    for file in sorted(SEEDS.glob("*/*.txt")):
        articles = read_page(Page(file.read_text("utf-8"), file.name))
        (page,) = read(newspaper([items_of(articles)], columns, [HEAD])).pages
        starts = [start_of(article) for article in read_page(page)]
        for start in map(start_of, articles):
            asked += 1
            # A headline in two lines is known by its first.
            found += any(start.startswith(other) or other.startswith(start) for other in starts)
    assert asked > 80
    assert found >= 0.8 * asked


@pytest.mark.browser
def test_read_pdf_reads_a_page_that_a_browser_printed() -> None:
    (page,) = read(printed_newspaper([[FERRY, NOODLES]], 3, [HEAD])).pages
    lines = [line for line in page.text.replace("　", "").splitlines() if line]
    # A browser's blank beside a figure or a stop is as narrow as the white that is always put there.
    bare = [line.replace(" ", "") for line in lines]
    assert bare[0] == HEAD.replace(" ", "")
    assert lines[1:5] == [FERRY.kicker, FERRY.title, FERRY.subtitle, FERRY.byline]
    caption = FERRY.captions[0].replace(" ", "")
    assert caption in bare
    assert "".join(FERRY.paragraphs) in "".join(line for line in bare if line != caption)
    assert [article.title for article in read_page(page)] == [FERRY.title, NOODLES.title]


def start_of(article: Article) -> str:
    """The first words of an item as printed, without blanks; never fewer than four characters."""
    first = (article.kicker or article.title) if article.headline else article.body
    return "".join(first.split())[:12].ljust(4, "#")


def test_read_pdf_names_pages_and_passes_over_blank_ones() -> None:
    data = drawn(words("甲甲甲甲"), lambda canvas: None, words("丙丙丙丙"))
    assert [(page.file, page.text) for page in read(data).pages] == [
        ("a.pdf#1", "甲甲甲甲"),
        ("a.pdf#3", "丙丙丙丙"),
    ]
    assert [page.file for page in read(drawn(words("甲甲"))).pages] == ["a.pdf"]


def test_read_pdf_takes_the_place_from_the_folio_where_the_folder_gives_none() -> None:
    data = newspaper([[FERRY]], 3, [HEAD])
    (page,) = read(data).pages
    assert (page.paper, page.date, page.number) == ("江风晚报", DAY, "02")
    (page,) = read(data, Place("早报", datetime.date(2030, 1, 1), "A7")).pages
    assert (page.paper, page.date, page.number) == ("早报", datetime.date(2030, 1, 1), "A7")


def test_read_pdf_does_not_number_many_pages_by_the_name_of_the_file() -> None:
    data = newspaper([[FERRY], [NOODLES]], 3, ["第02版:要闻", "第03版:市井"])
    pages = read(data, Place("早报", DAY, "20310418")).pages
    assert [(page.date, page.number) for page in pages] == [(DAY, "02"), (DAY, "03")]


def test_read_pdf_drops_a_running_head_that_every_page_repeats_and_keeps_folios() -> None:
    def page(number: int) -> Callable[[Canvas], object]:
        def paint(canvas: Canvas) -> None:
            canvas.drawString(40, 285, "欢迎订阅江风")
            canvas.drawString(220, 285, f"第{number}版")
            canvas.drawString(40, 150, "甲乙丙丁戊己"[number] * 6)

        return paint

    texts = [page.text for page in read(drawn(page(1), page(2), page(3))).pages]
    assert texts == ["第1版\n\n乙乙乙乙乙乙", "第2版\n\n丙丙丙丙丙丙", "第3版\n\n丁丁丁丁丁丁"]


def test_read_pdf_prints_text_that_fakes_bold_once() -> None:
    def bold(canvas: Canvas) -> None:
        canvas.drawString(40, 150, "石桥通车")
        canvas.drawString(40.3, 150, "石桥通车")
        canvas.drawString(40, 120, "车车")

    assert [line for line in read(drawn(bold)).pages[0].text.splitlines() if line] == ["石桥通车", "车车"]


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_read_pdf_reads_a_page_that_lies_on_its_side(angle: int) -> None:
    def turned(canvas: Canvas) -> None:
        canvas.translate(150, 150)
        canvas.rotate(angle)
        canvas.drawString(-100, 20, "石桥昨日通车")
        canvas.drawString(-100, 0, "渡口的船停了")

    (page,) = read(drawn(turned)).pages
    assert "".join(page.text.split()) == "石桥昨日通车渡口的船停了"


def test_read_pdf_keeps_a_line_that_runs_up_the_side() -> None:
    def both(canvas: Canvas) -> None:
        canvas.drawString(60, 150, "渡口的船停了渡口的船停了")
        canvas.translate(30, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, "江风晚报")

    assert set(read(drawn(both)).pages[0].text.split()) == {"江风晚报", "渡口的船停了渡口的船停了"}


def test_read_pdf_reads_characters_set_one_under_another_as_one_line() -> None:
    def vertical(canvas: Canvas) -> None:
        for i, character in enumerate("老船工"):
            canvas.drawString(40, 200 - 12 * i, character)
        canvas.drawString(80, 150, "渡口的船停了")

    assert set(read(drawn(vertical)).pages[0].text.split()) == {"老船工", "渡口的船停了"}


def test_read_pdf_leaves_out_what_lies_outside_of_the_page() -> None:
    def paint(canvas: Canvas) -> None:
        canvas.drawString(40, 150, "石桥通车")
        canvas.drawString(900, 150, "废稿")

    assert read(drawn(paint)).pages[0].text == "石桥通车"


def test_read_pdf_refuses_a_file_that_asks_for_a_password() -> None:
    assert code_of(drawn(words("密"), encrypt=StandardEncryption("kai", strength=128))) == "encrypted"


@pytest.mark.parametrize("kept", [0, 1, 40, 300])
def test_read_pdf_refuses_a_truncated_file(kept: int) -> None:
    assert code_of(drawn(words("甲甲甲甲"))[:kept]) == "damaged"


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"%PDF-1.7\n%%EOF", "不是文件".encode()])
def test_read_pdf_refuses_what_is_no_pdf(data: bytes) -> None:
    assert code_of(data) == "damaged"


def test_read_pdf_refuses_more_pages_than_allowed() -> None:
    data = drawn(*[words("甲甲")] * 3)
    assert code_of(data, Limits(max_pages=2)) == "too_many_pages"
    assert len(read(data, limits=Limits(max_pages=3)).pages) == 3


def test_read_pdf_refuses_a_file_of_pictures_alone() -> None:
    assert code_of(drawn(picture, picture)) == "no_text_layer"
    assert code_of(drawn(lambda canvas: None)) == "no_text_layer"


def test_read_pdf_refuses_a_page_of_pictures_among_pages_of_text() -> None:
    found = read(drawn(words("甲甲甲甲"), picture))
    assert [page.file for page in found.pages] == ["a.pdf#1"]
    assert [(refusal.file, refusal.code) for refusal in found.refused] == [("a.pdf#2", "no_text_layer")]


def test_read_pdf_takes_a_font_without_meanings_for_no_text_layer() -> None:
    assert code_of(drawn(words("\ue001\ue002\ue003甲"))) == "no_text_layer"


def test_read_pdf_refuses_a_page_of_too_many_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_CHARACTERS", 9)
    assert code_of(drawn(words("十" * 10))) == "too_large"


def test_read_pdf_survives_damage_anywhere_in_the_file() -> None:
    data = newspaper([[FERRY]], 3, [HEAD])
    for place in range(0, len(data), len(data) // 60):
        broken = data[:place] + b"\xff<<[/" + data[place + 5 :]
        # Nothing but `InputRefused` may come out, and no page without text.
        with contextlib.suppress(InputRefused):
            assert all(page.text for page in read(broken).pages)


def test_unified_makes_radicals_common_characters() -> None:
    assert unified("⽇⽉⻛⻓⼀ab，") == "日月风长一ab，"
    assert unified("日月风长") == "日月风长"


def test_type_lines_parts_columns_on_one_baseline() -> None:
    left = [Glyph("甲", 10.0 * i, 10.0 * i + 10, 100, 10) for i in range(5)]
    right = [Glyph("乙", 65 + 10.0 * i, 75 + 10.0 * i, 100, 10) for i in range(5)]
    rows = [glyph for pair in zip(left, right, strict=True) for glyph in pair]
    assert sorted(line.text for line in type_lines(rows)) == ["乙乙乙乙乙", "甲甲甲甲甲"]


def test_type_lines_sees_blanks_in_a_headline_and_none_in_a_justified_line() -> None:
    wide = [Glyph("甲", 14.0 * i, 14.0 * i + 10, 100, 10) for i in range(6)]
    parted = [Glyph("乙", x, x + 10.0, 200, 10) for x in (0, 10, 20, 35, 45, 55)]
    assert sorted(line.text for line in type_lines([*wide, *parted])) == ["乙乙乙 乙乙乙", "甲甲甲甲甲甲"]
