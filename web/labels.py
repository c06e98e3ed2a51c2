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
        "page": "第{}版",
        "pending": "正在翻报……",
        "sources": "出处",
        "source": "出处 {}",
        "open_quote": "打开原文",
        "unanswered": "报上没有写",
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
