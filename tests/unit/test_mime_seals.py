"""Signatures checked and messages opened, with real keys: what counts, and what only looks as if it did."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.unit.test_mime_protection import DRAFT, WHEN, certificates, gnupg  # noqa: F401  (fixtures)
from tui_mail.client import unsealing
from tui_mail.errors import UsageError
from tui_mail.mime import pgp, pgp_reading, smime, smime_reading
from tui_mail.mime.compose import compose
from tui_mail.mime.seals import Kind, Trust, kind_of, sealed_content, signed_halves
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.outgoing import Attachment, Protection

ANNA, OLA = "anna@example.org", "ola@example.org"
NOWHERE = Server("127.0.0.1", 9, Security.NONE, "anna")


def account(folder: Path, who: str = "anna") -> Account:
    """An account with certificates."""
    plain = Account("work", "Anna Berg", ANNA, Protocol.IMAP, NOWHERE)
    own, key = str(folder / f"{who}.pem"), str(folder / f"{who}.key")
    return replace(plain, smime_certificate=own, smime_key=key, smime_folder=str(folder))


def pgp_message(home: str, *, sender: str = ANNA, signed: bool = True, sealed: bool = False) -> bytes:
    draft = replace(DRAFT, protection=Protection.PGP, sign=signed, encrypt=sealed)

    def protect(part: bytes) -> bytes:
        return (
            pgp.encrypt(part, sender, [OLA], signed=signed, home=home) if sealed else pgp.sign(part, sender, home=home)
        )

    return compose(draft, [], when=WHEN, protect=protect).raw


def smime_message(folder: Path, *, sealed: bool = False) -> bytes:
    own, key = str(folder / "anna.pem"), str(folder / "anna.key")

    def protect(part: bytes) -> bytes:
        signed = smime.sign(part, own, key)
        return smime.encrypt(signed, own, [OLA], str(folder)) if sealed else signed

    return compose(replace(DRAFT, sign=True), [], when=WHEN, protect=protect).raw


def trust(home: str, email: str, level: int) -> None:
    """What the person thinks of somebody's key."""
    listed = subprocess.run(
        ["gpg", "--homedir", home, "--with-colons", "-k", email], capture_output=True
    ).stdout.decode()
    print_of = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
    words = f"{print_of}:{level}:\n".encode()
    subprocess.run(["gpg", "--homedir", home, "--import-ownertrust"], input=words, capture_output=True, check=True)


def check(home: str, raw: bytes, *senders: str) -> tuple[Trust, str]:
    seal = pgp_reading.check(*signed_halves(raw), senders or (ANNA,), home=home)
    return seal.trust, seal.sentence


def test_a_signature_counts_only_for_its_sender_and_only_when_intact(gnupg: str) -> None:  # noqa: F811
    """One changed octet, another address in From, a key that nobody vouches for, no key at all."""
    raw = pgp_message(gnupg)
    assert kind_of(raw) is Kind.PGP_SIGNED
    assert check(gnupg, raw) == (Trust.GOOD, "signed by anna@example.org (OpenPGP)")
    assert check(gnupg, raw.replace(b"\r\n", b"\n"))[0] is Trust.GOOD
    assert check(gnupg, raw.replace(b"From here", b"From hare"))[0] is Trust.BAD
    trusted, words = check(gnupg, raw, "boss@example.org")
    assert trusted is Trust.BAD
    assert "signed by anna@example.org, who is not the sender" in words
    assert check(gnupg, raw, ANNA, "boss@example.org")[0] is Trust.BAD
    trust(gnupg, ANNA, 2)
    trusted, words = check(gnupg, raw)
    trust(gnupg, ANNA, 6)
    assert trusted is Trust.UNPROVEN
    assert "compare its fingerprint" in words


def test_a_signed_message_with_files_is_signed_to_its_end(gnupg: str, certificates: Path) -> None:  # noqa: F811
    """The closing line of the inner multipart is part of what was signed."""
    file = Attachment("a.txt", "text/plain", 3)
    own, key = str(certificates / "anna.pem"), str(certificates / "anna.key")
    asked = replace(DRAFT, sign=True, attachments=(file,))
    raw = compose(asked, [b"abc"], when=WHEN, protect=lambda part: pgp.sign(part, ANNA, home=gnupg)).raw
    assert check(gnupg, raw)[0] is Trust.GOOD
    raw = compose(asked, [b"abc"], when=WHEN, protect=lambda part: smime.sign(part, own, key)).raw
    seal = unsealing.look(raw, [ANNA], account(certificates)).seal
    assert seal is not None
    assert seal.trust is Trust.GOOD
    assert unsealing.look(raw.replace(b"\r\n", b"\n"), [ANNA], account(certificates)).seal == seal


def test_without_the_key_nothing_is_claimed_and_nothing_is_fetched(gnupg: str, tmp_path: Path) -> None:  # noqa: F811
    """An empty keyring: the key's number, and that is all."""
    tmp_path.chmod(0o700)
    trusted, words = check(str(tmp_path), pgp_message(gnupg))
    assert trusted is Trust.UNKNOWN
    assert "which your gpg does not have" in words


def test_a_signature_that_covers_a_part_does_not_count(gnupg: str) -> None:  # noqa: F811
    """A signed letter inside another message, or with a third part beside it, says nothing of what is shown."""
    raw = pgp_message(gnupg)
    head, _, body = raw.partition(b"\r\n\r\n")
    kept = head[head.index(b"Content-Type") :]
    wrapped = (
        b'From: anna@example.org\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n'
        b"--o\r\n\r\nPay at once.\r\n--o\r\n"
        + kept + b"\r\n\r\n" + body + b"\r\n--o--\r\n"
    )  # fmt: skip
    assert kind_of(wrapped) is Kind.IN_PART
    boundary = raw.partition(b'boundary="')[2].partition(b'"')[0]
    third = raw.replace(b"--" + boundary + b"--", b"--" + boundary + b"\r\n\r\nPay at once.\r\n--" + boundary + b"--")
    assert kind_of(third) is Kind.IN_PART
    seal = unsealing.look(wrapped, [ANNA], None).seal
    assert seal is not None
    assert seal.trust is Trust.UNKNOWN


def test_an_encrypted_message_is_opened_with_the_signature_inside(gnupg: str) -> None:  # noqa: F811
    """Whole, and only whole."""
    raw = pgp_message(gnupg, sealed=True)
    assert kind_of(raw) is Kind.PGP_SEALED
    found = pgp_reading.open_sealed(sealed_content(raw), [ANNA], home=gnupg)
    assert b"From here" in found.content
    assert found.seal is not None
    assert found.seal.trust is Trust.GOOD
    unsigned = pgp_reading.open_sealed(
        sealed_content(pgp_message(gnupg, signed=False, sealed=True)), [ANNA], home=gnupg
    )
    assert unsigned.seal is None
    broken = sealed_content(raw)
    with pytest.raises(UsageError, match="Nothing was changed"):
        pgp_reading.open_sealed(broken[:200] + b"AAAA" + broken[204:], [ANNA], home=gnupg)


def test_who_has_no_key_is_told_so(gnupg: str, tmp_path: Path) -> None:  # noqa: F811
    """In a sentence."""
    tmp_path.chmod(0o700)
    with pytest.raises(UsageError, match="not encrypted to a key of yours"):
        pgp_reading.open_sealed(sealed_content(pgp_message(gnupg, sealed=True)), [ANNA], home=str(tmp_path))


def test_smime_signatures_count_as_far_as_somebody_vouches(certificates: Path, tmp_path: Path) -> None:  # noqa: F811
    """The person's own folder vouches; without it nobody does; a changed octet, another sender."""
    raw = smime_message(certificates)
    assert kind_of(raw) is Kind.SMIME_SIGNED
    verify = partial(smime_reading.check, *signed_halves(raw))
    assert verify([ANNA], str(certificates)).trust is Trust.GOOD
    assert verify([ANNA], str(tmp_path)).trust is Trust.UNPROVEN
    assert verify([OLA], str(certificates)).trust is Trust.BAD
    part, signature = signed_halves(raw)
    assert smime_reading.check(part + b"x", signature, [ANNA], str(certificates)).trust is Trust.BAD


def test_smime_is_opened_and_the_signature_inside_checked(certificates: Path) -> None:  # noqa: F811
    """Signed, then encrypted; the other way round is not how it is done."""
    raw = smime_message(certificates, sealed=True)
    assert kind_of(raw) is Kind.SMIME_SEALED
    found = unsealing.unseal(raw, [ANNA], account(certificates))
    assert found.octets is not None
    assert b"From here" in found.octets
    assert found.seal is not None
    assert found.seal.trust is Trust.GOOD
    with pytest.raises(UsageError, match="not encrypted to your certificate"):
        unsealing.unseal(raw, [ANNA], account(certificates, "eve"))
    with pytest.raises(UsageError, match="no smime_certificate"):
        unsealing.unseal(raw, [ANNA], None)


def test_a_message_wrapped_in_its_signature_is_unwrapped(certificates: Path, tmp_path: Path) -> None:  # noqa: F811
    """application/pkcs7-mime that only signs needs no key of ours."""
    (tmp_path / "part").write_bytes(b"Content-Type: text/plain\r\n\r\nwrapped words\r\n")
    own, key = str(certificates / "anna.pem"), str(certificates / "anna.key")
    words = ["-sign", "-nodetach", "-binary", "-in", str(tmp_path / "part"), "-signer", own, "-inkey", key]
    made = subprocess.run(["openssl", "cms", *words], capture_output=True, check=True).stdout
    raw = b"From: anna@example.org\r\nSubject: x\r\n" + made.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert kind_of(raw) is Kind.SMIME_OPAQUE
    found = unsealing.look(raw, [ANNA], account(certificates))
    assert found.seal is not None
    assert found.seal.trust is Trust.GOOD
    assert found.octets is not None
    assert b"wrapped words" in found.octets


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"Content-Type: multipart/signed\r\n\r\nx", b"Content-Type: application/pkcs7-mime\r\n\r\n!!!",
        b'Content-Type: multipart/signed; boundary="a"\r\n\r\n--a\r\n--a\r\n--a--',
        b'Content-Type: multipart/signed; boundary="a"\r\n\r\n--a\r\n\r\nx\r\n--a\r\n'
        b"Content-Type: application/pgp-signature\r\n\r\nnonsense\r\n--a--",
        b'Content-Type: multipart/signed; boundary="a"\r\n\r\n--a\r\n\r\nx\r\n--a\r\n'
        b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--a--",
    ],
)  # fmt: skip
def test_nonsense_is_never_good(raw: bytes) -> None:
    """And never more than a sentence."""
    seal = unsealing.look(raw, [ANNA], None).seal
    assert seal is None or seal.trust in (Trust.BAD, Trust.UNKNOWN)
