"""Messages across the pipe to the worker process: length-prefixed frames, a Message as JSON.

JSON, because the other side has read hostile bytes: what comes back must not be able to be more than data.
"""

from __future__ import annotations

import json
import re
import socket
import struct
from typing import Any

from tui_mail.model import Address, Block, BlockKind, Link, Message, Part, Severity, Span, Trust

FRAME_LIMIT = 256 * 1024 * 1024
_LENGTH = struct.Struct("!I")
_CHUNK = 1 << 20
_NO_WORDS = re.compile(r"[\x00-\x1f!-/:-@A-Z\[-`{-\x7f]")
"""No word holds one of these: see `words`."""


def send_frame(line: socket.socket, data: bytes) -> None:
    """Raises OSError when the other side is gone or too slow."""
    line.sendall(_LENGTH.pack(len(data)))
    line.sendall(data)


def receive_frame(line: socket.socket) -> bytes:
    """The next frame. Raises EOFError when the other side is gone, OSError on a timeout."""
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size))
    if length > FRAME_LIMIT:
        raise EOFError("frame too long")
    return _exactly(line, length)


def _exactly(line: socket.socket, length: int) -> bytes:
    data = bytearray(length)
    view = memoryview(data)
    position = 0
    while position < length:
        count = line.recv_into(view[position : position + _CHUNK])
        if count == 0:
            raise EOFError("the other side is gone")
        position += count
    return bytes(data)


def pack_message(message: Message) -> bytes:
    """A Message as a frame."""
    data = [
        message.date,
        [_pack_addresses(addresses) for addresses in _people(message)],
        message.subject,
        message.message_id,
        message.headers,
        message.text,
        [
            (block.kind, block.depth, [(span.text, span.bold, span.italic, span.link) for span in block.spans])
            for block in message.blocks
        ],
        [_pack_part(part) for part in message.attachments],
        [(link.url, link.safe, link.text, link.claims) for link in message.links],
        message.warnings,
        message.snippet,
        [message.remote_images, message.trackers, message.charset, message.hidden],
        [(one.kind, one.severity, one.label, one.sentence) for one in message.trust],
    ]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def unpack_message(frame: bytes) -> Message:
    """The Message of a frame. Raises ValueError, TypeError or LookupError if it is none."""
    (
        date, people, subject, message_id, headers, text, blocks, parts, links, warnings, snippet, more, trust,
    ) = json.loads(frame)  # fmt: skip
    remote, trackers, charset, hidden = more
    from_, sender, to, cc, bcc, reply_to = map(_unpack_addresses, people)
    kinds = {kind.value: kind for kind in BlockKind}
    return Message(
        date=date, from_=from_, sender=sender, to=to, cc=cc, bcc=bcc, reply_to=reply_to,
        subject=subject,
        message_id=message_id,
        headers=tuple((name, value) for name, value in headers),
        text=text,
        blocks=tuple(
            Block(kinds[kind], tuple(Span(*span) for span in spans), depth)
            for kind, depth, spans in blocks
        ),
        attachments=tuple(Part(*part) for part in parts),
        links=tuple(Link(*link) for link in links),
        warnings=tuple(warnings),
        snippet=snippet,
        remote_images=remote,
        trackers=trackers,
        charset=charset,
        hidden=hidden,
        trust=tuple(Trust(kind, Severity(severity), label, sentence) for kind, severity, label, sentence in trust),
    )  # fmt: skip


def pack_request(charset: str, attachment: int, size: tuple[int, int] = (0, 0)) -> bytes:
    """What is asked about the message in the next frame: itself, or (not 0) an attachment of it.

    `size`: how large the picture in the next frame may become.
    """
    return json.dumps([charset, attachment, *size]).encode()


def unpack_request(frame: bytes) -> tuple[str, int, tuple[int, int]]:
    """(charset or "", number of an attachment or 0, pixels of a picture)."""
    charset, attachment, wide, high = json.loads(frame)
    return charset, attachment, (wide, high)


def pack_attachment(found: tuple[Part, bytes] | None) -> bytes:
    """An attachment and its content; or that there is none."""
    if found is None:
        return b""
    part, content = found
    return b"%s\n%s" % (json.dumps(_pack_part(part)).encode(), content)


def unpack_attachment(frame: bytes) -> tuple[Part, bytes] | None:
    """As `pack_attachment`. Raises ValueError, TypeError or LookupError if it is none."""
    if not frame:
        return None
    end = frame.index(b"\n")
    return Part(*json.loads(frame[:end])), frame[end + 1 :]


def pack_words(words: tuple[list[str], list[str]]) -> bytes:
    """The words of files' names and of a text as a frame."""
    return json.dumps([" ".join(some) for some in words], ensure_ascii=False).encode("utf-8", "replace")


def unpack_words(frame: bytes) -> tuple[str, str]:
    """The words of a frame, each kind parted by spaces. Raises ValueError, TypeError or LookupError if they are not."""
    names, text = json.loads(frame)
    if _NO_WORDS.search(names) or _NO_WORDS.search(text):
        raise ValueError("no words")
    return names, text


def _pack_part(part: Part) -> tuple[int, str, str, int, bool, str]:
    return part.index, part.filename, part.content_type, part.size, part.inline, part.risk


def _people(message: Message) -> tuple[tuple[Address, ...], ...]:
    return message.from_, message.sender, message.to, message.cc, message.bcc, message.reply_to


def _pack_addresses(addresses: tuple[Address, ...]) -> list[tuple[str, str]]:
    return [(one.name, one.email) for one in addresses]


def _unpack_addresses(pairs: Any) -> tuple[Address, ...]:
    return tuple(Address(name, email) for name, email in pairs)
