"""A question about several things as one question for each: `甲和乙分别有多少` is `甲有多少` and `乙有多少`.

Only the words that compare or deal out (`分别`, `各`, `哪个更`, `相比`, `前后`) make a question
one about several things; a `和` alone does not. What the first thing carries before its name
(`实验小学老师和学生`) is given to the others as well.
"""

from __future__ import annotations

import re
from itertools import pairwise

PARTS_MAX = 4
# Nobody compares in more words; what is longer is left whole.
CHARS_MAX = 200
THING_CHARS_MAX = 24

_QUOTED = re.compile(r"[“\"「『《〈][^”\"」』》〉]{0,40}[”\"」』》〉]")
# The joining characters where they join nothing.
_OPENING, _CLOSING = "“「『《〈", "”」』》〉"
_INSIDE_WORDS = re.compile(
    r"和[平谐解睦气美尚县田林顺静龙硕声约缓弦歌风]|[共温饱缓总暖柔祥亲讲调中泰义人仁元太永随附求议]和(?=[国平谐区县路镇村街饭汤气诺堂苑园里])|[饱缓总柔祥附议]和|暖和|共和|温和|随和|谋和|求和|讲和"
    r"|参与|与[会其否时众日]|赠与|给与|授与|[涉普以埃顾波危遍推论]及|及[时格其早第]|跟[踪进前随风帖头读]|[后脚]跟|同[意比期步学事志行样时类级乡胞伴盟济仁心德安江里龄住城]|[共不相合胡如连陪协带雷大]同"
)
_JOINT = re.compile(r"以及|还有|和|与|跟|及|同|、")
_DEALT = re.compile(
    r"(?:都?分别)|各自|各(?=[\u4e00-\u9fff]{0,5}?(?:多少|几|什么|啥|哪|谁|怎|多[大长高久远快]))|(?<![\u4e00-\u9fff])各(?=是)"
)
_SIZE = "高|低|大|小|长|短|远|近|快|慢|重|贵|便宜|多|少|早|晚"
_WHICH = re.compile(
    r"(?:[,，]?\s*(?:这|那)?[两三四]?[个家座条款位队地者]?(?:相比|比起来|比较|对比)[,，]?\s*)?"
    r"(?:到底|究竟)?(?<![在去到从来于给向往])(?:哪一?(?:[个家座条款位队地所样种边方支]|年|天)?|谁)"
    rf"(?P<how>(?:[\u4e00-\u9fff]{{0,6}}?(?:更|最|比较)[\u4e00-\u9fff]{{1,6}}|[\u4e00-\u9fff]{{0,6}}(?:{_SIZE}))[的些]?)$"
)
_WHO_AND_WHO = re.compile(r"谁(?P<one>[^谁,，]{1,4})[,，]?谁(?P<other>[^谁,，]{1,4})$")
_WITH = re.compile(
    r"^(?P<lead>.{0,40}?)(?:与|和|跟|同|比起?|较之?)(?P<one>[^,，]{1,24}?)(?:相比|比较|对比|比起来|比)[,，]?(?P<rest>.{2,})$"
)
_MORE_THAN = re.compile(
    r"^(?P<one>[^,，]{1,24}?)比(?P<other>[^,，赛如分例重值]{1,16}?)(?:(?:的|(?=每))(?P<what>[^,，]{1,10}?))?(?P<more>多|高|低|少|长|短|贵|便宜|快|慢|早|晚|大|重|远)(?P<rest>[了出]?(?:多少|几).{0,12})$"
)
_DIFFER = re.compile(
    r"(?:之间)?(?:相差|差了?|有(?:什么|啥|何|哪些)(?=不同|区别|差别|不一样|差异))[^,，]{0,12}$|(?:的?(?:区别|不同|差别|差异)(?:是(?:什么|啥)|在哪(?:里|儿)?))$"
)
_BEFORE_AFTER = re.compile(
    r"(?<![目以之眼提])前后(?=[,，]|[^,，]{0,24}(?:各|分别|多少|几))(?![^,，]{0,24}[差变])"
)
_COUNT_OF_THINGS = re.compile(
    r"这?[两二三四](?:个|家|起|地|者|种|人|所|条|位|座|支|队|方|边|款|样|处|国|省|市|县|镇|村|年)"
)
_HOW_MUCH = {
    "高": "多高", "低": "多少", "大": "多大", "小": "多大", "长": "多长", "短": "多长", "远": "多远",
    "近": "多远", "快": "多快", "慢": "多快", "重": "多重", "贵": "多少钱", "便宜": "多少钱",
    "多": "多少", "少": "多少", "早": "什么时候", "晚": "什么时候",
}  # fmt: skip
_ASKS = re.compile(r"多少|几|什么|啥|哪|谁|怎|如何")
# Compared with how things were or are elsewhere: one question, not two.
_NO_THING = re.compile(r"(?:以前|之前|过去|往年|原来|从前|平时|别[的人处]|其[他它余]|普通|一般|周边)")
_PLACE_ENDS = frozenset("学区县镇乡村市省州路街巷港湾岛桥站店队校院馆厂园")
_ASKED_BEFORE = re.compile(r"(?:相?差)?(?:了|是)?多少[?？]")
_NOW_AND_THEN = re.compile(
    r"^(?P<lead>.{2,60}?)(?P<one>(?:以前|之前|过去|原来|原先|从前|去年|往年|今年|现在)[^,，]{1,20})[,，](?P<other>(?:现在|如今|目前|今年|去年|以前|之前|后来)[^,，]{2,20})$"
)
_END = re.compile(r"[?？!！。.\s]+$")
_LEAD = re.compile(r"^(?:请问|请|麻烦|帮我|我?想(?:知道|问一?下?))?[,，]?(?:比较|对比)?(?:一下|下)?[,，]?")


def subquestions(question: str) -> tuple[str, ...]:
    """One question for each thing that is asked about, in their order, at most `PARTS_MAX`.

    A question about one thing, or one that cannot be taken apart safely, comes back as it is, alone.
    """
    if not 4 <= len(question) <= CHARS_MAX:
        return (question,)
    asked = _LEAD.sub("", _END.sub("", question.strip()))
    for split in (
        _now_and_then,
        _before_and_after,
        _more_than,
        _compared_with,
        _dealt_out,
        _which_of,
        _differing,
    ):
        parts = list(dict.fromkeys(part for part in split(asked) if part.strip()))
        if len(parts) > 1:
            return tuple(part.strip("，, ") + "？" for part in parts[:PARTS_MAX])
    return (question,)


def _now_and_then(asked: str) -> list[str]:
    found = _NOW_AND_THEN.match(asked)
    if found is None or not all(_ASKS.search(found[part]) for part in ("one", "other")):
        return []
    return [found["lead"] + found["one"], found["lead"] + found["other"]]


def _before_and_after(asked: str) -> list[str]:
    found = _BEFORE_AFTER.search(asked)
    if found is None:
        return []
    rest = _DEALT.sub("", asked[found.end() :])
    return [asked[: found.start()] + side + rest for side in ("前", "后")]


def _more_than(asked: str) -> list[str]:
    """`甲比乙多多少`: how much each has."""
    found = _MORE_THAN.match(asked)
    if found is None or _joints(asked):
        return []
    what = found["what"] or ""
    measure = re.sub(r"^[了出]", "", found["rest"])
    what = what if what.startswith("每") or not what else f"的{what}"
    one, other = found["one"], _carried(found["one"], found["other"])
    return [f"{one}{'' if what in one else what}是{measure}", f"{other}{what}是{measure}"]


def _compared_with(asked: str) -> list[str]:
    """`与去年相比,今年…多少`, `甲与乙相比…`."""
    found = _WITH.match(asked)
    if found is None:
        return []
    lead, one, rest = found["lead"].rstrip("，,"), found["one"], found["rest"]
    if lead:
        what = _which_asked(rest)
        return [lead + what, _carried(lead, one) + what]
    time = re.match(r"(?:今年|本月|本周|现在|如今|目前|今天)", rest)
    return [rest, one + rest[time.end() :]] if time else []


def _dealt_out(asked: str) -> list[str]:
    found = _DEALT.search(asked)
    things = _things(asked[: found.start()]) if found else None
    if found is None or things is None:
        return []
    prefix, names, between = things
    return [prefix + name + between + asked[found.end() :] for name in names]


def _which_of(asked: str) -> list[str]:
    both = _WHO_AND_WHO.search(asked)
    found = both or _WHICH.search(asked)
    things = _things(asked[: found.start()]) if found else None
    if found is None or things is None:
        return []
    prefix, names, between = things
    ask = f"是{both['one']}还是{both['other']}" if both else _how_much(found["how"])
    return [prefix + name + between + ask for name in names]


def _differing(asked: str) -> list[str]:
    found = _DIFFER.search(asked)
    things = _things(asked[: found.start()]) if found else None
    if things is None or found is None:
        return []
    prefix, names, between = things
    tail = re.sub(r"^(?:之间)?(?:相差|差了?)", "", found.group())
    ask = ("是" + tail) if "差" in found.group()[:4] and re.match(r"多少|几", tail) else "怎么样"
    return [prefix + name + between + ask for name in names]


def _which_asked(rest: str) -> str:
    found = _WHICH.search(rest)
    return rest[: found.start()] + _how_much(found["how"]) if found else _DEALT.sub("", rest)


def _how_much(how: str) -> str:
    """`更高` as a question about one thing: `多高`; what has no measure is asked as it is."""
    plain = re.sub(r"更|最|比较|[的些了]+$", "", how)
    for size, ask in _HOW_MUCH.items():
        if plain.endswith(size) and len(plain) - len(size) <= 6:
            return plain[: len(plain) - len(size)] + ask
    return plain


def _things(text: str) -> tuple[str, list[str], str] | None:
    """What stands before the things, the things, and what follows them up to the predicate."""
    joints = _joints(text)
    if not joints:
        return None
    begins = max(text.rfind(mark, 0, joints[0][0]) for mark in "，,：:；;") + 1
    first = text[begins : joints[0][0]]
    middle = [text[a[1] : b[0]] for a, b in pairwise(joints)]
    last, between = _last_thing(text[joints[-1][1] :], first)
    names = [first.strip(), *(_carried(first, name.strip()) for name in [*middle, last])]
    if (_NO_THING.match(last) and not _NO_THING.search(first)) or not all(map(_is_thing, names)):
        return None
    return text[:begins], names, _ASKED_BEFORE.sub("", _COUNT_OF_THINGS.sub("", between, count=1))


def _is_thing(name: str) -> bool:
    return 0 < len(name) <= THING_CHARS_MAX and not re.search(r"[,，?？]", name) and not _ASKS.search(name)


def _last_thing(text: str, first: str) -> tuple[str, str]:
    """The last thing and what follows it: a count, a comma, or an end like the first one's ends it."""
    ends = [
        found.start()
        for found in (_COUNT_OF_THINGS.search(text, 1), re.search(r"[,，]|的(?=.)|每", text))
        if found
    ]
    if first[-1:] in _PLACE_ENDS:
        ends += [i + 1 for i in range(1, min(len(text), len(first) + 3)) if text[i] in _PLACE_ENDS][-1:]
    else:
        ends += [i + 1 for i in range(1, min(len(text), len(first) + 2)) if text[i] == first[-1]][:1]
    begins = first.find(text[0], 1)
    if begins > 0:  # 走公路和走动车: both begin alike
        ends.append(min(len(first) - begins, len(text)))
    end = min(ends, default=len(text))
    return (text[:end], text[end:]) if end else (text, "")


def _carried(first: str, other: str) -> str:
    """A further thing with what the first one carries before its name, when that is plainly more."""
    if other[:1] in _OPENING:
        return (
            first[: max(map(first.rfind, _OPENING), default=0)] + other if first[-1:] in _CLOSING else other
        )
    begins = first.find(other[:1], 1) if other else -1
    more = begins if begins > 0 and len(first) - begins == len(other) else len(first) - len(other)
    if (
        more < 2
        or not other
        or first.startswith(other[:2])
        or (
            any(mark in first[:more] for mark in _OPENING)
            and not any(mark in first[:more] for mark in _CLOSING)
        )
    ):
        return other
    return first[:more] + other


def _joints(text: str) -> list[tuple[int, int]]:
    """Where words join things, outside of quotation marks and of names that hold such a character."""
    masked = _INSIDE_WORDS.sub(
        lambda m: "〇" * len(m.group()), _QUOTED.sub(lambda m: "〇" * len(m.group()), text)
    )
    found = [match.span() for match in _JOINT.finditer(masked)]
    return [(start, end) for start, end in found if start > 0 and end < len(text)]
