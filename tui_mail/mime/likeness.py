"""Whether one domain could be taken for another: a slip of the fingers, or letters that look alike."""

from __future__ import annotations

from collections.abc import Collection

from tui_mail.mime.recipients import unicode_domain

_PROVIDER_NAMES = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com mac.com aol.com "
    "gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de posteo.de mailbox.org proton.me protonmail.com "
    "pm.me fastmail.com mail.com mail.ru yandex.ru orange.fr free.fr laposte.net wanadoo.fr libero.it tiscali.it "
    "ziggo.nl kpnmail.nl xs4all.nl uol.com.br terra.com.br qq.com 163.com 126.com naver.com hey.com tuta.com"
)
_PROVIDERS = frozenset(_PROVIDER_NAMES.split())
"""So common that a slip near them is one even when nobody there was written to, and that none of them is a slip."""

LOOKS: dict[str, str] = {
    "0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "ı": "l",
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "l", "ј": "j", "к": "k", "ӏ": "l", "м": "m",
    "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "х": "x", "ԝ": "w", "г": "r",
    "α": "a", "ε": "e", "ι": "l", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "ω": "w",
}  # fmt: skip
"""Letters by the Latin one that they can be taken for."""
_LOOKS = str.maketrans(LOOKS)
_LONG = 9
"""Domains from this length on may differ in two characters, shorter ones in one."""


def resembled(domain: str, known: Collection[str]) -> str:
    """The known domain (in A-labels) that `domain` could be taken for; empty for none, or when it is known itself."""
    if domain in known or domain in _PROVIDERS:
        return ""
    if any(domain.endswith("." + one) for one in (*known, *_PROVIDERS)):
        return ""
    look = _look(domain)
    candidates = [*sorted(known), *sorted(_PROVIDERS)]
    for one in candidates:
        if _look(one) == look:
            return one
    best = ""
    allowed = 2 if len(domain) >= _LONG else 1
    for one in candidates:
        limit = min(allowed, _slips_between(domain, one))
        distance = edits(domain, one, limit) if limit else 1
        if distance <= limit:
            best, allowed = one, distance - 1
            if not allowed:
                break
    return best


def edits(one: str, other: str, limit: int) -> int:
    """How many characters to add, drop, change or swap with the next; `limit` + 1 when it is more than that."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, character in enumerate(one, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            cost = min(last[column] + 1, line[column - 1] + 1, last[column - 1] + (character != against))
            if row > 1 and column > 1 and character == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before_last[column - 2] + 1)
            line.append(cost)
        if min(line) > limit and min(last) > limit:
            return limit + 1
        before_last, last = last, line
    return min(last[-1], limit + 1)


def _look(domain: str) -> str:
    shown = unicode_domain(domain).lower().translate(_LOOKS)
    return shown.replace("rn", "m").replace("vv", "w").replace("cl", "d")


def _slips_between(one: str, other: str) -> int:
    """How many slips are credible: the same name below another country's ending is a branch, not a slip."""
    name, _, ending = one.rpartition(".")
    other_name, _, other_ending = other.rpartition(".")
    if name != other_name:
        return 2
    return 0 if len(ending) == len(other_ending) == 2 else 1
