"""Where the message that is answered begins below an answer, when nothing marks its lines: Outlook's way.

What belongs here: the block of "From: … Sent: … To: …" lines in the languages that programs write it in, and what they
put above it. What must never be here: marks of quotes, which the blocks of a message know.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.mime.subjects import is_forward
from tui_mail.ui.widgets.document import Paragraph

Range = tuple[int, int]

_NAMES = {
    "from": "from|von|de|da|van|от|från|fra|od|lähettäjä|expéditeur|remitente|afzender",
    "sent": "sent|date|gesendet|datum|envoyé|fecha|enviado|enviado el|enviada em|data|inviato|verzonden|отправлено|"
    "дата|skickat|sendt|dato|wysłano|lähetetty",
    "to": "to|an|à|a|para|aan|кому|till|til|do|vastaanottaja|destinataire",
    "cc": "cc|kopie|copie à|cópia|копия|kopia|kopi",
    "subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|тема|ämne|emne|temat|aihe",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split("|")}
_LONGEST = max(map(len, _KINDS))
_MARKS = frozenset(
    (
        "original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "message original",
        "mensaje original", "messaggio originale", "oorspronkelijk bericht", "mensagem original",
        "исходное сообщение", "original appointment", "ursprünglicher termin",
    )
)  # fmt: skip
_LINES = 12
"""More lines than that are no such block: some of To and Cc may go on in the next."""
LOOKED_AT = 20_000
"""Paragraphs of a message that are looked through."""
_RULES = frozenset("_-─ ")


def with_earlier(old: list[Range], body: Sequence[Paragraph], subject: str) -> list[Range]:
    """What is nothing new in a body, and all from where an earlier message begins, if something new is above it."""
    lines = ["|" if one.first else "".join(text for text, _ in one.runs) for one in body[:LOOKED_AT]]
    start = earlier_at(lines)
    if start is None:
        return old
    above = [(begin, min(end, start)) for begin, end in old if begin < start]
    known = {at for begin, end in above for at in range(begin, end)}
    if is_forward(subject) or not any(lines[at] and at not in known for at in range(start)):
        return old
    return [*above, (start, len(body))]


def earlier_at(lines: Sequence[str]) -> int | None:
    """The line from which on all is an earlier message; None when there is none, or it is one that is forwarded."""
    above = None
    for at, line in enumerate(lines):
        if not line:
            continue
        if line.startswith("--") and line.strip("- ").replace("’", "'").casefold() in _MARKS:
            return at
        if _kind(line) and _is_head(lines, at):
            said = lines[above] if above is not None else ""
            if said and _RULES.issuperset(said):
                return above
            is_announced = said.startswith("--") or said.rstrip().endswith(":")  # as a forwarded one is
            return None if is_announced else at
        above = at
    return None


def _kind(line: str) -> str:
    """Which field of a header a line looks like; empty for none."""
    name, colon, _ = line[: _LONGEST + 8].partition(":")
    return _KINDS.get(name.strip("* \N{NO-BREAK SPACE}").casefold(), "") if colon else ""


def _is_head(lines: Sequence[str], at: int) -> bool:
    """Who wrote, when, and one thing more, with nothing between but further recipients."""
    kinds: list[str] = []
    seen = 0
    for line in lines[at : at + 2 * _LINES]:
        if not line:
            continue
        seen += 1
        kind = _kind(line)
        if seen > _LINES or kind in kinds or (not kind and kinds[-1] not in ("to", "cc")):
            break
        if kind:
            kinds.append(kind)
    return len(kinds) >= 3 and "from" in kinds and "sent" in kinds
