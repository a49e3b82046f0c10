"""The tree of folders."""

from __future__ import annotations

from tui_mail.model import Folder, Role
from tui_mail.text import SafeText
from tui_mail.ui.widgets.folder_tree import Node, grow


def folder(name: str, role: Role = Role.NONE, delimiter: str = "/", account: str = "work") -> Folder:
    return Folder(abs(hash((account, name))), account, name, SafeText(name), delimiter, role, True, 0, 0, 0, 1)


def drawn(nodes: list[Node]) -> list[str]:
    return [line for node in nodes for line in ("  " * node.depth + node.label, *drawn(node.children))]


def test_roles_come_first_by_their_own_names() -> None:
    """Whatever the server calls them."""
    shown = drawn(grow([folder("INBOX", Role.INBOX), folder("[Gmail]/Sent Mail", Role.SENT), folder("Zoo")]))
    assert shown == ["work", "  Inbox", "  Sent", "  Zoo"]


def test_a_chosen_folder_beside_one_of_the_very_name() -> None:
    """The archive that a person chose has its own name where there is a plain folder Archive."""
    shown = drawn(grow([folder("Old/2026", Role.ARCHIVE), folder("Archive"), folder("Old")]))
    assert shown == ["work", "  Old/2026", "  Archive", "  Old"]


def test_folders_nest_by_their_delimiter() -> None:
    """A level that is no folder itself is there all the same."""
    shown = drawn(grow([folder("Projects/Garden/Roses"), folder("Projects"), folder("Travel.2026", delimiter=".")]))
    assert shown == ["work", "  Projects", "    Garden", "      Roses", "  Travel", "    2026"]


def test_a_prefix_that_all_share_is_left_out() -> None:
    """INBOX.Projects of Courier and Cyrus is Projects to people."""
    shown = drawn(grow([folder("INBOX", Role.INBOX, "."), folder("INBOX.Projects", delimiter=".")]))
    assert shown == ["work", "  Inbox", "  Projects"]


def test_accounts_are_apart() -> None:
    """The same name in two accounts is two folders."""
    shown = drawn(grow([folder("A"), folder("A", account="home")]))
    assert shown == ["work", "  A", "home", "  A"]


def test_hostile_names_are_only_text() -> None:
    """Empty levels and path tricks."""
    shown = drawn(grow([folder("../../etc//passwd"), folder("")]))
    assert "…" in " ".join(shown)
