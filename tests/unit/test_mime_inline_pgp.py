"""OpenPGP in the text itself, with a real gpg: all of a text counts or nothing, and it is shown as gpg gives it."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.test_mime_protection import gnupg  # noqa: F401  (fixture)
from tui_mail.client import unsealing
from tui_mail.errors import UsageError
from tui_mail.mime.answering import edit_as_new, forward, reply
from tui_mail.mime.inline_pgp import as_part, selected_text
from tui_mail.mime.parse import parse_message, text_from
from tui_mail.mime.seals import Kind, Trust, kind_of
from tui_mail.outgoing import Concern, Draft, Identity, Purpose

ANNA = "anna@example.org"


def gpg(home: str, *words: str, text: bytes) -> bytes:
    """What gpg makes of a text."""
    argv = ["gpg", "--homedir", home, "--batch", "--trust-model", "always", "--local-user", ANNA, *words]
    return subprocess.run(argv, input=text, capture_output=True, check=True).stdout


def clear(home: str, text: bytes = b"Meet me at ten.\n- not at nine\n") -> bytes:
    return gpg(home, "--clearsign", text=text)


def letter(body: bytes, kind: bytes = b"text/plain; charset=utf-8", sender: str = ANNA) -> bytes:
    return b"From: %s\r\nSubject: x\r\nContent-Type: %s\r\n\r\n%s" % (
        sender.encode(), kind, body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    )  # fmt: skip


def look(raw: bytes, *senders: str) -> tuple[Trust, str, str]:
    """What the line says, and what would be shown."""
    found = unsealing.look(raw, senders or (ANNA,), None)
    assert found.seal is not None
    return found.seal.trust, found.seal.sentence, shown(found.octets)


def shown(octets: bytes | None) -> str:
    """What the reader would show."""
    return str(text_from(parse_message(octets).blocks)).strip("\n") if octets is not None else ""


@pytest.fixture
def home(gnupg: str, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: F811
    monkeypatch.setenv("GNUPGHOME", gnupg)
    return gnupg


def test_a_text_that_is_one_armour_counts_and_is_shown_without_it(home: str) -> None:
    """Blank lines around it are allowed; the dashes that armour adds are taken away."""
    for raw in (letter(clear(home)), letter(b"\n \n" + clear(home) + b"\n\n"), letter(clear(home)).replace(b"\r", b"")):
        assert kind_of(raw) is Kind.INLINE_SIGNED
        trusted, words, text = look(raw)
        assert (trusted, words) == (Trust.GOOD, "signed by anna@example.org (OpenPGP)")
        assert text == "Meet me at ten.\n- not at nine"


def test_a_changed_word_another_sender_or_no_key_is_never_good(home: str, tmp_path_factory: pytest.TempPathFactory,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """And the text stays as it came."""
    raw = letter(clear(home))
    assert look(raw.replace(b"at ten", b"at two"))[::2] == (Trust.BAD, "")
    assert look(raw, "boss@example.org")[0] is Trust.BAD
    empty = tmp_path_factory.mktemp("nobody")
    empty.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(empty))
    assert look(raw)[::2] == (Trust.UNKNOWN, "")


def test_what_stands_outside_is_marked_and_nothing_is_good(home: str) -> None:
    """Above, below, and behind line ends that only some programs know."""
    raw = letter("Send the money to Eve.\n\u2028Now.\n".encode() + clear(home) + b"P.S. at once\n")
    assert kind_of(raw) is Kind.IN_PART
    trusted, words, text = look(raw)
    assert trusted is Trust.UNKNOWN
    assert "not covered" in words
    assert text.split("\n") == [
        "¦ Send the money to Eve.", "¦ Now.", "Meet me at ten.", "- not at nine", "", "¦ P.S. at once",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hash: ", b"Comment: pay Eve\nHash: "),
        (b"-----BEGIN PGP SIGNATURE-----\n", b"-----BEGIN PGP SIGNATURE-----\nComment: pay Eve\n"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\n", b"-----BEGIN PGP SIGNED MESSAGE----- \t\nHash: pay Eve\n"),
    ],
)
def test_words_in_the_lines_of_the_armour_are_never_shown_as_signed(home: str, old: bytes, new: bytes) -> None:
    """They are covered by nothing."""
    trusted, _, text = look(letter(clear(home).replace(old, new, 1)))
    assert trusted is Trust.BAD or "Eve" not in text


def test_two_armours_or_one_in_a_part_or_a_quoted_one(home: str) -> None:
    """Two are in part; in a multipart it says nothing of the rest; quoted it is only talked about."""
    assert kind_of(letter(clear(home) + clear(home))) is Kind.IN_PART
    assert look(letter(clear(home) + clear(home)))[0] is Trust.UNKNOWN
    parts = (
        b"--b\nContent-Type: text/plain\n\n" + clear(home) + b"\n--b\nContent-Type: text/html\n\n<p>Pay</p>\n--b--\n"
    )
    assert kind_of(letter(parts, b"multipart/alternative; boundary=b")) is Kind.IN_PART
    assert kind_of(letter(b"> " + clear(home).replace(b"\n", b"\n> "))) is Kind.NONE
    assert kind_of(letter(clear(home), b"text/html")) is Kind.NONE


def test_a_charset_that_nobody_signed_cannot_change_the_words(home: str) -> None:
    """UTF-7 and EBCDIC read other letters out of the same octets."""
    for charset in (b"utf-7", b"cp037", b"utf-16le", b"hz-gb-2312"):
        raw = letter(clear(home, b"+AGE- is what I wrote\n"), b"text/plain; charset=" + charset)
        assert look(raw)[::2] == (Trust.GOOD, "+AGE- is what I wrote")
    raw = letter(clear(home, "Gr\xfc\xdfe\n".encode("latin-1")), b"text/plain; charset=iso-8859-1")
    assert look(raw)[::2] == (Trust.GOOD, "Grüße")
    assert b"charset=utf-8" in as_part("ü".encode(), "koi8-r")


def test_an_encrypted_text_is_opened(home: str) -> None:
    """With the signature inside."""
    sealed = gpg(home, "--armor", "--encrypt", "--sign", "-r", ANNA, text="Größe: XL\n".encode())
    raw = letter(sealed)
    assert kind_of(raw) is Kind.INLINE_SEALED
    found = unsealing.unseal(raw, [ANNA], None)
    assert found.octets is not None
    assert parse_message(found.octets).text == "Größe: XL"
    assert found.seal is not None
    assert found.seal.trust is Trust.GOOD


@pytest.mark.parametrize(("words", "rest"), [((), "not signed"), (("--sign",), "signed by anna@example.org")])
def test_an_encrypted_part_of_a_text_is_opened_and_the_rest_is_marked(
    home: str, words: tuple[str, ...], rest: str
) -> None:
    """What a list adds does not shut it; nothing of it is good, and an answer to it is encrypted like to any other."""
    sealed = gpg(home, "--armor", "--encrypt", *words, "-r", ANNA, text="Größe: XL\n".encode())
    raw = letter(b"Hello\n\n" + sealed + b"\n-- \nA footer\n")
    assert kind_of(raw) is Kind.INLINE_IN_PART
    assert unsealing.look(raw, [ANNA], None) == unsealing.Unsealed(Kind.INLINE_IN_PART)
    found = unsealing.unseal(raw, [ANNA], None)
    assert found.seal is not None
    assert found.seal.trust is Trust.UNKNOWN
    assert f"the lines marked ¦ are not covered; the rest is {rest}" in found.seal.sentence
    assert shown(found.octets).split() == ["¦", "Hello", "Größe:", "XL", "¦", "--", "¦", "A", "footer"]
    draft, notes = unsealing.kept_sealed(Draft(account="work", purpose=Purpose.REPLY), raw)
    assert draft.encrypt
    assert "came encrypted" in notes[0]
    quoted = Draft(account="work", purpose=Purpose.REPLY, body="> Größe: XL")
    assert [one.concern for one in unsealing.clear_quotes(quoted, raw)] == [Concern.SECRET_QUOTED]
    with pytest.raises(UsageError, match="did not open"):
        unsealing.unseal(raw.replace(b"\r\n=", b"\r\n=A"), [ANNA], None)


def test_the_marks_of_the_reader_are_in_no_text_that_leaves_it(home: str) -> None:
    """Answers, forwards, what is copied and saved; a text that came with such a mark keeps it."""
    raw = letter(b"Pay Eve.\n" + clear(home, b"Meet me.\n"))
    octets = unsealing.look(raw, [ANNA], None).octets
    assert octets is not None
    message = parse_message(octets)
    assert "¦ Pay Eve." in shown(octets)
    mine = [Identity("work", "Bo", "bo@example.org")]
    texts = [message.text, selected_text("¦ Pay Eve.\nMeet", message)]
    texts += [made(octets, message, mine).draft.body for made in (reply, forward, edit_as_new)]
    for text in texts:
        assert "Pay Eve.\n" in text
        assert "¦" not in text
    plain = parse_message(letter(b"\xc2\xa6 mine\n"))
    assert (plain.text, selected_text("¦ mine", plain), selected_text("¦ mine", None)) == ("¦ mine",) * 3
