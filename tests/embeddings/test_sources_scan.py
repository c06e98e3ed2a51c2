"""Scans: what is recognised on drawn pages, how images are opened, and what is refused."""

from __future__ import annotations

import io
import math
import struct
import sys
import zlib
from collections.abc import Sequence
from dataclasses import astuple
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from embeddings.errors import InputRefused
from embeddings.records import Page
from embeddings.sources import scan
from embeddings.sources.anypdf import read_any_pdf
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place
from embeddings.sources.scan import read_scan, read_scanned_pdf

pytest.importorskip("rapidocr")
pytest.importorskip("onnxruntime")

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from embeddings.sources import raster
from embeddings.sources.likeness import Reader, Sheet, load_reader
from embeddings.sources.pictures import find_pictures
from embeddings.sources.raster import open_images
from embeddings.sources.recognition import Reading
from embeddings.sources.straight import Slant, clean, in_picture, legible, slant_of, type_size
from embeddings.sources.typeset import Box, TypeLine
from tests.pdfs import Item, newspaper

FONT = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")
BOLD = FONT.with_name("NotoSansCJK-Bold.ttc")
NO_PLACE = Place()
HEADLINE = "旧仓库变身图书馆"
LEFT = [
    "区里投入三百二十万元，把老",
    "街东头的旧仓库改成了图书馆，",
    "藏书六万册，周末开到晚上九点。",
]
RIGHT = [
    "退休教师方明每天都来，一坐",
    "就是一上午。他说，这里安静，",
    "光线也好，读书的孩子越来越多。",
]
BODY = "".join([*LEFT, *RIGHT])
TYPESET = Item(title="渡口加开早班船", paragraphs=("渡口今早加开两趟船，乘客都说不用再等了。",))

needs_font = pytest.mark.skipif(not FONT.exists(), reason="no Chinese font to draw with")


@cache
def drawn() -> Image.Image:
    """A page of 1000 by 460 pixels: a headline over two columns of type of 30 pixels."""
    image = Image.new("L", (1000, 460), 238)
    draw = ImageDraw.Draw(image)
    draw.text((60, 40), HEADLINE, font=ImageFont.truetype(BOLD, 78, index=2), fill=30)
    body = ImageFont.truetype(FONT, 30, index=2)
    for left, column in ((60, LEFT), (540, RIGHT)):
        for row, line in enumerate(column):
            draw.text((left, 220 + 48 * row), line, font=body, fill=30)
    return image


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def worn(image: Image.Image, angle: float) -> Image.Image:
    """The page as a poor scanner gives it: turned by degrees, blurred, with grain."""
    image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=238)
    image = image.filter(ImageFilter.GaussianBlur(0.8))
    grain = np.random.default_rng(7).normal(0, 20, (image.height, image.width))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


@cache
def reader() -> Reader:
    """Models are loaded once for all tests."""
    return load_reader()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans are read with models that are loaded already."""
    monkeypatch.setattr(scan, "_reader", reader)


def the_page(found: Found) -> Page:
    (page,) = found.pages
    return page


def character_error_rate(printed: str, text: str) -> float:
    """Share of the printed characters that are missing or wrong."""
    matched = sum(m.size for m in SequenceMatcher(None, printed, text, autojunk=False).get_matching_blocks())
    return 1 - matched / len(printed)


def squeezed(text: str) -> str:
    return "".join(text.split())


@needs_font
@pytest.mark.usefixtures("quick")
def test_read_scan_finds_headline_and_columns_of_a_clean_page() -> None:
    page = the_page(read_scan(encoded(drawn()), "A1.png", Place("江风晚报", None, "A1"), Limits()))
    assert (page.file, page.paper, page.number) == ("A1.png", "江风晚报", "A1")
    assert squeezed(page.text) == HEADLINE + BODY
    assert page.text.splitlines()[0] == HEADLINE
    assert len(page.sizes) == len(page.text.splitlines())
    assert page.sizes[0] == pytest.approx(78 / 30, rel=0.1)
    assert page.sizes[-1] == 1.0


@needs_font
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("angle", [1.0, -2.0])
def test_read_scan_reads_a_page_that_slants_and_is_worn(angle: float) -> None:
    page = the_page(read_scan(encoded(worn(drawn(), angle)), "a.png", NO_PLACE, Limits()))
    assert character_error_rate(HEADLINE + BODY, squeezed(page.text)) < 0.03


@needs_font
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("degrees", [90, 180])
def test_read_scan_turns_a_page_upright(degrees: int) -> None:
    data = encoded(drawn().rotate(degrees, expand=True))
    assert squeezed(the_page(read_scan(data, "a.png", NO_PLACE, Limits())).text) == HEADLINE + BODY


@needs_font
@pytest.mark.usefixtures("quick")
def test_read_scan_numbers_the_pages_of_a_tiff_and_passes_over_blank_ones() -> None:
    blank = Image.new("L", (600, 400), 255)
    data = encoded(drawn(), "TIFF", save_all=True, append_images=[blank, drawn()])
    found = read_scan(data, "a.tif", Place("江风晚报", None, "a"), Limits())
    assert [(page.file, page.number) for page in found.pages] == [("a.tif#1", None), ("a.tif#3", None)]
    assert found.refused == ()


@needs_font
@pytest.mark.usefixtures("quick")
def test_read_scanned_pdf_reads_the_pages_without_text() -> None:
    data = encoded(drawn().convert("RGB"), "PDF", resolution=200, save_all=True, append_images=[drawn()])
    found = read_scanned_pdf(data, "b.pdf", NO_PLACE, Limits())
    assert [page.file for page in found.pages] == ["b.pdf#1", "b.pdf#2"]
    assert squeezed(found.pages[0].text) == HEADLINE + BODY


@needs_font
def test_read_any_pdf_reads_its_scanned_pages_as_scans_and_the_others_by_their_text() -> None:
    scanned, typeset = encoded(drawn().convert("RGB"), "PDF", resolution=200), newspaper([[TYPESET]], 1)
    found = read_any_pdf(joined(typeset, scanned, typeset), "b.pdf", NO_PLACE, Limits())
    assert [page.file for page in found.pages] == ["b.pdf#1", "b.pdf#2", "b.pdf#3"]
    assert found.refused == ()
    first, second, third = (squeezed(page.text) for page in found.pages)
    assert first == third
    assert first.startswith(TYPESET.title)
    assert second == HEADLINE + BODY


def joined(*files: bytes) -> bytes:
    """One PDF of the pages of all."""
    out = io.BytesIO()
    with pypdfium2.PdfDocument.new() as document:
        for data in files:
            with pypdfium2.PdfDocument(data) as part:
                document.import_pages(part)
        document.save(out)
    return out.getvalue()


@needs_font
def test_reader_makes_no_text_of_a_picture_and_reads_a_headline_that_stands_upright() -> None:
    image = Image.fromarray(np.pad(np.asarray(drawn()), ((0, 200), (0, 300)), constant_values=238))
    image.paste(pattern(400, 200), (60, 400))
    draw = ImageDraw.Draw(image)
    for row, character in enumerate("老街新事"):
        draw.text((1100, 100 + 84 * row), character, font=ImageFont.truetype(BOLD, 70, index=2), fill=30)
    sheet = reader()(np.stack([np.asarray(image)] * 3, axis=-1))
    assert sorted(line.text for line in sheet.lines) == sorted([HEADLINE, *LEFT, *RIGHT, "老街新事"])
    large = [box for box in sheet.pictures if box.right - box.left > 100 and box.bottom - box.top > 100]
    assert len(large) == 1
    assert (large[0].left, large[0].top) == pytest.approx((60, 400), abs=8)
    assert (large[0].right, large[0].bottom) == pytest.approx((460, 600), abs=8)


def pattern(width: int, height: int) -> Image.Image:
    """A picture: blotches, with windows and discs in them."""
    chance = np.random.default_rng(3)
    blotches = np.clip(chance.normal(110, 40, (height // 20, width // 20)), 0, 200).astype(np.uint8)
    image = Image.fromarray(blotches).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for x, y, side in zip(*(chance.integers(10, limit, 20) for limit in (width, height, 50)), strict=True):
        draw.rectangle((x, y, x + side, y + side), fill=int(chance.integers(0, 180)), outline=0)
    return image


@pytest.mark.usefixtures("quick")
def test_read_scan_refuses_a_blank_page() -> None:
    with pytest.raises(InputRefused) as refused:
        read_scan(encoded(Image.new("L", (400, 300), 255)), "a.png", NO_PLACE, Limits())
    assert refused.value.code == "no_text"


@needs_font
@pytest.mark.usefixtures("quick")
def test_read_scan_refuses_type_too_small_to_be_read() -> None:
    small = worn(drawn().resize((300, 138), Image.Resampling.BOX), 0)
    small.paste(238, (0, 0, 300, 55))
    with pytest.raises(InputRefused) as refused:
        read_scan(encoded(small), "a.png", NO_PLACE, Limits())
    assert refused.value.code == "illegible"


def test_read_scan_refuses_each_of_many_pages_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_reader", lambda: lambda _pixels: Sheet((), (), 400, 300, 2))
    frame = Image.new("L", (400, 300), 255)
    data = encoded(frame, "TIFF", save_all=True, append_images=[frame])
    found = read_scan(data, "a.tif", NO_PLACE, Limits())
    assert found.pages == ()
    assert [(refusal.file, refusal.code) for refusal in found.refused] == [
        ("a.tif#1", "illegible"),
        ("a.tif#2", "illegible"),
    ]


def test_read_scan_says_which_pages_it_had_no_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    line = TypeLine("第一页的字", 10, 10, 160, 40, 30)
    clock = iter([0.0, 1.0, 61.0, 61.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock, 61.0))
    monkeypatch.setattr(scan, "_reader", lambda: lambda _pixels: Sheet((line,), (), 400, 300, 0))
    frame = Image.new("L", (400, 300), 255)
    data = encoded(frame, "TIFF", save_all=True, append_images=[frame])
    found = read_scan(data, "a.tif", NO_PLACE, Limits(timeout_s=100))
    assert [page.file for page in found.pages] == ["a.tif#1"]
    assert [(refusal.file, refusal.code) for refusal in found.refused] == [("a.tif", "too_slow")]


@pytest.mark.parametrize("missing", ["rapidocr", "onnxruntime", "PIL", "cv2"])
def test_read_scan_says_what_to_install_when_the_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    blank = Image.new("L", (64, 64))
    files = ((read_scan, encoded(blank)), (read_scanned_pdf, encoded(blank, "PDF")))
    for name in ("raster", "recognition", "likeness", "pictures", "straight", "rendered"):
        monkeypatch.delitem(sys.modules, f"embeddings.sources.{name}", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    for read, data in files:
        with pytest.raises(InputRefused, match=r'pip install "wenbao\[ocr\]"') as refused:
            read(data, "a", NO_PLACE, Limits())
        assert refused.value.code == "needs_ocr"


def corner_marked(mode: str) -> Image.Image:
    """White, 100 by 70, with a black square in the upper left corner."""
    image = Image.new("L", (100, 70), 255)
    image.paste(0, (0, 0, 30, 30))
    if mode == "I;16":
        return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if mode in ("I", "F"):
        return Image.fromarray(np.asarray(image).astype(np.int32 if mode == "I" else np.float32))
    if mode in ("RGBA", "LA"):
        inked = Image.new("L", image.size, 0).convert(mode)
        inked.putalpha(Image.eval(image, lambda value: 255 - value))
        return inked
    return image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("1", "TIFF"),
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGB", "JPEG"),
        ("RGBA", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("I;16", "PNG"),
        ("I;16", "TIFF"),
        ("I", "TIFF"),
        ("F", "TIFF"),
    ],
)
def test_open_images_gives_black_on_white_whatever_the_mode(mode: str, form: str) -> None:
    images = open_images(encoded(corner_marked(mode), form), 9)
    pixels = images.load(0)
    assert images.count == 1
    assert pixels is not None
    assert pixels.shape == (70, 100, 3)
    assert pixels[5:25, 5:25].max() < 40
    assert pixels[45:, 45:].min() > 215


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "PNG"])
def test_open_images_turns_upright_as_the_orientation_tag_says(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the page was turned to the left: shown after a turn to the right
    pixels = open_images(encoded(corner_marked("L"), form, exif=exif.tobytes()), 9).load(0)
    assert pixels is not None
    assert pixels.shape == (100, 70, 3)
    assert pixels[5:25, 45:65].max() < 40


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb(60_000, 60_000), "too_large"),
        (bomb(10_000, 9_500), "too_large"),
        (bomb(10, 21_000), "too_large"),
        (bomb(100, 100), "damaged"),
        (encoded(Image.effect_noise((100, 70), 50))[:-200], "damaged"),
        (encoded(Image.effect_noise((100, 70), 50), "JPEG")[:700], "damaged"),
        (encoded(Image.effect_noise((100, 70), 50), "TIFF")[:1000], "damaged"),
        (encoded(corner_marked("L"), "GIF"), "damaged"),
        (b"", "damaged"),
        (b"II*\0\xff\xff\xff\xff", "damaged"),
    ],
)
def test_open_images_refuses_what_is_damaged_or_too_large(data: bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        open_images(data, 9).load(0)
    assert refused.value.code == code


def test_open_images_refuses_too_many_pages() -> None:
    frames = [corner_marked("L")] * 4
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert open_images(data, 4).count == 4
    with pytest.raises(InputRefused) as refused:
        open_images(data, 3)
    assert refused.value.code == "too_many_pages"


def test_fitted_scales_large_pages_down_and_pads_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "WORKING_PIXELS", 10_000)
    assert raster.fitted(np.zeros((400, 100, 3), np.uint8)).shape == (200, 64, 3)
    padded = raster.fitted(np.zeros((10, 80, 3), np.uint8))
    assert padded.shape == (64, 80, 3)
    assert padded[10:].min() == 255


def reading(text: str, score: float = 0.9, *, at: tuple[float, float] = (0, 0)) -> Reading:
    (x, y), wide = at, 20.0 * len(text)
    corners = np.array([[x, y], [x + wide, y], [x + wide, y + 26], [x, y + 26]], dtype=np.float32)
    return Reading(text, score, corners)


@pytest.mark.parametrize(
    ("text", "score", "pictured", "kept"),
    [
        ("老街上的面馆开张", 0.51, False, True),
        ("老街上的面馆开张", 0.49, False, False),
        ("8964±5=17<. 82", 0.6, False, False),
        ("电话12345678901", 0.9, False, True),
        ("去。", 0.9, False, True),
        ("7", 0.9, False, True),
        (" ", 0.9, False, False),
        ("口", 0.99, True, False),
        ("X", 0.99, True, False),
        ("ELL", 0.64, True, False),
        ("福", 0.99, True, True),
        ("福", 0.8, True, False),
        ("面馆", 0.6, True, True),
    ],
)
def test_legible_keeps_type_and_drops_patterns_of_pictures(
    text: str, score: float, pictured: bool, kept: bool
) -> None:
    assert legible(reading(text, score), pictured) is kept


@pytest.mark.parametrize(("at", "inside"), [((120, 120), True), ((390, 120), False), ((120, 395), False)])
def test_in_picture_goes_by_the_middle_of_the_line(at: tuple[float, float], inside: bool) -> None:
    straight = Slant(0.0, 500, 400)
    assert in_picture(reading("福字", at=at), [Box(100, 100, 400, 400)], straight) is inside


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("修好了,路宽3,000米", "修好了，路宽3,000米"),
        ("他说:“走吧!”", "他说：“走吧！”"),
        ("到9:30开门?", "到9:30开门？"),
        ("长3.5公里.", "长3.5公里。"),
        ("路(东段)通车;", "路（东段）通车；"),
        ("Open,now(ABC)", "Open,now(ABC)"),
    ],
)
def test_clean_gives_chinese_marks_after_ideographs_only(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def turned(angle: float, boxes: Sequence[Reading]) -> list[np.ndarray]:
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    return [(box.corners @ turn).astype(np.float32) for box in boxes]


def test_slant_of_is_the_angle_of_the_long_lines_and_turns_them_back() -> None:
    lines = [reading("十个字一行的正文排版", 0.9, at=(0, y)) for y in (0, 40, 80)]
    lines.append(reading("短", 0.9))
    slanting = turned(math.radians(2), lines)
    slant = slant_of(slanting, 400, 300)
    assert math.degrees(slant.angle) == pytest.approx(2, abs=0.01)
    back = slant.back(slanting[1])
    assert back[0, 1] == pytest.approx(back[1, 1], abs=0.01)
    assert slant_of([], 400, 300).angle == 0.0


def test_find_pictures_finds_a_picture_and_a_rule_on_a_slanting_page_in_uneven_light() -> None:
    page = Image.new("L", (1000, 800), 240)
    page.paste(90, (100, 100, 400, 300))
    page.paste(60, (600, 50, 603, 750))
    light = np.linspace(0.6, 1, 1000)[np.newaxis, :]
    shaded = Image.fromarray((np.asarray(page) * light).astype(np.uint8))
    # Pillow turns against the clock: lines then rise to the right.
    slanting = np.asarray(shaded.rotate(1, Image.Resampling.BICUBIC, fillcolor=180).convert("RGB"))
    slant = Slant(math.radians(-1), 500, 400)
    picture, rule = find_pictures(slanting, [], slant)
    assert astuple(picture) == pytest.approx((100, 100, 400, 300), abs=5)
    assert astuple(rule) == pytest.approx((600, 50, 603, 750), abs=5)


def test_type_size_is_the_pitch_unless_the_height_denies_it() -> None:
    assert type_size("十个字一行的正文排版", 250, 33) == pytest.approx(25)
    assert type_size("标题拉开排", 500, 52) == pytest.approx(1.25 * 40)
    assert type_size("去", 25, 26) == pytest.approx(20)
    assert type_size("2026年", 75, 33) == pytest.approx(25)
