"""Message → draft: whom an answer goes to, as whom, what it quotes, and what must be seen before it is sent."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.test_mime_packed import letter, winmail
from tui_mail.errors import UsageError
from tui_mail.mime.answering import Answer, draft_from_raw, edit_as_new, forward, redirect, reply
from tui_mail.mime.compose import compose, draft_octets
from tui_mail.mime.entities import clean_text
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.protection import pgp_encrypted, smime_encrypted
from tui_mail.mime.quoting import LANGUAGES, attribution_line, new_text, quoted_text
from tui_mail.mime.recipients import clean_name, write_address
from tui_mail.mime.subjects import forward_subject, reply_subject
from tui_mail.outgoing import Attachment, Draft, Identity, Protection, Purpose

ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nhQ\n=abcd\n-----END PGP MESSAGE-----\n"
SEALED = {
    Protection.PGP: pgp_encrypted(ARMOUR.encode()).decode(),
    Protection.SMIME: smime_encrypted(b"\x30\x03\x02\x01\x00").decode(),
}
ANNA = Identity("work", "Anna Berg", "anna@example.org", "Anna\nBerlin")
INFO = Identity("work", "The Club", "info@club.example")
SHOP = Identity("work", "Anna", "*@shop.example")
HOME = Identity("home", "Anna at home", "anna@home.example")
OWN = [ANNA, INFO, SHOP, HOME]


def mail(*fields: str, body: str = "Hello") -> bytes:
    """A received message."""
    given = {field.partition(":")[0].lower() for field in fields}
    usual = ["Received: from x by y", "From: Ola <ola@example.net>", "To: anna@example.org", "Subject: Keys"]
    rest = [field for field in usual if field.partition(":")[0].lower() not in given]
    return "\r\n".join([*(field for field in (*rest, *fields) if not field.endswith(":")), "", body, ""]).encode()


def answer(raw: bytes, **options: object) -> Answer:
    """A reply to it."""
    return reply(raw, parse_message(raw), OWN, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "to", "all_to", "all_cc"),
    [
        ([], "Ola <ola@example.net>", "Ola <ola@example.net>", ""),
        (
            ["To: Anna <anna@example.org>, Bo <bo@x.example>", "Cc: c@x.example, ANNA@example.org"],
            "Ola <ola@example.net>",
            "Ola <ola@example.net>, Bo <bo@x.example>",
            "c@x.example",
        ),
        (["Reply-To: desk@example.net"], "desk@example.net", "desk@example.net", ""),
        (
            ["Reply-To: anna@example.org", "Cc: c@x.example"],
            "Ola <ola@example.net>",
            "Ola <ola@example.net>",
            "c@x.example",
        ),
        (
            ["Reply-To: Anna@example.org, desk@example.net", "Cc: c@x.example"],
            "desk@example.net",
            "desk@example.net",
            "c@x.example",
        ),
        (
            ["Mail-Followup-To: list@lists.example, anna@example.org, bo@x.example", "Cc: c@x.example"],
            "Ola <ola@example.net>",
            "list@lists.example, bo@x.example",
            "",
        ),
        (
            ["From: Anna <anna@example.org>", "To: bo@x.example", "Cc: c@x.example"],
            "bo@x.example",
            "bo@x.example",
            "c@x.example",
        ),
        (
            ["From: anna+tag@example.org", "To: bo@x.example", "Reply-To: evil@evil.example"],
            "bo@x.example",
            "bo@x.example",
            "",
        ),
        (["From: anna@example.org", "To: anna@example.org"], "anna@example.org", "anna@example.org", ""),
        (["From: broken", "Sender: s@example.net"], "", "", ""),
        (["From: <ola@example.net>", "To: undisclosed-recipients:;"], "ola@example.net", "ola@example.net", ""),
        (
            ["To: anna@example.org, anna@home.example, info@club.example, x@shop.example, y@shop.example"],
            "Ola <ola@example.net>",
            "Ola <ola@example.net>, x@shop.example, y@shop.example",
            "",
        ),
        (
            ["To: Group: bo@x.example, ola@example.net;, anna@example.org"],
            "Ola <ola@example.net>",
            "Ola <ola@example.net>, bo@x.example",
            "",
        ),
        (
            ['From: "Berg, Ola" <ola@xn--bcher-kva.example>'],
            '"Berg, Ola" <ola@bücher.example>',
            '"Berg, Ola" <ola@bücher.example>',
            "",
        ),
    ],
)
def test_whom_an_answer_goes_to(fields: list[str], to: str, all_to: str, all_cc: str) -> None:
    """To the sender, and to everyone; never to oneself, unless there is nobody else."""
    raw = mail(*fields)
    draft = answer(raw).draft
    assert (draft.to, draft.cc, draft.bcc) == (to, "", "")
    draft = answer(raw, everyone=True).draft
    assert (draft.to, draft.cc, draft.bcc) == (all_to, all_cc, "")


@pytest.mark.parametrize(
    ("fields", "email"),
    [
        ([], "anna@example.org"),
        (["To: bo@x.example"], "anna@example.org"),
        (["To: info@club.example"], "info@club.example"),
        (["To: bo@x.example", "Cc: Info@Club.example"], "info@club.example"),
        (["To: orders@shop.example"], "orders@shop.example"),
        (["To: orders@shop.example", "Delivered-To: anna@example.org"], "orders@shop.example"),
        (["To: orders@shop.example, info@club.example"], "info@club.example"),
        (["To: anna+shop@example.org"], "anna+shop@example.org"),
        (["To: bo@x.example", "Delivered-To: info@club.example"], "info@club.example"),
        (
            ["To: bo@x.example", "X-Original-To: news@shop.example", "Delivered-To: anna@example.org"],
            "anna@example.org",
        ),
        (["To: anna@home.example"], "anna@example.org"),
        (["To: annax@example.org, evil@shop.example.evil.test"], "anna@example.org"),
        (["From: info@club.example", "To: bo@x.example"], "info@club.example"),
    ],
)
def test_as_whom(fields: list[str], email: str) -> None:
    """The identity at which it was received; a catch-all's very address; never one of another account."""
    draft = answer(mail(*fields)).draft
    assert draft.from_email == email
    assert draft.account == "work"


def test_an_identity_must_be_there() -> None:
    """None at all is told; patterns alone leave the choice to the person."""
    raw = mail()
    with pytest.raises(UsageError, match="no identity"):
        reply(raw, parse_message(raw), [])
    assert reply(raw, parse_message(raw), [SHOP]).draft.from_email == ""


@pytest.mark.parametrize(
    ("fields", "options", "notes"),
    [
        ([], {}, []),
        (["Reply-To: evil@evil.example"], {}, ["Replies go to evil@evil.example, not to the sender ola@example.net."]),
        (["Reply-To: r@reply.example.net"], {}, []),
        (["Reply-To: ola@example.net"], {}, []),
        (["Reply-To: anna@home.example", "Cc: c@x.example"], {"everyone": True}, []),
        (
            ["Reply-To: list@lists.example", "List-Post: <mailto:list@lists.example>"],
            {},
            ["Answers go to the mailing list list@lists.example, not to the sender alone."],
        ),
        (
            ["Mail-Followup-To: x@evil.example, ola@example.net"],
            {"everyone": True},
            [
                "The sender asks that answers to everyone go to x@evil.example, ola@example.net.",
                "Not among those who got the message: x@evil.example.",
            ],
        ),
        (["To: " + ", ".join(f"p{n}@x.example" for n in range(22))], {"everyone": True}, ["23 recipients."]),
        (
            ["From: broken"],
            {},
            ["Left out, because it is no address: broken", "There is no address to answer to; add a recipient."],
        ),
        (
            ["To: anna@home.example"],
            {},
            ["It is addressed to anna@home.example, which belongs to another of your accounts."],
        ),
        (
            ["List-Post: <mailto:elsewhere@evil.example>"],
            {"to_list": True},
            ["The mailing list's address is elsewhere@evil.example, which the message was not sent to."],
        ),
    ],
)
def test_what_is_noted(fields: list[str], options: dict[str, bool], notes: list[str]) -> None:
    """Everything that a person would not expect of the recipients; nothing otherwise."""
    assert list(answer(mail(*fields), **options).notes) == notes


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        (["List-Post: <mailto:list@lists.example>", "To: list@lists.example"], "list@lists.example"),
        (
            ["List-Post: <https://x.example/post>, <mailto:list@lists.example?subject=x> (comment)"],
            "list@lists.example",
        ),
        (["List-Post: <mailto:a%40b%0d%0aBcc:x@lists.example>"], None),
        (["List-Post: NO (posting not allowed)"], None),
        (["List-Id: <list.lists.example>"], None),
        ([], None),
    ],
)
def test_to_the_list(fields: list[str], to: str | None) -> None:
    """What List-Post names as a mailto: link, or a sentence that there is none."""
    if to is None:
        with pytest.raises(UsageError):
            answer(mail(*fields), to_list=True)
    else:
        assert answer(mail(*fields), to_list=True).draft.to == to


@pytest.mark.parametrize(
    ("fields", "in_reply_to", "references"),
    [
        ([], "", ()),
        (["Message-ID: <c@x>"], "c@x", ("c@x",)),
        (["Message-ID: <c@x>", "References: <a@x> <b@x>"], "c@x", ("a@x", "b@x", "c@x")),
        (["Message-ID: <c@x>", "In-Reply-To: <b@x>"], "c@x", ("b@x", "c@x")),
        (["Message-ID: <c@x>", "References: <a@x>", "In-Reply-To: <b@x>"], "c@x", ("a@x", "b@x", "c@x")),
        (["Message-ID: <ünsafe@x>", "References: <\x1b@x> <a@x>"], "", ("a@x",)),
        (["Message-ID: <" + "c" * 300 + "@x>"], "", ()),
        (
            ["Message-ID: <c@x>", "References: " + " ".join(f"<{n}@x>" for n in range(99))],
            "c@x",
            ("0@x", *(f"{n}@x" for n in range(71, 99)), "c@x"),
        ),
    ],
)
def test_the_thread(fields: list[str], in_reply_to: str, references: tuple[str, ...]) -> None:
    """RFC 5322 section 3.6.4; the first and the newest of too many; nothing that is no id."""
    draft = answer(mail(*fields)).draft
    assert (draft.in_reply_to, draft.references) == (in_reply_to, references)


@pytest.mark.parametrize(
    ("subject", "replied", "forwarded"),
    [
        ("Keys", "Re: Keys", "Fwd: Keys"),
        ("", "Re:", "Fwd:"),
        ("Re: Keys", "Re: Keys", "Fwd: Re: Keys"),
        ("RE: AW: Sv: Réf : Keys", "Re: Keys", "Fwd: Re: Keys"),
        ("Re[2]: RE(3): Keys", "Re: Keys", "Fwd: Re: Keys"),
        ("Fwd: Keys", "Re: Fwd: Keys", "Fwd: Keys"),
        ("Re: Fwd: Re: WG: Keys", "Re: Fwd: Keys", "Fwd: Re: Keys"),
        ("回复：Keys", "Re: Keys", "Fwd: Re: Keys"),
        ("[list] Re: Keys", "Re: [list] Keys", "Fwd: Re: [list] Keys"),
        ("Re: [list] Re: Keys", "Re: [list] Keys", "Fwd: Re: [list] Keys"),
        ("[list] Keys", "Re: [list] Keys", "Fwd: [list] Keys"),
        ("Regarding: Keys", "Re: Regarding: Keys", "Fwd: Regarding: Keys"),
        ("Release: 1.0", "Re: Release: 1.0", "Fwd: Release: 1.0"),
    ],
)
def test_subjects(subject: str, replied: str, forwarded: str) -> None:
    """One mark of each kind, whatever languages piled up."""
    assert reply_subject(subject) == replied
    assert forward_subject(subject) == forwarded
    assert reply_subject(replied) == replied


def test_the_body_of_an_answer() -> None:
    """Room, who wrote, the quote, the signature of the identity."""
    raw = mail("Date: Wed, 25 Nov 2026 12:00:00 +0000", body="One\n> Two\n> > Three\n\nFour  \n-- \nOla")
    when = datetime(2026, 11, 25, 12, tzinfo=UTC).astimezone()
    assert answer(raw).draft.body == (
        f"\n\nOn 25 November 2026 at {when:%H:%M}, Ola wrote:\n> One\n>> Two\n>>> Three\n>\n> Four\n\n-- \nAnna\nBerlin"
    )
    assert "> just this\n" in answer(raw, selected="just this").draft.body
    assert "\nAm 25.11.2026 um " in answer(raw, language="de").draft.body
    assert (
        "\nOla (ola@example.net), Keys {x}\n> " in answer(raw, attribution="{name} ({email}), {subject} {x}").draft.body
    )


@pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
def test_who_wrote_in_every_language(language: str) -> None:
    """With a date, without one, without a name; no placeholder is left."""
    for fields in (
        ["Date: Wed, 25 Nov 2026 12:00:00 +0000"],
        [],
        ["From:"],
        ["From: {date} <a@b>", "Date: 1 Jan 9999 00:00 +0000"],
    ):
        line = attribution_line(parse_message(mail(*fields)), language)
        assert line == "" or line.endswith(":")
        assert "{name}" not in line


def test_what_was_encrypted_or_hidden_is_not_quoted() -> None:
    """Only what was shown: the rest of a message could be somebody's bait."""
    raw = (
        b"From: ola@example.net\r\nTo: anna@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hi</p><p style='display:none'>HIDDEN</p>\r\n"
        b"--b\r\nContent-Type: multipart/encrypted; boundary=c\r\n\r\n"
        b"--c\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--c\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--c--\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nINNER\r\n--b--\r\n"
    )
    body = answer(raw).draft.body
    assert "> Hi" in body
    assert "HIDDEN" not in body
    assert "PGP" not in body
    assert "INNER" not in body


WITH_FILES = (
    b"From: Ola <ola@example.net>\r\nTo: anna@example.org\r\nCc: c@x.example\r\nSubject: Files\r\nMessage-ID: <m@x>\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSee here.\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n"
    b"--b\r\nContent-Type: image/gif\r\nContent-ID: <x>\r\nContent-Disposition: inline\r\n\r\nGIF\r\n"
    b"--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: inline; filename=p.jpg\r\n\r\n" + b"x" * 20_000 + b"\r\n"
    b"--b\r\nContent-Type: application/pgp-signature; name=s.asc\r\n\r\nSIG\r\n--b--\r\n"
)


def test_forward() -> None:
    """The head, the text, the files that mean something; decoration is told."""
    message = parse_message(WITH_FILES)
    got = forward(WITH_FILES, message, OWN)
    assert got.draft.subject == "Fwd: Files"
    assert got.draft.purpose is Purpose.FORWARD
    assert (got.draft.to, got.draft.in_reply_to, got.draft.references) == ("", "", ("m@x",))
    assert got.draft.body == (
        "\n---------- Forwarded message ----------\nFrom: Ola <ola@example.net>\nSubject: Files\nTo: anna@example.org\n"
        "Cc: c@x.example\n\nSee here.\n\n-- \nAnna\nBerlin"
    )
    assert [attachment_bytes(WITH_FILES, index)[0].filename for index in got.carry] == ["a.pdf", "p.jpg"]
    assert list(got.notes) == ["1 small picture of its layout left out."]
    assert new_text("Look!\n" + got.draft.body).strip() == "Look!"


def test_forward_attached() -> None:
    """The whole original is to be attached; nothing of it is copied."""
    got = forward(WITH_FILES, parse_message(WITH_FILES), OWN, attached=True)
    assert got.attach_original
    assert got.carry == ()
    assert "See here" not in got.draft.body


def test_redirect() -> None:
    """Only recipients are to be typed."""
    got = redirect(WITH_FILES, parse_message(WITH_FILES), OWN)
    assert (got.draft.purpose, got.draft.to, got.draft.body) == (Purpose.REDIRECT, "", "")
    assert "answers go to that sender" in got.notes[0]


def test_edit_as_new() -> None:
    """Recipients, text and files again; Bcc is told and not followed; the thread is a new one."""
    raw = mail("From: info@club.example", "To: bo@x.example", "Bcc: secret@x.example", "Message-ID: <m@x>", body="Text")
    got = edit_as_new(raw, parse_message(raw), OWN)
    assert (got.draft.from_email, got.draft.to, got.draft.bcc) == ("info@club.example", "bo@x.example", "")
    assert (got.draft.body, got.draft.message_id, got.draft.references) == ("Text", "", ())
    assert "secret@x.example" in got.notes[0]


HELLO = "Look:\n\nbegin 644 hello.txt\n%2&5L;&\\*\n`\nend\n\nAnna"


def test_what_was_taken_out_of_a_text_is_not_repeated_with_it() -> None:
    """A uuencoded file is an attachment, and no text: of a forward, of what is edited, and not of an answer."""
    raw = mail(body=HELLO)
    message = parse_message(raw)
    assert [part.filename for part in message.attachments] == ["hello.txt"]
    assert "begin 644" not in answer(raw).draft.body
    sent_on, edited = forward(raw, message, OWN), edit_as_new(raw, message, OWN)
    for made in (sent_on, edited):
        assert "begin 644" not in made.draft.body
        assert "Look:" in made.draft.body
        assert made.carry == (1,)


def test_a_patch_is_quoted_with_its_tabs() -> None:
    """Without them it is none."""
    assert "> +\tone\n>  \ttwo\n" in answer(mail(body="+\tone\n \ttwo")).draft.body
    raw = mail(body="+\tone")
    assert "\n+\tone\n" in forward(raw, parse_message(raw), OWN).draft.body


def test_a_container_is_left_behind_by_what_was_in_it() -> None:
    """Of winmail.dat go its files, which every program can read; where nothing could be taken out, it goes itself."""
    raw = letter(winmail(body=b"Inside", files=[("a.pdf", b"%PDF"), ("b.txt", b"two")]), text="Hello")
    message = parse_message(raw)
    assert [part.filename for part in message.attachments] == ["winmail.dat", "a.pdf", "b.txt"]
    assert forward(raw, message, OWN).carry == (2, 3)
    assert edit_as_new(raw, message, OWN).carry == (2, 3)
    for unread in (winmail(), b"damaged", winmail(body=b"Other words")):
        raw = letter(unread, text="Hello")
        assert forward(raw, parse_message(raw), OWN).carry == (1,)
    raw = letter(winmail(body=b"Inside"))
    assert forward(raw, parse_message(raw), OWN).carry == ()
    assert "Inside" in forward(raw, parse_message(raw), OWN).draft.body


FULL = Draft(
    account="work",
    from_name="Anna Berg",
    from_email="anna@example.org",
    to="ola@, Ola <ola@example.net>",
    cc="half",
    bcc="Kjærsti <k@bücher.example>;",
    reply_to="",
    subject="  Über  uns ",
    body="One\n\n-- \nAnna\n  spaces  \n>quote\n\n",
    purpose=Purpose.REPLY,
    in_reply_to="parent@x",
    references=("root@x", "parent@x"),
    markdown=True,
    priority="low",
    want_receipt=True,
    want_dsn=True,
    protection=Protection.PGP,
    sign=True,
    encrypt=True,
    message_id="own@example.org",
)


def reopened(draft: Draft, files: list[bytes] | None = None) -> Answer:
    """Through the Drafts folder and back."""
    raw = draft_octets(draft, files or [], when=1_790_000_000, source_message_id="parent@x")
    return draft_from_raw(raw, parse_message(raw), OWN)


def test_a_draft_comes_back() -> None:
    """All of it, half-typed addresses and spaces too; its files are parts of the message."""
    files = [b"a\nb", b"Subject: x\r\n\r\nhello"]
    attachments = (Attachment("a.txt", "text/plain", 3), Attachment("m.eml", "message/rfc822", 19))
    got = reopened(replace(FULL, attachments=attachments), files)
    assert got.draft == FULL
    assert got.source_message_id == "parent@x"
    assert got.notes == ()
    raw = draft_octets(replace(FULL, attachments=attachments), files, when=1_790_000_000)
    assert [attachment_bytes(raw, index)[1] for index in got.carry] == files


def test_a_draft_comes_back_with_what_is_packed_in_it() -> None:
    """As it was typed and attached: neither a block in its text nor a container becomes two."""
    content = winmail(files=[("a.pdf", b"%PDF")])
    typed = replace(FULL, body=HELLO, attachments=(Attachment("winmail.dat", "application/ms-tnef", len(content)),))
    raw = draft_octets(typed, [content], when=1_790_000_000)
    got = draft_from_raw(raw, parse_message(raw), OWN)
    assert got.draft.body == HELLO
    assert [attachment_bytes(raw, index)[1] for index in got.carry] == [content]


TYPED = st.text(max_size=40) | st.text('a@b.org, ;"<>é:\\()', max_size=40)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys(("to", "cc", "bcc", "reply_to", "subject", "from_name"), TYPED)),
    st.text(max_size=100).map(clean_text) | st.text("a >-\n\té ", max_size=100),
    st.sampled_from(list(Purpose)),
    st.booleans(),
)
@example(dict.fromkeys(("to", "cc", "bcc", "reply_to", "subject", "from_name"), ".¡@b"), "", Purpose.NEW, False)
def test_any_draft_comes_back(typed: dict[str, str], body: str, purpose: Purpose, switch: bool) -> None:
    """Whatever was typed, as far as it can be written at all."""
    typed = {name: text.encode("utf-8", "ignore").decode() for name, text in typed.items()}
    draft = Draft(account="work", from_email="anna@example.org", body=body, purpose=purpose, markdown=switch, **typed)
    assert asdict(reopened(draft).draft) == asdict(draft)


def test_a_draft_changed_elsewhere_is_as_it_was_left_there() -> None:
    """Our own field does not speak against the header that another program wrote."""
    raw = draft_octets(FULL, [], when=0).replace(b"ola@example.net", b"new@example.net")
    raw = raw.replace(b"Bcc: ", b"X-Was: ").replace(b"Subject: ", b"Subject: New ")
    draft = draft_from_raw(raw, parse_message(raw), OWN).draft
    assert (draft.to, draft.bcc) == ("Ola <new@example.net>", "")
    assert draft.subject.startswith("New")


def test_a_draft_of_another_program() -> None:
    """Its Bcc counts, its soft line ends do not."""
    raw = mail(
        "From: Anna <anna@example.org>", "Bcc: secret@x.example", "X-Mutt-PGP: E", "Message-ID: <d@x>", "X-Priority: 1",
        "Attach: /etc/passwd", "Content-Type: text/plain; format=flowed", body="one \r\ntwo\r\n",
    )  # fmt: skip
    got = draft_from_raw(raw, parse_message(raw), OWN)
    assert (got.draft.bcc, got.draft.body, got.draft.priority) == ("secret@x.example", "one two", "high")
    assert (got.draft.attachments, got.carry, got.draft.message_id) == ((), (), "d@x")


@pytest.mark.parametrize(
    "kept", ["", "!", "bm90IGpzb24=", "W10=", "eyJ0byI6WzFdLCJwdXJwb3NlIjp7fSwic2lnbiI6Inllc" + "yJ9", "A" * 300_000]
)
def test_planted_fields(kept: str) -> None:
    """A draft that somebody put there opens; nothing in its field is obeyed that the header does not show."""
    raw = mail("From: stranger@evil.example", "To: bo@x.example", f"X-Tui-Mail-Draft: {kept}")
    got = draft_from_raw(raw, parse_message(raw), OWN)
    assert (got.draft.to, got.draft.sign, got.draft.source) == ("bo@x.example", False, 0)
    assert "no address of this account" in got.notes[0]


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text('From:To@<>,;\r\n "()=?utf-8', max_size=400).map(str.encode))
def test_any_octets_can_be_answered(raw: bytes) -> None:
    """Nothing but a sentence is ever raised, and what comes out can be composed."""
    message = parse_message(raw)
    for got in (
        reply(raw, message, OWN, everyone=True), forward(raw, message, OWN), redirect(raw, message, OWN),
        edit_as_new(raw, message, OWN), draft_from_raw(raw, message, OWN), reply(raw, message, OWN),
    ):  # fmt: skip
        assert draft_octets(got.draft, [], when=0)
    draft = reply(raw, message, OWN, everyone=True).draft
    compose(replace(draft, to=draft.to or "a@b.org"), [], when=0)


@pytest.mark.parametrize(
    "raw",
    [
        mail("To: " + ", ".join(f"p{n}@x.example" for n in range(5_000)), "Reply-To: " + "a@b.org, " * 20_000),
        mail("Subject: " + "Re: " * 50_000),
        mail("References: " + "<a@b> " * 40_000, "Mail-Followup-To: " + "<" * 100_000),
        mail(body=">" * 2_000_000),
        mail(body="> " * 1_000_000),
        mail(body="-- \n" * 200_000),
    ],
    ids=["people", "marks", "ids", "quotes", "spaced-quotes", "signatures"],
)
def test_floods_take_no_time(raw: bytes) -> None:
    """Linear in what a stranger sends."""
    message = parse_message(raw)
    started = time.perf_counter()
    got = reply(raw, message, OWN, everyone=True)
    draft_octets(got.draft, [], when=0)
    compose(replace(got.draft, to="a@b.org", markdown=True), [], when=0)
    assert time.perf_counter() - started < 30


def test_quotes_are_cut() -> None:
    """Nobody answers a book."""
    assert quoted_text("x\n" * 500_000).endswith("> […]")
    assert len(clean_name("x" * 5_000)) == 1_000
    assert write_address("x" * 5_000, "a@b.org").endswith(" <a@b.org>")


HTML = (
    '<p>See <a href="https://ex.example/a?b=c">the <b>guide</b></a>. <a href="https://www.ex.example/">www.ex.example</a>'
    ' <a href="mailto:bo@x.example">bo@x.example</a> <a href="mailto:bo@x.example">Bo</a> <a href="#top">up</a>'
    ' <a href="javascript:alert(1)">run</a> <a href="https://ex.example/%s">long</a>'
    ' <a href="https://evil.example/">https://bank.example</a> https://plain.example/x'
    ' <a href="https://count.example/1"><img src="https://count.example/1.gif" width="1" height="1"></a></p>'
) % ("x" * 300)
LINKED = (
    "See the guide <https://ex.example/a?b=c>. www.ex.example bo@x.example Bo <bo@x.example> up run long"
    " https://bank.example <https://evil.example/> https://plain.example/x"
)


def test_an_answer_names_the_addresses_behind_the_words_of_html() -> None:
    """Each once where the words are not the address; none that no one can follow, none of a newsletter's length."""
    raw = mail("Content-Type: text/html; charset=utf-8", body=HTML)
    message = parse_message(raw)
    assert "ex.example/a" not in message.text
    assert f"> {LINKED}" in reply(raw, message, OWN).draft.body
    assert LINKED in forward(raw, message, OWN).draft.body
    assert edit_as_new(raw, message, OWN).draft.body.strip() == LINKED


def test_where_a_link_that_lies_leads_is_said_however_long_it_is() -> None:
    """Its beginning, which has the host."""
    html = f'<p><a href="https://evil.example/{"x" * 300}">https://bank.example</a></p>'
    body = answer(mail("Content-Type: text/html", body=html)).draft.body
    assert f"> https://bank.example <https://evil.example/{'x' * 179}…>" in body


def test_where_there_is_a_plain_text_too_that_is_quoted_as_it_is() -> None:
    """Its sender said there what is to be said."""
    parts = "--b\r\nContent-Type: text/plain\r\n\r\nSee the guide, and more words.\r\n--b\r\n"
    body = f'{parts}Content-Type: text/html\r\n\r\n<p>See <a href="https://ex.example/a">the guide</a></p>\r\n--b--\r\n'
    raw = mail("Content-Type: multipart/alternative; boundary=b", body=body)
    assert "> See the guide, and more words." in answer(raw).draft.body
    assert "ex.example/a" not in answer(raw).draft.body


def sealed(protection: Protection, *, in_text: bool = False) -> bytes:
    """A received message that is encrypted."""
    if in_text:
        return mail(body=ARMOUR)
    head, _, _ = mail().partition(b"\r\n\r\n")
    return head + b"\r\n" + SEALED[protection].encode()


@pytest.mark.parametrize(
    ("raw", "protection"),
    [
        (sealed(Protection.PGP), Protection.PGP),
        (sealed(Protection.SMIME), Protection.SMIME),
        (sealed(Protection.PGP, in_text=True), Protection.PGP),
    ],
    ids=["PGP/MIME", "S/MIME", "inline"],
)
def test_what_was_not_opened_is_answered_encrypted_and_not_passed_on_unseen(raw: bytes, protection: Protection) -> None:
    """Nothing of the cipher is quoted; its text is not forwarded; the whole of it is, with a word."""
    made = answer(raw)
    assert (made.draft.protection, made.draft.sign, made.draft.encrypt) == (protection, True, True)
    assert made.draft.body.strip() == "-- \nAnna\nBerlin"
    assert any("is not open" in note for note in made.notes)
    with pytest.raises(UsageError, match="Open it first"):
        forward(raw, parse_message(raw), OWN)
    for passed_on in (forward(raw, parse_message(raw), OWN, attached=True), redirect(raw, parse_message(raw), OWN)):
        assert any("nobody else who gets it can open it" in note for note in passed_on.notes)
        assert not passed_on.draft.encrypt
