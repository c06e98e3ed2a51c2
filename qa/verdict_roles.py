"""Another name in the same place: asked whether it was held in one town, told that it was held in another.

Only what is plainly put is compared: what stands between a preposition and the same verb, and the person
right after the same office.
"""

from __future__ import annotations

import re

from qa.standalone.names import PERSON

NAME_CHARS_MAX = 14

_PUT = re.compile(
    r"(?P<by>在|由|从|到|往|给|向|被|归)(?P<what>[^,，。;；在由从到往给向被归]{2,14}?)"
    r"(?P<verb>(?:举行|举办|召开|开幕|闭幕|开工|动工|建成|建设|修建|建|办|开|生产|制造|发现|发生|出土|落户|上市|上学|工作|就读|"
    r"主办|承办|设计|负责|承担|出资|投资|管理|执导|主演|拍摄|编写|带队|担任|接任|出发|起飞|搬|迁|捐|卖|运|送|转|划"
    r"|颁发|公布|发布)"
    r"(?:到|往|给|至|了|出)?)"
)
_IS_PERSON = re.compile(r"(?P<office>[\u4e00-\u9fff]{2})(?:就?是|叫)(?P<who>[\u4e00-\u9fff·]{2,10})$")


def other_in_place(told: str, said: str) -> str:
    """What the sentence names where the claim names something else; empty when it cannot be told."""
    return _other_put(told, said) or _other_person(told, said)


def _other_put(told: str, said: str) -> str:
    for asked in _PUT.finditer(told):
        if asked["what"] in said:
            continue
        for found in _PUT.finditer(said):
            same = found["by"] == asked["by"] and found["verb"][0] == asked["verb"][0]
            if same and not _share_pairs(found["what"], asked["what"]):
                return found["what"]
    return ""


def _other_person(told: str, said: str) -> str:
    asked = _IS_PERSON.search(told)
    if asked is None or asked["who"] in said or not PERSON.match(asked["who"] + "，"):
        return ""
    for office in re.finditer(re.escape(asked["office"]), said):
        after = re.sub(r"^(?:就?是|为|叫|由)", "", said[office.end() : office.end() + NAME_CHARS_MAX])
        person = PERSON.match(after + "，")
        if person and person.group() in said:
            return person.group()
    return ""


def _share_pairs(one: str, other: str) -> bool:
    return any(one[i : i + 2] in other for i in range(len(one) - 1))
