"""An account goes, or gets another server: what becomes of the mail that is here under its name.

What belongs here: whether that may be, each refusal with its sentence. What must never be here: config.toml itself
(config/accounts), SQL (store/holdings).

Each function opens the store for itself: the account may be one that no MailClient can be made of.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Mapping

from tui_mail.errors import UsageError
from tui_mail.model import Account
from tui_mail.paths import Paths
from tui_mail.store import holdings, mirror
from tui_mail.store.database import Database
from tui_mail.store.holdings import Holdings

MAILBOX_KEYS = ("protocol", "incoming.host", "incoming.user")
"""Settings that say which mailbox an account is."""


def held(paths: Paths, name: str) -> Holdings:
    """What the store has under the name of an account. Raises StoreError."""
    with store_if_any(paths) as db:
        return Holdings() if db is None else holdings.of_account(db.read(), db.read_bodies(), name)


def refuse_loss(what: Holdings, *, deleting: bool) -> None:
    """Raise UsageError when something would be lost, or forgotten, with the account."""
    reasons = [
        f"{count} {singular if count == 1 else plural}"
        for count, singular, plural in (
            (what.waiting, "action that the server has not been told", "actions that the server has not been told"),
            (what.sending, "message in the outbox", "messages in the outbox"),
            (what.drafts if deleting else 0, "draft that is on no server", "drafts that are on no server"),
            (
                what.only_here if deleting else 0,
                "message that may be on this computer only",
                "messages that may be on this computer only",
            ),
        )
        if count
    ]
    if not reasons:
        return
    listed = reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} and {reasons[-1]}"
    end = "`tui-mail export` copies mail into files first; --force deletes all of it." if deleting else _way_out(what)
    there_is = "there is" if reasons[0].startswith("1 ") else "there are"
    raise UsageError(f"Nothing was removed, for {there_is} still {listed}. {end}")


def _way_out(what: Holdings) -> str:
    ways = []
    if what.waiting or what.sending > what.undecided:
        ways.append("`tui-mail sync` sends what waits first")
    if what.undecided:
        ways.append("what was refused or perhaps sent is decided in the outbox (`tui-mail outbox`)")
    return f"{'; '.join([*ways, 'with --force'])} it waits here until the account is added again."


def note_left(paths: Paths, account: Account) -> None:
    """The mail of the account stays: note whose it is. Raises StoreError."""
    with store_if_any(paths) as db:
        if db is not None:
            db.run(lambda txn: holdings.note_left(txn, account))


def delete_mail(paths: Paths, name: str) -> int:
    """Delete everything that is here of an account; gives how many messages. Hold `engine_stopped` around it."""
    with store_if_any(paths) as db:
        return 0 if db is None else holdings.remove(db, name)


@contextlib.contextmanager
def engine_stopped(paths: Paths) -> Iterator[None]:
    """Be sure that no tui-mail talks to servers meanwhile. Raises UsageError when one does."""
    from tui_mail.sync.lock import take_engine_lock

    paths.prepare()
    handle = take_engine_lock(paths)
    if handle is None:
        raise UsageError("tui-mail is running with this account; close it first. Nothing was removed.")
    try:
        yield
    finally:
        os.close(handle)


def refuse_strange_mail(paths: Paths, account: Account) -> None:
    """Raise UsageError when mail of another mailbox is here under the name of an account that is to be added."""
    with store_if_any(paths) as db:
        left = None if db is None else holdings.left_of(db.read(), account.name)
        mine = (account.protocol.value, account.incoming.user.casefold(), account.incoming.host.casefold())
        if db is None or left is None or (left[0], left[1].casefold(), left[2].casefold()) == mine:
            return
        if not holdings.of_account(db.read(), db.read_bodies(), account.name).anything:
            return
    raise UsageError(
        f'Mail of another mailbox ({left[1]} on {left[2]}) is kept here under the name "{account.name}". Nothing was '
        "added; choose another name, or delete that mail with `tui-mail account remove --delete-mail`."
    )


def refuse_other_mailbox(account: Account, changes: Mapping[str, object], what: Holdings) -> None:
    """Raise UsageError when the changes make the account another mailbox, and mail of the present one is here."""
    now = {
        "protocol": account.protocol.value,
        "incoming.host": account.incoming.host.casefold(),
        "incoming.user": account.incoming.user.casefold(),
    }
    defaults = {"protocol": "imap", "incoming.user": account.email}
    asked = {
        key: str(changes[key] or defaults.get(key, "")).strip().casefold() for key in MAILBOX_KEYS if key in changes
    }
    other = [key for key, value in asked.items() if value and value != now[key]]
    if not other or not what.anything:
        return
    name, mailbox = shlex.quote(account.name), f"{account.incoming.user} on {account.incoming.host}"
    if "protocol" in other:
        raise UsageError(
            f"Mail of {mailbox} is here, and another protocol keeps it otherwise. Nothing was changed; "
            f"`tui-mail account convert {name} --protocol {asked['protocol']}` changes that, and what is here stays."
        )
    keys = [key.rpartition(".")[2] for key in other]
    raise UsageError(
        f"Mail of {mailbox} is here, and another {', '.join(keys)} may mean another mailbox. Nothing was changed; add "
        "the other mailbox as an account of its own; or, if only its server is called otherwise: "
        f"`tui-mail account set {name} {' '.join(f'{key}=…' for key in keys)} --same-mailbox`."
    )


@contextlib.contextmanager
def store_if_any(paths: Paths) -> Iterator[Database | None]:
    """The store, if there is one; it is not made for being asked."""
    mirror.recover(paths)
    if not (paths.data / "mail.db").exists():
        yield None
        return
    db = Database(paths)
    try:
        yield db
    finally:
        db.close()
