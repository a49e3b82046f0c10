"""A rule means by a query what a search means by it, as far as headers go."""

from __future__ import annotations

from tests.store.conftest import Shelf
from tests.store.test_search import Finder, finder, reader  # noqa: F401  # fixtures
from tui_mail.model import Address, Flag, HeaderFields
from tui_mail.store import folders, messages
from tui_mail.store.matching import fits, letters
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText
from tui_mail.understanding import understand

QUERIES = [
    "from:stripe", "from:(stripe OR paypal)", "invoice", '"your invoice"', "subject:voice", "subject:inv", "in:inbox",
    "in:archive", "in:nowhere", "-from:stripe", "NOT (from:stripe subject:invoice)", "to:anna", "cc:ola", "list:linux",
    "is:unread", "is:starred", "is:read", "keyword:todo", "has:attachment", "larger:5k", "smaller:5k",
    "after:2023-01-01", "before:2023-01-01", "account:work", "account:other",
    "rechnung über", "uber", "日本", "subject:本語",
    "your inv", "our invoice", "from:pay subject:receipt OR list:linux", "e", "from:stripe.example", "stripe.example",
]  # fmt: skip


def arrival(uid: int, sender: str, subject: str, **more: object) -> Arrival:
    """A message; `more` is what is special about it."""
    name, _, email = sender.partition(" <")
    fields = HeaderFields(
        date=int(str(more.get("date", 1_700_000_000))),
        from_=(Address(SafeText(name), SafeText(email.rstrip(">"))),),
        to=(Address(SafeText("Anna"), SafeText("anna@example.org")),) if uid % 2 else (),
        cc=(Address(SafeText("Ola"), SafeText("ola@example.org")),) if uid % 3 == 0 else (),
        subject=SafeText(subject),
        message_id=f"m{uid}@example.org",
        references=(),
        list_id=SafeText(str(more.get("list", ""))),
        has_attachments=uid % 4 == 0,
    )
    flags = Flag.SEEN if uid % 2 else Flag.FLAGGED
    return Arrival(uid, flags, ("ToDo",) if uid == 3 else (), 1_700_000_000, uid * 1_500, fields)


def put(shelf: Shelf) -> None:
    """Some messages in two folders."""
    inbox = [
        arrival(1, "Stripe <billing@stripe.example>", "Your invoice is here"),
        arrival(2, "PayPal <pay@paypal.example>", "Receipt for your payment"),
        arrival(3, "Rechnung <r@firma.example>", "Rechnung über 20 Euro"),
        arrival(4, "Linux <linux@kernel.example>", "[PATCH] voice", list="linux-kernel.vger", date=1_600_000_000),
    ]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, inbox))
    archived = [
        arrival(5, "Stripe <billing@stripe.example>", "Invoices"),
        arrival(6, "東京 <t@t.example>", "日本語の件名"),
    ]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, archived))


def test_the_same_as_a_search(finder: Finder) -> None:  # noqa: F811
    """Every query finds the same messages, by the index and by looking at each."""
    put(finder.shelf)
    finder.index()
    sql = finder.shelf.db.read()
    known = folders.all_folders(sql)
    there = letters(sql, [row[0] for row in sql.execute("SELECT id FROM message")])
    assert len(there) == 6
    for text in QUERIES:
        found = [one.id for one in there if fits(understand(text).term, one, known)]
        assert found == sorted(finder.find(text)), text
    assert finder.find("from:stripe"), "nothing was compared"
