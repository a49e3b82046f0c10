"""What speaks for and against a message: its sender, its links, its files, and what the person's server found out.

Every remark is a fact that can be looked up in the message or in the store, in a whole sentence. One that is wrong
one time in three is soon not read, so each check prefers to be silent, and nothing claims that a message is safe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tui_mail.mime.addresses import pretends
from tui_mail.mime.authentication import Finding, Verdict, finding_of
from tui_mail.mime.domains import are_related, domain_of, host_of, is_deceptive
from tui_mail.mime.likeness import resembled
from tui_mail.mime.recipients import unicode_domain
from tui_mail.mime.risks import is_only_misnamed
from tui_mail.model import Message, Severity, Trust
from tui_mail.records import frozen
from tui_mail.text import safe_line

_NAMED_LIMIT = 3
"""Links, files or addresses named in one sentence."""
_LIST_FIELDS = ("list-id", "list-post", "mailing-list", "x-mailing-list")
"""With one of them it came through a mailing list, which may well want the answers."""
_ORDER = {Severity.DANGER: 0, Severity.WARNING: 1, Severity.GOOD: 2, Severity.NOTE: 3}


@frozen
class Known:
    """What the store knows about the sender of one message."""

    servers: Collection[str] = ()
    """The names under which the person's own server authenticates (authserv-id; ".example.org": any below it)."""
    own: Collection[str] = ()
    """The person's own addresses, folded."""
    is_first: bool = False
    """No other message came from this address, and none went to it."""
    is_friend: bool = False
    """The person wrote to this address."""
    domains: Collection[str] = ()
    """Domains that the person wrote to, in A-labels."""
    namesake: str = ""
    """Another address, written to, of somebody of the sender's name."""


def trust_of(message: Message, known: Known) -> tuple[Trust, ...]:
    """The remarks on a message, the worst first."""
    senders = [str(one.email) for one in message.from_ if one.email]
    finding = finding_of(message.headers, known.servers, senders)
    found = [
        Trust(kind, severity, safe_line(label), safe_line(sentence))
        for kind, severity, label, sentence in (
            *_authentication(message, finding),
            *_sender(message, known, finding),
            *_answers(message, finding),
            *_content(message, finding),
        )
    ]
    return tuple(sorted(found, key=lambda one: _ORDER[one.severity]))


_Remarks = Iterator[tuple[str, Severity, str, str]]


def _authentication(message: Message, finding: Finding) -> _Remarks:
    if not message.from_:
        return
    domain = unicode_domain(domain_of(str(message.from_[0].email))) or "its sender"
    if finding.verdict is Verdict.PASSED:
        yield (
            "authentication", Severity.GOOD, "authenticated",
            f"Your server {finding.server} confirmed that this message comes from {domain} ({finding.because}).",
        )  # fmt: skip
    elif finding.verdict is Verdict.FAILED:
        is_list = _has(message, "list-id")
        yield (
            "authentication", Severity.WARNING if is_list else Severity.DANGER, "authentication failed",
            f"Your server {finding.server} says that {domain} does not stand by this message "
            f"({finding.because} failed); " + ("mailing lists can cause that." if is_list else "it may be forged."),
        )  # fmt: skip
    elif finding.verdict is Verdict.UNCONFIRMED:
        yield (
            "authentication", Severity.NOTE, "sender not confirmed",
            f"Your server {finding.server} found nothing that proves that this message comes from {domain}.",
        )  # fmt: skip


def _sender(message: Message, known: Known, finding: Finding) -> _Remarks:
    if not message.from_:
        return
    sender = message.from_[0]
    email, domain = str(sender.email), domain_of(str(sender.email))
    if len(message.from_) > 1:
        names = ", ".join(one.email or one.name for one in message.from_[:_NAMED_LIMIT])
        yield "sender", Severity.WARNING, f"{len(message.from_)} senders", f"Several senders are named: {names}."
    if email and pretends(sender):
        yield (
            "name", Severity.DANGER, "name holds another address",
            f"The sender calls itself “{sender.name}”, but its address is {email}.",
        )  # fmt: skip
    if not email or known.is_friend or email.casefold() in known.own:
        return
    if is_deceptive(domain):
        yield (
            "look_alike", Severity.DANGER, "letters of several scripts",
            f"The domain {unicode_domain(domain)} is {domain}: its letters only look like others.",
        )  # fmt: skip
    elif meant := resembled(domain, known.domains) if known.is_first else "":
        yield (
            "look_alike", Severity.WARNING, f"looks like {unicode_domain(meant)}",
            f"{unicode_domain(domain)} is not {unicode_domain(meant)}, which it resembles.",
        )  # fmt: skip
    if known.namesake and domain != domain_of(known.namesake):
        yield (
            "look_alike", Severity.WARNING, "another address than before",
            f"You know “{sender.name}” as {known.namesake}; this message is from {email}.",
        )  # fmt: skip
    if known.is_first:
        passed = finding.verdict is Verdict.PASSED
        yield (
            "first_time", Severity.NOTE, "first message from this sender",
            f"No message from {email} came before{'' if passed else ', and you never wrote there'}.",
        )  # fmt: skip


def _answers(message: Message, finding: Finding) -> _Remarks:
    """Where answers and complaints go instead of to the sender."""
    if not message.from_ or any(_has(message, name) for name in _LIST_FIELDS):
        return
    domains = [domain_of(str(one.email)) for one in message.from_ if one.email]
    others = [
        str(one.email)
        for one in message.reply_to
        if one.email and not any(are_related(domain_of(str(one.email)), domain) for domain in domains)
    ]
    if others and domains:
        yield (
            "reply_to", Severity.WARNING, "answers go elsewhere",
            f"An answer would go to {', '.join(others[:_NAMED_LIMIT])}, not to {message.from_[0].email}.",
        )  # fmt: skip
    path = next((str(value) for name, value in message.headers if name.lower() == "return-path"), "").strip("<> ")
    if "@" in path and domains and not any(are_related(domain_of(path), domain) for domain in domains):
        yield (
            "return_path", Severity.NOTE, "",
            f"It was sent for {domains[0]} by {domain_of(path)}, its Return-Path says.",
        )  # fmt: skip


def _content(message: Message, finding: Finding) -> _Remarks:
    lying = [link for link in message.links if link.claims]
    if lying:
        domain = domain_of(str(message.from_[0].email)) if message.from_ else ""
        own = finding.verdict is Verdict.PASSED and all(are_related(str(one.claims), domain) for one in lying)
        one = lying[0]
        first = f"a link that names {one.claims} leads to {host_of(str(one.url))}"
        more = f", and {len(lying) - 1} more do the like" if len(lying) > 1 else ""
        yield (
            "links", Severity.NOTE if own else Severity.WARNING,
            "" if own else _misleading(len(lying)),
            f"{first[0].upper()}{first[1:]}{more}.",
        )  # fmt: skip
    risky = [part for part in message.attachments if part.risk and not is_only_misnamed(part.risk)]
    if risky:
        worst = next((part for part in risky if "program" in part.risk or "hides" in part.risk), None)
        sentence = "; ".join(f"“{part.filename}” {part.risk}" for part in risky[:_NAMED_LIMIT])
        yield (
            "attachments", Severity.DANGER if worst else Severity.WARNING,
            "an attachment is a program" if worst else "risky attachment",
            f"{sentence}." + (f" So are {len(risky) - _NAMED_LIMIT} more." if len(risky) > _NAMED_LIMIT else ""),
        )  # fmt: skip
    if message.trackers:
        number = _counted(message.trackers, "tracker")
        yield (
            "trackers", Severity.NOTE, f"{number} blocked",
            f"{number} would have told the sender that you opened this message; nothing was fetched.",
        )  # fmt: skip


def _has(message: Message, field: str) -> bool:
    return any(name.lower() == field for name, _ in message.headers)


def _misleading(number: int) -> str:
    return "a misleading link" if number == 1 else f"{number} misleading links"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
