"""PDFs whose pages have text, pictures, or some the one and some the other."""

from __future__ import annotations

import pytest

from embeddings.errors import InputRefused
from embeddings.records import Page, Refusal
from embeddings.sources import anypdf
from embeddings.sources.anypdf import SCAN_READER, TEXT_READER, read_any_pdf
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place

LIMITS = Limits(timeout_s=60.0)
Outcome = Found | InputRefused


def page(number: int, text: str = "老街") -> Page:
    """A page of `a.pdf`."""
    return Page(text, f"a.pdf#{number}")


def refusal(number: int, code: str = "no_text_layer") -> Refusal:
    """The refusal of a page of `a.pdf`."""
    return Refusal(f"a.pdf#{number}", code, f"读不出 ({code})")


def refused(code: str) -> InputRefused:
    """The refusal of the whole file."""
    return InputRefused(f"读不出 ({code})", code=code)


def read(monkeypatch: pytest.MonkeyPatch, text: Outcome, scan: Outcome | None = None) -> Found:
    """What comes of a file whose two readers end like this; `scan` may be asked only if it is given."""
    outcomes = {TEXT_READER: text, SCAN_READER: scan}

    def read_apart(reader: str, _data: bytes, _name: str, _place: Place, limits: Limits) -> Found:
        outcome = outcomes[reader]
        assert 0 < limits.timeout_s <= LIMITS.timeout_s
        assert outcome is not None
        if isinstance(outcome, InputRefused):
            raise outcome
        return outcome

    monkeypatch.setattr(anypdf, "read_apart", read_apart)
    return read_any_pdf(b"%PDF-", "a.pdf", Place(), LIMITS)


def test_read_any_pdf_with_text_is_not_read_as_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset = Found((page(1), page(2)), (), (refusal(3, "damaged"),))
    assert read(monkeypatch, typeset) == typeset


def test_read_any_pdf_without_text_is_read_as_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned = Found((page(1),), (), (refusal(2, "illegible"),))
    assert read(monkeypatch, refused("no_text_layer"), scanned) == scanned
    with pytest.raises(InputRefused, match="no_text"):
        read(monkeypatch, refused("no_text_layer"), refused("no_text"))


def test_read_any_pdf_that_is_damaged_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputRefused, match="damaged"):
        read(monkeypatch, refused("damaged"))


def test_read_any_pdf_merges_scanned_pages_in_the_order_of_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset = Found((page(1), page(10)), (), (refusal(2), refusal(3), refusal(11)))
    scanned = Found((page(2), page(11)), (), (refusal(11, "illegible"),))
    assert read(monkeypatch, typeset, scanned) == Found(
        (page(1), page(2), page(10), page(11)), (), (refusal(3), refusal(11, "illegible"))
    )


def test_read_any_pdf_keeps_its_text_where_pictures_hold_none(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset = Found((page(1),), (), (refusal(2),))
    assert read(monkeypatch, typeset, refused("no_text")) == typeset


@pytest.mark.parametrize("code", ["needs_ocr", "too_slow", "damaged"])
def test_read_any_pdf_says_of_each_page_why_it_was_not_scanned(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    typeset = Found((page(2),), (), (refusal(1), refusal(3)))
    assert read(monkeypatch, typeset, refused(code)) == Found(
        (page(2),), (), (refusal(1, code), refusal(3, code))
    )
