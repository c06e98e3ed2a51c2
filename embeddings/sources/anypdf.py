"""A PDF of any kind -> its pages: by their text, or by their pictures where they have none.

Each way runs in a process of its own, so that what befalls a scan takes no page of text away.
"""

from __future__ import annotations

import time
from dataclasses import replace

from embeddings.errors import InputRefused
from embeddings.records import Refusal
from embeddings.sources.apart import read_apart
from embeddings.sources.found import Found, Limits
from embeddings.sources.names import natural_key
from embeddings.sources.place import Place

TEXT_READER = "embeddings.sources.pdf:read_pdf"
SCAN_READER = "embeddings.sources.scan:read_scanned_pdf"
NO_TEXT_LAYER = "no_text_layer"


def read_any_pdf(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The pages of a PDF in order, each by its text, or by its pictures where it has no text.

    A page on whose pictures no text is found stays refused, with code `no_text_layer`.

    Raises:
        InputRefused: nothing of it can be read.
    """
    deadline = time.monotonic() + limits.timeout_s
    try:
        typeset = read_apart(TEXT_READER, data, name, place, limits)
    except InputRefused as error:
        if error.code != NO_TEXT_LAYER:
            raise
        return read_apart(SCAN_READER, data, name, place, _left(limits, deadline))
    missing = [refusal.file for refusal in typeset.refused if refusal.code == NO_TEXT_LAYER]
    if not missing:
        return typeset
    try:
        scanned = read_apart(SCAN_READER, data, name, place, _left(limits, deadline))
    except InputRefused as error:
        if error.code == "no_text":
            return typeset
        scanned = Found(refused=tuple(Refusal(file, error.code, str(error)) for file in missing))
    return _merged(typeset, scanned)


def _left(limits: Limits, deadline: float) -> Limits:
    return replace(limits, timeout_s=max(0.0, deadline - time.monotonic()))


def _merged(typeset: Found, scanned: Found) -> Found:
    """Both in the order of their pages, which are named by their numbers; what was scanned counts."""
    settled = {page.file for page in scanned.pages} | {refusal.file for refusal in scanned.refused}
    pages = sorted((*typeset.pages, *scanned.pages), key=lambda page: natural_key(page.file))
    open_still = (refusal for refusal in typeset.refused if refusal.file not in settled)
    refused = sorted((*open_still, *scanned.refused), key=lambda refusal: natural_key(refusal.file))
    return Found(pages=tuple(pages), refused=tuple(refused))
