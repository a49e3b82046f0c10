"""Settings that work, and lose or double mail all the same: found before they do.

What belongs here: pure questions to accounts (and to what a check saw of their servers), and the sentence for each.
What must never be here: a network, the store, or a change of settings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from tui_mail.config.accounts import parse
from tui_mail.config.overlaps import deletes, one_mailbox, overlap_of
from tui_mail.model import Account, Protocol, Role
from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line


@frozen
class Guard:
    """What would go wrong with these settings, and what to do."""

    name: str
    """For programs: same-mailbox, pop-deletes, sent-twice, sent-nowhere, no-archive, no-trash, wrong-folder, two-homes
    or two-profiles."""
    words: SafeText
    grave: bool = False
    """Mail can be lost or doubled: whoever adds such an account has to agree first."""


@frozen
class Seen:
    """What a check saw of an account's servers; None: not looked at."""

    roles: frozenset[Role] | None = None
    """What the server has folders for."""
    server_files_sent: bool | None = None
    """The server puts what it sends into Sent by itself."""
    wrong_folders: frozenset[Role] = frozenset()
    """Roles for which config.toml names a folder that is not there, or is for something else."""


def guards(
    account: Account,
    others: Iterable[Account],
    seen: Seen | None = None,
    *,
    elsewhere: Sequence[tuple[Path, Account]] = (),
) -> list[Guard]:
    """Everything to be said about `account` beside `others`, the gravest first.

    `elsewhere`: accounts of other configurations of this person, see `accounts_elsewhere`.
    """
    seen = seen or Seen()
    beside = [overlap_of(other, account) for other in others if other.name != account.name]
    found = [
        Guard("pop-deletes" if one.takes else "same-mailbox", one.sentence, grave=True)
        for one in beside
        if one is not None
    ]
    found += [
        Guard(
            "two-homes",
            safe_line(
                f"{account.email} is read with another tui-mail home too ({home}), and POP3 deletes mail on the server "
                "there or here: each home then has a part of it. Keep the account in one home, or use IMAP."
            ),
            grave=True,
        )
        for home, other in elsewhere
        if one_mailbox(account, other) and (deletes(account) or deletes(other))
    ]
    found += _sent(account, seen)
    found += _folders(account, seen)
    return sorted(found, key=lambda guard: not guard.grave)


def two_profiles(strangers: Sequence[str]) -> Guard:
    """The store holds mail of accounts that this configuration does not name."""
    words = (
        f"The store on this computer also has mail of {', '.join(strangers)}, which config.toml does not name: another "
        "profile may use the same store, or the account was removed. Give each profile a home of its own (--home)."
    )
    return Guard("two-profiles", safe_line(words))


def accounts_elsewhere(here: Paths, others: Iterable[Paths]) -> list[tuple[Path, Account]]:
    """The accounts of other homes, as far as they can be read; a home that is this one is left out."""
    found = list[tuple[Path, Account]]()
    for other in others:
        if other.config_file.absolute() == here.config_file.absolute():
            continue
        try:
            text = other.config_file.read_text("utf-8")
            tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        found += [(other.config, account) for account in parse(text, other.config).accounts]
    return found


def _sent(account: Account, seen: Seen) -> list[Guard]:
    if account.save_sent == "copy" and seen.server_files_sent:
        words = (
            f"The provider of {account.name} files sent mail by itself, and save_sent is copy: each message that is "
            "sent would be in Sent twice. Set save_sent to auto."
        )
        return [Guard("sent-twice", safe_line(words), grave=True)]
    if account.save_sent == "server" and seen.server_files_sent is False:
        words = (
            f"The provider of {account.name} does not file sent mail, and save_sent is server: sent mail would be kept "
            "nowhere. Set save_sent to auto."
        )
        return [Guard("sent-nowhere", safe_line(words), grave=True)]
    return []


def _folders(account: Account, seen: Seen) -> list[Guard]:
    if account.protocol is not Protocol.IMAP or seen.roles is None:
        return []
    found = []
    chosen = dict(account.folders)
    for role in sorted(seen.wrong_folders & set(chosen)):
        words = (
            f'config.toml names "{chosen[role]}" as the {role} folder of {account.name}, and its server has no such '
            f"folder, or has it for something else. No mail goes there or elsewhere instead; correct folders.{role}."
        )
        found.append(Guard("wrong-folder", safe_line(words)))
    if not (seen.roles | set(chosen)) & {Role.ARCHIVE, Role.ALL}:
        words = f"{account.name} has no archive folder on its server; archiving a first message makes one, Archive."
        found.append(Guard("no-archive", safe_line(words)))
    if Role.TRASH not in seen.roles | set(chosen):
        words = (
            f"{account.name} has no trash folder on its server, so other programs may delete at once there, without a "
            "way back. tui-mail makes a folder Trash for what it deletes."
        )
        found.append(Guard("no-trash", safe_line(words)))
    return found
