"""The same newspaper pages typeset by a browser: Chromium's print to PDF of a page in CSS columns."""

from __future__ import annotations

import html
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pdfs import Item, bands

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
STYLE = """
@page { size: 390mm 760mm; margin: 12mm }
body { font: 13px/1.5 "Noto Serif CJK SC"; margin: 0 }
header { border-bottom: 1px solid; font-size: 12px; margin-bottom: 14px }
section { break-after: page }
.band { display: grid; column-gap: 22px; margin-bottom: 20px }
article { margin-bottom: 22px; break-inside: avoid }
h1 { font-size: 30px; line-height: 1.25; text-align: center; margin: 0 0 6px }
.narrow h1 { font-size: 21px }
.kicker, .subtitle { font-size: 16px; text-align: center }
.byline { text-align: center }
.text { column-gap: 22px; text-align: justify }
p { margin: 0; text-indent: 2em }
h3 { font-size: 13px; text-align: center; margin: 0 }
figure { margin: 4px 0 8px; break-inside: avoid; font-size: 11.5px; line-height: 1.35 }
img { display: block; width: 100%; height: 96px }
"""
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGOYtWA1EDFAKAAm5A"
    "Zb7Fo9yAAAAABJRU5ErkJggg=="
)


def printed_newspaper(
    pages: Sequence[Sequence[Item]], columns: int, running_heads: Sequence[str] = (), seed: int = 1
) -> bytes:
    """A PDF of one broadsheet page or more for each list of items, in `columns` columns."""
    body = "".join(
        _page(
            items, columns, running_heads[i] if i < len(running_heads) else "", random.Random(f"{seed}:{i}")
        )
        for i, items in enumerate(pages)
    )
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(f"<meta charset=utf-8><style>{STYLE}</style>{body}", "utf-8")
        subprocess.run(
            [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", f"--print-to-pdf={target}", source.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return target.read_bytes()


def _page(items: Sequence[Item], columns: int, head: str, chance: random.Random) -> str:
    parts = [f"<header>{html.escape(head)}</header>"]
    for cells in bands(list(items), columns, chance):
        widths = " ".join(f"{span}fr" for span, _ in cells)
        stacks = "".join(
            f"<div>{''.join(_article(item, span) for item in stack)}</div>" for span, stack in cells
        )
        parts.append(f"<div class=band style='grid-template-columns: {widths}'>{stacks}</div>")
    return f"<section>{''.join(parts)}</section>"


def _article(item: Item, span: int) -> str:
    heads = "".join(
        f"<{tag} class={name}>{html.escape(text)}</{tag}>"
        for tag, name, text in (
            ("div", "kicker", item.kicker),
            ("h1", "title", item.title),
            ("div", "subtitle", item.subtitle),
            ("div", "byline", item.byline),
        )
        if text
    )
    texts = [_paragraph(text) for text in item.paragraphs]
    for i, caption in enumerate(item.captions):
        texts.insert(min(len(texts), 2 * i + 1) if texts else 0, _figure(caption))
    kind = "narrow" if span == 1 else "wide"
    columns = 1 if item.photo else span
    text = f"<div class=text style='columns: {columns}'>{''.join(texts)}</div>"
    return f"<article class={kind}>{heads}{text}</article>"


def _paragraph(text: str) -> str:
    tag = "h3" if len(text) <= 16 and text[-1] not in "。！？!?”）)…：" else "p"
    return f"<{tag}>{html.escape(text)}</{tag}>"


def _figure(caption: str) -> str:
    return f"<figure><img src='{PICTURE}'>{html.escape(caption)}</figure>"
