"""mailto: links → drafts (RFC 6068), and the addresses that List-Post and its like give in that form (RFC 2369).

A link is written by a stranger and opened with one key. So only what a person sees in the composer is taken: to,
cc, bcc (whoever opens the draft says so), subject, body, and which message is answered. Never attach or from ("Mailto:
Me Your Secrets", CVE-2020-11879), never a control character, never more than a person would type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from tui_mail.errors import UsageError
from tui_mail.mime.headers import parse_references
from tui_mail.mime.identities import mine
from tui_mail.mime.recipients import is_email, parse_recipients, write_address
from tui_mail.mime.writing import one_line, sane_ids
from tui_mail.outgoing import Draft, Identity
from tui_mail.text import safe_block, safe_line

LONGEST = 100_000
"""Characters of a link that is followed at all."""

RECIPIENTS_LIMIT = 100

_SUBJECT_LENGTH = 1_000
_BODY_LENGTH = 50_000
_FIELDS_LIMIT = 100
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ANGLE = re.compile(r"<([^<>]*)>")


def draft_from_mailto(url: str, identities: Sequence[Identity]) -> Draft:
    """The draft that a mailto: link asks for, from the usual identity; its signature is left to the composer.

    Raises UsageError for what is no such link.
    """
    if len(url) > LONGEST:
        raise UsageError("This link is too long to be followed.")
    scheme, colon, rest = url.strip().partition(":")
    if not colon or scheme.lower() != "mailto":
        raise UsageError("This is no mailto: link.")
    path, _, query = rest.partition("?")
    identity = mine(identities).usual
    to = _addresses(path)
    cc: list[str] = []
    bcc: list[str] = []
    bodies: list[str] = []
    found: dict[str, str] = {}
    for field in query.partition("#")[0].split("&", _FIELDS_LIMIT)[:_FIELDS_LIMIT]:
        name, equals, value = field.partition("=")
        name = name.strip().lower().removeprefix("amp;")
        if name == "to":
            to += _addresses(value)
        elif name == "cc":
            cc += _addresses(value)
        elif name == "bcc":
            bcc += _addresses(value)
        elif name == "body":
            bodies.append(_decoded(value))
        elif equals and name in {"subject", "in-reply-to", "references"}:
            found.setdefault(name, _decoded(value))
    if len(to) + len(cc) + len(bcc) > RECIPIENTS_LIMIT:
        raise UsageError(f"This link addresses more than {RECIPIENTS_LIMIT} recipients; it is not followed.")
    parent = parse_references("", found.get("in-reply-to", ""))
    body = safe_block("\n".join(bodies), _BODY_LENGTH).rstrip("\n")
    return Draft(
        account=identity.account,
        from_name=identity.name,
        from_email=identity.email,
        to=", ".join(dict.fromkeys(to)),
        cc=", ".join(dict.fromkeys(cc)),
        bcc=", ".join(dict.fromkeys(bcc)),
        subject=one_line(safe_line(found.get("subject", ""), _SUBJECT_LENGTH)),
        body=body,
        in_reply_to=next(iter(sane_ids(parent)), ""),
        references=tuple(sane_ids(parse_references(found.get("references", ""), found.get("in-reply-to", "")))),
    )


def list_address(fields: Sequence[str]) -> str:
    """The address of the first mailto: link of a List-Post (or List-Unsubscribe) field; empty when there is none."""
    for text in fields[:5]:
        for link in _ANGLE.findall(text[:10_000]):
            link = "".join(link.split())
            if link[:7].lower() == "mailto:":
                email = _decoded(link[7:].partition("?")[0])
                if is_email(email):
                    return email
    return ""


def _addresses(text: str) -> list[str]:
    """Percent-encoded addresses between commas, as typed ones. An encoded comma is part of what it stands in."""
    written = []
    for entry in text.split(","):
        decoded = _decoded(entry).strip()
        if not decoded:
            continue
        parsed = parse_recipients(decoded)
        if _CONTROL.search(decoded):
            raise UsageError("This link cannot be followed: there are control characters in its addresses.")
        if parsed.problems:
            raise UsageError(f"This link cannot be followed: {parsed.problems[0]}.")
        written += [write_address(one.name, one.email) for one in parsed.addresses]
    return written


def _decoded(text: str) -> str:
    return unquote(text, "utf-8", "replace").replace("\r\n", "\n")
