"""Signed and encrypted messages: the MIME around what a program of cryptography made (RFC 3156, RFC 8551).

What belongs here: multipart/signed, multipart/encrypted, pkcs7-mime, and taking the last two apart again. What must
never be here: keys and algorithms (pgp, smime).

A part that is signed must arrive octet for octet: it is 7-bit, with CRLF, and without spaces at the ends of lines,
which `compose` sees to when it is given a `protect`.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable

from tui_mail.errors import UsageError
from tui_mail.mime.decode import payload
from tui_mail.mime.structure import outline

PGP_ENCRYPTED, SMIME = "multipart/encrypted", "application/pkcs7-mime"
_CONTENT_FIELD = re.compile(rb"^(?:content-[a-z-]+)[ \t]*:.*(?:\r\n[ \t].*)*\r\n", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(rb"^subject[ \t]*:.*(?:\r\n[ \t].*)*\r\n", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


def pgp_signed(part: bytes, signature: bytes, hash_name: str) -> bytes:
    """multipart/signed around a part and its detached, armoured signature (RFC 3156 section 5)."""
    sheet = b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n' + _crlf(signature)
    return _signed(part, sheet, "application/pgp-signature", f"pgp-{hash_name}")


def pgp_encrypted(armoured: bytes) -> bytes:
    """multipart/encrypted around an armoured message (RFC 3156 section 4)."""
    boundary = _boundary()
    return b"".join(
        [
            b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n',
            b' boundary="%s"\r\n\r\n' % boundary,
            b"--%s\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" % boundary,
            b'--%s\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n' % boundary,
            b'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n',
            _crlf(armoured),
            b"\r\n--%s--\r\n" % boundary,
        ]
    )


def smime_signed(part: bytes, signature: bytes) -> bytes:
    """multipart/signed around a part and its detached DER signature (RFC 8551 section 3.5.3)."""
    sheet = (
        b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n' + _lines(signature)
    )
    return _signed(part, sheet, "application/pkcs7-signature", "sha-256")


def smime_encrypted(enveloped: bytes) -> bytes:
    """application/pkcs7-mime of DER enveloped data (RFC 8551 section 3.3)."""
    return (
        b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\n'
        b"Content-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="smime.p7m"\r\n\r\n' + _lines(enveloped)
    )


def protected_copy(raw: bytes, protect: Callable[[bytes], bytes]) -> bytes:
    """A whole message whose content is put into what `protect` makes of it; its other header fields stay."""
    head, _, body = raw.partition(b"\r\n\r\n")
    head += b"\r\n"
    content = b"".join(_CONTENT_FIELD.findall(head))
    others = _CONTENT_FIELD.sub(b"", head)
    return others + protect(content + b"\r\n" + body)


def encrypted_kind(raw: bytes) -> str:
    """PGP_ENCRYPTED or SMIME when the whole message is encrypted; else empty (never a part of one, EFAIL)."""
    root = outline(raw).root
    if root.content_type == PGP_ENCRYPTED and len(root.children) == 2:
        return PGP_ENCRYPTED
    kind = root.parameters.get("smime-type", "").lower()
    return SMIME if root.content_type in (SMIME, "application/x-pkcs7-mime") and kind != "signed-data" else ""


def sealed(raw: bytes) -> bytes:
    """What is to be decrypted of a whole encrypted message. Raises UsageError when it is none."""
    whole = outline(raw)
    kind = encrypted_kind(raw)
    if not kind:
        raise UsageError("This message is not encrypted as a whole.")
    return payload(whole.raw, whole.root if kind == SMIME else whole.root.children[1])


def opened(raw: bytes, content: bytes) -> bytes:
    """The message with the decrypted part (its Content fields and body) in the place of the encrypted one.

    The subject that was protected with it (RFC 9788) is the message's own. Every other field in there is left out: who
    wrote it and what servers found out about that stands in the outer header, and nothing inside may look like it.
    """
    head = _crlf(raw).partition(b"\r\n\r\n")[0] + b"\r\n"
    content = _crlf(content)
    subject, (inner, _, body) = _protected_subject(content), content.partition(b"\r\n\r\n")
    if subject:
        head = _SUBJECT.sub(b"", head) + subject
    if _FIELD.match(inner):
        content = b"".join(_CONTENT_FIELD.findall(inner + b"\r\n")) + b"\r\n" + body
    return _CONTENT_FIELD.sub(b"", head) + content


def _protected_subject(content: bytes) -> bytes:
    """The field of it in the part that was encrypted, or in what is signed inside of that; else empty."""
    root = outline(content).root
    first = root.children[:1] if root.content_type == "multipart/signed" else ()
    for part in (root, *first):
        if found := _SUBJECT.search(_crlf(part.header) + b"\r\n"):
            return found[0]
    return b""


def _signed(part: bytes, sheet: bytes, protocol: str, micalg: str) -> bytes:
    boundary = _boundary()
    opening = f'Content-Type: multipart/signed; micalg="{micalg}";\r\n protocol="{protocol}";\r\n boundary="'
    return b"".join(
        [
            opening.encode() + boundary + b'"\r\n\r\n--' + boundary + b"\r\n",
            part,
            b"\r\n--" + boundary + b"\r\n",
            sheet,
            b"\r\n--" + boundary + b"--\r\n",
        ]
    )


def _boundary() -> bytes:
    return b"=_" + secrets.token_hex(16).encode()


def _lines(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
