"""OpenPGP for who reads: signatures checked and messages opened by the person's own gpg.

gpg fetches no keys for this, and asks for no passphrase on our terminal: its agent does that elsewhere, or it was
unlocked before. Everything blocks, and an agent that waits for a person may block for minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from tui_mail.errors import UsageError
from tui_mail.mime.pgp import available, unlocking, without_terminal
from tui_mail.mime.seals import Seal, Trust, judged
from tui_mail.records import frozen
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from gnupg import GPG

STANDARD = "OpenPGP"
_ENOUGH = 3
"""gpg's TRUST_MARGINAL: the person, or people whom they trust, vouch for the key."""
_OPTIONS = ["--no-tty", "--batch", "--no-auto-key-retrieve", "--disable-dirmngr"]


@frozen
class Opened:
    """What was inside, and the signature that came with it."""

    content: bytes
    seal: Seal | None


def check(part: bytes, signature: bytes, senders: Sequence[str], *, home: str = "") -> Seal:
    """What a detached signature over `part` is worth; `senders` are the addresses in From. Never raises MailError."""
    if not available():
        return Seal(Trust.UNKNOWN, safe_line("signed; gpg is not installed, so it was not checked (OpenPGP)"))
    gpg = _gpg(home)
    with tempfile.NamedTemporaryFile(prefix="tui-mail-") as file:
        file.write(signature)
        file.flush()
        found = gpg.verify_data(file.name, part)
    return _seal(gpg, found, senders)


def open_sealed(sealed: bytes, senders: Sequence[str], *, home: str = "") -> Opened:
    """What is inside an encrypted message. Raises UsageError with the reason when it cannot be read."""
    if not available():
        raise UsageError("gpg is not installed, so this message cannot be read here. Nothing was changed.")
    gpg = _gpg(home)
    made = gpg.decrypt(sealed)
    if not made.ok:
        raise UsageError(f"gpg did not open this message: {_reason(made)}. Nothing was changed.")
    signed = made.fingerprint or _problems(made)
    return Opened(bytes(made.data), _seal(gpg, made, senders) if signed else None)


def read_signed(armour: bytes, senders: Sequence[str], *, home: str = "") -> tuple[Seal, bytes]:
    """What a text that is signed in its own lines is worth, and the text as it was signed. Never raises MailError."""
    if not available():
        return Seal(Trust.UNKNOWN, safe_line("signed; gpg is not installed, so it was not checked (OpenPGP)")), b""
    gpg = _gpg(home)
    made = gpg.decrypt(armour)
    return _seal(gpg, made, senders), bytes(made.data)


def _gpg(home: str) -> GPG:
    import gnupg

    return gnupg.GPG(gnupghome=home or None, options=_OPTIONS, env=without_terminal())


def _seal(gpg: GPG, found: Any, senders: Sequence[str]) -> Seal:
    status, key = str(found.status or ""), safe_line(str(found.key_id or ""))[-16:]
    problems = _problems(found)
    if "signature bad" in (status, *problems):
        return Seal(Trust.BAD, safe_line("the signature is wrong: this is not what was signed (OpenPGP)"))
    if "no public key" in (status, *problems):
        return Seal(Trust.UNKNOWN, safe_line(f"signed with key {key}, which your gpg does not have (OpenPGP)"))
    if not found.fingerprint and not problems:
        return Seal(Trust.UNKNOWN, safe_line("signed; the signature is damaged and cannot be checked (OpenPGP)"))
    if not found.valid or problems:
        words = next((one for one in (*problems, status) if one), "it cannot be checked")
        return Seal(Trust.BAD, safe_line(f"the signature does not count: {words} (OpenPGP)"))
    fingerprint = str(found.pubkey_fingerprint or found.fingerprint or "")
    keys = gpg.list_keys(keys=[fingerprint]) if fingerprint else []
    emails = [parseaddr(uid)[1] for one in keys for uid in one["uids"]]
    vouched = found.trust_level is not None and found.trust_level >= _ENOUGH
    missing = f"compare its fingerprint with them: {_grouped(fingerprint)}"
    return judged(
        STANDARD, [one for one in emails if one], senders, vouched=vouched, name=f"key {key}", missing=missing
    )


def _problems(found: Any) -> list[str]:
    """What is wrong with signatures; that a message is encrypted to others as well is not."""
    statuses = [str(one.get("status", "")) for one in found.problems or ()]
    return [status for status in statuses if status != "no secret key"]


def _grouped(fingerprint: str) -> str:
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _reason(made: Any) -> str:
    status, words = str(made.status or ""), str(made.stderr or "").lower()
    if "no secret key" in words or "no secret key" in status:
        return "it is not encrypted to a key of yours"
    if "pinentry" in words or "passphrase" in words or "inappropriate ioctl" in words:
        return unlocking()
    return safe_line(status) or "no reason was given"
