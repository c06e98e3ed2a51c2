"""Every word of the pages' own, in one place, so that another language is one more table.

Scripts hold no words: what they show comes from the page's templates and `data-` attributes.
`{}` is where a value goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "language": "zh-CN",
        "name": "问报",
        "motto": "向报纸提问，句句有出处",
        "skip": "跳到正文",
        "home": "回到问报首页",
        "question": "问题",
        "placeholder": "想从报上知道什么？",
        "ask": "提问",
        "ask_keys": "回车提问，Shift + 回车换行",
        "asked": "问",
        "replied": "答",
        "suggestions": "不妨这样问",
        "newest": "最新版面",
        "collection": "收报道 {} 篇",
        "dates_between": "{} 至 {}",
        "date": "{}年{}月{}日",
        "month_day": "{}月{}日",
        "day": "{}日",
        "period_between": "{}—{}",
        "period_since": "{}起",
        "period_until": "截至{}",
        "page": "第{}版",
        "pending": "正在翻报……",
        "sources": "出处",
        "source": "出处 {}",
        "open_quote": "打开原文",
        "unanswered": "报上没有写",
        "understood": "理解为：",
        "period": "时间范围：",
        "period_from": "从",
        "period_to": "到",
        "period_apply": "按此时间再问",
        "period_off": "不限时间再问",
        "period_dropped": "这段时间的报纸里没有，以下来自全部报纸。",
        "written_by": "由 {} 撰写，引文来自报纸",
        "related": "相近的报道",
        "answered_status": "已回答：",
        "failed": "这一问没有答成",
        "retry": "再问一次",
        "offline": "连不上服务，请检查网络后再试。",
        "slow": "等了太久没有回音，请稍后再试。",
        "unreadable": "服务的回复读不懂，请稍后再试。",
        "not_ready": "还不能回答问题",
        "build_first": "先在服务器上收录报纸，再刷新本页：",
        "back": "返回提问",
        "captions": "图片说明",
        "continued_from": "上接",
        "continued_on": "下接",
        "reprints": "同一篇报道也见于",
        "headline": "《{}》",
        "original": "查看原始网页",
        "request": "请求编号",
    }
)

# What a refusal is headed with, by its reason; any other reason is headed `unanswered`.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no_article": "没有这方面的报道",
        "outside_dates": "不在收录的日期里",
        "issue_missing": "那期报纸没有收录",
        "not_said": "报道里没有说",
    }
)
