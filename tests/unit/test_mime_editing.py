"""A draft in $EDITOR, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mime.editing import as_text, from_text
from tui_mail.mime.entities import clean_text
from tui_mail.outgoing import Attachment, Draft

DRAFT = Draft(
    account="work",
    from_name="Anna Berg",
    from_email="anna@example.org",
    to="Ola <ola@example.net>, half",
    subject="Keys",
    body="Hello\n\nTo: you\n",
    attachments=(Attachment("a", "", 1, 7),),
    in_reply_to="x@y",
)


def test_as_text() -> None:
    """Every field has its line, also the empty ones."""
    assert as_text(DRAFT) == (
        "From: Anna Berg <anna@example.org>\nTo: Ola <ola@example.net>, half\nCc:\nBcc:\nReply-To:\nSubject: Keys\n\n"
        "Hello\n\nTo: you\n\n"
    )
    assert from_text(DRAFT, as_text(DRAFT)).draft == DRAFT


@pytest.mark.parametrize(
    ("text", "changes", "problems"),
    [
        ("just a body\n", {"body": "just a body"}, ()),
        ("\nbody", {"body": "body"}, ()),
        ("", {"body": ""}, ()),
        ("To: a@b.org\n\nbody\n", {"to": "a@b.org", "subject": "", "body": "body"}, ()),
        ("to: a@b.org,\n  c@d.org\nSUBJECT : x\n\nb\n", {"to": "a@b.org, c@d.org", "subject": "x", "body": "b"}, ()),
        ("To: a@b.org\nTo: c@d.org\nSubject: x\n\n", {"to": "a@b.org, c@d.org", "subject": "x", "body": ""}, ()),
        ("To: a@b.org\r\nSubject: x\r\n\r\nb\r\nc\r\n", {"to": "a@b.org", "subject": "x", "body": "b\nc"}, ()),
        ("To: a@b.org\nSubject: x", {"to": "a@b.org", "subject": "x", "body": ""}, ()),
        (
            "From: Ola <ola@x.org>\nX-Foo: bar\nhm\n\nb\n",
            {"from_name": "Ola", "from_email": "ola@x.org", "to": "", "subject": "", "body": "b"},
            (
                'The line "X-Foo: bar" was not understood; it is left out.',
                'The line "hm" was not understood; it is left out.',
            ),
        ),
        (
            "From: ola@\nTo: a\n\nb\n",
            {"to": "a", "subject": "", "body": "b"},
            ('"ola@" is no address to send from; From stays as it was.',),
        ),
        ("From:\nTo: a\x00\x1bb\n\nb\n", {"to": "ab", "subject": "", "body": "b"}, ()),
    ],
)
def test_from_text(text: str, changes: dict[str, str], problems: tuple[str, ...]) -> None:
    """What a person may have made of it; files and thread stay."""
    edited = from_text(DRAFT, text)
    assert edited.draft == replace(DRAFT, **changes)
    assert edited.problems == problems


@given(
    st.fixed_dictionaries(dict.fromkeys(("to", "cc", "bcc", "reply_to", "subject"), st.text(max_size=40))),
    st.text(max_size=200).map(clean_text) | st.text("a\n:To ", max_size=60),
)
def test_round_trip(typed: dict[str, str], body: str) -> None:
    """An editor that changes nothing changes nothing."""
    draft = replace(DRAFT, body=body, **typed)
    edited = from_text(draft, as_text(draft))
    assert edited.problems == ()
    assert edited.draft.body == body
    assert from_text(edited.draft, as_text(edited.draft)) == edited
