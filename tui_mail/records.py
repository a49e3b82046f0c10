"""Records: small values that are compared by what they hold and are not changed.

What belongs here: the one decorator that makes them. What must never be here: any record.

`@frozen` is `@dataclass(frozen=True, slots=True)` to the type checker, which finds whoever changes one; while the
program runs, nothing watches over it. In exchange a class is made in less than half the time, of which there are a
hundred before the first picture, and a value too, of which there are some for every message that a server lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make a record of a class whose fields are annotated; `dataclasses.field` says more of one, as ever."""
    made: Any = dataclass(eq=False, repr=False, slots=True)(cls)
    compared = [one.name for one in fields(made) if (one.compare if one.hash is None else one.hash)]
    shown = [one.name for one in fields(made) if one.repr]
    # attrgetter of one name gives no tuple, which does not matter to comparing
    key = attrgetter(*compared) if compared else _nothing

    def __eq__(self: Any, other: object) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(key(self))

    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    for method in (__eq__, __hash__, __repr__):
        if method.__name__ not in cls.__dict__:
            setattr(made, method.__name__, method)
    return made  # type: ignore[no-any-return]


def _nothing(_: object) -> None:
    """What is compared of a record without fields."""
