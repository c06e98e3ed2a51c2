"""Radicals that fonts give in place of the character that looks the same, made that character again."""

from __future__ import annotations

import unicodedata

# The radicals supplement has hardly any decompositions of its own: these are Unicode's equivalents
# (EquivalentUnifiedIdeograph.txt) as far as they can stand for a character of their own.
_SUPPLEMENT = (
    "⺁厂⺅亻⺆冂⺇几⺉刂⺊卜⺎兀⺐尢⺒巳⺓幺⺔彑⺕彐⺖忄⺘扌⺙攵⺛旡⺝月⺞歺⺟母⺠民⺡氵⺢氺⺣灬⺤爫⺦丬⺧牛⺨犭⺩王⺬示⺭礻⺯糹⺰纟"
    "⺱罓⺲罒⺳㓁⺶羊⺹耂⺺肀⺻聿⺼月⺽臼⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇角⻈讠⻉贝⻋车⻌辶⻍辶⻎辶⻏阝⻐钅⻑長⻒镸⻓长"
    "⻔门⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻟飠⻠饣⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
_KANGXI = range(0x2F00, 0x2FD6)
_CHARACTERS = {ord(a): b for a, b in zip(_SUPPLEMENT[::2], _SUPPLEMENT[1::2], strict=True)} | {
    point: unicodedata.normalize("NFKC", chr(point)) for point in _KANGXI
}


def unified(text: str) -> str:
    """The text with every compatibility radical as the common character, one for one."""
    return text.translate(_CHARACTERS)
