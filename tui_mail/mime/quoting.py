"""What an answer repeats of a message: the quoted text, the line above it, and the head of a forwarded one.

Takes only the text that was shown (`Message.text`): what was hidden in a message is not to travel on in an answer
under somebody else's name.
"""

from __future__ import annotations

import re
import time

from tui_mail.mime.recipients import write_address
from tui_mail.model import Address, Message
from tui_mail.records import frozen

QUOTE_LIMIT = 200_000
"""Characters of a message that an answer repeats."""

_NAME_LENGTH = 100
_PEOPLE_LIMIT = 50
"""Recipients named in the head of a forwarded message."""

_MARKS = re.compile(r">(?: ?>)*")
_FORWARD_MARK = re.compile(r"-{8,10} [^-\n]{3,60} -{8,10}")


@frozen
class _Words:
    """A language: what stands above a quote with and without a date, how a date looks, the head of a forward."""

    wrote: str
    wrote_undated: str
    date: str
    forwarded: str
    sender: str
    sent: str
    subject: str
    to: str
    cc: str


_LANGUAGES = {
    "en": _Words("On {date} at {time}, {name} wrote:", "{name} wrote:", "%d %B %Y",
                 "Forwarded message", "From", "Date", "Subject", "To", "Cc"),
    "de": _Words("Am {date} um {time} schrieb {name}:", "{name} schrieb:", "%d.%m.%Y",
                 "Weitergeleitete Nachricht", "Von", "Datum", "Betreff", "An", "Kopie"),
    "fr": _Words("Le {date} à {time}, {name} a écrit :", "{name} a écrit :", "%d/%m/%Y",
                 "Message transféré", "De", "Date", "Objet", "À", "Copie à"),
    "es": _Words("El {date} a las {time}, {name} escribió:", "{name} escribió:", "%d/%m/%Y",
                 "Mensaje reenviado", "De", "Fecha", "Asunto", "Para", "CC"),
    "it": _Words("Il {date} alle {time}, {name} ha scritto:", "{name} ha scritto:", "%d/%m/%Y",
                 "Messaggio inoltrato", "Da", "Data", "Oggetto", "A", "Cc"),
    "nl": _Words("Op {date} om {time} schreef {name}:", "{name} schreef:", "%d-%m-%Y",
                 "Doorgestuurd bericht", "Van", "Datum", "Onderwerp", "Aan", "Cc"),
    "pt": _Words("Em {date} às {time}, {name} escreveu:", "{name} escreveu:", "%d/%m/%Y",
                 "Mensagem encaminhada", "De", "Data", "Assunto", "Para", "Cc"),
}  # fmt: skip
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""Not strftime's: that one speaks the language of the computer."""

LANGUAGES = tuple(_LANGUAGES)


def quoted_text(text: str) -> str:
    """The text with a quote mark before every line, marks of older quotes drawn together, no signature at its end."""
    lines = text[:QUOTE_LIMIT].split("\n")
    if len(text) > QUOTE_LIMIT:
        lines.append("[…]")
    lines = _without_signature(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(_quoted(line.rstrip()) for line in lines)


def attribution_line(message: Message, language: str = "en", form: str = "") -> str:
    """The line above a quote: `form` with {date}, {time}, {name}, {email}, {subject}, else the language's own."""
    words = _LANGUAGES.get(language, _LANGUAGES["en"])
    sender = message.from_[0] if message.from_ else None
    name = (sender.name or sender.email)[:_NAME_LENGTH] if sender else ""
    date, clock = _moment(message.date, words)
    if not form:
        if not name:
            return ""
        form = words.wrote if date else words.wrote_undated
    values = {
        "date": date, "time": clock, "name": name, "email": (sender.email if sender else "")[:_NAME_LENGTH],
        "subject": message.subject[:200],
    }  # fmt: skip
    return re.sub(r"\{(date|time|name|email|subject)\}", lambda found: values[found[1]], form).strip()


def forwarded_head(message: Message, language: str = "en") -> str:
    """The lines above the text of a message that goes on to somebody else."""
    words = _LANGUAGES.get(language, _LANGUAGES["en"])
    date, clock = _moment(message.date, words)
    lines = [
        (words.sender, _people(message.from_)),
        (words.sent, f"{date} {clock}".strip()),
        (words.subject, message.subject),
        (words.to, _people(message.to)),
        (words.cc, _people(message.cc)),
    ]
    return "\n".join(
        [f"---------- {words.forwarded} ----------", *(f"{name}: {value}" for name, value in lines if value)]
    )


def is_forward_mark(line: str) -> bool:
    """True for the line that begins a forwarded message in a draft."""
    return line.startswith("--------") and _FORWARD_MARK.fullmatch(line) is not None


def new_text(body: str) -> str:
    """What a draft says itself: without quotes, the lines above them, the signature and what is forwarded."""
    lines: list[str] = []
    is_first_quote = True
    for line in body.split("\n"):
        if line == "-- " or is_forward_mark(line):
            break
        if not line.startswith(">"):
            lines.append(line)
        elif is_first_quote:
            is_first_quote = False
            if lines and lines[-1].rstrip().endswith(":") and (len(lines) < 2 or not lines[-2].strip()):
                lines.pop()
    return "\n".join(lines)


def _quoted(line: str) -> str:
    marks = _MARKS.match(line)
    if marks is None:
        return f"> {line}" if line else ">"
    rest = line[marks.end() :]
    depth = ">" * (marks[0].count(">") + 1)
    return depth + (rest if rest.startswith(" ") or not rest else " " + rest)


def _without_signature(lines: list[str]) -> list[str]:
    """Without the last signature, if nothing but it and quotes of a digest would be lost."""
    for number in range(len(lines) - 1, max(len(lines) - 60, -1), -1):
        if lines[number] in {"-- ", "--"}:
            return lines[:number] if any(line.strip() for line in lines[:number]) else lines
    return lines


def _moment(date: int | None, words: _Words) -> tuple[str, str]:
    if date is None:
        return "", ""
    try:
        local = time.localtime(date)
    except (OverflowError, OSError, ValueError):
        return "", ""
    written = words.date.replace("%d", f"{local.tm_mday:02}").replace("%m", f"{local.tm_mon:02}")
    written = written.replace("%Y", f"{local.tm_year:04}").replace("%B", _ENGLISH_MONTHS[local.tm_mon - 1])
    return written, f"{local.tm_hour:02}:{local.tm_min:02}"


def _people(people: tuple[Address, ...]) -> str:
    shown = ", ".join(write_address(one.name, one.email) if one.email else one.name for one in people[:_PEOPLE_LIMIT])
    return shown + (f" … ({len(people)})" if len(people) > _PEOPLE_LIMIT else "")
