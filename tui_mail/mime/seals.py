"""What protects a message that is read: signed, encrypted, or only in part (RFC 1847, 3156, 8551).

What belongs here: seeing it in the structure, the octets that a signature is about, what is to be said of it. What must
never be here: keys and algorithms (`pgp_reading`, `smime_reading`).

A signature counts only when it covers everything that is shown, and when it is the sender's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from tui_mail.errors import UsageError
from tui_mail.mime.decode import payload
from tui_mail.mime.inline_pgp import has_armour, inline_of
from tui_mail.mime.protection import PGP_ENCRYPTED
from tui_mail.mime.structure import Entity, Outline, outline
from tui_mail.outgoing import Protection
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line

_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SMIME_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_PGP_SIGNATURE = "application/pgp-signature"
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""The identifier of id-signedData: what a pkcs7-mime holds, whatever its header says."""


class Kind(StrEnum):
    """How a message as a whole is protected."""

    NONE = ""
    PGP_SIGNED = "OpenPGP"
    PGP_SEALED = "OpenPGP, encrypted"
    SMIME_SIGNED = "S/MIME"
    SMIME_OPAQUE = "S/MIME, signed and wrapped"
    SMIME_SEALED = "S/MIME, encrypted"
    INLINE_SIGNED = "OpenPGP, signed in its text"
    INLINE_SEALED = "OpenPGP, encrypted in its text"
    INLINE_IN_PART = "OpenPGP, encrypted in a part of its text"
    """It can be opened; what is outside of it is covered by nothing."""
    IN_PART = "in part"
    """Something in it is signed or encrypted, and something else is not."""


SEALED = {
    Kind.PGP_SEALED: Protection.PGP, Kind.INLINE_SEALED: Protection.PGP, Kind.INLINE_IN_PART: Protection.PGP,
    Kind.SMIME_SEALED: Protection.SMIME,
}  # fmt: skip
"""What an answer to a message of this kind is protected with."""


class Trust(StrEnum):
    """What a signature is worth."""

    GOOD = "good"
    """Intact, the sender's, and the person (or an authority of this computer) vouches for the key."""
    UNPROVEN = "unproven"
    """Intact, and says that it is the sender's; nobody vouches for that."""
    UNKNOWN = "unknown"
    """It cannot be checked here: no key, no program."""
    BAD = "bad"
    """Not intact, of somebody else, of a key that is no longer valid, or not about all that is shown."""


@frozen
class Seal:
    """What was found out about a signature."""

    trust: Trust
    sentence: SafeText


def kind_of(raw: bytes) -> Kind:
    """How a message is protected."""
    whole = outline(raw)
    root = whole.root
    if root.content_type == "multipart/signed":
        if len(root.children) != 2 or root.opaque:
            return Kind.IN_PART
        signature = root.children[1].content_type
        if signature in _SMIME_SIGNATURES:
            return Kind.SMIME_SIGNED
        return Kind.PGP_SIGNED if signature == _PGP_SIGNATURE else Kind.IN_PART
    if root.content_type == PGP_ENCRYPTED and len(root.children) == 2:
        return Kind.PGP_SEALED
    if root.content_type in _SMIME:
        is_signed = _SIGNED_DATA in payload(whole.raw, root)[:60]
        return Kind.SMIME_OPAQUE if is_signed else Kind.SMIME_SEALED
    if found := inline_of(raw):
        if not found.is_whole:
            return Kind.IN_PART if found.is_signed else Kind.INLINE_IN_PART
        return Kind.INLINE_SIGNED if found.is_signed else Kind.INLINE_SEALED
    return Kind.IN_PART if _protected_inside(root) or has_armour(raw) else Kind.NONE


def signed_halves(raw: bytes, *, exact: bool = False) -> tuple[bytes, bytes]:
    """The octets that were signed, with CRLF or else `exact` as they are, and the signature.

    Raises UsageError when there are none.
    """
    whole = outline(raw)
    root = whole.root
    if root.content_type != "multipart/signed" or len(root.children) != 2:
        raise UsageError("This message is not signed as a whole.")
    part, signature = root.children
    start = _start(whole, part)
    end = max(start, whole.raw.rfind(b"\n--", 0, _start(whole, signature) - 1))  # a multipart ends behind its own end
    content = whole.raw[start:end].removesuffix(b"\r")
    if not exact:
        content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return content, payload(whole.raw, signature)


def sealed_content(raw: bytes) -> bytes:
    """What is to be decrypted, or unwrapped, of a message: of all of it, or of the one armour in its text.

    Raises UsageError.
    """
    whole, kind = outline(raw), kind_of(raw)
    if kind is Kind.PGP_SEALED:
        return payload(whole.raw, whole.root.children[1])
    if kind in (Kind.SMIME_SEALED, Kind.SMIME_OPAQUE):
        return payload(whole.raw, whole.root)
    if kind in (Kind.INLINE_SEALED, Kind.INLINE_SIGNED, Kind.INLINE_IN_PART) and (found := inline_of(raw)):
        return found.armour
    if kind is Kind.IN_PART:
        raise UsageError("This message is not encrypted as a whole; what is only a part of it is not opened.")
    raise UsageError("This message is not encrypted.")


def judged(
    standard: str, signers: Sequence[str], senders: Sequence[str], *, vouched: bool, name: str, missing: str
) -> Seal:
    """A signature that is intact, held against who the message says it is from.

    `signers`: the addresses of its key or certificate; `missing`: what would have to be so that somebody vouches.
    """
    ours = {one.casefold() for one in senders if one}
    theirs = [one.casefold() for one in signers]
    if len(ours) != 1 or not ours & set(theirs):
        whom = ", ".join(signers[:3]) or name or "somebody unknown"
        return Seal(Trust.BAD, safe_line(f"signed by {whom}, who is not the sender ({standard})"))
    sender = next(iter(ours))
    if not vouched:
        return Seal(Trust.UNPROVEN, safe_line(f"signed by a key that says it is {sender}'s; {missing} ({standard})"))
    return Seal(Trust.GOOD, safe_line(f"signed by {sender} ({standard})"))


def _start(whole: Outline, part: Entity) -> int:
    """Where a part of a multipart begins: behind the delimiter line before it."""
    if not part.header:
        blank = 2 if whole.raw[part.body - 2 : part.body] == b"\r\n" else 1
        return part.body - blank
    delimiter = whole.raw.rfind(b"\n--", 0, whole.raw.rfind(part.header, 0, part.body))
    return whole.raw.find(b"\n", delimiter + 1) + 1


def _protected_inside(root: Entity) -> bool:
    waiting = list(root.children)
    while waiting:
        entity = waiting.pop()
        waiting.extend(entity.children)
        if entity.content_type in ("multipart/signed", "multipart/encrypted", _PGP_SIGNATURE, *_SMIME):
            return True
    return False
