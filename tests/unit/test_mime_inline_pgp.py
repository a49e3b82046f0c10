"""OpenPGP in the text itself, with a real gpg: all of a text counts or nothing, and it is shown as gpg gives it."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.test_mime_protection import gnupg  # noqa: F401  (fixture)
from tui_mail.client import unsealing
from tui_mail.errors import UsageError
from tui_mail.mime.inline_pgp import as_part
from tui_mail.mime.parse import parse_message
from tui_mail.mime.seals import Kind, Trust, kind_of

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
    text = parse_message(found.octets).text if found.octets is not None else ""
    return found.seal.trust, found.seal.sentence, text


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


def test_an_encrypted_text_is_opened_only_when_it_is_all_of_it(home: str) -> None:
    """With the signature inside; with a line above it, not at all."""
    sealed = gpg(home, "--armor", "--encrypt", "--sign", "-r", ANNA, text="Größe: XL\n".encode())
    raw = letter(sealed)
    assert kind_of(raw) is Kind.INLINE_SEALED
    found = unsealing.unseal(raw, [ANNA], None)
    assert found.octets is not None
    assert parse_message(found.octets).text == "Größe: XL"
    assert found.seal is not None
    assert found.seal.trust is Trust.GOOD
    with_more = letter(b"Hello\n\n" + sealed)
    assert look(with_more)[0] is Trust.UNKNOWN
    with pytest.raises(UsageError, match="not encrypted as a whole"):
        unsealing.unseal(with_more, [ANNA], None)
