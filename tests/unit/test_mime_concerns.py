"""What is asked about before a message is sent, and what is not."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mime.concerns import concerns
from tui_mail.mime.likeness import edits, resembled
from tui_mail.outgoing import Attachment, Concern, Draft, Identity, Purpose

DRAFT = Draft(account="work", from_email="anna@example.org", to="ola@example.net", subject="Keys", body="Hello")
OWN = [Identity("work", "Anna", "anna@example.org"), Identity("work", "Club", "info@club.example")]
FILE = (Attachment("a", "", 1_000),)


def found(draft: Draft, **known: object) -> list[Concern]:
    """The concerns about a draft."""
    return [remark.concern for remark in concerns(draft, **known)]  # type: ignore[arg-type]


def test_nothing_to_say() -> None:
    """An ordinary message is sent without a question."""
    assert found(DRAFT, own=OWN, known_domains=["example.net"], size_limit=10_000, size=500) == []


@pytest.mark.parametrize(
    "body",
    [
        "I attached it.", "See attachment", "ist angehängt", "Anbei die Rechnung", "im Anhang", "ci-joint le devis",
        "la pièce jointe", "Te mando el adjunto", "In allegato trovi", "zie bijlage", "segue em anexo",
        "se vedlagt fil", "jag bifogar… bifogad fil",
    ],
)  # fmt: skip
def test_a_promised_attachment(body: str) -> None:
    """In several languages; not once something is attached, and not when it was promised to us."""
    assert found(replace(DRAFT, body=body)) == [Concern.NO_ATTACHMENT]
    assert found(replace(DRAFT, body=body, attachments=FILE)) == []
    assert found(replace(DRAFT, body=f"Thanks!\n\nOn 1 May, Ola wrote:\n> {body}\n", purpose=Purpose.REPLY)) == []
    assert found(replace(DRAFT, body=f"Thanks!\n\n-- \n{body}")) == []
    assert found(replace(DRAFT, body=f"Look\n---------- Forwarded message ----------\n{body}")) == []


@pytest.mark.parametrize(
    "body", ["I am quite detached", "une bonne ambiance", "Anhänger am Auto", "anexionar", "join us"]
)
def test_no_attachment_was_promised(body: str) -> None:
    """Words that only begin alike."""
    assert found(replace(DRAFT, body=body)) == []


def test_no_subject_and_no_text() -> None:
    """A forward may go without words of its own; a redirected message has none."""
    empty = replace(DRAFT, subject=" ", body="\n\n-- \nAnna")
    assert found(empty) == [Concern.NO_SUBJECT, Concern.NO_BODY]
    assert found(replace(empty, subject="x", purpose=Purpose.FORWARD)) == []
    assert found(replace(empty, purpose=Purpose.REDIRECT)) == []
    assert found(replace(DRAFT, body="\nOn 1 May, Ola wrote:\n> q\n")) == [Concern.NO_BODY]
    assert found(replace(DRAFT, body="Sure:\n\nOn 1 May, Ola wrote:\n> q\n")) == []


def test_an_answer_to_many() -> None:
    """Ten are a family, more are an audience; who writes to many anew knows it."""
    many = ", ".join(f"p{number}@example.net" for number in range(11))
    remarks = concerns(replace(DRAFT, to=many, purpose=Purpose.REPLY))
    assert [(one.concern, one.sentence) for one in remarks] == [
        (Concern.MANY_RECIPIENTS, "This answer goes to 11 people.")
    ]
    assert found(replace(DRAFT, to=many)) == []
    assert found(replace(DRAFT, to=many.partition(",")[2], purpose=Purpose.REPLY)) == []


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("exmaple.net", "example.net"), ("example.met", "example.net"), ("exarnple.net", "example.net"),
        ("examp1e.net", "example.net"), ("ехample.net", "example.net"), ("gmial.com", "gmail.com"),
        ("gmail.co", "gmail.com"), ("gmail.con", "gmail.com"), ("hotmial.com", "hotmail.com"),
        ("example.net", ""), ("sub.example.net", ""), ("other.test", ""), ("gmx.at", ""), ("mail.com", ""),
        ("example.de", ""), ("club.example", ""), ("clubs.example", "club.example"),
    ],
)  # fmt: skip
def test_a_domain_never_written_to(domain: str, meant: str) -> None:
    """A slip or a look-alike of a domain that is known; strangers as such are no concern."""
    remarks = concerns(replace(DRAFT, to=f"ola@{domain}"), known_domains=["example.net", "example.fr"], own=OWN)
    assert [one.concern for one in remarks] == ([Concern.STRANGE_DOMAIN] if meant else [])
    if meant:
        assert f"did you mean {meant}?" in remarks[0].sentence
        assert not concerns(
            replace(DRAFT, to=f"ola@{domain}"), known_domains=["example.net"], known_emails=[f"Ola@{domain}"], own=OWN
        )


def test_a_list_in_bcc() -> None:
    """Lists refuse or hold such messages."""
    assert found(replace(DRAFT, bcc="List@x.example"), lists=["list@x.example"]) == [Concern.LIST_IN_BCC]
    assert found(replace(DRAFT, cc="list@x.example"), lists=["list@x.example"]) == []
    assert found(replace(DRAFT, bcc="anna+x@example.org"), lists=["anna+x@example.org"], own=OWN) == []  # a copy


def test_another_identity() -> None:
    """Only where the other one is the person's own."""
    answer = replace(DRAFT, purpose=Purpose.REPLY)
    assert found(answer, own=OWN, received_at="info@club.example") == [Concern.OTHER_IDENTITY]
    assert found(answer, own=OWN, received_at="Anna+x@example.org") == []
    assert found(answer, own=OWN, received_at="somebody@x.example") == []
    assert found(DRAFT, own=OWN, received_at="info@club.example") == []


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----",
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----", "AKIA" + "ABCDEFGH234567AB", "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-abc", "Password: hunter22", "Passwort = geheim99", "mot de passe : abcd",
    ],
)  # fmt: skip
def test_secrets(secret: str) -> None:
    """Keys of known shapes, and words that announce a password."""
    assert found(replace(DRAFT, body=f"Here: {secret}")) == [Concern.KEY_MATERIAL]


@pytest.mark.parametrize(
    "body", ["I forgot my password.", "Password: <your password>", "-----BEGIN PUBLIC KEY-----", "AKIAbc"]
)
def test_no_secrets(body: str) -> None:
    """Talk about them is none."""
    assert found(replace(DRAFT, body=body)) == []


def test_too_large() -> None:
    """As the server said; estimated while the message is not composed."""
    big = replace(DRAFT, attachments=(Attachment("a", "", 9_000_000),))
    remarks = concerns(big, size_limit=10_000_000)
    assert [(one.concern, one.sentence) for one in remarks] == [
        (Concern.TOO_LARGE, "It is 12.3 MB; the server takes 10.0 MB at most.")
    ]
    assert found(big, size_limit=10_000_000, size=9_500_000) == []
    assert found(big) == []


@given(st.text("ab.", max_size=8), st.text("ab.", max_size=8), st.integers(1, 2))
def test_edits(one: str, other: str, limit: int) -> None:
    """Symmetric, zero for equals alone, never more than the limit and one."""
    distance = edits(one, other, limit)
    assert distance == edits(other, one, limit)
    assert (distance == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance or distance == limit + 1
    assert distance <= limit + 1


def test_floods_take_no_time() -> None:
    """Thousands of known domains, thousands of recipients, a long text."""
    started = time.perf_counter()
    known = [f"domain{number}.example" for number in range(5_000)]
    to = ", ".join(f"a@stranger{number}.test" for number in range(3_000))
    concerns(replace(DRAFT, to=to, body="password " * 100_000 + "-----BEGIN " * 50_000), known_domains=known)
    assert resembled("x" * 60 + ".test", known) == ""
    assert time.perf_counter() - started < 24
