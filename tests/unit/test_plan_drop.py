"""What a POP3 listing asks for, and what may be deleted: pure decisions, tried with anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.net.pop3 import Listed
from tui_mail.store.maildrop import EXPECTED, Known
from tui_mail.sync.plan_drop import MANY_KNOWN, Entry, missing, plan, to_delete

DAY = 86_400
NAMES = st.sampled_from(["", "a", "b", "c", "d", "e"])


def known(*uidls: str, size: int = 100, first_seen: int = 0) -> dict[str, Known]:
    return {uidl: Known(uidl, number, size, 0, first_seen) for number, uidl in enumerate(uidls, 1)}


def listing(*uidls: str, size: int = 100) -> list[Listed]:
    return [Listed(number, size, uidl) for number, uidl in enumerate(uidls, 1)]


def test_new_and_known() -> None:
    """What was fetched is not fetched again."""
    made = plan(listing("a", "b", "c"), known("b"))
    assert [one.uidl for one in made.here] == ["b"]
    assert [one.uidl for one in made.fetch] == ["a", "c"]
    assert made.look == ()


def test_names_that_are_none() -> None:
    """Absent, given twice, or of another size than before: the header tells which message it is."""
    made = plan([*listing("", "a", "a", "b"), Listed(5, 999, "c")], known("c"))
    assert [one.number for one in made.look] == [1, 2, 3, 5]
    assert all(one.uidl == "" for one in made.look)
    assert [one.uidl for one in made.fetch] == ["b"]


def test_other_names_for_everything() -> None:
    """After a migration nothing is fetched before it was looked at."""
    before = known(*(f"old{number}" for number in range(MANY_KNOWN)))
    names = [f"new{number}" for number in range(MANY_KNOWN)]
    made = plan(listing(*names), before)
    assert made.fetch == ()
    assert [one.uidl for one in made.look] == names
    few = dict(list(before.items())[: MANY_KNOWN - 1])
    made = plan(listing(*names), few)
    assert (made.fetch, [one.uidl for one in made.renamed]) == ((), names)


def test_other_names_for_some() -> None:
    """What is about as large as a message whose name is missing is looked at; what is not, is new."""
    before = known("a", "b", "c") | {"dead": Known("dead", 9, 50_000, 5, 0)}
    made = plan([*listing("a", "new"), Listed(3, 90_000, "large"), Listed(4, 50_000, "as the dead one")], before)
    assert [one.uidl for one in made.here] == ["a"]
    assert [one.uidl for one in made.renamed] == ["new"]
    assert [one.uidl for one in made.fetch] == ["large", "as the dead one"]


def test_a_message_with_two_names_is_not_missing() -> None:
    """It is listed under the later one; its earlier name has nothing look at what is new."""
    before = known("a") | {"b": Known("b", 1, 100, 0, 0)}
    assert missing(before, {"b"}) == set()
    assert [one.uidl for one in plan(listing("b", "new"), before).fetch] == ["new"]


def test_names_that_were_gone() -> None:
    """Deleted on the server, or not listed the last time: what has the name now is looked at before it is believed."""
    before = {
        "deleted": Known("deleted", 1, 100, 5, 0, 9),
        "missed": Known("missed", 2, 100, 0, 0, 8),
        "listed": Known("listed", 3, 100, 0, 0, 9),
    }
    made = plan(listing("deleted", "missed", "listed"), before, 9)
    assert [one.uidl for one in made.look] == ["deleted", "missed"]
    assert [one.uidl for one in made.here] == ["listed"]


@given(st.lists(NAMES, max_size=12), st.sets(NAMES.filter(bool)))
def test_every_message_has_one_place(names: list[str], before: set[str]) -> None:
    """Nothing of a listing is left out, or dealt with twice; nothing is fetched that is known."""
    made = plan(listing(*names), known(*before))
    numbers = [one.number for one in (*made.here, *made.look, *made.fetch, *made.expected, *made.renamed)]
    assert sorted(numbers) == list(range(1, len(names) + 1))
    assert not {one.uidl for one in made.fetch} & before
    assert {one.uidl for one in made.here} <= before


def test_messages_that_came_another_way() -> None:
    """While some are expected, what is new is looked at before it is fetched; a name of theirs is never a UIDL."""
    made = plan(listing("a", "b"), known("a", f"{EXPECTED}7"))
    assert [one.uidl for one in made.here] == ["a"]
    assert [one.uidl for one in made.expected] == ["b"]
    assert (made.look, made.fetch) == ((), ())


def test_policies() -> None:
    """Only what is here, and only what the person wants."""
    here = [Entry(1, 100, "a"), Entry(2, 100, "b"), Entry(3, 100, "unknown")]
    there = known("a", first_seen=0) | {"b": Known("b", 2, 100, 0, 9 * DAY)}

    def deleted(policy: str, thrown_away: set[int] | None = None) -> list[str]:
        return [one.uidl for one in to_delete(policy, here, there, thrown_away or set(), 10 * DAY)]

    assert deleted("never") == []
    assert deleted("at_once") == ["a", "b"]
    assert deleted("when_deleted", {2}) == ["b"]
    assert deleted("2 days") == ["a"]
    assert deleted("30 days") == []
    assert deleted("nonsense") == []
