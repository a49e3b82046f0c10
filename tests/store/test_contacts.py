"""Whom a person writes to and hears from, out of the mail itself."""

from __future__ import annotations

from dataclasses import replace

from tests.store.conftest import Shelf, arrival
from tui_mail.model import Address, Role
from tui_mail.store import contacts, messages
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText


def letter(uid: int, from_: str, *to: str, name: str = "") -> Arrival:
    def address(email: str) -> Address:
        return Address(SafeText(name), SafeText(email))

    one = arrival(uid)
    return replace(one, fields=replace(one.fields, from_=(address(from_),), to=tuple(map(address, to))))


def harvested(shelf: Shelf) -> None:
    while shelf.db.run(contacts.harvest):
        pass


def test_those_written_to_come_first(shelf: Shelf) -> None:
    """However much a newsletter writes, who was written to is completed before it."""
    sent, junk = shelf.add("Sent", Role.SENT), shelf.add("Junk", Role.JUNK)
    news = [letter(uid, "anna-news@shop.example", "me@example.org", name="Anna's Shop") for uid in range(1, 700)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, news))
    written = [letter(1, "me@example.org", "anna@example.org", name="Anna Berg")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, sent, written))
    spam = [letter(1, "annabel@evil.example", "me@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, junk, spam))
    harvested(shelf)
    found = [address.email for address in contacts.matching(shelf.db.read(), "ann", 9)]
    assert found == ["anna@example.org", "anna-news@shop.example"]
    assert [one.name for one in contacts.matching(shelf.db.read(), "berg", 9)] == ["Anna Berg"]
    assert [one.email for one in contacts.matching(shelf.db.read(), "shop.ex", 9)] == ["anna-news@shop.example"]
    assert contacts.known(shelf.db.read(), written=True) == {"anna@example.org"}


def test_what_is_typed_is_no_pattern(shelf: Shelf) -> None:
    """Percent and underscore stand for themselves."""
    shelf.db.run(lambda txn: contacts.written_to(txn, [("", "a_b@example.org"), ("", "axb@example.org")], 1, ""))
    assert [one.email for one in contacts.matching(shelf.db.read(), "a_", 9)] == ["a_b@example.org"]
    assert contacts.matching(shelf.db.read(), "%", 9) == []


def test_protection_is_remembered_of_all_or_none(shelf: Shelf) -> None:
    """Two recipients who were written to differently leave it to the person."""
    shelf.db.run(lambda txn: contacts.written_to(txn, [("", "a@x.example"), ("", "b@x.example")], 1, "pgp encrypt"))
    assert contacts.protection(shelf.db.read(), ["A@x.example", "b@x.example"]) == "pgp encrypt"
    shelf.db.run(lambda txn: contacts.written_to(txn, [("", "b@x.example")], 2, ""))
    assert contacts.protection(shelf.db.read(), ["a@x.example", "b@x.example"]) == ""


def test_a_list_is_what_its_id_names(shelf: Shelf) -> None:
    """Whoever else got its messages is none: oneself, people in Cc. A list that wrote, or was written to, is one."""
    sent = shelf.add("Sent", Role.SENT)

    def of_list(uid: int, list_id: str, *to: str) -> Arrival:
        one = letter(uid, "club@lists.example", *to)
        return replace(one, fields=replace(one.fields, list_id=SafeText(list_id)))

    news = [
        of_list(1, "The club <club.lists.example>", "Club@lists.example", "me@example.org", "ola@example.net"),
        of_list(2, "repo.owner.github.com", "repo@noreply.github.com", "me@example.org"),
        of_list(3, "0a1b.campaign.example", "me@example.org"),
        of_list(4, "clubs.lists.example", "club@other.example", "@", ""),
    ]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, news))
    written = [letter(1, "me@example.org", "club@lists.example")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, sent, written))
    harvested(shelf)
    assert contacts.lists(shelf.db.read()) == {"club@lists.example", "repo@noreply.github.com"}
