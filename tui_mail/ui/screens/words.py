"""The sentences of the triage screen: titles, notices, and what an empty list says. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tui_mail.model import AccountStatus, Change, Folder, Link, LinkState, Role
from tui_mail.text import SafeText
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.folder_tree import folder_label

Run = tuple[str, str]
MANY = 500
"""So many messages take long enough to be fetched that it is worth a line."""
TOOK_BACK = "took back: "
"""How the journal begins the summary of an action that takes another one back."""


def list_title(
    folder: Folder, selected: int, several_accounts: bool, above: int, ordered: str = ""
) -> tuple[list[Run], list[Run]]:
    """What stands above the list, at the left and at the right."""
    left: list[Run] = [(f" {folder_label(folder)}", "strong")]
    if several_accounts and folder.account:
        left.append((f" · {folder.account}", "quiet"))
    if selected:
        left.append((f" · {selected:,} selected", "accent"))
    elif folder.unread:
        left.append((f" · {folder.unread:,} unread", "quiet"))
    if folder.total < folder.on_server and not folder.complete:
        left.append((f" · newest {folder.total:,} of {folder.on_server:,}", "quiet"))
    elif folder.total:
        left.append((f" · {folder.total:,} message{'s' * (folder.total != 1)}", "quiet"))
    left += [(ordered, "accent")] if ordered else []
    right: list[Run] = [(f" ▲ {above:,} new ", "pill"), (" ", "")] if above else []
    return left, right


def notice_runs(
    statuses: Sequence[AccountStatus], notice: SafeText | None, keymap: Keymap, refused: Sequence[Change] = ()
) -> tuple[list[Run], list[Run]]:
    """The line below the status line: what needs a person. Empty when nothing does."""
    for status in statuses:
        if status.state is LinkState.REFUSED:
            words = status.sentence or SafeText("The server refused.")
            again = [(keymap.shown("sync.retry"), "key"), (" try again ", "quiet")]
            return [(f" ✗ {status.account}: ", "error"), (words, "")], again
    if refused:
        many = f" ✗ {len(refused):,} change{'s' * (len(refused) != 1)} refused: "
        why = f"{refused[0].summary} · {refused[0].error}"
        return [(many, "error"), (why, "")], [
            (keymap.shown("history"), "key"), (" shows it  ", "quiet"),
            (keymap.shown("sync.retry"), "key"), (" try again ", "quiet"),
        ]  # fmt: skip
    if notice:
        return [(f" {notice}", "warning")], []
    for status in statuses:
        if status.state is LinkState.STOPPED:
            stopped = f" ‖ {status.account}: fetching was stopped; what came is kept."
            return [(stopped, "")], [(keymap.shown("sync.now"), "key"), (" goes on ", "quiet")]
        if status.state is LinkState.SYNCING and status.total - status.done > MANY and status.octets_total:
            at_it = f" {status.account}: mail comes, newest first; read or write meanwhile."
            return [(at_it, "quiet")], [(keymap.shown("sync.stop"), "key"), (" stop ", "quiet")]
    return [], []


def status_of(folder: Folder, statuses: Sequence[AccountStatus]) -> AccountStatus | None:
    """The line of a folder's account; of all inboxes that of an account which is not live, if there is one."""
    its = [one for one in statuses if folder.account in ("", one.account)]
    return min(its, key=lambda one: one.state is LinkState.LIVE, default=None)


def empty_words(folder: Folder, status: AccountStatus | None, handled_since: Callable[[float], int]) -> str:
    """What a list without messages says."""
    state = status.state if status is not None else LinkState.STARTING
    if folder.role is Role.INBOX and status is not None and status.octets_total:  # POP3 fetches into the inbox
        many = f"{messages_words(status.total - status.done)} on the server"
        return f"Stopped; {many}." if state is LinkState.STOPPED else f"Fetching · newest first · {many}"
    if folder.total < folder.on_server and not folder.complete:
        if state in (LinkState.DISK_FULL, LinkState.DISK_FAILS):
            return f"{folder.on_server:,} messages are on the server; they come when this disk can keep them."
        if state.is_down:
            return f"{folder.on_server:,} messages are on the server; they come when it answers."
        return f"Loading · newest first · {folder.on_server:,} messages"
    never_had_any = folder.role is Role.INBOX and not folder.arrangement  # that of POP3 is complete from the start
    if (folder.complete and not never_had_any) or folder.on_server or state is LinkState.LIVE:
        return _done_words(handled_since) if folder.role is Role.INBOX else "This folder is empty."
    match state:
        case LinkState.OFFLINE:
            return "Nothing is here yet, and the server does not answer."
        case LinkState.DISK_FULL | LinkState.DISK_FAILS:
            return "Nothing is here yet: it cannot be kept on this disk."
        case LinkState.UNANSWERED:
            return "Nothing is here yet, and the other tui-mail does not answer."
        case LinkState.WAITING:
            return "Nothing is here yet; the server takes its time to answer."
        case LinkState.REFUSED:
            return "Nothing is here yet: the server refused. See the line above."
        case _:
            return "Loading · newest first"


def link_aside(link: Link) -> str:
    """What stands after an address in the list of links: what it claims to be."""
    if not link.safe:
        return "cannot be opened: not a web or mail address"
    return f"reads “{link.text}”" if link.text and link.text != link.url else ""


def messages_words(count: int) -> str:
    """How many, in words: 1 message, 1,200 messages."""
    return f"{count:,} message{'s' * (count != 1)}"


def recovered_words(count: int) -> SafeText | None:
    """What is said after mail.db was lost: so many messages were on this computer only, and are shown again."""
    if not count:
        return None
    many = "1 message is" if count == 1 else f"{count:,} messages are"
    return SafeText(
        f"mail.db was lost; it was made anew from bodies.db. {many} here again with folders and flags. "
        "Only the history of what you did is gone."
    )


def folder_aside(folder: Folder, several: bool) -> str:
    """What stands after a folder: its account when there are several, and its name when that says more."""
    full = folder.shown if folder.shown.casefold() != folder_label(folder).casefold() else ""
    return f"{folder.account} {full}".strip() if several else full


def _done_words(handled_since: Callable[[float], int]) -> str:
    handled = handled_since(time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1)))
    return f"Nothing left. {handled:,} handled today." if handled else "Nothing left."
