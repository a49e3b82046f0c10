"""The strip below a message's head, and where what it says comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.test_document import ME, TODAY, block, lines, message
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.config.providers import provider_of
from tui_mail.model import BlockKind, Link, Severity, Span, Trust
from tui_mail.store import contacts
from tui_mail.text import SafeText
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.message_document import message_document


def remark(severity: Severity, label: str, kind: str = "x") -> Trust:
    return Trust(kind, severity, SafeText(label), SafeText(f"Whole sentence about {label}."))


REMARKS = (
    remark(Severity.DANGER, "authentication failed"),
    remark(Severity.WARNING, "answers go elsewhere"),
    remark(Severity.GOOD, "good"),
    remark(Severity.NOTE, ""),
)


def test_the_strip_has_a_symbol_before_every_label() -> None:
    shown = lines(message_document(message(block("Hi"), trust=REMARKS), None, TODAY, ME))
    assert "✗ authentication failed   ⚠ answers go elsewhere   ✓ good" in shown


def test_the_strip_is_one_line_however_narrow() -> None:
    shown = lines(message_document(message(block("Hi"), trust=REMARKS), None, TODAY, ME), 30)
    strip = [line for line in shown if "✗" in line]
    assert strip == ["✗ authentication failed   ⚠ a…"]
    assert all(width(line) <= 30 for line in shown)


def test_reasons_are_whole_sentences_and_there_is_always_one() -> None:
    shown = "\n".join(lines(message_document(message(trust=REMARKS), None, TODAY, ME, reasons=True)))
    assert all(str(one.sentence) in shown for one in REMARKS)
    assert "· Nothing is known" in "\n".join(lines(message_document(message(), None, TODAY, ME, reasons=True)))


def test_a_link_that_lies_says_where_it_leads() -> None:
    lying = Link(SafeText("https://evil.example/x"), True, SafeText("bank.example"), SafeText("bank.example"))
    honest = Link(SafeText("https://ok.example/"), True, SafeText("here"))
    shown = lines(
        message_document(
            message(block("bank.example", link=1), block("here", link=2), links=(lying, honest)), None, TODAY, ME
        )
    )
    assert any("[1 ⚠ evil.example]" in line.replace("\xa0", " ") for line in shown)
    assert any(line.endswith("here\xa0[2]") for line in shown)


def test_a_list_item_has_one_marker() -> None:
    """The sender's own: a bullet or a number."""
    from tui_mail.model import Block

    items = [
        Block(BlockKind.ITEM, (Span(SafeText(mark)), Span(SafeText(f"text {mark}" * 30))), 1) for mark in ("• ", "12. ")
    ]
    shown = lines(message_document(message(*items), None, TODAY, ME), 60)
    assert sum(line.startswith("• text") for line in shown) == 1
    first = next(number for number, line in enumerate(shown) if line.startswith("12. text"))
    assert shown[first + 1].startswith("    ")


# --- out of the store


def authenticated(number: int, verdict: str = "pass", server: str = "mx.own.example") -> Letter:
    domain = f"sender{number}.example"
    field = f"Authentication-Results: {server}; dmarc={verdict} header.from={domain}"
    return Letter(f"Letter {number}", f"Someone <a@{domain}>", content_type=f"text/plain\n{field}", age=600.0 + number)


def trust_of(made: World, message_id: int) -> dict[str, Severity]:
    found = made.client.message(message_id)
    assert found is not None
    return {one.kind: one.severity for one in found.trust}


def test_the_own_server_is_learnt_from_the_inbox(tmp_path: Path) -> None:
    """Nearly all messages bear its name; one that bears another is not believed."""
    letters = [authenticated(number) for number in range(8)]
    with world(tmp_path, letters) as made:
        (forged,) = made.put([authenticated(90, server="mx.evil.example")])
        (failed,) = made.put([authenticated(91, "fail")])
        assert trust_of(made, made.client.first_rows(made.folder().id)[0].id)["authentication"] is Severity.GOOD
        assert "authentication" not in trust_of(made, forged)
        assert trust_of(made, failed)["authentication"] is Severity.DANGER


def test_nothing_is_learnt_from_few(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        ids = made.put([authenticated(number) for number in range(4)])
        assert trust_of(made, ids[0]) == {}


def test_what_was_judged_too_early_is_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When more mail has come, the server is known; messages in memory are asked about anew."""
    from tui_mail.client import trusting

    monkeypatch.setattr(trusting, "UNKNOWN", 0.0)
    with world(tmp_path) as made:
        (early,) = made.put([authenticated(1)])
        assert trust_of(made, early) == {}
        ids = made.put([authenticated(number) for number in range(2, 10)])
        assert trust_of(made, ids[0])["authentication"] is Severity.GOOD
        assert trust_of(made, early)["authentication"] is Severity.GOOD


def test_a_first_message_and_a_namesake(tmp_path: Path) -> None:
    """Only once all mail was looked at; who was written to is nobody new."""
    with world(tmp_path) as made:
        (first,) = made.put([Letter(sender="Ines Okafor <ines@freepost.example>")])
        made.put([Letter(to="Ines Okafor <ines@own.example>", sender="Anna <anna@example.org>")], "Sent")
        assert "first_time" not in trust_of(made, first)
        while made.db.run(contacts.harvest):
            pass
        made.db.run(lambda txn: txn.sql.execute("UPDATE folder SET synced_min_uid = 1"))
        made.client._parsed.forget()
        assert trust_of(made, first) == {"look_alike": Severity.WARNING, "first_time": Severity.NOTE}
        (second, friend) = made.put(
            [Letter(sender="Ines Okafor <ines@freepost.example>"), Letter(sender="Ines Okafor <ines@own.example>")]
        )
        while made.db.run(contacts.harvest):
            pass
        assert "first_time" not in trust_of(made, second)
        assert trust_of(made, friend) == {}


@pytest.mark.parametrize(
    ("own", "sender", "resembles"),
    [
        (("ola@test.example",), "boss@test.exarnple", True),
        (("ola@far.example", "Club <*@test.example>"), "boss@test.exarnple", True),
        (("ola@test.example",), "boss@test.example", False),
        (("ola@keemail.me",), "boss@keeemail.me", False),
    ],
)
def test_a_look_alike_of_ones_own_domain_is_noticed(
    tmp_path: Path, own: tuple[str, ...], sender: str, resembles: bool
) -> None:
    """In a fresh account that wrote to nobody; a provider's domain is everybody's, and what is like it no lie."""
    assert provider_of("keemail.me") is not None
    accounts = [replace(account(), email=own[0], aliases=own[1:])]
    with world(tmp_path, accounts=accounts) as made:
        (first,) = made.put([Letter(sender=f"Boss <{sender}>")])
        while made.db.run(contacts.harvest):
            pass
        made.db.run(lambda txn: txn.sql.execute("UPDATE folder SET synced_min_uid = 1"))
        assert ("look_alike" in trust_of(made, first)) is resembles


async def test_a_key_shows_the_reasons(tmp_path: Path) -> None:
    """And the same key the strip again."""
    liar = Letter(
        body='<a href="https://evil.example">https://bank.example</a>', content_type="text/html; charset=utf-8"
    )
    with world(tmp_path, [liar]) as made:
        app = made.app()
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "⚠ a misleading link" in screen_text(app))
            await pilot.press("t")
            await wait_for(pilot, lambda: "A link that names bank.example leads to evil.example." in screen_text(app))
            await pilot.press("t")
            await wait_for(pilot, lambda: "⚠ a misleading link" in screen_text(app))


def test_a_wrong_charset_can_be_overridden(tmp_path: Path) -> None:
    """From then on the message is read so, until it is to be read as it says itself."""
    text = "Привет".encode("koi8-r").decode("latin-1")
    with world(tmp_path) as made:
        (one,) = made.put([Letter(body=text, content_type="text/plain; charset=iso-8859-1")])
        plain = made.client.message(one)
        assert plain is not None
        assert plain.charset == "iso-8859-1"
        chosen = made.client.message(one, "utf-8")
        assert chosen is not None
        assert chosen.text == text
        kept = made.client.message(one)
        assert kept == chosen
        back = made.client.message(one, "auto")
        assert back == plain
