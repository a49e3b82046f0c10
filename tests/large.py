"""Large messages for tests, made of parts that are known octet for octet."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass


def noise(octets: int, seed: str = "noise") -> bytes:
    """Octets that no compression makes smaller, the same for the same seed."""
    made = bytearray()
    at = 0
    while len(made) < octets:
        made += hashlib.sha512(f"{seed}{at}".encode()).digest()
        at += 1
    return bytes(made[:octets])


@dataclass(frozen=True)
class Part:
    """One part: its header and its body as transferred; `content` is what it means."""

    head: str
    body: bytes
    content: bytes


def file(name: str, content: bytes, kind: str = "application/octet-stream") -> Part:
    """An attached file, in base64."""
    head = (
        f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
    )
    return Part(head, base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip(), content)


def text(words: str, kind: str = "plain") -> Part:
    """A text as it is."""
    return Part(f"Content-Type: text/{kind}; charset=utf-8\r\n", words.encode(), words.encode())


def several(*parts: Part, kind: str = "mixed", boundary: str = "=_outer") -> Part:
    """Parts as one."""
    body = b"".join(b"--%s\r\n%s\r\n%s\r\n" % (boundary.encode(), one.head.encode(), one.body) for one in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'
    return Part(head, b"%s--%s--\r\n" % (body, boundary.encode()), b"")


def message(root: Part, *, subject: str = "A large one", number: int = 1) -> bytes:
    """The whole."""
    head = (
        "From: Anna Berg <anna@example.org>\r\nTo: Ola <ola@example.org>\r\n"
        f"Subject: {subject}\r\nDate: Mon, 02 Nov 2026 10:00:{number % 60:02} +0000\r\n"
        f"Message-ID: <large{number}@test.example>\r\nMIME-Version: 1.0\r\n{root.head}\r\n"
    )
    return head.encode() + root.body
