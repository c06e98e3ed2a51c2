"""A web page -> articles, or a page for the layout model.

An e-paper's own marks are believed first. A page with one story is read with trafilatura. What holds
several stories goes to the layout model, and a list of links is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from embeddings.errors import InputRefused
from embeddings.records import Article, ArticleKind, Page, Source, article_id, distinct_ids
from embeddings.sources.found import Found, Limits
from embeddings.sources.founder import MarkedStory, marked_stories, story_element
from embeddings.sources.htmlblocks import Block, blocks_of
from embeddings.sources.htmlfacts import Facts, document_title, facts_of
from embeddings.sources.htmlstory import (
    is_index,
    is_prose,
    is_several,
    paragraphs_of,
    readable,
    sizes_of,
    starting_lines,
)
from embeddings.sources.htmltree import markup_of, tree_of
from embeddings.sources.place import Place
from embeddings.sources.signed import bare, byline_inside, is_byline, is_names
from embeddings.sources.untitled import first_words

TAG = re.compile(r"<[A-Za-z/!]")
MAX_STAMP_CHARS = 120


@dataclass(frozen=True, slots=True)
class Story:
    """One story before it becomes an article."""

    facts: Facts
    paragraphs: tuple[str, ...]
    captions: tuple[str, ...] = ()


def read_html(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The articles of a web page, or the page itself where the layout model has to part its stories.

    `place` wins over what the page says of paper, date and page number.

    Raises:
        InputRefused: code `too_large`, `empty`, `binary`, `undecodable`, `too_deep`, or
            `no_article` for a list of links.
    """
    if len(data) > limits.max_bytes:
        raise InputRefused("网页超过大小上限 (too_large)", code="too_large")
    markup = markup_of(data)
    if not TAG.search(markup.text):
        return Found(pages=(Page(markup.text, name, place.paper, place.date, place.number),))
    root = tree_of(markup.text)
    blocks = blocks_of(root) if root is not None else []
    if root is None or not blocks:
        raise InputRefused("网页里没有文字,请改交文章页 (no_article)", code="no_article")
    facts = facts_of(root, markup.linked_data, blocks)
    stories = _marked(marked_stories(markup.text), facts, root, blocks) or _contained(root, facts, blocks)
    if not stories:
        if is_index(blocks):
            raise InputRefused("网页只是目录,没有文章,请改交文章页 (no_article)", code="no_article")
        title = facts.title or document_title(root)
        if is_several(blocks, facts.is_article, title):
            return Found(pages=(_page(readable(blocks), name, _placed(facts, place)),))
        stories = [_single(root, facts, blocks)]
    return Found(articles=_articles(stories, name, place))


def _marked(marked: list[MarkedStory], page: Facts, root: HtmlElement, blocks: list[Block]) -> list[Story]:
    """Stories that Founder's marks set apart, with the page's facts where they are silent."""
    if len(marked) == 1:
        page = replace(page, title=page.title or document_title(root))
    else:
        page = replace(page, title="", byline="", url="")
    stories = []
    for one in marked:
        tree = tree_of(one.content)
        inside = blocks_of(tree) if tree is not None else []
        # A single story's pictures often stand before its marked text.
        captions = _captions(blocks if len(marked) == 1 else inside)
        stories.append(_story(_merged(one.facts, page), [b.text for b in inside], captions))
    return [story for story in stories if story.paragraphs or story.captions]


def _contained(root: HtmlElement, facts: Facts, blocks: list[Block]) -> list[Story]:
    """The story of an older e-paper: text in a known element, headings and names before it."""
    element = story_element(root)
    if element is None:
        return []
    inside = [block.text for block in blocks_of(element)]
    within = set(inside)
    around = [block for block in blocks if block.text not in within and not block.is_link]
    facts = _merged(_headed(around, facts, document_title(root)), facts)
    return [_story(facts, inside, _captions(blocks))]


def _single(root: HtmlElement, facts: Facts, blocks: list[Block]) -> Story:
    """The only story of a page of an unknown system."""
    headed = _headed([block for block in blocks if not block.aside], facts, document_title(root))
    facts = _merged(headed, facts)
    captions = _captions([block for block in blocks if not block.aside])
    return _story(facts, paragraphs_of(root, blocks, facts), captions)


def _headed(blocks: list[Block], facts: Facts, document: str) -> Facts:
    """Headline parts and byline as the blocks show them; `document` is the title of the window."""
    at = _headline_at(blocks, facts.title or document, sure=bool(facts.title))
    if at is None:
        return Facts(title=facts.title or document)
    before, after = blocks[:at][-1:], blocks[at + 1 : at + 6]
    named = next((names for block in after if (names := _names(block))), "")
    # A heading under the headline is its second line only where no text follows at once.
    second = bool(after) and after[0].level > 0 and not (len(after) > 1 and is_prose(after[1]))
    return Facts(
        title=blocks[at].text,
        # A larger line above is the name of the paper or of the section.
        kicker=before[0].text if before and before[0].level >= blocks[at].level else "",
        subtitle=after[0].text if second and not _names(after[0]) else "",
        byline="" if facts.byline else named,
    )


def _headline_at(blocks: list[Block], title: str, *, sure: bool) -> int | None:
    """Which heading is the story's: the one the title begins with, else the largest unless `sure`."""
    headings = [i for i, block in enumerate(blocks) if block.level]
    named = [i for i in headings if len(blocks[i].text) > 1 and title.startswith(blocks[i].text)]
    if named or sure or not headings:
        return named[0] if named else None
    return min(headings, key=lambda i: blocks[i].level)


def _names(block: Block) -> str:
    """The byline in a line such as `本报记者 毛小路 《江风晚报》(2026年3月4日 第04版)`; empty if none."""
    names = block.text.partition("《")[0].strip() if len(block.text) <= MAX_STAMP_CHARS else ""
    # Older e-papers print bare names in the smallest heading.
    return bare(names) if is_byline(names) or (block.level > 3 and is_names(names)) else ""


def _merged(first: Facts, second: Facts) -> Facts:
    """What `first` says, and where it is silent what `second` says."""
    return Facts(
        title=first.title or second.title,
        kicker=first.kicker or second.kicker,
        subtitle=first.subtitle or second.subtitle,
        byline=first.byline or second.byline,
        paper=first.paper or second.paper,
        date=first.date or second.date,
        number=first.number or second.number,
        url=first.url or second.url,
        is_article=first.is_article or second.is_article,
    )


def _placed(facts: Facts, place: Place) -> Facts:
    """The facts, with what the folders say in place of what the page says."""
    return _merged(Facts(paper=place.paper, date=place.date, number=place.number), facts)


def _story(facts: Facts, lines: Sequence[str], captions: tuple[str, ...]) -> Story:
    """The story without the lines around its text; its names, if not given, are looked for in it."""
    pictures = set(captions)
    lines = [line for line in lines if line not in pictures]
    skipped = starting_lines(lines, facts)
    names = next((bare(line) for line in lines[:skipped] if is_byline(line)), "")
    paragraphs = tuple(lines[skipped:])
    return Story(
        replace(facts, byline=facts.byline or names or byline_inside(lines[skipped:])), paragraphs, captions
    )


def _captions(blocks: Sequence[Block]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(block.text for block in blocks if block.caption and not block.is_link))


def _articles(stories: Sequence[Story], name: str, place: Place) -> tuple[Article, ...]:
    articles = [_article(story, _placed(story.facts, place), name) for story in stories]
    articles = [article for article in articles if article.body]
    if not articles:
        raise InputRefused("网页里没有正文,请改交文章页 (no_article)", code="no_article")
    return tuple(distinct_ids(articles))


def _article(story: Story, facts: Facts, name: str) -> Article:
    body, captions, kind = "\n".join(story.paragraphs), story.captions, ArticleKind.ARTICLE
    if not body:
        # A picture with its text is a story of its own.
        body, captions, kind = "\n".join(captions), (), ArticleKind.PHOTO
    title = facts.title or first_words(body)
    article = Article(
        id=article_id(Page(body, name, facts.paper, facts.date, facts.number), title),
        title=title,
        body=body,
        kind=kind,
        kicker=facts.kicker,
        subtitle=facts.subtitle,
        byline=facts.byline,
        paper=facts.paper,
        date=facts.date,
        page=facts.number,
        captions=captions,
        url=facts.url,
    )
    return replace(article, source=Source(name, 0, len(article.text)))


def _page(blocks: list[Block], name: str, facts: Facts) -> Page:
    """The blocks as lines; a blank line stands before headings and wherever the page has a break."""
    lines: list[str] = []
    sizes: list[float] = []
    for before, block, size in zip((None, *blocks[:-1]), blocks, sizes_of(blocks), strict=True):
        if before and (block.apart or (block.level and not before.level)):
            lines.append("")
            sizes.append(1.0)
        lines.append(block.text)
        sizes.append(size)
    return Page("\n".join(lines), name, facts.paper, facts.date, facts.number, tuple(sizes))
