"""The pages' words that are chosen in Python; templates say their own with `_()`.

Chinese is the language of the source, and `translations/` holds the others. A function gives a string, so
that it is in the language of the request that asks for it, and in Chinese outside of any.
"""

from __future__ import annotations

from web.language import gettext


def refusal_heading(reason: str) -> str:
    """What a refusal is headed with."""
    headings = {
        "no_article": gettext("没有这方面的报道"),
        "outside_dates": gettext("不在收录的日期里"),
        "issue_missing": gettext("那期报纸没有收录"),
        "not_said": gettext("报道里没有说"),
    }
    return headings.get(reason, gettext("报上没有写"))


def feedback_reasons() -> dict[str, str]:
    """Why an answer does not serve, by `qa.feedback.Reason`."""
    return {
        "wrong": gettext("说得不对"),
        "off_topic": gettext("答非所问"),
        "missing": gettext("报上有，没找到"),
        "outdated": gettext("是旧情况"),
        "quote": gettext("引文不能证明"),
        "other": gettext("其他"),
    }


def date_pattern() -> str:
    """How year, month and day are written."""
    return gettext("{}年{}月{}日")


def month_day_pattern() -> str:
    """How month and day are written where the year is known."""
    return gettext("{}月{}日")


def day_pattern() -> str:
    """How a day is written where year and month are known."""
    return gettext("{}日")


def between_pattern() -> str:
    """From one day to another."""
    return gettext("{}—{}")


def since_pattern() -> str:
    """From a day on."""
    return gettext("{}起")


def until_pattern() -> str:
    """Up to a day."""
    return gettext("截至{}")


def page_pattern() -> str:
    """The number of a page."""
    return gettext("第{}版")


def build_state(state: str) -> str:
    """How far a build is, by `qa.jobs.State`."""
    return {
        "planning": gettext("正在计划"),
        "planned": gettext("等待确认"),
        "queued": gettext("排队中"),
        "building": gettext("正在更新"),
        "done": gettext("完成"),
        "failed": gettext("失败"),
        "cancelled": gettext("已取消"),
    }[state]


def build_stage(stage: str) -> str:
    """What a running build is at."""
    return {"files": gettext("读文件"), "passages": gettext("编码段落")}.get(stage, "")
