"""Follow-ups that only ask (为什么?, 在哪儿?, 结果呢?): the last question as a statement, asked anew."""

from __future__ import annotations

import re

from qa.standalone import wording
from qa.standalone.topic import Topic

_WHY = re.compile(
    r"^(?:为什么|为何|为啥|为了?什么|什么原因|原因(?:是什么|何在)?|怎么会(?:这样)?|凭什么"
    r"|因为什么)(?:会?这样|呢)?$"
)
_HOW = re.compile(
    r"^(?:(?:具体|详细|到底|究竟)?(?:都)?(?:是)?(?:怎么|如何|咋|怎样)(?:做到|办到|实现|做|办|弄|搞|操作"
    r"|实施|发生|来|回事|解决)?的?|具体(?:办法|做法|措施)?(?:是什么)?|有什么(?:办法|措施|做法))$"
)
_THEN_WHAT = re.compile(
    r"^(?:结果|后来|然后|之后|接着|接下来|最后|最终|再后来)(?:怎么?样|如何|咋样|怎么了)?(?:了)?$"
)
_MORE = re.compile(
    r"^(?:还有|其他|其它|别的|另外|除此之外|其余|还有别的|还有其他|还有什么|还有哪些|别的还有|其他的?"
    r"|其余的?)(?:的|还有)?(?:吗)?$"
)
_OF_SUBJECT = re.compile(
    r"^(?:是?在?(?:哪里|哪儿|哪|什么地方|何处|何地)|(?:要|需要|得|花|是)?多少钱|(?:一共"
    r"|总共)?有?多少[个]?人?|(?:一共|总共)?有?几(?:个)?人?|(?:都)?有?(?:哪些|什么)(?:内容|人|项目|要求"
    r"|条件)?|(?:是)?谁|(?:是)?多[大长高宽远久重深快厚热冷]|怎么样|什么(?:内容|样)|(?:联系)?(?:电话|地址"
    r"|地点|价格|票价)(?:是多少|是什么|在哪)?)$"
)
_WHEN = re.compile(
    r"^(?:是|在|从|是在)?(?:什么时候|何时|啥时候|哪一?[年天日]|几[号月点]|几月几[日号]|什么时间)(?:的"
    r"|开始的?)?$"
)
_WHO_SAID = re.compile(
    r"^(?:是|由|都是|都)?谁(?:说|讲|提|定|做|写|干|发现|办|决定|负责|出|介绍|发明|拍)(?:出|起)?(?:的|钱|过)*$"
)
_NEGATIVE = re.compile(r"^(?:不|没|未|否|还没|尚未|并没|并不|起先不)")


def asked_again(text: str, topic: Topic) -> str:
    """A question of its own for a follow-up that only asks; empty when it says more than that."""
    asking = re.sub(r"[,，\s]", "", wording.asked(wording.without_then(text)))
    if _WHY.match(asking):
        return _why(topic)
    if _HOW.match(asking):
        return f"{topic.filled}是怎么做到的？" if "做到" in asking else f"{topic.statement}具体是怎么做的？"
    if _THEN_WHAT.match(asking):
        return f"{topic.filled}，后来结果怎么样？"
    if _MORE.match(asking):
        return _more(topic)
    if _WHEN.match(asking):
        return f"{_whole(topic)}是{asking.lstrip('是')}？"
    if _WHO_SAID.match(asking):
        return f"{topic.filled}是{asking.lstrip('是')}？"
    if _OF_SUBJECT.match(asking):
        return f"{topic.subject}{asking}？"
    return ""


def _whole(topic: Topic) -> str:
    return topic.filled if topic.asks_who or topic.asks_what else topic.statement


def _why(topic: Topic) -> str:
    subject, statement = topic.subject, topic.filled
    predicate = statement[len(subject) :] if statement.startswith(subject) else ""
    if topic.is_yes_no and _NEGATIVE.match(topic.answer) and predicate:
        return (
            f"{subject}为什么不{predicate}？"
            if not predicate.startswith(("不", "没"))
            else f"{subject}为什么{predicate}？"
        )
    if len(predicate) >= 2:
        return f"{subject}为什么{predicate}？"
    return f"{statement}是什么原因？"


def _more(topic: Topic) -> str:
    again = re.sub(r"(?<!还)(?:都)?有?(哪些|什么|谁|哪几)", r"还有\1", topic.question, count=1)
    return again if again != topic.question else f"{topic.statement}，还有什么？"
