"""A folder that is looked into alone, as it is kept with the words."""

from __future__ import annotations

import pytest

from tui_mail.model import Folder, Role
from tui_mail.query import All, In
from tui_mail.store.search import folders_meant
from tui_mail.text import SafeText
from tui_mail.ui.scope import Scope, enclosed
from tui_mail.understanding import understand


def folder(id_: int, name: str, role: Role = Role.NONE) -> Folder:
    return Folder(id_, "work", name, SafeText(name), "/", role, True, 0, 0, True, 1)


def words_of(one: Folder) -> str:
    return Scope(one, lambda _: None).words_with("keys")


FOLDERS = [
    folder(1, "Archive", Role.ARCHIVE), folder(2, "Projects/Archive"), folder(3, "Sent"),
    folder(4, "Sent Items", Role.SENT), folder(5, "a (b) c"), folder(6, "-x OR y"),
]  # fmt: skip


@pytest.mark.parametrize("one", FOLDERS, ids=lambda one: one.name)
def test_the_words_mean_this_very_folder(one: Folder) -> None:
    """Not one whose name ends like it, or whose role is called so."""
    term = understand(words_of(one)).term
    assert isinstance(term, All)
    assert isinstance(term.terms[0], In)
    assert folders_meant(term.terms[0], FOLDERS) == [one.id]


@pytest.mark.parametrize("name", ['a "b"', "a “b”", "a\tb", "a\u00a0b"])
def test_a_name_that_cannot_be_typed_has_no_words(name: str) -> None:
    """Rather none than others."""
    assert words_of(folder(9, name)) == ""


@pytest.mark.parametrize(
    ("words", "kept"),
    [("a) OR (b", "a OR (b)"), ('say "a) (b', 'say "a) (b"'), ("(a (b)", "(a (b))"), ('"x" ) y', '"x"  y'), ("", "")],
)
def test_what_is_kept_does_not_leave_its_parentheses(words: str, kept: str) -> None:
    """Whatever stands open, or closes what is not its own."""
    assert enclosed(words) == kept
    inside = understand(f"in:inbox ({kept})").term
    assert inside == In("inbox") if not kept else isinstance(inside, All) and inside.terms[0] == In("inbox")


def test_a_folder_with_another_name_is_the_same_one() -> None:
    """Renamed while it is looked into."""
    scope = Scope(folder(7, "Old"), lambda id_: folder(id_, "New"))
    assert scope.words_with("keys") == 'in:"=work:New" (keys)'
