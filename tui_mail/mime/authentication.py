"""What the person's own mail server found out about the sender (RFC 8601), and nobody else.

Anybody can write an Authentication-Results field into a message, so only one that bears the name of the person's own
server counts, and of several only the topmost. Which name that is, the caller knows: it was configured or learnt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import field
from enum import StrEnum

from tui_mail.mime.domains import domain_of, is_at_or_below, owner_of
from tui_mail.records import frozen

FIELD = "authentication-results"
_LENGTH_LIMIT = 8_000
_METHODS_LIMIT = 50
_RESULT = re.compile(r"([a-z][a-z0-9-]{0,30})(?:/\d{1,3})?\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_PROPERTY = re.compile(
    r'\b(?:smtp|header|body|policy)\.([a-z0-9_-]{1,40})\s*=\s*("[^"]{0,300}"|[^\s;()"]{1,300})', re.IGNORECASE
)
_SERVER = re.compile(r'\s*(?:"([^"]{1,255})"|([^\s;="]{1,255}))\s*(?:\d{1,3}\s*)?(?:;|$)')
LEARN_FROM = 5
"""So many messages must bear a server's name before it is believed to be the person's…"""
LEARN_SENDERS = 3
"""…from so many different senders' domains…"""
LEARN_SHARE = 0.8
"""…and so large a part of all."""


class Verdict(StrEnum):
    """What came of it."""

    UNKNOWN = "unknown"
    """The person's server said nothing."""
    PASSED = "passed"
    """The sender's domain stands by the message."""
    UNCONFIRMED = "unconfirmed"
    """It was looked at, and nothing says that it comes from the sender's domain."""
    FAILED = "failed"
    """The domain disowns it."""


@frozen
class Result:
    """One method's."""

    method: str
    value: str
    properties: dict[str, str] = field(default_factory=dict)


@frozen
class Finding:
    """A verdict, and what it rests on."""

    verdict: Verdict
    server: str = ""
    because: str = ""
    """Such as "DMARC" or "DKIM"."""


def server_of(value: str) -> str:
    """The authserv-id of a field's text; empty when there is none (some write only results)."""
    found = _SERVER.match(_without_comments(value))
    return (found[1] or found[2]).lower() if found else ""


def results_of(value: str) -> list[Result]:
    """The results in a field's text."""
    results: list[Result] = []
    for piece in _without_comments(value).split(";")[1 : _METHODS_LIMIT + 1]:
        if found := _RESULT.match(piece.strip()):
            properties = {name.lower(): text.strip('"').lower() for name, text in _PROPERTY.findall(piece)}
            results.append(Result(found[1].lower(), found[2].lower(), properties))
    return results


def finding_of(headers: Sequence[tuple[str, str]], servers: Collection[str], senders: Sequence[str]) -> Finding:
    """What the topmost field of one of `servers` says about a message from these addresses."""
    for name, value in headers:
        if name.lower() == FIELD and is_of(server := server_of(value), servers):
            if len(senders) != 1 or "@" not in senders[0]:
                return Finding(Verdict.UNCONFIRMED, server)
            return _judged(results_of(value), server, domain_of(senders[0]))
    return Finding(Verdict.UNKNOWN)


def is_of(server: str, servers: Collection[str]) -> bool:
    """One of the names, or (".example.org") one below it."""
    return bool(server) and any(
        server.endswith(one) if one.startswith(".") else server == one for one in (known.lower() for known in servers)
    )


def learnt(seen: Sequence[tuple[str, str]]) -> str:
    """The server whose name nearly all of (authserv-id or "", sender's domain) bear; empty when none is beyond doubt.

    A sender can forge one message or a hundred, but not those of everybody else.
    """
    counts = Counter(_group(server) for server, _ in seen if server)
    if not counts:
        return ""
    best, count = counts.most_common(1)[0]
    senders = {owner_of(domain) for server, domain in seen if server and _group(server) == best}
    enough = count >= LEARN_FROM and count >= LEARN_SHARE * len(seen) and len(senders) >= LEARN_SENDERS
    return best if enough else ""


def _group(server: str) -> str:
    """A provider's servers number themselves: mx3.example.org counts as .example.org."""
    label, dot, rest = server.partition(".")
    return f".{rest}" if dot and "." in rest and any(one.isdigit() for one in label) else server


def _judged(results: Sequence[Result], server: str, domain: str) -> Finding:
    for result in results:
        if result.method == "dmarc":
            about = result.properties.get("from", domain).rpartition("@")[2]
            if result.value == "pass" and about == domain:
                return Finding(Verdict.PASSED, server, "DMARC")
            if result.value == "fail":
                return Finding(Verdict.FAILED, server, "DMARC")
    for result in results:
        if result.value != "pass":
            continue
        if result.method == "dkim":
            signer = result.properties.get("d") or result.properties.get("i", "").rpartition("@")[2]
            if _aligned(domain, signer):
                return Finding(Verdict.PASSED, server, "DKIM")
        elif result.method == "spf" and _aligned(domain, result.properties.get("mailfrom", "").rpartition("@")[2]):
            return Finding(Verdict.PASSED, server, "SPF")
    return Finding(Verdict.UNCONFIRMED, server)


def _aligned(domain: str, by: str) -> bool:
    """The same name, one below it, or the registered one above it; siblings may be strangers."""
    return is_at_or_below(by, domain) or (is_at_or_below(domain, by) and owner_of(domain) == by)


def _without_comments(value: str) -> str:
    """Without what stands in parentheses, nested or not; quoted strings kept."""
    value = value[:_LENGTH_LIMIT]
    if "(" not in value:
        return value
    out: list[str] = []
    depth = 0
    quoted = False
    for one in value:
        if one == '"' and not depth:
            quoted = not quoted
        elif one == "(" and not quoted:
            depth += 1
            continue
        elif one == ")" and depth:
            depth -= 1
            continue
        if not depth:
            out.append(one)
    return "".join(out)
