"""Where the parts of a message begin and end: a tree of byte spans over the raw message (RFC 2046).

One pass over the delimiter lines, iterative and linear, so that thirty megabytes cost milliseconds and a
thousand nested parts cost nothing: the limits hold while the tree grows, not afterwards. Attached messages
(message/*) are leaves here: what somebody attached is never part of what the sender wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from tui_mail.mime.headers import BLOCK_LIMIT, header_texts
from tui_mail.mime.parameters import parse_parameters

PARTS_LIMIT = 1_000
DEPTH_LIMIT = 50

_FIELD = re.compile(rb"[^\x00-\x20:\x7f]+[ \t]*:")
_GUESS = re.compile(rb"^--([^\s].{0,69}?)[ \t]*\r?\ncontent-", re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(r"[^\s/;\"()<>@,=]+/[^\s/;\"()<>@,=]+")
_BLANK_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*[ \t]*(?=[!-9;-~]+[ \t]*:)")
_RESUMES = re.compile(
    rb"(?:content-[a-z-]+|mime-version|subject|from|to|cc|date|received|message-id|return-path|x-[\w-]+)[ \t]*:",
    re.IGNORECASE,
)
"""A header block goes on behind a line of junk if the next line is one of these."""


@dataclass
class Entity:
    """One part: `raw[start:body]` is its header block, `raw[body:end]` its body as transferred."""

    header: bytes
    body: int
    end: int
    default_type: str = "text/plain"
    children: list[Entity] = field(default_factory=list)
    opaque: bool = False
    """A multipart that was not taken apart: too deep, or without a single delimiter."""
    too_deep: bool = False
    blank: bool = False
    """A leaf without anything but white space in it."""
    content: bytes | None = None
    """The octets of a part that was packed into another one, and has no place in `raw` of its own."""

    def name_parts(self, content_type: str, filename: str, parameters: dict[str, str]) -> None:
        """Say what a part is that has no header."""
        self._content_type = content_type, parameters
        self.filename = filename

    @cached_property
    def fields(self) -> dict[str, str]:
        """The first field of each lower-case name, unfolded, undecoded."""
        found: dict[str, str] = {}
        for name, value in header_texts(self.header):
            found.setdefault(name, value)
        return found

    @cached_property
    def _content_type(self) -> tuple[str, dict[str, str]]:
        text = self.fields.get("content-type", "")
        kind, parameters = parse_parameters(text)
        known = _TYPE.match(kind)
        return known[0] if known else "text/plain" if kind else self.default_type, parameters

    @cached_property
    def _disposition(self) -> tuple[str, dict[str, str]]:
        return parse_parameters(self.fields.get("content-disposition", ""))

    @property
    def content_type(self) -> str:
        """type/subtype in lower case; what is unreadable is text/plain (RFC 2045 section 5.2)."""
        return self._content_type[0]

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        return self._content_type[1]

    @property
    def disposition(self) -> str:
        """inline, attachment, or empty."""
        return self._disposition[0]

    @cached_property
    def filename(self) -> str:
        """As the sender named it, decoded, unsafe; empty when unnamed."""
        return (self._disposition[1].get("filename") or self.parameters.get("name") or "").strip()

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding in lower case."""
        return self.fields.get("content-transfer-encoding", "").partition(";")[0].strip().strip('"').lower()

    @property
    def is_multipart(self) -> bool:
        """Has been taken apart."""
        return self.content_type.startswith("multipart/") and not self.opaque


@dataclass
class Outline:
    """A message and its tree."""

    raw: bytes
    root: Entity
    too_many: bool = False
    too_deep: bool = False
    incomplete: bool = False
    """A multipart's closing delimiter never came."""
    parts: int = 1


def outline(raw: bytes) -> Outline:
    """The tree of `raw`. Never raises; beyond the limits the rest stays in one piece."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if blank := _BLANK_START.match(raw[:1000]):
        raw = raw[blank.end() :]
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :] if b"\n" in raw else b""
    return _Scan(raw).run()


class _Scan:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.open: list[tuple[Entity, bytes]] = []
        self.level_of: dict[bytes, int] = {}
        self.leaf: Entity | None = None

    def run(self) -> Outline:
        raw = self.raw
        root = self._begin(0, "text/plain")
        result = Outline(raw, root)
        self._open(root, result)
        position = max(root.body - 1, 0)
        while self.open:
            start = self._next_dashes(position)
            if start < 0:
                break
            line_end = raw.find(b"\n", start)
            after = len(raw) if line_end < 0 else line_end + 1
            position = after - 1 if line_end >= 0 else len(raw)
            level, closes = self._match(raw[start + 2 : min(after, start + 1000)])
            if level < 0:
                continue
            self._close_above(level + (not closes), start)
            if closes:
                continue
            if result.parts >= PARTS_LIMIT:
                result.too_many = True
                self._close_above(0, start)
                break
            parent = self.open[level][0]
            child = self._begin(after, "message/rfc822" if parent.content_type == "multipart/digest" else "text/plain")
            parent.children.append(child)
            result.parts += 1
            self._open(child, result)
            position = max(child.body - 1, position)
        result.incomplete = bool(self.open)
        self._close_above(0, len(raw))
        if self.leaf:
            self._end_leaf(self.leaf, len(raw))
        return result

    def _end_leaf(self, leaf: Entity, end: int) -> None:
        leaf.end = max(leaf.body, end)
        leaf.blank = leaf.end - leaf.body < 200 and not self.raw[leaf.body : leaf.end].strip()

    def _next_dashes(self, position: int) -> int:
        if position == 0 and self.raw.startswith(b"--"):
            return 0
        found = self.raw.find(b"\n--", position)
        return found + 1 if found >= 0 else -1

    def _match(self, line: bytes) -> tuple[int, bool]:
        """(level of the multipart that this delimiter belongs to or -1, whether it closes it)."""
        line = line.rstrip(b" \t\r\n")
        level = self.level_of.get(line, -1)
        if level < 0 and line.endswith(b"--"):
            return self.level_of.get(line[:-2].rstrip(), -1), True
        return level, False

    def _begin(self, start: int, default_type: str) -> Entity:
        """The entity whose header block starts at `start`; its body starts where that block stops."""
        raw = self.raw
        position = start
        while position < len(raw):
            line_end = raw.find(b"\n", position)
            after = len(raw) if line_end < 0 else line_end + 1
            line = raw[position : min(after, position + 1000)]
            if not line.rstrip(b"\r\n"):
                return Entity(raw[start : min(position, start + BLOCK_LIMIT)], after, len(raw), default_type)
            if line.startswith(b"--") and self._match(line[2:])[0] >= 0:
                break
            is_part_of_block = _FIELD.match(line) or (line[:1] in b" \t" and position > start)
            if not is_part_of_block and not _RESUMES.match(raw, after):
                break
            position = after
        return Entity(raw[start : min(position, start + BLOCK_LIMIT)], position, len(raw), default_type)

    def _open(self, entity: Entity, result: Outline) -> None:
        self.leaf = entity
        if not entity.content_type.startswith("multipart/"):
            return
        boundary = entity.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        if not (boundary and self._begins_a_part(boundary, entity.body)) and (
            guess := _GUESS.search(self.raw, max(entity.body - 1, 0), entity.body + 20_000)
        ):
            boundary = guess[1]
        if len(self.open) >= DEPTH_LIMIT:
            result.too_deep = True
            entity.opaque = entity.too_deep = True
        elif not boundary:
            entity.opaque = True
        else:
            self.open.append((entity, boundary))
            self.level_of[boundary] = len(self.open) - 1
            self.leaf = None

    def _begins_a_part(self, boundary: bytes, position: int) -> bool:
        """Whether the declared boundary is ever used soon; senders forget to."""
        delimiter = b"--" + boundary
        found = self.raw.find(delimiter, position, position + 200_000)
        return found >= 0 and self.raw[found + len(delimiter) : found + len(delimiter) + 2] != b"--"

    def _close_above(self, level: int, delimiter: int) -> None:
        """End the current leaf and every multipart from `level` on, before the delimiter line at `delimiter`."""
        end = delimiter
        if end and end < len(self.raw) and self.raw[end - 1 : end] == b"\n":
            end -= 2 if self.raw[end - 2 : end] == b"\r\n" else 1
        if self.leaf:
            self._end_leaf(self.leaf, end)
            self.leaf = None
        while len(self.open) > level:
            entity, _ = self.open.pop()
            entity.end = max(entity.body, end)
            if not entity.children:
                entity.opaque = True
        self.level_of = {boundary: number for number, (_, boundary) in enumerate(self.open)}
