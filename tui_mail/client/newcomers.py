"""New mail in the folders of which a person wants to be told.

What belongs here: from which moment on, and in which folders. What must never be here: how it is told (ui), SQL.

An account is told of once it was in agreement with its server: what came before, while nobody listened or at the first
sync, is on the screen and is no news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui_mail.config.rules import suggestion
from tui_mail.model import Account, Folder, LinkState, Protocol, Role, Row
from tui_mail.notices import Newcomer, Notices
from tui_mail.store import folders, newcomers, reminding, rows
from tui_mail.store.database import Database
from tui_mail.store.newcomers import Mark
from tui_mail.text import SafeText, safe_line


def unknown(known: Sequence[Folder], notices: Notices) -> list[SafeText]:
    """A sentence for each folder of which a person wants to be told and that an account lacks."""
    found = list[SafeText]()
    for account, wanted in notices.folders.items() if notices.by != "off" else ():
        its = [folder for folder in known if folder.account == account]
        names = {folder.name for folder in its} | {folder.role.value for folder in its}
        for name in wanted if len(its) > 1 else ():
            if name not in names and name.lower() not in names:
                end = suggestion(name, names) or "."
                found.append(safe_line(f'New mail in "{name}" is not told: {account} has no such folder{end}'))
    return found


class Newcomers:
    """Looks at folders that changed. One thread uses it."""

    def __init__(self, db: Database, accounts: Iterable[Account]) -> None:
        self._db = db
        self._local = {account.name for account in accounts if account.protocol is not Protocol.IMAP}
        self._wanted: Mapping[str, tuple[str, ...]] = {}
        self._begun = set[str]()
        self._marks: dict[int, Mark] = {}
        self._change = reminding.newest_change(db.read())
        """Of the journal, when it was looked at last for what woke."""

    def want(self, wanted: Mapping[str, tuple[str, ...]]) -> None:
        """Of which folders a person wants to be told, by account: names or roles."""
        self._wanted = wanted
        self._begun.clear()
        self._marks.clear()

    def begin(self, states: Mapping[str, LinkState]) -> None:
        """How the accounts are: those that are in agreement for the first time are told of from now on."""
        for account, state in states.items():
            if state is LinkState.LIVE and account not in self._begun:
                self._begun.add(account)
                for folder in folders.all_folders(self._db.read(), account):
                    if self._is_wanted(folder):
                        self._note(folder)

    def look(self, changed: Iterable[int]) -> list[Newcomer]:
        """What has come into these folders since the last look, and what has slept and is back."""
        found = self._awake()
        for id_ in changed:
            folder = folders.one_folder(self._db.read(), id_)
            if folder is None or folder.account not in self._begun or not self._is_wanted(folder):
                continue
            before = self._marks.get(id_)
            after = self._note(folder)
            came = newcomers.between(self._db.read(), id_, before, after) if before and after else []
            found += [_newcomer(row, folder) for row in came]
        return found

    def _awake(self) -> list[Newcomer]:
        before, self._change = self._change, reminding.newest_change(self._db.read())
        woken = [id_ for slept, id_ in reminding.rung_after(self._db.read(), before) if slept]
        found = list[Newcomer]()
        for row in rows.rows_of(self._db.read(), woken):
            folder = folders.one_folder(self._db.read(), row.folder_id)
            if folder is not None and self._is_wanted(folder):
                found.append(_newcomer(row, folder))
        return found

    def _note(self, folder: Folder) -> Mark | None:
        mark = newcomers.mark(self._db.read(), folder.id, local=folder.account in self._local)
        if mark is not None:
            self._marks[folder.id] = mark
        return mark

    def _is_wanted(self, folder: Folder) -> bool:
        wanted = self._wanted.get(folder.account, ())
        return folder.name in wanted or (bool(folder.role) and folder.role in {one.lower() for one in wanted})


def _newcomer(row: Row, folder: Folder) -> Newcomer:
    name = SafeText("Inbox") if folder.role is Role.INBOX else folder.shown
    sender = next(((one.name or one.email) for one in row.from_), SafeText(""))
    return Newcomer(row.account, name, sender, row.subject)
