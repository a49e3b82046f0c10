"""The child's side of worker.py: bounds itself, then answers frames until the pipe ends."""

from __future__ import annotations

import codecs
import encodings
import os
import resource
import signal
import socket
import sys

from tui_mail.thrift import OPENSSL, imports_without

REFUSED_CODECS = frozenset(
    {"punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "unicode_internal", "mbcs", "oem"}
)
"""No charsets of mail; the first is quadratic, and mail-parser would take it from any header."""


def main(descriptor: int, cpu_seconds: int, memory: int, answer: str) -> None:
    """Parse what comes over the inherited socket `descriptor` until its other end is gone.

    `answer`: a "message", or only its "words"; or a "picture", and it is no message that comes.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    _stand_behind()
    with imports_without(OPENSSL):
        from tui_mail.mime import pictures
        from tui_mail.mime.frames import receive_frame, send_frame, unpack_request

        if answer == "picture":
            pictures.load()
        else:
            _warm(answer)
    _bound("RLIMIT_AS", memory)
    for nothing in ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NPROC"):  # no dump, no file written, no program started
        _bound(nothing, 0)
    _refuse_codecs()
    with socket.socket(fileno=descriptor) as line:
        while True:
            try:
                charset, attachment, size = unpack_request(receive_frame(line))
                raw = receive_frame(line)
            except (EOFError, OSError):
                return
            _allow_seconds(cpu_seconds)
            if answer == "picture":
                frame = pictures.pack_raster(raw, *size)
            elif answer == "words":
                frame = _words(raw)
            else:
                frame = _attachment(raw, attachment) if attachment else _message(raw, charset)
            del raw
            try:
                send_frame(line, frame)
            except OSError:
                return


def _warm(answer: str) -> None:
    """Import all that reading a message needs, before this process is bounded."""
    from tui_mail.mime import facts, html, links, structure

    html.html_view("<p>warm</p>", links.Links())
    if answer == "message":
        facts.of(structure.outline(b"Subject: warm\r\n\r\n"))


def _words(raw: bytes) -> bytes:
    from tui_mail.mime import frames, parse

    return frames.pack_words(parse.words_in(raw))


def _message(raw: bytes, charset: str) -> bytes:
    from tui_mail.mime import frames, parse

    try:
        message = parse.parse_message(raw, charset)
    except MemoryError:
        message = parse.raw_message(raw, "This message needs too much memory; what you see is its raw text.")
    return frames.pack_message(message)


def _attachment(raw: bytes, number: int) -> bytes:
    from tui_mail.errors import NotFound
    from tui_mail.mime import frames, parse

    try:
        return frames.pack_attachment(parse.attachment_bytes(raw, number))
    except (NotFound, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError):
        return frames.pack_attachment(None)


def _stand_behind() -> None:
    """Let whoever shows the message go first where both want the processor."""
    try:
        os.nice(5)
    except OSError:
        return


def _refuse_codecs() -> None:
    """From here on, nothing in this process decodes by a codec that is no charset."""

    def search(name: str) -> codecs.CodecInfo | None:
        return None if name.replace("-", "_") in REFUSED_CODECS else encodings.search_function(name)

    codecs.unregister(encodings.search_function)
    codecs.register(search)


def _bound(name: str, value: int) -> None:
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (AttributeError, OSError, ValueError):
        return


def _allow_seconds(seconds: int) -> None:
    """Let SIGXCPU end this process after that much more processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds + 1, hard))
    except (OSError, ValueError):
        return
