"""Programs that each do a half: what mbsync reads from and what msmtp sends through become one account.

What belongs here: which belong together. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_mail.config.importing.gathering import ADDRESS, Imported, Sender, Spot
from tui_mail.model import Account
from tui_mail.text import safe_line


def paired(found: Sequence[Imported]) -> list[Imported]:
    """The same, with servers for sending where another program knows one; what is left over is said."""
    senders = [sender for one in found for sender in one.senders]
    used = set[int]()
    whole = list[Imported]()
    for one in found:
        accounts, spots, could_not = list[Account](), list[Spot](), list(one.could_not)
        for account, spot in zip(one.accounts, one.spots, strict=True):
            match = None if account.can_send else _match(account, senders)
            if match is not None:
                used.add(senders.index(match))
                account = _with(account, match)
            if not account.email:
                could_not.append(
                    safe_line(f'{spot}: "{account.name}" says nowhere which address its mail goes to; left out.')
                )
                continue
            accounts.append(account)
            spots.append(spot)
        whole.append(replace(one, accounts=tuple(accounts), could_not=tuple(could_not), spots=tuple(spots)))
    return [_with_lonely(one, senders, used) for one in whole]


def _with_lonely(one: Imported, senders: Sequence[Sender], used: set[int]) -> Imported:
    lonely = [
        safe_line(f'{sender.spot}: "{sender.name}" only sends, and no account that reads belongs to it; left out.')
        for place, sender in enumerate(senders)
        if sender in one.senders and place not in used
    ]
    return replace(one, could_not=(*one.could_not, *lonely)) if lonely else one


def _match(account: Account, senders: Sequence[Sender]) -> Sender | None:
    """The one sender that fits best; none when several fit alike."""
    user, email = account.incoming.user.casefold(), account.email.casefold()
    rules: tuple[Callable[[Sender], bool], ...] = (
        lambda one: one.name.casefold() == account.name.casefold(),
        lambda one: bool(email) and one.email.casefold() == email,
        lambda one: bool(user) and user in (one.server.user.casefold(), one.email.casefold()),
        lambda one: _domain(one.server.host) == _domain(account.incoming.host),
    )
    for rule in rules:
        fitting = [one for one in senders if rule(one)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return None
    return None


def _with(account: Account, sender: Sender) -> Account:
    """The account, sending through that server."""
    server = replace(sender.server, user=sender.server.user or account.incoming.user)
    if not server.password_command and server.user == account.incoming.user:
        server = replace(server, password_command=account.incoming.password_command)
    email = account.email or (sender.email if ADDRESS.fullmatch(sender.email) else "")
    email = email or (server.user if ADDRESS.fullmatch(server.user) else "")
    return replace(account, email=email, outgoing=server)


def _domain(host: str) -> str:
    """The host without its first label, if something is left."""
    rest = host.casefold().partition(".")[2]
    return rest if "." in rest else host.casefold()
