"""The tree of accounts and folders, with what is unread in each.

What belongs here: turning a flat list of folders into lines, folding, the mark of the open folder.
What must never be here: which mail is shown; the screen opens a folder when it is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.model import Folder, Role
from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import clip, right, width
from tui_mail.ui.widgets.line_view import CursorView

ROLE_NAME = {
    Role.INBOX: "Inbox",
    Role.DRAFTS: "Drafts",
    Role.SENT: "Sent",
    Role.ARCHIVE: "Archive",
    Role.JUNK: "Junk",
    Role.TRASH: "Trash",
    Role.ALL: "All mail",
    Role.FLAGGED: "Starred",
    Role.IMPORTANT: "Important",
}
_COUNTED = (Role.DRAFTS,)
"""Folders in which everything counts, not only what is unread."""
WIDEST = 40
"""Cells from the left edge to the end of the numbers: further away they could not be told apart."""
MARK = 2
"""Cells of the mark that says whether a line is folded."""
_SILENT = (Role.SENT, Role.TRASH, Role.JUNK, Role.ALL, Role.ARCHIVE)
"""Folders whose number does not call for anything."""


@dataclass(slots=True)
class Node:
    """A line of the tree: all inboxes, an account, a folder, or a level that is no folder itself."""

    key: str
    """Account and full name; stable, so that folding survives a new list."""
    label: str
    depth: int
    folder: Folder | None = None
    query: str = ""
    """Of a saved search."""
    children: list[Node] = field(default_factory=list)


def folder_label(folder: Folder) -> str:
    """How a folder is called where its account is known: by its role, else by its name."""
    return folder.shown if folder.id == ALL_INBOXES else ROLE_NAME.get(folder.role) or folder.shown


def grow(folders: Sequence[Folder]) -> list[Node]:
    """The tree of a list of folders: one root per account, roles first, others nested by their delimiter."""
    roots: dict[str, Node] = {}
    plain = {(one.account, one.shown) for one in folders if one.role is Role.NONE}
    for folder in folders:
        root = roots.setdefault(folder.account, Node(folder.account, safe_line(folder.account), 0))
        if folder.role is not Role.NONE:
            label = folder_label(folder)
            if (folder.account, label) in plain:  # a person chose this one though there is one of that very name
                label = folder.shown
            root.children.append(Node(f"{folder.account}\0{folder.name}", label, 1, folder))
    for account, root in roots.items():
        others = [one for one in folders if one.account == account and one.role is Role.NONE]
        _nest(root, others, namespace_of([one for one in folders if one.account == account]))
    return list(roots.values())


def namespace_of(folders: Sequence[Folder]) -> str:
    """The prefix that all folders but the inbox share ("INBOX."), which says nothing to people; else empty."""
    others = [one for one in folders if one.name.upper() != "INBOX"]
    if not others or not others[0].delimiter:
        return ""
    prefix = "INBOX" + others[0].delimiter
    return prefix if all(one.name.startswith(prefix) for one in others) else ""


def _nest(root: Node, folders: Sequence[Folder], namespace: str) -> None:
    known = {child.folder.name: child for child in root.children if child.folder is not None}
    for folder in folders:
        levels = folder.name.removeprefix(namespace).split(folder.delimiter) if folder.delimiter else [folder.name]
        parent, path = root, namespace
        for number, level in enumerate(levels[:-1]):
            path += (folder.delimiter if number else "") + level
            node = known.get(path)
            if node is None:
                node = Node(f"{folder.account}\0{path}", safe_line(level) or "…", parent.depth + 1)
                known[path] = node
                parent.children.append(node)
            parent = node
        existing = known.get(folder.name)
        if existing is not None and existing.folder is None:
            existing.folder = folder
            continue
        node = Node(f"{folder.account}\0{folder.name}", safe_line(levels[-1]) or "…", parent.depth + 1, folder)
        known[folder.name] = node
        parent.children.append(node)


class FolderTree(CursorView):
    """Accounts and their folders."""

    PREFIX = "tree"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tree--account", "tree--folder", "tree--quiet", "tree--unread", "tree--count", "tree--open", "tree--bar",
        "tree--cursor", "tree--blurred",
    }  # fmt: skip

    class Chosen(Message):
        """A folder was chosen, to be opened."""

        def __init__(self, folder_id: int) -> None:
            super().__init__()
            self.folder_id = folder_id

    class SearchChosen(Message):
        """A saved search was chosen."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    def __init__(self, searches: Sequence[tuple[str, str]] = (), *, id: str | None = None) -> None:
        """`searches`: names and queries, which stand below the accounts."""
        self._searches = searches
        self.open_id = 0
        """The folder that the list shows."""
        self._roots: list[Node] = []
        self._several = False
        """There is more than one account."""
        self._lines: list[Node] = []
        self._folded: set[str] = set()
        super().__init__(id=id)

    def offer(self, search: tuple[str, str]) -> None:
        """One more search, from the next `show` on; unless a person has one of its name."""
        if search[0] not in {name for name, _ in self._searches}:
            self._searches = (*self._searches, search)

    def show(self, folders: Sequence[Folder]) -> None:
        """Show these folders; folding and the cursor stay. All inboxes, if among them, stand above the accounts."""
        key = self._lines[self.cursor].key if self._lines else ""
        self._roots = grow([one for one in folders if one.id != ALL_INBOXES])
        self._several = len(self._roots) > 1
        self._roots[:0] = [Node("\0inboxes", one.shown, 0, one) for one in folders if one.id == ALL_INBOXES]
        if self._searches:
            saved = [Node(f"\0{name}", safe_line(name), 1, query=query) for name, query in self._searches]
            self._roots.append(Node("\0", "Searches", 0, children=saved))
        self._flatten(key)

    def use_searches(self, searches: Sequence[tuple[str, str]], folders: Sequence[Folder]) -> None:
        """Other saved searches than before."""
        self._searches = searches
        self.show(folders)

    def update_counts(self, folders: Sequence[Folder]) -> None:
        """New numbers for the folders shown; only lines that changed are painted."""
        by_id = {folder.id: folder for folder in folders}
        for index, node in enumerate(self._lines):
            if node.folder is not None:
                new = by_id.get(node.folder.id)
                if new is not None and _counts(new) != _counts(node.folder):
                    node.folder = new
                    self.forget(index)

    def mark_open(self, folder_id: int) -> None:
        """Mark the folder that the list shows, and put the cursor there."""
        self.open_id = folder_id
        for index, node in enumerate(self._lines):
            if node.folder is not None and node.folder.id == folder_id:
                self.move_to(index)
        self.forget_all()

    @property
    def current(self) -> Folder | None:
        """The folder under the cursor; None on an account, or on a level that is no folder."""
        return self._lines[self.cursor].folder if self._lines else None

    @property
    def current_search(self) -> str:
        """The name of the saved search under the cursor; empty elsewhere."""
        node = self._lines[self.cursor] if self._lines else None
        return node.key.removeprefix("\0") if node is not None and node.query else ""

    @property
    def account(self) -> str:
        """The account that the cursor is in; empty when there is none."""
        return self._lines[self.cursor].key.partition("\0")[0] if self._lines else ""

    def choose(self) -> Chosen | SearchChosen | None:
        """What is under the cursor, to be opened; a line that is neither folder nor search is folded."""
        node = self._lines[self.cursor] if self._lines else None
        if node is None:
            return None
        if node.query:
            return self.SearchChosen(node.query)
        if node.folder is not None and node.folder.selectable:
            return self.Chosen(node.folder.id)
        self.fold(node.key not in self._folded)
        return None

    def fold(self, closed: bool) -> None:
        """Hide or show what is below the line under the cursor; when it cannot close, go to its parent."""
        if not self._lines:
            return
        node = self._lines[self.cursor]
        if node.children and (node.key in self._folded) is not closed:
            self._folded ^= {node.key}
            self._flatten(node.key)
        elif closed:
            for index in range(self.cursor - 1, -1, -1):
                if self._lines[index].depth < node.depth:
                    self.move_to(index)
                    return

    def on_resize(self) -> None:
        """It is known now what is in sight."""
        self.reveal()

    def on_click(self, event: events.Click) -> None:
        """A click opens a folder; on the mark before its name it hides or shows what is below."""
        index = event.y + self.top
        if index >= self.count or event.x >= self.cells:  # the last column moves the border of the pane
            return
        event.stop()
        self.move_to(index)
        node = self._lines[index]
        if node.children and event.x < 1 + width(self._indent(node)) + MARK:
            self.fold(node.key not in self._folded)
        elif (chosen := self.choose()) is not None:
            self.post_message(chosen)

    def paint(self, index: int, cells: int) -> Strip:
        """One account or folder."""
        node = self._lines[index]
        ground = self.ground(index)
        twist = ("▸ " if node.key in self._folded else "▾ ") if node.children else "  "
        bar = ("▌" if index == self.cursor and self.has_focus else " ", "bar")
        if node.depth == 0 and node.folder is None:
            return self.strip([bar, (f"{twist}{clip(node.label, cells - 4)}", "account")], cells, ground)
        folder = node.folder
        count, name, counted = "", "folder" if node.query else "quiet", "quiet"
        wide, cells = cells, min(cells, WIDEST)
        if folder is not None and folder.selectable:
            number = folder.total if folder.role in _COUNTED else folder.unread
            count = f"{number:,}" if number else ""
            sleeps = folder.name.rpartition(folder.delimiter or "/")[2] == "Snoozed"
            calls = bool(folder.unread) and folder.role not in _SILENT and folder.role not in _COUNTED and not sleeps
            name, counted = ("unread", "count") if calls else ("folder", "quiet")
            if folder.id == self.open_id:
                name = "open"
        indent = self._indent(node)
        room = cells - 6 - len(indent) - len(count)
        label = clip(node.label, room)
        used = 3 + len(indent) + width(label)
        runs = [bar, (f"{indent}{twist}", "quiet"), (label, name), (right(count, cells - used - 1), counted), (" ", "")]
        return self.strip(runs, wide, ground)

    def _indent(self, node: Node) -> str:
        return "  " * (node.depth if self._several else max(0, node.depth - 1))

    def _flatten(self, key: str) -> None:
        self._lines = []
        for root in self._roots:
            self._add(root)
        self.set_count(len(self._lines))
        at = next((i for i, node in enumerate(self._lines) if node.key == key), None)
        self.cursor = at if at is not None else max(0, min(self.cursor, len(self._lines) - 1))
        self.forget_all()

    def _add(self, node: Node) -> None:
        self._lines.append(node)
        if node.key not in self._folded:
            for child in node.children:
                self._add(child)


def _counts(folder: Folder) -> tuple[int, int, bool]:
    return folder.total, folder.unread, folder.selectable
