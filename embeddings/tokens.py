"""Text to terms for the lexical index: jieba's search mode, character pairs, and names.

Three kinds of term, kept in fields of their own so that each can be weighed:

    words   jieba search mode (long words and the words inside them); Latin words, codes and
            numbers whole, and their parts
    pairs   two neighbouring characters of every Han run: they meet where jieba cuts a local name
            differently in the question and in the article; a number and the character after it
    names   people of the bylines and what the headline quotes: the newspaper's own dictionary

All texts are folded first (`embeddings.folding`). A text's terms depend on nothing but the text and its
article's own names, so an archive that grows never has to be tokenised again; a question is matched
against the names of the whole archive.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from embeddings.folding import folded, normalised, simplified
from embeddings.records import Article

__all__ = [
    "STOP_WORDS",
    "TOKENS_VERSION",
    "Tokenizer",
    "article_names",
    "folded",
    "known_names_in",
    "names_in",
    "normalised",
    "pairs",
    "question_pairs",
    "without_asking",
]

# Raised when the same text would give other terms, so that older indexes are told apart.
TOKENS_VERSION = 3

NAME_CHARS_MAX = 12

_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+|[a-z0-9]+(?:[.\-_/%:+&][a-z0-9]+)*%?")
_PART = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_COUNTED = re.compile(r"([0-9]+(?:\.[0-9]+)?%?)?([\u3400-\u9fff\U00020000-\U0003ffff]+)")
_PERSON_LIST = re.compile(
    r"(?:本报|全媒体|融媒体|特约|见习|实习)?(?:记者|通讯员|实习生|摄影|报道|作者|编辑)|[\s,，、/:：;；()（）□■●·]+"
    r"|摄(?![\u4e00-\u9fff])"  # not 文 or 图: they end names, and alone are too short for one
)
_QUOTED = re.compile(r"[“「『《]([^“”「」『』《》]{2,12})[”」』》]")

# Words that carry no subject: in a small archive their rarity would weigh as much as a name's.
STOP_WORDS = frozenset(
    """
    的 了 在 是 和 与 及 或 等 也 都 就 而 对 为 以 从 到 由 于 被 把 将 向 上 中 下 内 外 之 其 这 那
    此 该 各 并 但 又 还 很 有 没有 不 吗 呢 吧 啊 呀 么 着 过 地 得 给 让 个 些 您 你 我 他 她 它 我们
    你们 他们 请问 一下 什么 谁 哪 哪里 哪儿 哪个 哪些 哪位 哪家 哪年 哪天 几 几个 多少 多 怎么 怎样
    怎么样 如何 为什么 为何 何 何时 何地 是否 是不是 有没有 时候 什么时候 多久 多长 多大 是什么 有什么
    有哪些 有多少 分别 一共 总共 关于 进行
    a an the of in is are to what who when where how many which
    """.split()
)
# What asks, as it stands in a question: character pairs across it would mean nothing.
_ASKING = re.compile(
    r"请问|是什么时候|什么时候|为什么|是什么|什么样|什么|怎么样|怎么|怎样|如何|为何|何时|何地|是不是|是否|有没有|有多少|"
    r"多少|多久|多长|多大|多高|有哪些|哪些|哪里|哪儿|哪个|哪位|哪家|哪年|哪天|哪|谁|几|吗|呢|吧|的|了"
)


class Tokenizer:
    """Cuts words with jieba. Its prepared dictionary (loaded at first use) is kept in `folder`.

    jieba's own default is a shared temporary folder, where another user could leave a file for us to load.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def words(self, text: str) -> list[str]:
        """Word terms of a text in reading order, repeats kept, stop words left out."""
        return [word for run in _RUN.findall(folded(text)) for word in self._words_of_run(run)]

    def _words_of_run(self, run: str) -> Iterator[str]:
        if not _HAN.match(run):
            yield run
            parts = _PART.findall(run)
            if parts != [run]:
                yield from parts
            return
        for word in self._jieba.cut_for_search(run):
            if word not in STOP_WORDS:
                yield word

    @property
    def _jieba(self) -> Any:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        segmenter = jieba.Tokenizer()
        self._folder.mkdir(parents=True, exist_ok=True)
        segmenter.tmp_dir = str(self._folder)
        segmenter.initialize()
        return segmenter


def pairs(text: str) -> list[str]:
    """Neighbouring character pairs of every Han run, repeats kept; a lone character stands for itself.

    A number makes a pair with the character after it: `35件`.
    """
    return _pairs(folded(text))


def question_pairs(question: str) -> list[str]:
    """As `pairs`, not reaching across the words that ask."""
    return _pairs(without_asking(folded(question)))


def without_asking(question: str) -> str:
    """The question with a blank for every word that asks: what it is about."""
    return _ASKING.sub(" ", question)


def _pairs(text: str) -> list[str]:
    found = []
    for number, run in _COUNTED.findall(text):
        if number:
            found.append(number + run[0])
        found += [run[i : i + 2] for i in range(len(run) - 1)] or ([] if number else [run])
    return found


def article_names(article: Article) -> frozenset[str]:
    """The article's own dictionary: people of the byline, and what the headline puts in quotation marks."""
    people = {
        _name(name)
        for name in _PERSON_LIST.split(article.byline)
        if 2 <= len(name) <= 4 and _HAN.fullmatch(name)
    }
    quoted = {_name(found) for found in _QUOTED.findall(article.headline)}
    return frozenset(people | {name for name in quoted if len(name) <= NAME_CHARS_MAX})


def names_in(text: str, names: Iterable[str]) -> list[str]:
    """Which of `names` a text holds, each as often as it occurs."""
    held = _name(text)
    return [name for name in names for _ in range(held.count(name))]


def known_names_in(text: str, names: frozenset[str]) -> list[str]:
    """As `names_in` for a large set of names: looks the text's own substrings up instead."""
    held = _name(text)
    return [
        held[i:j]
        for i in range(len(held))
        for j in range(i + 2, min(i + NAME_CHARS_MAX, len(held)) + 1)
        if held[i:j] in names
    ]


def _name(text: str) -> str:
    """As names are compared: their numerals stay, which may be no numbers."""
    return simplified(normalised(text))
