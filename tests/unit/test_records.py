"""What `records.frozen` makes: as `dataclass(frozen=True, slots=True)` does, but for the watch at run time."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field, replace

import pytest

from tui_mail.records import frozen


@frozen
class Login:
    """A user, whose password is shown to nobody."""

    user: str
    password: str = field(repr=False)
    hosts: tuple[str, ...] = ()
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Same:
    """The like of it, made by the standard library."""

    user: str
    password: str = field(repr=False)
    hosts: tuple[str, ...] = ()
    note: str = field(default="", compare=False)


@frozen
class Nothing:
    """No field at all."""


@frozen
class Named:
    """One that says itself how it is shown."""

    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_is_shown_as_a_dataclass_is() -> None:
    ours, theirs = repr(Login("ada", "secret", ("a",), "n")), repr(Same("ada", "secret", ("a",), "n"))
    assert ours.replace("Login", "Same") == theirs
    assert "secret" not in ours
    assert repr(Named("x")) == "<x>"


def test_is_compared_by_what_is_compared() -> None:
    assert Login("ada", "a", note="1") == Login("ada", "a", note="2")
    assert Login("ada", "a") != Login("ada", "b")
    assert Login("ada", "a") != Same("ada", "a")
    assert len({Login("ada", "a", note="1"), Login("ada", "a", note="2"), Login("ada", "b")}) == 2
    assert Nothing() == Nothing()
    assert Named("x") == Named("x") != Named("y")


def test_can_be_replaced_taken_apart_and_copied() -> None:
    login = Login("ada", "a", ("x",))
    assert replace(login, user="bob") == Login("bob", "a", ("x",))
    assert asdict(login) == {"user": "ada", "password": "a", "hosts": ("x",), "note": ""}
    assert copy.deepcopy(login) == login


def test_has_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        Login("ada", "a").usr = "bob"  # type: ignore[attr-defined]
