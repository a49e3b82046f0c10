"""What a person may have overlooked in a draft, said before it is sent. Every remark can be overridden.

Only what they wrote themselves is read for words: a quote that speaks of an attachment is no promise of ours. A
remark that is wrong one time in three is soon not read, so each check prefers to be silent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from tui_mail.mime.likeness import resembled
from tui_mail.mime.quoting import new_text
from tui_mail.mime.recipients import ascii_domain, parse_recipients, unicode_domain
from tui_mail.outgoing import Concern, Draft, Identity, Purpose, Remark
from tui_mail.sizes import size_label
from tui_mail.text import safe_line

MANY = 10
"""An answer to more people than that is asked about."""

TEXT_LIMIT = 500_000
"""Characters of a draft that are looked at."""

_STRANGERS_LIMIT = 30
"""Domains never written to that are compared with the known ones."""

_ATTACHMENT = re.compile(
    r"""\b(?:
    attach(?:ed|ment|ments|ing)|enclos(?:ed|ure)|                                   # English
    anbei|anhang|anhänge|angehängt\w*|angefügt\w*|beigefügt\w*|beiliegend\w*|         # German
    pi[èe]ces?[ ]jointes?|ci-joint\w*|en[ ]pj|                                       # French
    adjunt[oa]s?|adjuntamos|                                                         # Spanish
    allegat[oaie]|in[ ]allegato|                                                     # Italian
    bijlagen?|bijgevoegd\w*|                                                         # Dutch
    em[ ]anexo|anexos?|anexad[oa]s?|                                                 # Portuguese
    vedlagt|vedlegg|vedhæftet|bifoga[td]\w*|bilaga|bilagor|liitteenä|załącz\w+|w[ ]załączniku
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_KEYS = re.compile(
    r"""-----BEGIN[ ](?:[A-Z0-9]{1,20}[ ]){0,3}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
    |\b(?:AKIA|ASIA)[A-Z2-7]{16}\b
    |\bgh[pousr]_[A-Za-z0-9]{30,255}\b|\bgithub_pat_[A-Za-z0-9_]{30,255}\b|\bglpat-[A-Za-z0-9_-]{20,100}
    |\bxox[abeoprs]-[A-Za-z0-9-]{10,255}
    |\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,255}
    |\bAIza[A-Za-z0-9_-]{35}\b
    |\bsk_live_[A-Za-z0-9]{20,255}
    |\bAGE-SECRET-KEY-1[A-Z0-9]{50,70}""",
    re.VERBOSE,
)
_PASSWORD = re.compile(
    r"""\b(?:password|passphrase|passwort|kennwort|mot[ ]de[ ]passe|contraseña|parola[ ]d'ordine|wachtwoord|senha
    |passord|lösenord)[ ]{0,3}(?:is|ist|lautet|est|es|è|é)?[ ]{0,3}[:=][ ]{0,3}(?![<\[({*•_])\S{4,}""",
    re.IGNORECASE | re.VERBOSE,
)


def concerns(
    draft: Draft,
    *,
    known_domains: Collection[str] = (),
    known_emails: Collection[str] = (),
    lists: Collection[str] = (),
    own: Sequence[Identity] = (),
    received_at: str = "",
    size_limit: int = 0,
    size: int = 0,
) -> tuple[Remark, ...]:
    """The remarks on a draft, each concern at most once.

    `known_domains`, `known_emails`: whom the person wrote to before; `lists`: addresses of mailing lists;
    `received_at`: the address at which the answered message came; `size_limit`: octets that the server takes (0:
    it did not say), `size`: the message's, composed (0: not known yet, it is estimated).
    """
    return tuple(
        Remark(concern, safe_line(sentence))
        for concern, sentence in (
            *_text_concerns(draft),
            *_people_concerns(draft, known_domains, known_emails, lists, own),
            *_identity_concern(draft, own, received_at),
            *_size_concern(draft, size_limit, size),
        )
    )


def _text_concerns(draft: Draft) -> Iterator[tuple[Concern, str]]:
    if draft.purpose is Purpose.REDIRECT:
        return
    text = new_text(draft.body[:TEXT_LIMIT])
    if not draft.subject.strip():
        yield Concern.NO_SUBJECT, "It has no subject."
    if not text.strip() and draft.purpose is not Purpose.FORWARD:
        yield Concern.NO_BODY, "You have not written anything."
    if not draft.attachments and (found := _ATTACHMENT.search(text) or _ATTACHMENT.search(_own_subject(draft))):
        yield Concern.NO_ATTACHMENT, f"You write “{' '.join(found[0].split())}”, but nothing is attached."
    if _KEYS.search(draft.body[:TEXT_LIMIT]):
        yield Concern.KEY_MATERIAL, "The text holds what looks like a secret key."
    elif _PASSWORD.search(text):
        yield Concern.KEY_MATERIAL, "The text holds what looks like a password."


def _own_subject(draft: Draft) -> str:
    return draft.subject if draft.purpose is Purpose.NEW else ""


def _people_concerns(
    draft: Draft,
    known_domains: Collection[str],
    known_emails: Collection[str],
    lists: Collection[str],
    own: Sequence[Identity],
) -> Iterator[tuple[Concern, str]]:
    shown = [one.email.lower() for text in (draft.to, draft.cc) for one in parse_recipients(text).addresses]
    hidden = [one.email.lower() for one in parse_recipients(draft.bcc).addresses]
    if draft.purpose is Purpose.REPLY and len(set(shown)) > MANY:
        yield Concern.MANY_RECIPIENTS, f"This answer goes to {len(set(shown))} people."
    known = {domain for one in known_domains if (domain := ascii_domain(one.lower()))}
    known |= {domain for one in own if (domain := ascii_domain(one.email.lower().rpartition("@")[2]))}
    written_to = {one.lower() for one in known_emails}
    strangers = {
        domain: email
        for email in dict.fromkeys([*shown, *hidden])
        if email not in written_to and (domain := ascii_domain(email.rpartition("@")[2])) and domain not in known
    }
    for domain, email in list(strangers.items())[:_STRANGERS_LIMIT]:
        if meant := resembled(domain, known):
            yield (
                Concern.STRANGE_DOMAIN,
                f"You never wrote to {unicode_domain(domain)} ({email}); did you mean {unicode_domain(meant)}?",
            )
            break
    all_lists, ours = {one.lower() for one in lists}, {_untagged(one.email) for one in own}
    if posts := [email for email in hidden if email in all_lists and _untagged(email) not in ours]:
        yield (
            Concern.LIST_IN_BCC,
            f"{posts[0]} is a mailing list; lists often refuse messages that name them in Bcc only.",
        )


def _identity_concern(draft: Draft, own: Sequence[Identity], received_at: str) -> Iterator[tuple[Concern, str]]:
    if not received_at or draft.purpose is Purpose.NEW:
        return
    received, sender = _untagged(received_at), _untagged(draft.from_email)
    if received == sender or not sender:
        return
    domains = {one.email.lower().rpartition("@")[2] for one in own if "*" in one.email}
    if received in {_untagged(one.email) for one in own} or received.rpartition("@")[2] in domains:
        yield Concern.OTHER_IDENTITY, f"The message came to {received_at}; this goes out from {draft.from_email}."


def _untagged(email: str) -> str:
    local, at, domain = email.lower().rpartition("@")
    return (local.partition("+")[0] or local) + at + domain


def _size_concern(draft: Draft, size_limit: int, size: int) -> Iterator[tuple[Concern, str]]:
    if size_limit <= 0:
        return
    size = size or len(draft.body) + sum(file.size * 78 // 57 + 500 for file in draft.attachments)
    if size > size_limit:
        yield (
            Concern.TOO_LARGE,
            f"It is {size_label(size)}; the server takes {size_label(size_limit)} at most.",
        )
