"""mailto: links: what is taken of them, and what never is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import UsageError
from tui_mail.mime.compose import compose
from tui_mail.mime.mailto import draft_from_mailto, list_address
from tui_mail.outgoing import Draft, Identity

OWN = [Identity("work", "Shop", "*@shop.example"), Identity("work", "Anna", "anna@example.org", "Anna")]


def draft_of(url: str) -> Draft:
    """The draft that a link asks for."""
    return draft_from_mailto(url, OWN)


@pytest.mark.parametrize(
    ("url", "to", "cc", "subject", "body"),
    [
        ("mailto:", "", "", "", ""),
        ("mailto:ola@example.net", "ola@example.net", "", "", ""),
        ("MAILTO:ola@example.net?SUBJECT=Hi%20there+you", "ola@example.net", "", "Hi there+you", ""),
        ("mailto:a@x.org,b@x.org?cc=c@x.org&cc=d@x.org&to=e@x.org", "a@x.org, b@x.org, e@x.org", "c@x.org, d@x.org",
         "", ""),
        ("mailto:a@x.org?subject=one&subject=two&body=1%0D%0A2%0A3", "a@x.org", "", "one", "1\n2\n3"),
        ("mailto:gr%C3%BC%C3%9Fe@x.org?subject=%E2%82%AC%FF", "grüße@x.org", "", "€�", ""),
        ("mailto:%22Berg%2C%20Ola%22%20%3Cola@x.org%3E", '"Berg, Ola" <ola@x.org>', "", "", ""),
        ("mailto:a@x.org?subject=a&amp;body=b", "a@x.org", "", "a", "b"),
        ("mailto:a@x.org?subject=a#fragment", "a@x.org", "", "a", ""),
        ("mailto:a@x.org?subject=a%0D%0ABcc:%20evil@x.org", "a@x.org", "", "a Bcc: evil@x.org", ""),
        ("mailto:a@x.org?subject=%1B%5D52;c;eA%07%E2%80%AEx", "a@x.org", "", "�]52;c;eA��x", ""),
    ],
)  # fmt: skip
def test_what_is_taken(url: str, to: str, cc: str, subject: str, body: str) -> None:
    """RFC 6068, and its usual misspellings; control characters are gone."""
    draft = draft_of(url)
    assert (draft.to, draft.cc, draft.subject, draft.body) == (to, cc, subject, body)
    assert (draft.account, draft.from_name, draft.from_email) == ("work", "Anna", "anna@example.org")


@pytest.mark.parametrize("name", ["attach", "attachment", "from", "reply-to", "x-tui-mail-draft", "content-type"])
def test_what_is_never_taken(name: str) -> None:
    """A link cannot add a file, nor choose whom the message comes from, nor name a field in disguise."""
    assert draft_of(f"mailto:a@x.org?{name}=/etc/passwd&%62cc=evil@x.org") == draft_of("mailto:a@x.org")


def test_a_hidden_recipient_stands_where_the_person_sees_it() -> None:
    """In the field Bcc of the draft."""
    draft = draft_of("mailto:a@x.org?bcc=b@x.org&bcc=c%40x.org")
    assert (draft.to, draft.bcc) == ("a@x.org", "b@x.org, c@x.org")


def test_every_body_is_in_the_text() -> None:
    """One below the other."""
    assert draft_of("mailto:a@x.org?body=one&subject=s&body=two%0D%0A").body == "one\ntwo"


def test_the_message_that_is_answered() -> None:
    """In-Reply-To and References, as far as they are ids."""
    draft = draft_of("mailto:a@x.org?in-reply-to=%3Cb@x%3E&references=%3Ca@x%3E%20%3Cb%0D%0Ax@x%3E")
    assert (draft.in_reply_to, draft.references) == ("b@x", ("a@x", "b@x"))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "ola@example.net",
        "mailto:ola@",
        "mailto:a%0D%0Ab@x.org",
        "mailto:a%2Cb@x.org",
        "mailto:a@x.org%0D%0ABcc:b@x.org",
        "mailto:" + "a@x.org," * 101,
        "mailto:a@x.org?body=" + "x" * 100_000,
    ],
)
def test_what_is_refused(url: str) -> None:
    """With a sentence, before a composer opens."""
    with pytest.raises(UsageError):
        draft_of(url)


@given(st.text('mailto:?&=%0Da@b.c,<>"é', max_size=100))
def test_any_link(text: str) -> None:
    """A draft or a sentence, and the draft can be composed."""
    started = time.perf_counter()
    try:
        draft = draft_of("mailto:" + text)
        compose(draft, [], when=0)
    except UsageError:
        pass
    assert time.perf_counter() - started < 6


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("<mailto:list@x.org>", "list@x.org"),
        ("<https://x.org>, <mailto:list@x.org?subject=x>", "list@x.org"),
        ("mailto:list@x.org", ""),
        ("<mailto:no>", ""),
        ("NO", ""),
        ("<" * 100_000, ""),
    ],
)
def test_lists(field: str, address: str) -> None:
    """The first mailto: link in brackets (RFC 2369)."""
    assert list_address([field]) == address
