"""Bytes → Message. Whatever the bytes are, a Message comes out; what was wrong with them is among its warnings.

mail-parser reads the header facts (addresses, date, defects); the parts are found, chosen and rendered by our
own walk, because it must know where an attached message begins, keep every byte, and hold limits. Meant for the
worker process: a hostile message may cost seconds here. Every text leaves through `safe_line` or `safe_block`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

from tui_mail.errors import NotFound
from tui_mail.mime import facts
from tui_mail.mime.addresses import parse_addresses
from tui_mail.mime.dates import parse_date
from tui_mail.mime.decode import head, payload, payload_size, text_of
from tui_mail.mime.domains import shown_email
from tui_mail.mime.headers import (
    BLOCK_LIMIT,
    named_texts,
    parse_headers,
    parse_message_id,
    parse_text,
    sender_text,
    text_as_sender,
)
from tui_mail.mime.html import SECONDS_LIMIT, html_view
from tui_mail.mime.inline_pgp import is_marked, unmarked
from tui_mail.mime.lies import with_claims
from tui_mail.mime.links import Links
from tui_mail.mime.packed import contents
from tui_mail.mime.parts import Passage, file_name
from tui_mail.mime.plain import plain_blocks, unflowed
from tui_mail.mime.risks import risk_of
from tui_mail.mime.structure import DEPTH_LIMIT, PARTS_LIMIT, Entity, Outline, outline
from tui_mail.model import Address, Block, BlockKind, Message, Part, Span
from tui_mail.text import SafeText, safe_block, safe_line

MESSAGE_LIMIT = 200_000_000
"""Octets of a message that are looked at: all of any that is kept whole, or a file in it would lose its end."""
TEXT_LIMIT = 4_000_000
"""Characters of text that a Message carries."""
HTML_LIMIT = 3_000_000
"""Characters of HTML that are looked at in all parts of a message, and SECONDS_LIMIT for all of them."""
LINES_LIMIT = 60_000
"""Lines of a text that are shown: a thousand screens."""
RAW_LIMIT = 200_000
"""Octets shown of a message that could not be parsed."""
SEARCHED_LIMIT = 200_000
"""Characters of a message in which words are looked for."""
KEPT_LIMIT = 4_000_000
"""Octets of a message up to which its structure is kept for the next attachment of it that is asked for."""
NAMES_LIMIT = 500
SNIPPET_LENGTH = 200
HEADERS_LIMIT = 2_000

CALENDARS = frozenset({"text/calendar", "text/x-vcalendar"})
"""Texts that are read by a program, not by people."""
_ADDRESS_FIELDS = frozenset({"from", "sender", "to", "cc", "bcc", "reply-to"})
_NO_TEXT = frozenset({BlockKind.NOTE, BlockKind.RULE, BlockKind.HIDDEN})
_VISIBLE = frozenset({BlockKind.TEXT, BlockKind.HEADING, BlockKind.ITEM, BlockKind.PRE, BlockKind.TABLE})


def parse_message(raw: bytes, charset: str = "") -> Message:
    """The message, ready to read. Always returns; see `warnings`.

    `charset`: what its text is written in (`charsets.CHOICES`), whatever it says itself.
    """
    try:
        return _Reading(raw, charset).message()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return raw_message(raw, "This message is damaged; what you see is its raw text.")


def words_in(raw: bytes) -> tuple[list[str], list[str]]:
    """What is searched for in a message beside its header: the words of its files' names, and of its text."""
    from tui_mail.words import words_of  # only the child that reads for the index needs it

    try:
        reading = _Reading(raw)
        reading.read_body()
        names = [entity.filename for entity, _ in reading.sorted.attachments[:NAMES_LIMIT] if entity.filename]
        text = "\n".join(reading.texts)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        names, text = [], raw[:RAW_LIMIT].decode("utf-8", "replace")
    return words_of(" ".join(names)), words_of(text[:SEARCHED_LIMIT])


def attachment_bytes(raw: bytes, index: int) -> tuple[Part, bytes]:
    """The attachment that parse_message listed as `index`, and its content. Raises NotFound."""
    whole, attachments = _kept_open(raw) if len(raw) <= KEPT_LIMIT else _open(raw)
    if not 1 <= index <= len(attachments):
        raise NotFound(f"The message has no attachment number {index}.")
    entity, is_inline = attachments[index - 1]
    content = payload(whole.raw, entity)
    return _part(whole.raw, entity, index, len(content), is_inline), content


def _open(raw: bytes) -> tuple[Outline, list[tuple[Entity, bool]]]:
    """Its structure and its attachments."""
    whole = outline(raw[:MESSAGE_LIMIT])
    return whole, contents(whole).attachments


_kept_open = lru_cache(maxsize=1)(_open)
"""Who asks for one attachment asks for the next, and there may be hundreds."""


def raw_message(raw: bytes, warning: str) -> Message:
    """A view of bytes that could not be parsed: the header facts that can be had, and the raw text."""
    fields = parse_headers(raw[: BLOCK_LIMIT + 2])
    text = safe_block(raw[:RAW_LIMIT].decode("utf-8", "replace"))
    warnings = [safe_line(warning)]
    if len(raw) > RAW_LIMIT:
        warnings.append(safe_line(f"Only its first {RAW_LIMIT // 1000} kB are shown."))
    return Message(
        date=fields.date, from_=fields.from_, sender=(), to=fields.to, cc=fields.cc, bcc=(), reply_to=(),
        subject=fields.subject, message_id=fields.message_id, headers=(), text=text,
        blocks=(Block(BlockKind.PRE, (Span(text),)),), attachments=(), links=(), warnings=tuple(warnings),
    )  # fmt: skip


class _Reading:
    """One message on its way from bytes to Message."""

    def __init__(self, raw: bytes, charset: str = "") -> None:
        self.warnings: list[SafeText] = []
        self.chosen_charset = charset
        self.charset = ""
        if len(raw) > MESSAGE_LIMIT:
            raw = raw[:MESSAGE_LIMIT]
            self.warn(f"This message is larger than {MESSAGE_LIMIT // 1_000_000} MB; the rest of it is not shown.")
        self.whole: Outline = outline(raw)
        self.raw = self.whole.raw
        self.links = Links()
        self.blocks: list[Block] = []
        self.texts: list[str] = []
        self.hidden = 0
        self.html_room, self.html_seconds = HTML_LIMIT, SECONDS_LIMIT
        self.remote_images = self.trackers = 0
        self.was_cut = False

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(safe_line(sentence))

    def message(self) -> Message:
        fields = named_texts(self.whole.root.header)
        found: dict[str, list[str]] = {}
        for name, value in fields:
            found.setdefault(name.lower(), []).append(value)
        known = facts.of(self.whole)
        people = {name: self.addresses(name, found.get(name, ()), known) for name in _ADDRESS_FIELDS}
        self.warn_of_headers(found, people["from"])
        date = self.date(found.get("date", ()), known)
        self.read_body()
        self.warn_of_structure(known)
        text = SafeText("\n\n".join(part for part in self.texts if part)[:TEXT_LIMIT])
        blocks = tuple(self.blocks)
        return Message(
            date=date,
            from_=people["from"] or text_as_sender(sender_text(found.get("from", []))),
            sender=people["sender"],
            to=people["to"],
            cc=people["cc"],
            bcc=people["bcc"],
            reply_to=people["reply-to"],
            subject=parse_text(found.get("subject", [""])[0]),
            message_id=parse_message_id(found.get("message-id", [""])[0]),
            headers=tuple((safe_line(name), parse_text(value)) for name, value in fields[:HEADERS_LIMIT]),
            text=text,
            blocks=blocks,
            attachments=self.attachments(),
            links=with_claims(blocks, self.links.all()),
            warnings=tuple(self.warnings),
            snippet=snippet_of(blocks),
            remote_images=self.remote_images,
            trackers=self.trackers,
            charset=safe_line(self.chosen_charset or self.charset, 60),
            hidden=self.hidden,
        )

    # --- header -------------------------------------------------------------------------------

    def addresses(self, name: str, values: Sequence[str], known: facts.Facts) -> tuple[Address, ...]:
        """Our reading, which the list row shows too; where mail-parser refuses an address, a warning says so."""
        if not values:
            return ()
        ours = parse_addresses(sender_text(values) if name in {"from", "sender"} else ", ".join(values))
        theirs = known.emails.get(name)
        if name == "from" and theirs and shown_email(theirs[0]) != next((one.email for one in ours), ""):
            self.warn("The sender's address is written in a way that can be read differently; do not trust it.")
        return ours

    def warn_of_headers(self, found: dict[str, list[str]], senders: tuple[Address, ...]) -> None:
        written = list(dict.fromkeys(found.get("from", [])))
        if len(written) > 1:
            self.warn(
                f"This message names {len(written)} senders, where one is allowed: "
                + "; ".join(str(parse_text(one)) for one in written[:6])
            )
        if written and not any(one.email for one in senders):
            self.warn("The From line is malformed: it holds no address.")
        if len(found.get("subject", ())) > 1:
            self.warn(f"This message has {len(found['subject'])} subjects; the first is shown.")

    def date(self, written: Sequence[str], known: facts.Facts) -> int | None:
        date = parse_date(written[0]) if written else None
        if date is None:
            date = known.date
        if date is None and written and written[0]:
            self.warn("The date of this message cannot be read.")
        return date

    def warn_of_structure(self, known: facts.Facts) -> None:
        if self.whole.too_deep:
            self.warn(f"This message is nested deeper than {DEPTH_LIMIT} levels; what is inside is not shown.")
        if self.whole.too_many:
            self.warn(f"This message has more than {PARTS_LIMIT:,} parts; only the first are shown.")
        if self.whole.incomplete or known.is_incomplete:
            self.warn("This message seems incomplete: its end is missing.")
        if self.was_cut:
            self.warn("This message is very long; only its beginning is shown.")

    # --- body ---------------------------------------------------------------------------------

    def attachments(self) -> tuple[Part, ...]:
        return tuple(
            _part(self.raw, entity, number, payload_size(self.raw, entity), is_inline)
            for number, (entity, is_inline) in enumerate(self.sorted.attachments, start=1)
        )

    def read_body(self) -> None:
        self.sorted = contents(self.whole)
        for passage in self.sorted.passages:
            self.read_passage(passage)
        if all(block.kind is BlockKind.HIDDEN for block in self.blocks):
            self.note("This message has no text.")

    def read_passage(self, passage: Passage) -> None:
        if passage.note:
            self.note(passage.note)
        first = len(self.blocks)
        for entity in passage.parts:
            self.read_part(entity)
        rendered = text_from(self.blocks[first:])
        if any(is_marked(entity.parameters) for entity in passage.parts):
            rendered = SafeText(unmarked(rendered))
        if passage.plain:
            plain = self.plain_text(passage.plain)
            if not rendered.strip() and plain.strip():
                self.add(plain_blocks(plain, self.links))
            if len(plain.split()) * 4 >= len(rendered.split()):
                rendered = plain
        self.texts.append(rendered.strip("\n"))

    def read_part(self, entity: Entity) -> None:
        kind = entity.content_type
        if kind in {"message/rfc822", "message/global"}:
            self.note_attached(entity)
        elif kind in CALENDARS and (description := self.description_of(entity)) is not None:
            self.add(plain_blocks(description, self.links))
        elif kind in {"text/html", "text/enriched", "text/richtext"}:
            if self.html_room <= 0 or self.html_seconds <= 0:
                self.was_cut = True
                return
            html, was_cut = self.text_of(entity)
            began = time.process_time()
            view = html_view(html[: self.html_room], self.links, seconds=self.html_seconds)
            self.html_seconds -= time.process_time() - began
            self.html_room -= len(html)
            self.hidden += view.hidden
            self.remote_images += view.remote_images
            self.trackers += view.trackers
            self.was_cut |= was_cut or view.was_cut
            self.add(view.blocks)
        else:
            text = self.plain_text([entity])
            if kind in {"text/x-patch", "text/x-diff"} and text.strip():
                self.add([Block(BlockKind.PRE, self.links.spans(text))])
            else:
                self.add(plain_blocks(text, self.links))

    def description_of(self, entity: Entity) -> SafeText | None:
        """What an invitation says that is all of a message; None when it cannot be read."""
        from tui_mail.mime.invitation import read_invitation  # few messages are one, and icalendar takes its time

        invitation = read_invitation(payload(self.raw, entity))
        return invitation.description if invitation is not None else None

    def plain_text(self, entities: Sequence[Entity]) -> SafeText:
        """Plain text parts one after the other, safe, soft line ends joined."""
        texts = []
        for entity in entities:
            text, was_cut = self.text_of(entity)
            self.was_cut |= was_cut
            text = safe_block(text)  # from here on every kind of line end is a newline
            lines = text.split("\n", LINES_LIMIT)
            if len(lines) > LINES_LIMIT:
                text = text[: -len(lines[-1]) - 1]
                self.was_cut = True
            if entity.parameters.get("format", "").lower() == "flowed":
                text = unflowed(text, delete_space=entity.parameters.get("delsp", "").lower() == "yes")
            texts.append(safe_block(text))
        return SafeText("\n\n".join(texts))

    def text_of(self, entity: Entity) -> tuple[str, bool]:
        """A part's text; of the first one its charset is remembered."""
        self.charset = self.charset or entity.parameters.get("charset", "")
        return text_of(self.raw, entity, self.chosen_charset)

    def add(self, blocks: list[Block]) -> None:
        self.blocks.extend(blocks)

    def note(self, sentence: str) -> None:
        self.blocks.append(Block(BlockKind.NOTE, (Span(safe_line(sentence)),)))

    def note_attached(self, entity: Entity) -> None:
        fields = parse_headers(payload(self.raw, entity)[: BLOCK_LIMIT + 2])
        sender = next((f"{one.name} <{one.email}>" if one.email else one.name for one in fields.from_), "unknown")
        self.note(f"Attached message: “{fields.subject or 'no subject'}” from {sender.strip()}")


def _part(raw: bytes, entity: Entity, index: int, size: int, is_inline: bool) -> Part:
    risk = (
        ""
        if entity.content_type.startswith("message/")
        else risk_of(entity.filename, entity.content_type, head(raw, entity))
    )
    return Part(
        index,
        safe_line(file_name(entity, index), 1_000),
        safe_line(entity.content_type, 200),
        size,
        is_inline,
        safe_line(risk),
    )


def text_from(blocks: Sequence[Block]) -> SafeText:
    """Blocks as plain text: a blank line between them, quotes marked; our own notes, rules, what is hidden left out."""
    out: list[str] = []
    previous: Block | None = None
    for block in blocks:
        if block.kind in _NO_TEXT:
            continue
        text = "".join(span.text for span in block.spans)
        if block.kind is BlockKind.QUOTE:
            text = "\n".join(">" * block.depth + " " + line for line in text.split("\n"))
        elif block.kind is BlockKind.ITEM:
            text = "  " * (block.depth - 1) + text
        elif block.kind is BlockKind.SIGNATURE:
            text = "-- \n" + text
        if previous is not None:
            both_items = previous.kind is BlockKind.ITEM and block.kind is BlockKind.ITEM
            out.append("\n" if both_items else "\n\n")
        out.append(text)
        previous = block
    return SafeText("".join(out))


def snippet_of(blocks: Sequence[Block]) -> SafeText:
    """The first visible words, one line, at most SNIPPET_LENGTH characters; quotes only if there is nothing else."""
    for kinds in (_VISIBLE, {BlockKind.QUOTE, BlockKind.IMAGE, BlockKind.SIGNATURE}):
        words: list[str] = []
        length = 0
        for block in blocks:
            if block.kind not in kinds:
                continue
            for span in block.spans:
                words.append(span.text[: SNIPPET_LENGTH * 4])
                length += len(words[-1].strip())
            words.append(" ")
            if length > SNIPPET_LENGTH:
                break
        line = " ".join("".join(words).split())
        if line:
            return safe_line(line[:SNIPPET_LENGTH].rstrip())
    return SafeText("")
