"""The lines of a Word document (.docx), from its own XML: no macro, link or object is followed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from embeddings.errors import InputRefused
from embeddings.sources.found import Limits
from embeddings.sources.typed import Line, LineRole

COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
DOCUMENT, STYLES = "word/document.xml", "word/styles.xml"
# WordprocessingML comes in a transitional and a strict namespace; local names are the same in both.
SKIPPED = frozenset(("del", "moveFrom", "instrText", "delText", "Fallback", "object", "rPr", "sectPr"))
MAX_ENTRIES = 10_000
# Text packs about tenfold; a small file that claims more than this is a trap.
MAX_EXPANSION = 100
SMALL_BYTES = 1 << 20
ENCRYPTED_FLAG = 0x1
ROLES = (
    (LineRole.SUBTITLE, ("subtitle", "副标题", "副题")),
    (LineRole.TITLE, ("title", "标题", "主题")),
    (LineRole.HEADING, ("heading1", "标题1", "1")),
    (LineRole.CAPTION, ("caption", "题注", "图注", "图说")),
)


def docx_lines(data: bytes, limits: Limits) -> list[Line]:
    """The paragraphs in order with the roles of their styles; a row of a table is one line.

    Raises:
        InputRefused: code `encrypted`, `damaged` or `too_large`.
    """
    if data.startswith(COMPOUND_FILE):
        raise InputRefused(
            "这是加密的文档或旧版 .doc,请去掉密码或另存为 .docx 再交 (encrypted)", code="encrypted"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive, len(data), limits)
            document = _parsed(archive, DOCUMENT, limits)
            styles = _roles(_parsed(archive, STYLES, limits)) if STYLES in archive.namelist() else {}
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        RuntimeError,
        etree.XMLSyntaxError,
    ):
        raise InputRefused("Word 文档已损坏,请重新保存再交 (damaged)", code="damaged") from None
    return list(_lines(document, styles))


def _check(archive: zipfile.ZipFile, packed_bytes: int, limits: Limits) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or total > limits.max_bytes:
        raise InputRefused("Word 文档解压后超过大小上限 (too_large)", code="too_large")
    if total > max(SMALL_BYTES, MAX_EXPANSION * packed_bytes):
        raise InputRefused("Word 文档压缩得反常,未读取 (too_large)", code="too_large")
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise InputRefused("Word 文档加了密码,请去掉密码再交 (encrypted)", code="encrypted")


def _parsed(archive: zipfile.ZipFile, name: str, limits: Limits) -> etree._Element:
    with archive.open(name) as file:
        data = file.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        # The directory of the archive may lie about sizes.
        raise InputRefused("Word 文档解压后超过大小上限 (too_large)", code="too_large")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.doctype:
        # Word writes none; only an attack on the parser has one.
        raise InputRefused("Word 文档已损坏,请重新保存再交 (damaged)", code="damaged")
    return root


def _roles(styles: etree._Element) -> dict[str, LineRole]:
    """Role of each style id, by the style's name."""
    roles: dict[str, LineRole] = {}
    for style in styles.iter("{*}style"):
        name = style.find("{*}name")
        role = _role(_value(name, "val")) if name is not None else None
        if role:
            roles[_value(style, "styleId")] = role
    return roles


def _role(name: str) -> LineRole | None:
    squeezed = "".join(name.lower().split())
    return next((role for role, names in ROLES if squeezed in names), None)


def _value(element: etree._Element, name: str) -> str:
    return next((str(v) for k, v in element.attrib.items() if etree.QName(k).localname == name), "")


def _lines(document: etree._Element, styles: dict[str, LineRole]) -> Iterator[Line]:
    """Walk the document without recursion; the cells of a row are joined, whatever they hold."""
    pieces: list[str] = []
    role, rows, skipping = LineRole.TEXT, 0, 0
    for event, element in etree.iterwalk(document, events=("start", "end")):
        tag = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if tag in SKIPPED:
            skipping += 1 if event == "start" else -1
        elif skipping:
            continue
        elif event == "start":
            rows += tag == "tr"
            if tag == "p" and not rows:
                # A text box stands inside a paragraph; what came before it is a line of its own.
                yield from _line(pieces, role)
                role = LineRole.TEXT
            role = (
                styles.get(_value(element, "val"), _role(_value(element, "val")) or role)
                if tag == "pStyle"
                else role
            )
            pieces.append(_piece(element, tag))
        elif tag == "tr":
            rows -= 1
            if not rows:
                yield from _line(pieces, LineRole.TEXT)
        elif tag == "p" and not rows:
            yield from _line(pieces, role)
            role = LineRole.TEXT
        elif tag == "p":
            pieces.append(" ")
    yield from _line(pieces, role)


def _line(pieces: list[str], role: LineRole) -> Iterator[Line]:
    text = "".join(pieces)
    pieces.clear()
    for line in text.split("\n"):
        if words := " ".join(line.split()):
            yield Line(words, role)


def _piece(element: etree._Element, tag: str) -> str:
    if tag == "t":
        return element.text or ""
    return {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}.get(tag, "")
