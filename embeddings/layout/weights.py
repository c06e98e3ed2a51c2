"""The scores of the layout model, all in one place. Units are those of a log-odds, about.

`EMISSIONS[feature][role]` is added when the feature holds at a line read as that role; for a measure
it is multiplied by the measure's value. `OPEN` is the same for "the paragraph does not end with this
line" and `SHUT` for "it ends here". `MOVES[role]` says which role may follow and at what score; what
is not listed cannot follow.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a line is for."""

    FURNITURE = "furniture"
    LABEL = "label"
    POINTER_FROM = "pointer_from"
    POINTER_TO = "pointer_to"
    KICKER = "kicker"
    HEADLINE = "headline"
    HEADLINE_MORE = "headline_more"
    SUBTITLE = "subtitle"
    BYLINE = "byline"
    LEAD = "lead"
    BODY = "body"
    SUBHEAD = "subhead"
    CAPTION = "caption"
    CREDIT = "credit"
    SIGNATURE = "signature"
    END_BYLINE = "end_byline"
    BRIEF_HEADLINE = "brief_headline"
    BRIEF = "brief"


R = Role
HEADINGS = (R.KICKER, R.HEADLINE, R.HEADLINE_MORE)
TEXTS = (R.LEAD, R.BODY, R.BRIEF)

# What is not kept as text (furniture, pointers) needs a feature that says so: nothing may be lost.
BIAS = {
    R.FURNITURE: -14.0,
    R.LABEL: -9.0,
    R.POINTER_FROM: -14.0,
    R.POINTER_TO: -14.0,
    R.KICKER: -2.5,
    R.HEADLINE: -1.5,
    R.HEADLINE_MORE: -4.0,
    R.SUBTITLE: -5.0,
    R.BYLINE: -6.0,
    R.LEAD: -6.0,
    R.BODY: 0.0,
    R.SUBHEAD: -2.5,
    R.CAPTION: -4.0,
    R.CREDIT: -7.0,
    R.SIGNATURE: -5.0,
    R.END_BYLINE: -6.0,
    R.BRIEF_HEADLINE: -1.5,
    R.BRIEF: -4.0,
}

_HEADING_ROLES = (R.KICKER, R.HEADLINE, R.HEADLINE_MORE, R.SUBHEAD, R.BRIEF_HEADLINE)
_NOT_HEADING = dict.fromkeys(_HEADING_ROLES, -6.0)
_LONG = dict.fromkeys((*_HEADING_ROLES, R.SUBTITLE, R.SIGNATURE), -12.0)

EMISSIONS: dict[str, dict[Role, float]] = {
    # length
    "chars<=3": {R.KICKER: -3, R.HEADLINE: -3, R.SUBHEAD: -2, R.BODY: -2, R.CAPTION: -2},
    "chars<=12": {
        R.KICKER: 1,
        R.HEADLINE: 0.5,
        R.SUBHEAD: 1,
        R.BRIEF_HEADLINE: 1,
        R.BODY: -1.5,
        R.CAPTION: -0.5,
    },
    "chars<=22": {
        R.KICKER: 1,
        R.HEADLINE: 1,
        R.HEADLINE_MORE: 1,
        R.BRIEF_HEADLINE: 1,
        R.SUBHEAD: 0.5,
        R.BODY: -1,
    },
    "chars<=34": {R.BODY: 0.5, R.HEADLINE: 0.5, R.SUBHEAD: -1, R.CAPTION: 0.5},
    "chars<=52": {
        R.BODY: 1,
        R.KICKER: -2,
        R.HEADLINE: -1,
        R.HEADLINE_MORE: -2,
        R.SUBHEAD: -4,
        R.CAPTION: 0.5,
    },
    "chars<=90": {**_LONG, R.CAPTION: 0.5},
    "chars>90": {**_LONG, R.CREDIT: -9, R.END_BYLINE: -9, R.BYLINE: -9, R.FURNITURE: -9, R.BRIEF: -1},
    # ending and inside
    "ends_stop": {**_NOT_HEADING, R.FURNITURE: -4, R.SUBTITLE: -4, R.SIGNATURE: -4, R.LABEL: -6},
    "ends_exclaim": {R.KICKER: -0.5, R.HEADLINE: -0.5, R.SUBHEAD: -0.5},
    "ends_comma": {**_NOT_HEADING, R.CAPTION: -4, R.SIGNATURE: -4},
    "ends_colon": {R.KICKER: -1, R.HEADLINE: -3, R.HEADLINE_MORE: -3, R.SUBHEAD: -3},
    "mid_sentence": {**_NOT_HEADING, R.CAPTION: -3},
    "inner_comma": {
        R.KICKER: -1,
        R.HEADLINE: -1,
        R.HEADLINE_MORE: -1,
        R.SUBHEAD: -1.5,
        R.CAPTION: 0.5,
        R.BODY: 1,
    },
    "narrative": {R.KICKER: -3, R.HEADLINE: -3, R.SUBHEAD: -3, R.BODY: 1, R.CAPTION: 0.5},
    "hanging": {R.KICKER: -3, R.HEADLINE: -3, R.HEADLINE_MORE: -3, R.SUBHEAD: -3, R.CAPTION: -2, R.BODY: 1},
    "inner_stop": {**_NOT_HEADING, R.SUBTITLE: -3},
    "two_clauses": {R.KICKER: 1, R.HEADLINE: 1, R.SUBHEAD: 1, R.BODY: -1.5},
    "unclosed": {R.KICKER: -1, R.HEADLINE: -2, R.SUBHEAD: -2, R.CAPTION: -1},
    "dash": {R.SUBTITLE: 8, R.HEADLINE: -3, R.KICKER: -3, R.SUBHEAD: -2},
    # bylines and leads
    "lead": {R.LEAD: 9, R.BODY: -1, **_NOT_HEADING, R.CAPTION: -3},
    "byline": {R.BYLINE: 10, R.END_BYLINE: 10, **_NOT_HEADING, R.BODY: -3},
    "bracketed_names": {R.BYLINE: 6, R.END_BYLINE: 9, **_NOT_HEADING, R.BODY: -2},
    "bare_names": {R.BYLINE: 3, R.END_BYLINE: 4, R.SIGNATURE: 1},
    # pictures
    "credit": {R.CREDIT: 12, **_NOT_HEADING, R.BODY: -3, R.BYLINE: -5, R.END_BYLINE: -6},
    "credit_at_end": {R.CAPTION: 9, **_NOT_HEADING, R.BODY: -2},
    "after:credit": {R.CAPTION: 7, R.HEADLINE: -4, R.KICKER: -4, R.SUBHEAD: -4, R.BODY: -1},
    "caption_words": {R.CAPTION: 7, **_NOT_HEADING},
    # page furniture, pointers, columns
    "folio": {R.FURNITURE: 19, **_NOT_HEADING, R.BODY: -3},
    "furniture": {R.FURNITURE: 19, **_NOT_HEADING, R.BODY: -3},
    "pointer_from": {R.POINTER_FROM: 20, **_NOT_HEADING},
    "pointer_to": {R.POINTER_TO: 20, **_NOT_HEADING},
    "label": {R.LABEL: 12},
    "bullet": {R.BRIEF: 5.5, R.HEADLINE: -2, R.KICKER: -2},
    "notice": {R.HEADLINE: 5, R.LABEL: -6},
    "organisation": {R.SIGNATURE: 6, R.SUBHEAD: -2, R.KICKER: -2},
    "signed_date": {R.SIGNATURE: 8},
    "before:organisation": {R.SIGNATURE: 3},
    # neighbours
    "first": {R.HEADLINE: 1, R.KICKER: 1, R.FURNITURE: 1},
    "last": {R.HEADLINE: -6, R.KICKER: -9, R.SUBHEAD: -6, R.SUBTITLE: -4, R.LABEL: -4},
    "after:lead": {
        R.HEADLINE: 5,
        R.HEADLINE_MORE: 3,
        R.SUBTITLE: 1,
        R.SUBHEAD: -4,
        R.BYLINE: 1,
        R.KICKER: -3,
    },
    "beyond:lead": {R.KICKER: 1.5},
    "after:byline": {R.HEADLINE: 0.5},
    "after:dash": {R.HEADLINE: 4, R.SUBHEAD: -3},
    "before:bullet": {R.SUBHEAD: -5},
    "before:byline": {R.HEADLINE: 2, R.KICKER: 2, R.SUBHEAD: -1},
    "after:heading_like": {R.HEADLINE: -1, R.SUBHEAD: -2},
    "after:bullet": {R.LABEL: 4},
    # how the page is set
    "wide_gap": {R.HEADLINE: 1, R.KICKER: 1, R.CAPTION: 1.5, R.SUBHEAD: -1.5},
    "tight": {R.HEADLINE_MORE: 2},
    "cuts_in": {R.CAPTION: 4},
    "wide_gap_after": {R.SUBHEAD: -1},
    "indented": {
        R.BODY: 1,
        R.LEAD: 1,
        R.BRIEF: 1,
        R.HEADLINE: -3,
        R.KICKER: -3,
        R.SUBHEAD: -1,
        R.CAPTION: -2,
    },
    "flush": {R.HEADLINE: 0.5, R.KICKER: 0.5, R.CAPTION: 0.5, R.LEAD: -1},
    # measures
    "heading": {R.BODY: -3.5, R.BRIEF: -3},
    "title_pull": {R.HEADLINE: 3, R.SUBHEAD: 0.5, R.HEADLINE_MORE: 1},
    "continuity": {R.HEADLINE: -10, R.KICKER: -5, R.SUBHEAD: 10},
}

OPEN: dict[str, float] = {
    "ends_stop": -7,
    "ends_exclaim": -4,
    "ends_colon": -2,
    "ends_semicolon": 1,
    "ends_comma": 2,
    "ends_plain": 1.5,
    "unclosed": 1,
}
SHUT: dict[str, float] = {
    "ends_stop": 1,
    "ends_comma": -4,
    "ends_plain": -3.5,
    "ends_colon": -0.5,
    "ends_semicolon": -0.5,
}

_INTO_HEAD = {R.KICKER: 0.0, R.HEADLINE: 0.0}
_AROUND = {R.FURNITURE: 0.0, R.LABEL: 0.0, R.POINTER_FROM: 0.0, R.POINTER_TO: -3.0}
_INTO_TEXT = {R.LEAD: 0.0, R.BODY: 0.0, R.BYLINE: 0.0, R.CAPTION: -1.0, R.POINTER_FROM: 0.0}
_STORY = {
    R.BODY: 1.0,
    R.SUBHEAD: 0.0,
    R.CAPTION: 0.0,
    R.END_BYLINE: 0.0,
    R.SIGNATURE: 0.0,
    R.POINTER_TO: 0.0,
    R.FURNITURE: 0.0,
    R.LABEL: 0.0,
    R.BRIEF: -2.0,
    R.LEAD: -4.0,
    **_INTO_HEAD,
}

START = {**_AROUND, **_INTO_HEAD, R.LEAD: -2.0, R.BODY: -3.0, R.CAPTION: -1.0, R.BRIEF: -1.0, R.BYLINE: -4.0}
MOVES: dict[Role, dict[Role, float]] = {
    R.FURNITURE: {
        **_AROUND,
        **_INTO_HEAD,
        R.LEAD: -3,
        R.BODY: -2,
        R.CAPTION: -1,
        R.BRIEF: -1,
        R.SUBHEAD: -3,
        R.END_BYLINE: -1,
    },
    R.LABEL: {
        **_INTO_HEAD,
        R.BRIEF: 1,
        R.BRIEF_HEADLINE: 2,
        R.CAPTION: -1,
        R.FURNITURE: -1,
        R.LEAD: -2,
        R.BODY: -4,
    },
    R.POINTER_FROM: {**_INTO_HEAD, R.BODY: 1, R.SUBHEAD: 2, R.LEAD: -3, R.CAPTION: -1, R.BYLINE: -1},
    R.POINTER_TO: {
        **_AROUND,
        **_INTO_HEAD,
        R.CAPTION: 0,
        R.BRIEF: 0,
        R.LEAD: -3,
        R.END_BYLINE: -1,
        R.BODY: -5,
    },
    R.KICKER: {R.HEADLINE: 2.5},
    R.HEADLINE: {**_INTO_TEXT, R.HEADLINE_MORE: 0, R.SUBTITLE: 0, R.SUBHEAD: -4},
    R.HEADLINE_MORE: {**_INTO_TEXT, R.SUBTITLE: 0},
    R.SUBTITLE: {**_INTO_TEXT, R.SUBTITLE: -2, R.SUBHEAD: -4},
    R.BYLINE: {R.LEAD: 0, R.BODY: 0, R.BYLINE: -1, R.CAPTION: -1, R.SUBTITLE: -2, R.SUBHEAD: -3},
    R.LEAD: _STORY,
    R.BODY: _STORY,
    R.SUBHEAD: {R.BODY: 0, R.CAPTION: -1, R.FURNITURE: -3, R.BYLINE: -5},
    R.CAPTION: {**_STORY, R.CREDIT: 1, R.CAPTION: -1, R.BODY: 0, R.BRIEF: -1, R.SUBHEAD: -1},
    R.CREDIT: {**_STORY, R.CAPTION: -1, R.BODY: 0, R.BRIEF: -1, R.SUBHEAD: -1},
    R.SIGNATURE: {
        **_AROUND,
        **_INTO_HEAD,
        R.SIGNATURE: 0,
        R.CAPTION: -1,
        R.LEAD: -3,
        R.BODY: -5,
        R.BRIEF: -2,
    },
    R.END_BYLINE: {
        **_AROUND,
        **_INTO_HEAD,
        R.END_BYLINE: -1,
        R.CAPTION: 0,
        R.LEAD: -3,
        R.BODY: -6,
        R.BRIEF: -1,
    },
    R.BRIEF_HEADLINE: {R.BRIEF: 4.5, R.BYLINE: -3, R.CAPTION: -2},
    R.BRIEF: {
        **_AROUND,
        **_INTO_HEAD,
        R.BRIEF: 1,
        R.BRIEF_HEADLINE: 1,
        R.CAPTION: 0,
        R.BODY: -1.5,
        R.END_BYLINE: -1,
        R.LEAD: -4,
    },
}

# Names after the last sentence sign a story; a notice needs no author.
SIGNS = frozenset(("names_at_end", "notice"))
# A story names its author once, in its lead or at an end of it.
UNSIGNED = -3.0
# The features that name an author, and their share of the headings at which the page is taken to
# name every author.
SIGNATURES = frozenset(("lead", "byline", "bracketed_names", "names_at_end"))
SIGNED_SHARE = 0.25
SIGNED_TWICE = -2.5
# A paragraph that is open and never goes on: the page is damaged there.
BROKEN_OFF = -6.0
# A picture or page furniture inside an open paragraph, whatever the move costs elsewhere.
BESIDE_OPEN = -2.0
