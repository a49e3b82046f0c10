"""The commands that change which accounts there are and how they are set: import, remove, set.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: files of
other programs (config/importing), rules for settings (config/rules), SQL.
"""

from __future__ import annotations

import sys
from typing import Any

from tui_mail.answers import Arguments, account_json, account_line, answer
from tui_mail.client import leaving, purposes, surroundings
from tui_mail.config import accounts as configuration
from tui_mail.config import changing, importing, secrets, values
from tui_mail.errors import MailError, NotFound, SecretUnavailable, UsageError
from tui_mail.model import Account
from tui_mail.text import safe_block, safe_line

# --- import -------------------------------------------------------------------------------------


def account_import(given: Arguments) -> int:
    """Add the accounts of other mail programs; --list and --dry-run only show them. 1 when one could not be added."""
    config = configuration.load(given.paths)
    taken = [account.name for account in config.accounts] + [problem.account for problem in config.problems]
    known, new, twice = list(config.accounts), list[Account](), list[tuple[Account, str]]()
    origins, could_not = dict[str, tuple[str, str]](), list[str]()
    for found in importing.read(given.source or ""):
        could_not += [f"{found.program}, {sentence}" for sentence in found.could_not]
        for account, spot in zip(found.accounts, found.spots, strict=True):
            (named,) = importing.with_free_names([account], taken)
            if given.name and given.name not in (account.name, named.name):
                continue
            same = next((one for one in known if importing.same_mailbox(one, account)), None)
            if same is not None:
                twice.append((account, same.name))
                if same in new:  # neither program knows all of it
                    whole = importing.completed(same, account)
                    new[new.index(same)] = known[known.index(same)] = whole
                continue
            taken.append(named.name)
            known.append(named)
            new.append(named)
            origins[named.name] = (found.program, str(spot))
    if not new and not twice:
        _say(could_not)
        raise NotFound(_nothing(given))
    shown_only = given.list or given.dry_run
    added, failed = (new, []) if shown_only else _added(given, new)
    _say(could_not)
    for account, name in twice:
        print(_twice(account, name, new), file=sys.stderr)
    without = [account for account in added if _needs_password(account)]
    if without and not shown_only:
        names = ", ".join(safe_line(account.name) for account in without)
        print(
            f"Passwords are not imported; give one with `tui-mail account set-password` to: {names}.", file=sys.stderr
        )
    document = {
        "added" if not shown_only else "found": [_imported_json(one, *origins[one.name]) for one in added],
        "already": [{"name": account.name, "email": account.email, "account": name} for account, name in twice],
        "could_not": could_not,
        "failed": [{"account": account.name, "error": error.shown} for account, error in failed],
    }
    lines = [f"{account_line(account)}\t({origins[account.name][0]})" for account in added]
    if not shown_only:
        lines.append(f"{len(added)} account{'s' * (len(added) != 1)} added.")
    answer(given, document, *lines)
    for account, error in failed:
        print(f"{safe_line(account.name)} was not added: {error.shown}", file=sys.stderr)
    return failed[0][1].exit_code if failed else 0 if added else 1


def _added(given: Arguments, accounts: list[Account]) -> tuple[list[Account], list[tuple[Account, MailError]]]:
    """Those that are in config.toml now, and those that cannot be, with the reason; one does not stop the others."""
    added, failed = list[Account](), list[tuple[Account, MailError]]()
    for account in accounts:
        try:
            leaving.refuse_strange_mail(given.paths, account)
            changing.add_account(given.paths, account)
        except MailError as error:
            failed.append((account, error))
        else:
            added.append(account)
    return added, failed


def _needs_password(account: Account) -> bool:
    legs = (account.incoming, account.outgoing)
    return any(leg is not None and leg.auth == "password" and not leg.password_command for leg in legs)


def _imported_json(account: Account, program: str, spot: str) -> dict[str, Any]:
    return account_json(account) | {
        "program": program,
        "file": safe_line(spot),
        "aliases": list(account.aliases),
        "signature": account.signature,
        "folders": {role.value: name for role, name in account.folders},
        "needs_password": _needs_password(account),
    }


def _twice(account: Account, name: str, new: list[Account]) -> str:
    where = "was found before" if any(one.name == name for one in new) else "is in config.toml already"
    mailbox = safe_line(f"{account.incoming.user} on {account.incoming.host}")
    return f"{mailbox} {where}, as {safe_line(name)}; one mailbox is not added twice."


def _nothing(given: Arguments) -> str:
    if given.name:
        return f'No account called "{given.name}" was found, and nothing was added; --list shows those there are.'
    where = f"in {given.source}" if given.source else "in the usual places of other mail programs"
    return f"No account was found {where}, and nothing was added. `tui-mail account add` makes one by hand."


def _say(sentences: list[str]) -> None:
    for sentence in sentences:
        print(safe_line(sentence), file=sys.stderr)


# --- remove -------------------------------------------------------------------------------------


def account_remove(given: Arguments) -> int:
    """Take an account out of config.toml, and its password out of the keyring; its mail stays unless asked."""
    config = configuration.load(given.paths)
    config.refuse_unreadable()
    account = next((one for one in config.accounts if one.name == given.name), None)
    listed = account is not None or any(problem.account == given.name for problem in config.problems)
    what = leaving.held(given.paths, given.name)
    if not listed and not (given.delete_mail and what.anything):
        config.account(given.name)  # raises: there is none
    if not given.force:
        leaving.refuse_loss(what, deleting=given.delete_mail)
    deleted = 0
    if given.delete_mail:
        with leaving.engine_stopped(given.paths):
            secret = _taken_out(given, account, listed)
            deleted = leaving.delete_mail(given.paths, given.name)
    else:
        if account is not None:
            leaving.note_left(given.paths, account)
        secret = _taken_out(given, account, listed)
    document = {
        "account": given.name,
        "mail": "deleted" if given.delete_mail else "kept" if what.anything else "none",
        "messages": deleted if given.delete_mail else what.messages,
        "secret": secret,
    }
    answer(given, document, f"Removed {safe_line(given.name)}. {_fate(given, what.messages, deleted)}")
    return 0


def _taken_out(given: Arguments, account: Account | None, listed: bool) -> str:
    """Config first: without it nothing uses the rest. Says what became of the secret."""
    if listed:
        changing.remove_account(given.paths, given.name)
    if account is None:
        return "unknown"
    legs = [leg for leg in (account.incoming, account.outgoing) if leg is not None]
    if all(leg.password_command for leg in legs):
        return "none"
    try:
        secrets.forget_secret(account, "incoming")
        if account.outgoing is not None:
            secrets.forget_secret(account, "outgoing")
    except SecretUnavailable:
        name = safe_line(account.name)
        print(f"If a keyring has a password of {name}, it still does: no keyring could be asked.", file=sys.stderr)
        return "unknown"
    return "removed"


def _fate(given: Arguments, messages: int, deleted: int) -> str:
    if given.delete_mail:
        return f"Its mail is deleted from this computer ({deleted}); what a server has is untouched."
    if messages:
        return (
            f"Its mail ({messages}) stays on this computer, and is shown again when the mailbox is added anew under "
            "this name; --delete-mail deletes it."
        )
    return "No mail of it is on this computer; what a server has is untouched."


# --- set ----------------------------------------------------------------------------------------


def account_set(given: Arguments) -> int:
    """Change settings of an account; without KEY=VALUE show them all."""
    changes = _changes(given.changes)
    config = configuration.load(given.paths)
    account = next((one for one in config.accounts if one.name == given.name), None)
    if not changes:
        return _shown(given, config.account(given.name))
    if account is not None:
        if not given.same_mailbox:
            leaving.refuse_other_mailbox(account, changes, leaving.held(given.paths, account.name))
        changes = changing.with_following_ports(account, changes)
        with leaving.store_if_any(given.paths) as db:
            if db is not None:
                purposes.refuse_wrong_folders(db, account, changes)
    changing.set_account(given.paths, given.name, changes)
    with leaving.store_if_any(given.paths) as db:
        if db is not None:
            purposes.keep_up(db, [configuration.load(given.paths).account(given.name)])
    now = values.shown(configuration.load(given.paths).account(given.name))
    lines = [f"{key} = {safe_line(now.get(key, '')) or '(not set)'}" for key in changes]
    answer(given, {"account": given.name, "changed": {key: now.get(key, "") for key in changes}}, *lines)
    if not all(key.startswith(purposes.TABLE) for key in changes) and surroundings.is_running(given.paths):
        print("The tui-mail that is running goes on with what was; start it anew.", file=sys.stderr)
    return 0


def _changes(words: list[str]) -> dict[str, object]:
    changes = dict[str, object]()
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f'"{word}" is no KEY=VALUE, such as port=143; nothing was changed.')
        full = values.full_key(key)
        if full in changes:
            raise UsageError(f'"{full}" is said twice; nothing was changed.')
        changes[full] = values.parsed(full, text)
    return changes


def _shown(given: Arguments, account: Account) -> int:
    settings = values.shown(account)
    lines = [f"{key} = {safe_block(text).replace(chr(10), chr(92) + 'n')}" for key, text in settings.items()]
    answer(given, {"account": account.name, "settings": settings}, *lines)
    return 0
