"""What a line of a page can be for, and the grammar of a page: what may follow what, where an item begins."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a line is for."""

    # Between items, of none of them.
    FURNITURE = "furniture"
    LABEL = "label"
    # Headline parts.
    KICKER = "kicker"
    HEADLINE = "headline"
    HEADLINE_MORE = "headline_more"
    SUBTITLE = "subtitle"
    BRIEF_HEADLINE = "brief_headline"
    # Text. A lead names its agency, place or author; `untitled` is text that begins an item with no headline.
    LEAD = "lead"
    BODY = "body"
    BRIEF = "brief"
    UNTITLED = "untitled"
    NOTE = "note"
    SUBHEAD = "subhead"
    # Who wrote it: above the headline, before and after the story; a signature signs a notice or a letter.
    BYLINE_ABOVE = "byline_above"
    BYLINE = "byline"
    END_BYLINE = "end_byline"
    SIGNATURE = "signature"
    # Pictures inside an item, and pictures that are items.
    CAPTION = "caption"
    CREDIT = "credit"
    PHOTO = "photo"
    PHOTO_MORE = "photo_more"
    PHOTO_CREDIT = "photo_credit"
    # The two halves of a story that runs over pages, and page furniture in the middle of an item.
    POINTER_FROM = "pointer_from"
    POINTER_TO = "pointer_to"
    INSET = "inset"


R = Role
TEXTS = (R.LEAD, R.BODY, R.BRIEF, R.UNTITLED, R.NOTE)
ASIDE = (R.FURNITURE, R.LABEL, R.INSET)
HEADINGS = (R.KICKER, R.HEADLINE, R.HEADLINE_MORE, R.BRIEF_HEADLINE)
HEADS = (*HEADINGS, R.SUBTITLE, R.BYLINE_ABOVE, R.BYLINE, R.POINTER_FROM)
PICTURES = (R.CAPTION, R.CREDIT, R.PHOTO, R.PHOTO_MORE, R.PHOTO_CREDIT)
# A sentence that goes on after a line may go on behind one of these, which stand in its way.
BESIDE_TEXT = (R.CAPTION, R.CREDIT, R.INSET)
CAN_BE_OPEN = (*TEXTS, *BESIDE_TEXT)
NAMES_AUTHOR = (R.BYLINE_ABOVE, R.BYLINE, R.END_BYLINE, R.LEAD)
NEEDS_NO_AUTHOR = (R.BRIEF, R.BRIEF_HEADLINE, R.UNTITLED, R.LABEL, R.PHOTO)

_AROUND = (R.FURNITURE, R.LABEL)
_NEXT_ITEM = (
    *_AROUND,
    R.KICKER,
    R.HEADLINE,
    R.BRIEF_HEADLINE,
    R.BRIEF,
    R.UNTITLED,
    R.PHOTO,
    R.POINTER_FROM,
    R.BYLINE_ABOVE,
)
_STORY = (
    R.LEAD,
    R.BODY,
    R.NOTE,
    R.SUBHEAD,
    R.CAPTION,
    R.END_BYLINE,
    R.SIGNATURE,
    R.POINTER_TO,
    R.INSET,
    *_NEXT_ITEM,
)
_INTO_TEXT = (R.LEAD, R.BODY, R.NOTE, R.BYLINE, R.CAPTION, R.SUBHEAD, R.POINTER_FROM, R.INSET)

FIRST = _NEXT_ITEM
FOLLOWS: dict[Role, tuple[Role, ...]] = {
    R.FURNITURE: _NEXT_ITEM,
    R.LABEL: _NEXT_ITEM,
    R.KICKER: (R.HEADLINE,),
    R.HEADLINE: (R.HEADLINE_MORE, R.SUBTITLE, R.POINTER_TO, *_INTO_TEXT),
    R.HEADLINE_MORE: (R.SUBTITLE, R.POINTER_TO, *_INTO_TEXT),
    R.SUBTITLE: (R.SUBTITLE, R.POINTER_TO, *_INTO_TEXT),
    R.BRIEF_HEADLINE: (R.BRIEF, R.BYLINE, R.CAPTION),
    R.LEAD: _STORY,
    R.BODY: _STORY,
    R.BRIEF: _STORY,
    R.UNTITLED: _STORY,
    R.NOTE: (*_STORY, R.BYLINE),
    R.SUBHEAD: (R.BODY, R.LEAD, R.NOTE, R.CAPTION, R.BYLINE, R.SUBHEAD, R.INSET),
    R.BYLINE_ABOVE: (R.KICKER, R.HEADLINE),
    R.BYLINE: (R.LEAD, R.BODY, R.NOTE, R.BYLINE, R.CAPTION, R.SUBTITLE, R.SUBHEAD, R.INSET),
    R.END_BYLINE: (R.END_BYLINE, R.SIGNATURE, R.CAPTION, R.NOTE, R.SUBHEAD, *_NEXT_ITEM),
    R.SIGNATURE: (R.SIGNATURE, R.END_BYLINE, R.NOTE, R.SUBHEAD, *_NEXT_ITEM),
    R.CAPTION: (R.CREDIT, *_STORY),
    R.CREDIT: (R.CREDIT, *_STORY),
    R.PHOTO: (R.PHOTO_MORE, R.PHOTO_CREDIT, *_NEXT_ITEM),
    R.PHOTO_MORE: (R.PHOTO_MORE, R.PHOTO_CREDIT, *_NEXT_ITEM),
    R.PHOTO_CREDIT: (R.PHOTO_MORE, R.PHOTO_CREDIT, *_NEXT_ITEM),
    R.POINTER_FROM: (R.KICKER, R.HEADLINE, *_INTO_TEXT),
    R.POINTER_TO: (R.END_BYLINE, R.CAPTION, *_NEXT_ITEM),
    R.INSET: (
        R.LEAD,
        R.BODY,
        R.NOTE,
        R.SUBHEAD,
        R.CAPTION,
        R.CREDIT,
        R.BYLINE,
        R.END_BYLINE,
        R.SIGNATURE,
        R.POINTER_TO,
        R.INSET,
    ),
}
_ALWAYS_BEGIN = (R.BRIEF_HEADLINE, R.UNTITLED, R.PHOTO, R.BYLINE_ABOVE)
_GOES_BEFORE = {
    R.KICKER: (R.POINTER_FROM, R.BYLINE_ABOVE),
    R.HEADLINE: (R.POINTER_FROM, R.BYLINE_ABOVE, R.KICKER),
    R.BRIEF: (R.BRIEF_HEADLINE,),
    R.POINTER_FROM: HEADS,
}
MAY_BEGIN = (*_ALWAYS_BEGIN, *_GOES_BEFORE)


def begins(role: Role, before: Role | None) -> bool:
    """Whether a line of this role begins an item, after a line of role `before` (None: the page begins)."""
    return role in _ALWAYS_BEGIN or (role in _GOES_BEFORE and before not in _GOES_BEFORE[role])
