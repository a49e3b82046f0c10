"""The sentences of the triage screen: titles, notices, and what an empty list says. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tui_mail.model import AccountStatus, Change, ChangeKind, ChangeState, Folder, Link, LinkState, Role
from tui_mail.text import SafeText
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.folder_tree import folder_label

Run = tuple[str, str]


def list_title(folder: Folder, selected: int, several_accounts: bool, above: int) -> tuple[list[Run], list[Run]]:
    """What stands above the list, at the left and at the right."""
    left: list[Run] = [(f" {folder_label(folder)}", "strong")]
    if several_accounts:
        left.append((f" · {folder.account}", "quiet"))
    if selected:
        left.append((f" · {selected:,} selected", "accent"))
    elif folder.unread:
        left.append((f" · {folder.unread:,} unread", "quiet"))
    if folder.total < folder.on_server and not folder.complete:
        left.append((f" · newest {folder.total:,} of {folder.on_server:,}", "quiet"))
    elif folder.total:
        left.append((f" · {folder.total:,} message{'s' * (folder.total != 1)}", "quiet"))
    right: list[Run] = [(f" ▲ {above:,} new ", "pill"), (" ", "")] if above else []
    return left, right


def notice_runs(
    statuses: Sequence[AccountStatus], notice: SafeText | None, keymap: Keymap
) -> tuple[list[Run], list[Run]]:
    """The line below the status line: what needs a person. Empty when nothing does."""
    for status in statuses:
        if status.state is LinkState.REFUSED:
            words = status.sentence or SafeText("The server refused.")
            again = [(keymap.shown("sync.retry"), "key"), (" try again ", "quiet")]
            return [(f" ✗ {status.account}: ", "error"), (words, "")], again
    return ([(f" {notice}", "warning")], []) if notice else ([], [])


def empty_words(folder: Folder, status: AccountStatus | None, changes: Callable[[int], list[Change]]) -> str:
    """What a list without messages says."""
    state = status.state if status is not None else LinkState.STARTING
    if folder.total < folder.on_server and not folder.complete:
        if state in (LinkState.OFFLINE, LinkState.REFUSED):
            return f"{folder.on_server:,} messages are on the server; they come when it answers."
        return f"Loading · newest first · {folder.on_server:,} messages"
    if folder.complete or folder.on_server or state is LinkState.LIVE:
        return _done_words(changes) if folder.role is Role.INBOX else "This folder is empty."
    match state:
        case LinkState.OFFLINE:
            return "Nothing is here yet, and the server does not answer."
        case LinkState.REFUSED:
            return "Nothing is here yet: the server refused. See the line above."
        case _:
            return "Loading · newest first"


def still_waiting(changes: Callable[[int], list[Change]]) -> int:
    """How many of the latest actions no server has confirmed: asked once a second, so that hanging ones are seen."""
    return sum(change.state in (ChangeState.QUEUED, ChangeState.RUNNING) for change in changes(100))


def link_aside(link: Link) -> str:
    """What stands after an address in the list of links: what it claims to be."""
    if not link.safe:
        return "cannot be opened: not a web or mail address"
    return f"reads “{link.text}”" if link.text and link.text != link.url else ""


def folder_aside(folder: Folder, several: bool) -> str:
    """What stands after a folder: its account when there are several, and its name when that says more."""
    full = folder.shown if folder.shown.casefold() != folder_label(folder).casefold() else ""
    return f"{folder.account} {full}".strip() if several else full


def _done_words(changes: Callable[[int], list[Change]]) -> str:
    midnight = time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1))
    handled = sum(
        change.count
        for change in changes(500)
        if change.created >= midnight and change.kind is not ChangeKind.FLAGS and change.state != ChangeState.CANCELLED
    )
    return f"Nothing left. {handled:,} handled today." if handled else "Nothing left."
