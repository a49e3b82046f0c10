"""Signed and encrypted mail, checked by the programs that receivers have: gpg and openssl."""

from __future__ import annotations

import datetime
import email
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.conftest import need
from tui_mail.errors import UsageError
from tui_mail.mime import pgp, protection, smime
from tui_mail.mime.compose import compose
from tui_mail.outgoing import Draft, Protection

WHEN = 1_700_000_000
TEXT = "Grüße und ein Leerzeichen am Ende \nFrom here\n.\n-- \nAnna"
DRAFT = Draft("work", "Anna Berg", "anna@example.org", to="Ola <ola@example.org>", subject="Secret", body=TEXT)


@pytest.fixture(scope="module")
def gnupg() -> Iterator[str]:
    """A keyring with keys of Anna and Ola (trusted), Eve (not trusted), and a revoked one."""
    need("" if pgp.available() else "gpg is not installed (apt-get install gnupg)")
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as home:
        for who in ("Anna <anna@example.org>", "Ola <ola@example.org>", "Mallory <not-ola@example.org>"):
            words = ["--batch", "--passphrase", "", "--quick-generate-key", who, "default", "default", "never"]
            subprocess.run(["gpg", "--homedir", home, *words], check=True, capture_output=True)
        yield home
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed certificates and keys: anna.pem, anna.key, ola.pem, ola.key, and one of Eve's that has expired."""
    folder = tmp_path_factory.mktemp("certificates")
    for who, days in (("anna", 30), ("ola", 30), ("eve", -1)):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - datetime.timedelta(days=60))
            .not_valid_after(until)
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(f"{who}@example.org")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (folder / f"{who}.pem").write_bytes(certificate.public_bytes(pem))
        (folder / f"{who}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return folder


def _run(*words: str, given: bytes = b"") -> bytes:
    done = subprocess.run(words, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """The signed octets of a multipart/signed, and its signature, decoded."""
    message = email.message_from_bytes(raw)
    assert message.get_content_type() == "multipart/signed"
    boundary = str(message.get_boundary()).encode()
    part = raw.split(b"--" + boundary + b"\r\n")[1][:-2]
    signature = message.get_payload()[1].get_payload(decode=True)  # type: ignore[index, union-attr]
    assert isinstance(signature, bytes)
    return part, signature


def test_pgp_signature_is_good(gnupg: str, tmp_path: Path) -> None:
    """What gpg verifies is the part as it stands in the message; one changed octet breaks it."""
    asked = replace(DRAFT, protection=Protection.PGP, sign=True)
    raw = compose(asked, [], when=WHEN, protect=lambda part: pgp.sign(part, asked.from_email, home=gnupg)).raw
    assert raw.isascii()
    assert b'micalg="pgp-sha' in raw
    part, signature = _halves(raw)
    (tmp_path / "part").write_bytes(part)
    (tmp_path / "signature").write_bytes(signature)
    verify = ["gpg", "--homedir", gnupg, "--verify", str(tmp_path / "signature"), str(tmp_path / "part")]
    _run(*verify)
    (tmp_path / "part").write_bytes(part.replace(b"here", b"hare"))
    with pytest.raises(AssertionError, match="BAD"):
        _run(*verify)


def test_pgp_encrypted_for_both_and_hidden_from_all(gnupg: str) -> None:
    """Receiver and sender can read it; the recipients' packet names no one in Bcc; nothing shows outside."""
    asked = replace(DRAFT, bcc="not-ola@example.org", protection=Protection.PGP, sign=True, encrypt=True)
    raw = compose(
        asked,
        [],
        when=WHEN,
        protect=lambda part: pgp.encrypt(
            part, "anna@example.org", ["ola@example.org"], ["not-ola@example.org"], signed=True, home=gnupg
        ),
    ).raw
    assert b"From here" not in raw
    assert protection.encrypted_kind(raw) == protection.PGP_ENCRYPTED
    sealed = protection.sealed(raw)
    packets = _run("gpg", "--homedir", gnupg, "--list-packets", given=sealed).decode()
    assert packets.count(":pubkey enc packet:") == 3
    assert packets.count("keyid 0000000000000000") == 1
    inside = protection.opened(raw, pgp.decrypt(sealed, home=gnupg))
    assert b"From here" in inside
    assert inside.startswith(raw.partition(b"Content-Type")[0])
    assert "good signature" in _decrypted_words(gnupg, sealed).lower()


def _decrypted_words(home: str, sealed: bytes) -> str:
    return subprocess.run(["gpg", "--homedir", home, "--decrypt"], input=sealed, capture_output=True).stderr.decode()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A keyring whose only key wants a passphrase, which its pinentry writes down what it is told and gives up on."""
    need("" if pgp.available() else "gpg is not installed (apt-get install gnupg)")
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as name:
        home = Path(name)
        pinentry = home / "pinentry"
        pinentry.write_text(
            f'#!/bin/sh\necho OK\nwhile read -r line; do echo "$line" >>{home}/told\n'
            "case $line in GETPIN*) echo ERR 83886179 cancelled;; *) echo OK;; esac; done\n"
        )
        pinentry.chmod(0o700)
        (home / "gpg-agent.conf").write_text(f"pinentry-program {pinentry}\n")
        words = ["--batch", "--passphrase", "hunter2", "--pinentry-mode", "loopback", "--quick-generate-key"]
        subprocess.run(
            ["gpg", "--homedir", name, *words, "anna@example.org", "default", "default", "never"],
            check=True,
            capture_output=True,
        )
        for command in ("--kill", "--launch"):
            subprocess.run(["gpgconf", "--homedir", name, command, "gpg-agent"], capture_output=True)
        yield home
        subprocess.run(["gpgconf", "--homedir", name, "--kill", "all"], capture_output=True)


def test_the_passphrase_is_asked_for_on_no_terminal_of_ours(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's pinentry is never told of one, and the sentence says what can be done."""
    monkeypatch.setenv("GPG_TTY", "/dev/pts/7")
    with pytest.raises(UsageError, match=r"gpg -u anna@example\.org --clearsign"):
        pgp.sign(b"Content-Type: text/plain\r\n\r\nx\r\n", "anna@example.org", home=str(locked))
    told = (locked / "told").read_text("utf-8")
    assert "GETPIN" in told
    assert "ttyname" not in told


@pytest.mark.parametrize(
    ("sender", "recipient", "words"),
    [
        ("anna@example.org", "nobody@example.org", "no usable key for nobody@example.org"),
        ("nobody@example.org", "ola@example.org", "no usable secret key"),
        ("anna@example.org", "la@example.org", "no usable key for la@example.org"),
    ],
)
def test_pgp_says_whose_key_is_missing(gnupg: str, sender: str, recipient: str, words: str) -> None:
    """Also for an address that is only a part of another one; nothing is sent unencrypted instead."""
    with pytest.raises(UsageError, match=words):
        pgp.encrypt(b"Content-Type: text/plain\r\n\r\nx\r\n", sender, [recipient], signed=False, home=gnupg)


def test_protection_that_cannot_be_had_stops_the_message() -> None:
    """A draft that asks for it is never composed without."""
    with pytest.raises(UsageError, match="not sent"):
        compose(replace(DRAFT, encrypt=True, protection=Protection.PGP), [], when=WHEN)


def test_smime_signature_is_good(certificates: Path, tmp_path: Path) -> None:
    """Openssl verifies the message as a receiver would."""
    own, key = str(certificates / "anna.pem"), str(certificates / "anna.key")
    asked = replace(DRAFT, protection=Protection.SMIME, sign=True)
    raw = compose(asked, [], when=WHEN, protect=lambda part: smime.sign(part, own, key)).raw
    (tmp_path / "mail").write_bytes(raw)
    said = _run("openssl", "cms", "-verify", "-in", str(tmp_path / "mail"), "-CAfile", own, "-purpose", "any")
    assert b"From here" in said
    part, signature = _halves(raw)
    assert part in raw
    assert signature


def test_smime_encrypted_for_receiver_and_sender(certificates: Path, tmp_path: Path) -> None:
    """Openssl reads it with either key, and the signature inside is good."""
    own, key = str(certificates / "anna.pem"), str(certificates / "anna.key")

    def protect(part: bytes) -> bytes:
        return smime.encrypt(smime.sign(part, own, key), own, ["ola@example.org"], str(certificates))

    raw = compose(replace(DRAFT, sign=True, encrypt=True), [], when=WHEN, protect=protect).raw
    assert b"From here" not in raw
    (tmp_path / "mail").write_bytes(raw)
    for who in ("anna", "ola"):
        words = ["-recip", str(certificates / f"{who}.pem"), "-inkey", str(certificates / f"{who}.key")]
        inside = _run("openssl", "cms", "-decrypt", "-in", str(tmp_path / "mail"), *words)
        (tmp_path / "inside").write_bytes(inside)
        _run("openssl", "cms", "-verify", "-in", str(tmp_path / "inside"), "-CAfile", own, "-purpose", "any")
    opened = protection.opened(raw, smime.decrypt(protection.sealed(raw), own, key))
    assert b"multipart/signed" in opened


def test_smime_expired_certificate_is_none(certificates: Path) -> None:
    """Nothing is encrypted to a certificate that is not valid now."""
    with pytest.raises(UsageError, match=r"eve@example\.org"):
        smime.encrypt(b"x", str(certificates / "anna.pem"), ["eve@example.org"], str(certificates))
    with pytest.raises(UsageError, match="cannot be read"):
        smime.sign(b"x", str(certificates / "anna.pem"), str(certificates / "missing.key"))


def test_copy_of_a_draft_is_encrypted_whole(gnupg: str) -> None:
    """The Drafts folder shows who and what about, never the text; opening it gives the draft back."""
    raw = b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nvery secret\r\n"
    kept = protection.protected_copy(
        raw, lambda part: pgp.encrypt(part, "anna@example.org", (), signed=False, home=gnupg)
    )
    assert b"very secret" not in kept
    assert kept.startswith(b"From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/encrypted")
    assert protection.opened(kept, pgp.decrypt(protection.sealed(kept), home=gnupg)) == raw


def test_encrypted_part_of_another_message_is_not_opened() -> None:
    """Only a message that is encrypted as a whole is (EFAIL): what stands around a part could send it away."""
    raw = (
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\nContent-Type: text/html\r\n\r\n<img src="x\r\n'
        b'--a\r\nContent-Type: multipart/encrypted; boundary="b"\r\n\r\n--b\r\n\r\nVersion: 1\r\n--b\r\n\r\n'
        b"secret\r\n--b--\r\n--a--\r\n"
    )
    assert protection.encrypted_kind(raw) == ""
    with pytest.raises(UsageError):
        protection.sealed(raw)
