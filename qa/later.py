"""What later issues say of the story of an article."""

from __future__ import annotations

import datetime

from embeddings.index.snapshot import Snapshot
from embeddings.records import Article, Filters
from embeddings.tokens import pairs
from qa.asking import Finder
from qa.stopwatch import Stopwatch

SEARCHED = 30
# A later article goes on with a story when it meets so much of the headline's character pairs with all of its
# text, and so much with its own headline: a word in common is no story.
MET_BY_TEXT = 0.6
MET_BY_HEADLINE = 0.3


def later_articles(snapshot: Snapshot, finder: Finder, article: Article, limit: int) -> list[Article]:
    """Articles of later days that go on with the story of this one, best first; at most `limit`.

    Reprints are left out: they say the same. Without a date or a headline there are none.
    """
    asked = set(pairs(article.headline))
    if not asked or article.date is None or article.date == datetime.date.max:
        return []
    after = Filters(date_from=article.date + datetime.timedelta(days=1))
    found = finder.hits(snapshot, article.headline, after, SEARCHED, Stopwatch())
    candidates = {hit.article.id: hit.article for hit in found}
    stories = snapshot.catalog.stories([article.id, *candidates])
    told = {stories.get(article.id, article.id)}
    later = []
    for one in candidates.values():
        story = stories.get(one.id, one.id)
        if story not in told and _goes_on(asked, one):
            told.add(story)
            later.append(one)
    return later[:limit]


def _goes_on(asked: set[str], later: Article) -> bool:
    met = len(asked & set(pairs(f"{later.headline}\n{later.text}"))) / len(asked)
    own = len(asked & set(pairs(later.headline))) / len(asked)
    return met >= MET_BY_TEXT and own >= MET_BY_HEADLINE
