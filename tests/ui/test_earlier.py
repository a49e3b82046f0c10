"""Messages repeated below an answer without marks of a quote, as Outlook and its kin do it."""

from __future__ import annotations

import pytest

from tui_mail.mime.parse import parse_message
from tui_mail.ui.widgets.message_document import message_document
from tui_mail.ui.widgets.row_text import Calendar

OUTLOOK = "From: Ola\nSent: Friday, June 27, 2014 12:06 PM\nTo: Anna\nSubject: Garden"
GERMAN = "Von: Ola\nGesendet: Freitag, 27. Juni 2014 12:06\nAn: Anna\nBetreff: Garten"
FRENCH = "De\N{NO-BREAK SPACE}: Ola\nEnvoyé\N{NO-BREAK SPACE}: vendredi 27 juin 2014\nÀ : Anna\nObjet : Jardin"
SPANISH = "De: Ola\nEnviado el: viernes, 27 de junio de 2014\nPara: Anna\nAsunto: Jardín"
DUTCH = "Van: Ola\nVerzonden: vrijdag 27 juni 2014\nAan: Anna\nOnderwerp: Tuin"
HOTMAIL = "Date: Thu, 26 Jun 2014 13:53:45 +0400\nSubject: Garden\nFrom: ola@example.org\nTo: anna@example.org"
LONG = "From: Ola\nTo: Anna <anna@example.org>;\n Bob <bob@example.org>;\n Eve\nSent: Friday\nSubject: Garden"


def new(text: str, subject: str = "Re: Garden", kind: str = "text/plain") -> str:
    """What is shown of a message when only what is new is."""
    head = f"From: Kirsten <k@example.org>\nSubject: {subject}\nContent-Type: {kind}; charset=utf-8\n\n"
    message = parse_message((head + text).encode())
    document = message_document(message, None, Calendar.at(0.0), frozenset())
    lines = ["".join(words for words, _ in one.runs) for one in document.body]
    return "\n".join(
        line for at, line in enumerate(lines) if not any(begin <= at < end for begin, end in document.old)
    ).strip()


@pytest.mark.parametrize("block", [OUTLOOK, GERMAN, FRENCH, SPANISH, DUTCH, HOTMAIL, LONG])
@pytest.mark.parametrize("above", ["", "________________________________\n", "-----Original Message-----\n"])
def test_from_the_block_of_fields_on_nothing_is_new(block: str, above: str) -> None:
    """In every language, with a line above it or without."""
    assert new(f"Yes, on Friday.\n\nKirsten\n\n{above}{block}\n\nShall we meet?\n") == "Yes, on Friday.\n\nKirsten"


@pytest.mark.parametrize("mark", ["----- Original Message -----", "-----Ursprüngliche Nachricht-----",
                                  "-----Message d’origine-----", "-----Mensaje original-----"])  # fmt: skip
def test_the_line_that_names_it_is_enough(mark: str) -> None:
    """Whatever stands below it."""
    assert new(f"Yes.\n{mark}\nOla asked:\nShall we meet?\n") == "Yes."


def test_in_html() -> None:
    """Bold names below a rule, or a paragraph for each."""
    lines = "".join(f"<b>{line.replace(':', ':</b>', 1)}<br>" for line in OUTLOOK.split("\n"))
    assert new(f"<p>Yes.</p><hr><div>{lines}</div><p>Shall we meet?</p>", kind="text/html") == "Yes."
    lines = "".join(f"<p>{line}</p>" for line in GERMAN.split("\n"))
    assert new(f"<p>Yes.</p>{lines}<p>Shall we meet?</p>", kind="text/html") == "Yes."


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (f"{OUTLOOK}\n\nShall we meet?", "Garden"),
        (f"________________________________\n{OUTLOOK}\n\nShall we meet?", "Garden"),
        (f"Have a look.\n\n{OUTLOOK}\n\nShall we meet?", "FW: Garden"),
        (f"Have a look.\n\n{OUTLOOK}\n\nShall we meet?", "WG: Garden"),
        (f"Have a look.\n\n---------- Forwarded message ----------\n{OUTLOOK}\n\nShall we meet?", "Garden"),
        (f"Have a look.\n\nBegin forwarded message:\n\n{OUTLOOK}\n\nShall we meet?", "Garden"),
        ("The trip:\nFrom: Oslo\nTo: Bergen\nIt takes seven hours.", "Garden"),
        ("We write it so:\n\nTo: Anna\nSubject: Garden\n\nand so on", "Garden"),
    ],
)
def test_what_is_forwarded_and_what_only_looks_alike_is_not_hidden(text: str, subject: str) -> None:
    """All of it is what the message is for."""
    assert new(text, subject) == text
