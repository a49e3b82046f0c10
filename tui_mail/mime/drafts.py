"""What a draft holds beyond a plain message, in one header field, and a draft out of octets.

The field is ours, but the message lies on a server: another program may have changed what stands beside it, or
somebody may have planted it (CVE-2023-4875 was that). So it never decides alone. Typed addresses and the subject
count only while they say what the message's own header says; nothing in it names a file, a message of the store,
or a recipient that the header does not show.
"""

from __future__ import annotations

import json
from base64 import b64encode
from binascii import Error, a2b_base64
from dataclasses import asdict, replace
from typing import Any

from tui_mail.mime.decode import text_of
from tui_mail.mime.entities import clean_text
from tui_mail.mime.headers import BLOCK_LIMIT, header_texts, parse_references
from tui_mail.mime.inline_pgp import is_marked, unmarked
from tui_mail.mime.linked import linked_text
from tui_mail.mime.packed import texts
from tui_mail.mime.plain import unflowed
from tui_mail.mime.recipients import parse_recipients, server_form, unicode_domain, write_address
from tui_mail.mime.structure import outline
from tui_mail.mime.words import decode_words
from tui_mail.mime.writing import one_line, sane_ids
from tui_mail.model import Address, Message
from tui_mail.outgoing import Draft, Protection, Purpose
from tui_mail.records import frozen
from tui_mail.text import safe_block, safe_line

HEADER = "X-Tui-Mail-Draft"

_LINE = 68
_LONGEST = 200_000
_TEXTS = ("from_email", "from_name", "to", "cc", "bcc", "reply_to", "subject")
_FACTS = ("purpose", "protection", "priority")
_SWITCHES = ("markdown", "want_receipt", "want_dsn", "sign", "encrypt")


@frozen
class Found:
    """A draft read from octets."""

    draft: Draft
    source_message_id: str
    """The Message-ID of the message that it answers, forwards or redirects; empty: none known."""
    is_ours: bool
    """This program wrote it (or somebody who wants us to think so)."""


def kept_fields(draft: Draft, source_message_id: str = "") -> list[str]:
    """The field's value, as tokens to fold between."""
    values = {name: value for name, value in asdict(draft).items() if name in _TEXTS + _FACTS + _SWITCHES and value}
    if source_message_id:
        values["source"] = source_message_id
    written = b64encode(json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode("ascii")).decode("ascii")
    return [written[at : at + _LINE] for at in range(0, len(written), _LINE)]


def read_draft(raw: bytes, message: Message, account: str) -> Found:
    """The draft in `raw`, ours or another program's. Its attachments are not in it; they are parts of the message."""
    header = outline(raw[: BLOCK_LIMIT * 2]).root.header
    found: dict[str, str] = {}
    for name, value in header_texts(header):
        found.setdefault(name, value)
    kept = _kept(found.get(HEADER.lower(), ""))
    sender = message.from_[0] if message.from_ else None
    draft = Draft(
        account=account,
        from_name=str(sender.name) if sender else "",
        from_email=_email(sender.email) if sender else "",
        to=typed(message.to),
        cc=typed(message.cc),
        bcc=typed(message.bcc),
        reply_to=typed(message.reply_to),
        subject=one_line(decode_words(found.get("subject", ""))),
        body=exact_text(raw, message, is_ours=kept is not None),
        in_reply_to=next(iter(parse_references("", found.get("in-reply-to", ""))), ""),
        references=tuple(sane_ids(parse_references(found.get("references", ""), ""))),
        message_id=next(iter(sane_ids([message.message_id])), ""),
        priority=_priority(found),
        want_receipt="disposition-notification-to" in found,
    )
    if not sane_ids([draft.in_reply_to]):
        draft = replace(draft, in_reply_to="")
    if kept is None:
        return Found(draft, "", False)
    return Found(_restored(draft, kept), next(iter(sane_ids([str(kept.get("source", ""))])), ""), True)


def typed(people: tuple[Address, ...]) -> str:
    """Received addresses as a person would type them; what is no address stays visible as its text.

    Not the text that stands for nobody ("undisclosed recipients"), however it is written.
    """
    return ", ".join(
        write_address(one.name, _email(one.email)) if one.email else str(one.name)
        for one in people
        if one.email or (one.name and "undisclosed" not in one.name.lower())
    )


def exact_text(raw: bytes, message: Message, *, is_ours: bool = False) -> str:
    """The body as it was written when it is one plain text, soft line ends joined; else the text that is shown,

    with the addresses that its links lead to. Without the files in it, which are attachments, unless it `is_ours`:
    that one was typed.
    """
    whole = outline(raw)
    found = texts(whole, with_files=is_ours)
    if not found or (len(found) > 1 and not is_ours) or found[0].content_type != "text/plain":
        return clean_text(linked_text(message))
    entity = found[0]
    text = clean_text(text_of(whole.raw, entity)[0])
    if is_ours:
        return text.removesuffix("\n")
    if is_marked(entity.parameters):
        text = unmarked(text)
    if entity.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=entity.parameters.get("delsp", "").lower() == "yes")
    return text.rstrip("\n")


def shown_text(raw: bytes, message: Message) -> str:
    """What a reader saw of the body, safe; a plain text with its own line ends and tabs instead of the screen's."""
    return safe_block(exact_text(raw, message), keep_tabs=True)


def _email(email: str) -> str:
    local, at, domain = email.rpartition("@")
    return local + at + unicode_domain(domain)


def _kept(written: str) -> dict[str, Any] | None:
    if not written or len(written) > _LONGEST:
        return None
    try:
        values = json.loads(a2b_base64("".join(written.split()).encode("ascii", "replace"), strict_mode=True))
    except (Error, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _restored(draft: Draft, kept: dict[str, Any]) -> Draft:
    changes: dict[str, Any] = {}
    for name in ("to", "cc", "bcc", "reply_to"):
        value = kept.get(name)
        if isinstance(value, str) and _people(value) == _people(getattr(draft, name)):
            changes[name] = value
    for name in ("subject", "from_name"):
        value = kept.get(name)
        if isinstance(value, str) and _is_alike(value, getattr(draft, name)):
            changes[name] = value
    sender = kept.get("from_email")
    if isinstance(sender, str) and (server_form(sender) or "") == (server_form(draft.from_email) or ""):
        changes["from_email"] = sender
        if not server_form(sender) and isinstance(kept.get("from_name"), str):
            changes["from_name"] = kept["from_name"]
    for switch in _SWITCHES:
        changes[switch] = kept.get(switch) is True
    purpose, protection, priority = (str(kept.get(name, "")) for name in _FACTS)
    if purpose in set(Purpose):
        changes["purpose"] = Purpose(purpose)
    if protection in set(Protection):
        changes["protection"] = Protection(protection)
    if priority in {"", "high", "low"}:
        changes["priority"] = priority
    return replace(draft, **changes)


def _is_alike(kept: str, shown: str) -> bool:
    """The same but for what no header can carry: spaces at its ends, invisible characters."""
    return safe_line(one_line(kept)).split() == safe_line(one_line(shown)).split()


def _people(text: str) -> list[tuple[str, str | None]]:
    return [(" ".join(safe_line(one.name).split()), server_form(one.email)) for one in parse_recipients(text).addresses]


def _priority(found: dict[str, str]) -> str:
    importance = found.get("importance", "").strip().lower()
    number = found.get("x-priority", "").strip()[:1]
    if importance in {"high", "low"}:
        return importance
    return "high" if number in {"1", "2"} and number else "low" if number in {"4", "5"} and number else ""
