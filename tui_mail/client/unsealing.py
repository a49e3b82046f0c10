"""Signatures checked and messages opened, for who reads one: which program is asked, with whose certificates.

What belongs here: the way from a message's octets to what is said of it. Everything blocks: call it on a thread. What
was opened is kept in memory while it is read, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_mail.mime import pgp_reading, smime_reading
from tui_mail.mime.headers import parse_headers
from tui_mail.mime.inline_pgp import OUTSIDE, Inline, as_part, inline_of, with_marks
from tui_mail.mime.protection import opened
from tui_mail.mime.seals import SEALED, Kind, Seal, Trust, kind_of, sealed_content, signed_halves
from tui_mail.mime.subjects import forward_subject, reply_subject
from tui_mail.model import Account
from tui_mail.outgoing import Concern, Draft, Purpose, Remark
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line


@frozen
class Unsealed:
    """What is known of a message's protection now."""

    kind: Kind
    seal: Seal | None = None
    octets: bytes | None = None
    """The message with its content in the place of what it was wrapped in; None when it reads as it is."""


def look(raw: bytes, senders: Sequence[str], account: Account | None) -> Unsealed:
    """Check what can be checked without a secret; a signed message that is wrapped is unwrapped."""
    kind = kind_of(raw)
    folder = account.smime_folder if account is not None else ""
    own = account.smime_certificate if account is not None else ""
    match kind:
        case Kind.PGP_SIGNED:
            return Unsealed(kind, _either(raw, lambda part, sign: pgp_reading.check(part, sign, senders)))
        case Kind.SMIME_SIGNED:
            return Unsealed(
                kind, _either(raw, lambda part, sign: smime_reading.check(part, sign, senders, folder, own))
            )
        case Kind.SMIME_OPAQUE:
            seal, content = smime_reading.unwrap(sealed_content(raw), senders, folder, own)
            return Unsealed(kind, seal, opened(raw, content) if content else None)
        case Kind.INLINE_SIGNED:
            return _inline(raw, senders)
        case Kind.IN_PART:
            if (found := inline_of(raw)) is not None:
                return _inline_in_part(raw, found, senders)
            words = "only a part of this message is signed or encrypted: that says nothing of what is shown"
            return Unsealed(kind, Seal(Trust.UNKNOWN, safe_line(words)))
    return Unsealed(kind)


def unseal(raw: bytes, senders: Sequence[str], account: Account | None) -> Unsealed:
    """Open an encrypted message with the person's own key; raises UsageError with the reason when that cannot be."""
    kind = kind_of(raw)
    if kind is Kind.PGP_SEALED:
        found = pgp_reading.open_sealed(sealed_content(raw), senders)
        seal, content = found.seal, found.content
    elif kind is Kind.INLINE_SEALED:
        found, inline = pgp_reading.open_sealed(sealed_content(raw), senders), inline_of(raw)
        seal, content = found.seal, as_part(found.content, inline.charset if inline else "")
    elif kind is Kind.INLINE_IN_PART and (inline := inline_of(raw)) is not None:
        return _opened_in_part(raw, inline, senders)
    else:
        certificate, key = (account.smime_certificate, account.smime_key) if account is not None else ("", "")
        seal, content = None, smime_reading.open_sealed(sealed_content(raw), certificate, key)
    octets = opened(raw, content)
    if seal is None:
        inside = look(octets, senders, account)
        seal, octets = inside.seal, inside.octets or octets
    return Unsealed(kind, seal, octets)


def _inline(raw: bytes, senders: Sequence[str]) -> Unsealed:
    """A text that is signed as a whole; what counts is shown as gpg gives it, without the lines around it."""
    found = inline_of(raw)
    assert found is not None
    seal, content = pgp_reading.read_signed(found.armour, senders)
    counts = seal.trust in (Trust.GOOD, Trust.UNPROVEN)
    return Unsealed(
        Kind.INLINE_SIGNED, seal, opened(raw, as_part(content, found.charset)) if counts and content else None
    )


def _inline_in_part(raw: bytes, found: Inline, senders: Sequence[str]) -> Unsealed:
    """A text of which only a part is signed; what is outside is marked and nothing is good."""
    seal, content = pgp_reading.read_signed(found.armour, senders)
    counts = seal.trust in (Trust.GOOD, Trust.UNPROVEN)
    octets = opened(raw, with_marks(found, content if counts else b""))
    return Unsealed(Kind.IN_PART, _of_the_rest(seal), octets)


def _opened_in_part(raw: bytes, found: Inline, senders: Sequence[str]) -> Unsealed:
    """A text of which a part was encrypted, opened; what is outside is marked and nothing is good."""
    inside = pgp_reading.open_sealed(found.armour, senders)
    octets = opened(raw, with_marks(found, inside.content))
    return Unsealed(Kind.INLINE_IN_PART, _of_the_rest(inside.seal), octets)


def _of_the_rest(seal: Seal | None) -> Seal:
    """What is to be said of a text that has words outside of its armour."""
    if seal is not None and seal.trust is Trust.BAD:
        return seal
    marks = f"the lines marked {OUTSIDE.strip()} are not covered"
    return Seal(Trust.UNKNOWN, safe_line(f"{marks}; the rest is {seal.sentence if seal is not None else 'not signed'}"))


def _either(raw: bytes, check: Callable[[bytes, bytes], Seal]) -> Seal:
    """What a signature is worth over the part with CRLF, as it is to be (RFC 1847), else over its very octets."""
    halves, exact = signed_halves(raw), signed_halves(raw, exact=True)
    seal = check(*halves)
    if seal.trust is Trust.BAD and exact != halves and (other := check(*exact)).trust is not Trust.BAD:
        return other
    return seal


def kept_sealed(draft: Draft, original: bytes) -> tuple[Draft, tuple[SafeText, ...]]:
    """A draft that repeats what was opened, to be encrypted like the original; and what is to be said of it."""
    protection = SEALED.get(kind_of(original))
    if protection is None:
        return draft, ()
    notes = [safe_line("What it repeats came encrypted: it will be encrypted, too (Ctrl+O changes that).")]
    outer = parse_headers(original).subject
    subject = forward_subject(outer) if draft.purpose is Purpose.FORWARD else reply_subject(outer)
    if subject != draft.subject:  # a subject is never encrypted by this program
        notes.append(safe_line("Its subject came encrypted, and is left out: the one that you type travels in clear."))
    return replace(draft, subject=subject, protection=protection, sign=True, encrypt=True), tuple(notes)


def clear_quotes(draft: Draft, original: bytes | None) -> tuple[Remark, ...]:
    """A remark when a draft repeats a message that came encrypted and goes out in clear."""
    if draft.encrypt or draft.purpose not in (Purpose.REPLY, Purpose.FORWARD) or not original:
        return ()
    repeats = draft.purpose is Purpose.FORWARD or any(line.startswith(">") for line in draft.body.split("\n"))
    if not repeats or kind_of(original) not in SEALED:
        return ()
    return (
        Remark(Concern.SECRET_QUOTED, safe_line("It repeats a message that came encrypted, and goes out in clear.")),
    )
