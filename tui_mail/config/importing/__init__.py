"""Accounts, aliases and signatures out of other mail programs.

What belongs here: one file for each program, and what they have in common. What must never be here: networks, running
what a foreign file names, writing anything: `read` only tells what there is.

Secrets are never taken, only the commands that print them. Nothing insecure is taken over as such, and no setting that
deletes mail at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from tui_mail.config.changing import problem_of
from tui_mail.config.importing.gathering import Imported, Spot, alias_of
from tui_mail.config.importing.pairing import paired
from tui_mail.config.importing.places import OTHER_NAMES, PROGRAMS, program_of, usual_files
from tui_mail.config.overlaps import one_mailbox
from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Account, Server
from tui_mail.text import SafeText, safe_line

__all__ = ["PROGRAMS", "Imported", "Spot", "completed", "read", "same_mailbox", "with_free_names"]

ACCOUNTS = 200
"""Most accounts that are taken at once."""


def read(wanted: str = "") -> list[Imported]:
    """What a program (or the file, or the folder) has; empty: everything in the usual places.

    mbsync and msmtp are looked at together with the other one, unless a file is named.
    Raises NotFound and UsageError.
    """
    name = OTHER_NAMES.get(wanted.lower(), wanted.lower())
    if not wanted:
        return _checked(paired(list(_usual(PROGRAMS))))
    if name in PROGRAMS:
        halves = ("mbsync", "msmtp")
        found = paired(list(_usual(halves if name in halves else (name, "msmtp"))))
        shown = [one for one in found if one.program.lower() == name or name in halves]
        if not shown:
            raise NotFound(f"Nothing of {name} is in the usual places; name the file instead.")
        return _checked(shown)
    place = Path(wanted).expanduser()
    if not place.exists():
        raise NotFound(
            f"There is no file {wanted}, and no program of that name is known; known are: {', '.join(PROGRAMS)}."
        )
    program = program_of(place)
    if not program:
        raise UsageError(f"Nobody can tell which program wrote {wanted}; known are: {', '.join(PROGRAMS)}.")
    return _checked(paired([_reader(program)(place)]))


def same_mailbox(one: Account, other: Account) -> bool:
    """True when two accounts are of one user on one server, and speak the same protocol there."""
    return one.protocol is other.protocol and one_mailbox(one, other)


def completed(account: Account, other: Account) -> Account:
    """The account, with what another program knows of the same mailbox: password commands, sending, aliases."""
    outgoing = account.outgoing or (None if account.sendmail_command else other.outgoing)
    if outgoing is not None and other.outgoing is not None:
        outgoing = _with_command(outgoing, other.outgoing)
    known = {alias_of(alias).rpartition("<")[2].strip(">").casefold() for alias in account.aliases}
    known.add(account.email.casefold())
    more = (alias for alias in other.aliases if alias.rpartition("<")[2].strip(">").casefold() not in known)
    return replace(
        account,
        incoming=_with_command(account.incoming, other.incoming),
        outgoing=outgoing,
        sendmail_command=account.sendmail_command or (() if outgoing is not None else other.sendmail_command),
        aliases=(*account.aliases, *more),
        signature=account.signature or other.signature,
        folders=account.folders or other.folders,
    )


def with_free_names(accounts: Iterable[Account], taken: Sequence[str]) -> list[Account]:
    """The accounts under names that config.toml can have, and that nobody has."""
    used = {name.casefold() for name in taken}
    named = list[Account]()
    for account in accounts:
        base = re.sub(r"[\x00-\x20/:\x7f]+", "-", account.name.strip()).strip("-")[:60] or "mail"
        base = "".join(one for one in base if one.isprintable()) or "mail"
        choices = [base, account.email[:64], *(f"{base[:58]}-{number}" for number in range(2, ACCOUNTS + 2))]
        name = next(
            one for one in choices if one.casefold() not in used and not re.search(r"[\x00-\x20/:\x7f]", one) and one
        )
        used.add(name.casefold())
        named.append(replace(account, name=name))
    return named


def _with_command(server: Server, other: Server) -> Server:
    """The server with the other's command for the password, if it is one for the same door."""
    same = (server.host.casefold(), server.user.casefold(), server.auth) == (
        other.host.casefold(),
        other.user.casefold(),
        other.auth,
    )
    return replace(server, password_command=server.password_command or other.password_command) if same else server


def _usual(programs: Iterable[str]) -> Iterable[Imported]:
    for program in programs:
        for file in usual_files(program):
            yield _reader(program)(file)


def _reader(program: str) -> Callable[[Path], Imported]:
    read_file: Callable[[Path], Imported] = import_module(f"tui_mail.config.importing.{program}").read
    return read_file


def _checked(found: Iterable[Imported]) -> list[Imported]:
    """The same without accounts that config.toml could not hold."""
    checked = list[Imported]()
    for one in found:
        accounts, spots, could_not = list[Account](), list[Spot](), list[SafeText](one.could_not)
        for account, spot in list(zip(one.accounts, one.spots, strict=True))[:ACCOUNTS]:
            problem = problem_of(replace(account, name="x"))
            if problem:
                could_not.append(safe_line(f'{spot}: "{account.name}" cannot be used: {problem}', 500))
            else:
                accounts.append(account)
                spots.append(spot)
        checked.append(replace(one, accounts=tuple(accounts), spots=tuple(spots), could_not=tuple(could_not)))
    return checked
