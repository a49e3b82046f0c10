"""The words of every state."""

from __future__ import annotations

import pytest

from tui_mail.model import AccountStatus, Folder, LinkState, Role
from tui_mail.text import SafeText
from tui_mail.ui.keys import default_keymap
from tui_mail.ui.screens.words import empty_words, list_title, notice_runs
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.status_line import ago, status_runs, waiting_runs

NOW = 1_800_000_000.0


def said(status: AccountStatus, room: int = 120) -> str:
    return "".join(text for text, _ in status_runs([status], NOW, room)).strip()


def test_every_state_has_words_of_its_own() -> None:
    """Live, syncing, offline, refused."""
    assert said(AccountStatus("work", LinkState.LIVE, heard=NOW - 4)) == "work ● live · heard 4 s ago"
    visited = said(AccountStatus("club", LinkState.LIVE, heard=NOW - 4, retry_at=NOW + 290))
    assert visited == "club ● live · checked 4 s ago, again in 4 min"
    assert said(AccountStatus("home", LinkState.SYNCING, done=12_300, total=100_000)) == "home ⟳ syncing 12,300/100,000"
    offline = said(AccountStatus("club", LinkState.OFFLINE, retry_at=NOW + 8, sentence=SafeText("No such host.")))
    assert offline == "club ✗ offline · again in 8 s · No such host."
    refused = said(AccountStatus("club", LinkState.REFUSED, sentence=SafeText("The password is wrong.")))
    assert refused == "club ✗ refused: The password is wrong."
    assert said(AccountStatus("a", LinkState.CONNECTING)) == "a ◌ connecting"


def test_a_download_is_told_in_messages_and_octets() -> None:
    """While it goes on, and when a person has stopped it; with less room the octets go first, then the numbers."""
    numbers = {"done": 1_204, "total": 10_000, "octets": 12_345_678, "octets_total": 140_000_000}
    fetching = AccountStatus("club", LinkState.SYNCING, **numbers)
    assert said(fetching) == "club ⟳ fetching 1,204 of 10,000 · 12.3 of 140.0 MB"
    little = AccountStatus("club", LinkState.SYNCING, done=1, total=9, octets=812_000, octets_total=2_100_000)
    assert said(little) == "club ⟳ fetching 1 of 9 · 812 kB of 2.1 MB"
    assert said(fetching, 40) == "club ⟳ fetching 1,204 of 10,000"
    assert said(fetching, 20) == "club ⟳ fetching"
    stopped = AccountStatus("club", LinkState.STOPPED, **numbers)
    assert said(stopped) == "club ‖ stopped at 1,204 of 10,000 · 12.3 of 140.0 MB"
    assert said(stopped, 20) == "club ‖ stopped"
    assert said(AccountStatus("club", LinkState.STOPPED)) == "club ‖ stopped"


def test_a_long_download_names_the_key_that_stops_it() -> None:
    """And once it is stopped, the one that goes on; what takes a moment has no line."""
    numbers = {"octets": 1, "octets_total": 2, "total": 10_000}
    for status, key, words in (
        (AccountStatus("club", LinkState.SYNCING, done=1, **numbers), "O", "mail comes, newest first"),
        (AccountStatus("club", LinkState.STOPPED, done=1, **numbers), "Ctrl+R", "fetching was stopped"),
    ):
        left, right = notice_runs([status], None, default_keymap())
        assert words in left[0][0]
        assert right[0] == (key, "key")
    assert (
        notice_runs([AccountStatus("club", LinkState.SYNCING, done=9_990, **numbers)], None, default_keymap())[0] == []
    )


def test_long_sentences_give_way_when_there_is_no_room() -> None:
    """At 40 columns the essence stays."""
    status = AccountStatus("club", LinkState.OFFLINE, retry_at=NOW + 8, sentence=SafeText("No such host at all."))
    assert said(status, 40) == "club ✗ offline · again in 8 s"
    assert said(status, 20) == "club ✗ offline"
    status = AccountStatus("club", LinkState.DISK_FULL, heard=NOW, retry_at=NOW + 8, sentence=SafeText("It is full."))
    assert said(status) == "club ✗ disk full · again in 8 s · It is full."
    assert said(status, 20) == "club ✗ disk full"
    status = AccountStatus("club", LinkState.UNANSWERED, sentence=SafeText("The other one is silent. End it."))
    assert said(status, 40) == "club ✗ The other one is silent."
    assert said(status, 20) == "club ✗ no answer"


@pytest.mark.parametrize("room", range(8, 160, 3))
def test_words_are_left_out_rather_than_cut(room: int) -> None:
    """Whole words, whole sentences, whole names as long as there is any room."""
    why = SafeText("There is no network. Your mail on this computer is safe.")
    statuses = [
        AccountStatus("tidewater", LinkState.OFFLINE, heard=NOW, retry_at=NOW + 8, sentence=why),
        AccountStatus("work", LinkState.LIVE, heard=NOW - 4),
    ]
    text = "".join(text for text, _ in status_runs(statuses, NOW, room))
    assert width(text) <= max(room, 14)
    if room >= 26:
        assert "tidewater ✗" in text
        assert "work ●" in text
        assert "…" not in text
    assert ("Your" in text) is ("safe." in text)
    assert room < 33 or "offline" in text


def test_what_waits_and_what_failed() -> None:
    """Over all accounts."""
    statuses = [AccountStatus("a", LinkState.LIVE, pending=2), AccountStatus("b", LinkState.LIVE, pending=1, failed=1)]
    assert "".join(text for text, _ in waiting_runs(statuses)) == "⟳ 3 waiting  ✗ 1 refused"
    assert waiting_runs([AccountStatus("a", LinkState.LIVE)]) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (4.4, "4 s"), (13, "10 s"), (59, "45 s"), (61, "1 min"), (7300, "2 h")]
)
def test_a_quiet_line_stays_still(seconds: float, words: str) -> None:
    """Few steps, so that nothing moves every second."""
    assert ago(seconds) == words


def folder(**changes: object) -> Folder:
    fields = {"total": 0, "unread": 0, "on_server": 0, "role": Role.INBOX, "complete": True} | changes
    return Folder(1, "work", "INBOX", SafeText("INBOX"), "/", selectable=True, version=1, **fields)  # type: ignore[arg-type]


def test_an_empty_list_says_why() -> None:
    """Done, empty, loading, offline, refused."""
    live = AccountStatus("work", LinkState.LIVE)
    assert empty_words(folder(), live, lambda _: 0) == "Nothing left."
    assert empty_words(folder(role=Role.NONE), live, lambda _: 0) == "This folder is empty."
    loading = empty_words(folder(on_server=100_000, complete=False), AccountStatus("w", LinkState.SYNCING), lambda _: 0)
    assert loading == "Loading · newest first · 100,000 messages"
    unknown = folder(complete=False)
    assert empty_words(unknown, None, lambda _: 0) == "Loading · newest first"
    assert "does not answer" in empty_words(unknown, AccountStatus("w", LinkState.OFFLINE), lambda _: 0)
    assert "takes its time" in empty_words(unknown, AccountStatus("w", LinkState.WAITING), lambda _: 0)
    assert "the other tui-mail" in empty_words(unknown, AccountStatus("w", LinkState.UNANSWERED), lambda _: 0)
    full = AccountStatus("w", LinkState.DISK_FULL)
    assert "this disk" in empty_words(unknown, full, lambda _: 0)
    assert "this disk" in empty_words(folder(on_server=9, complete=False), full, lambda _: 0)
    assert "refused" in empty_words(unknown, AccountStatus("w", LinkState.REFUSED), lambda _: 0)
    first = AccountStatus("w", LinkState.SYNCING, done=0, total=10_000, octets_total=9)
    assert empty_words(folder(), first, lambda _: 0) == "Fetching · newest first · 10,000 messages on the server"
    stopped = AccountStatus("w", LinkState.STOPPED, done=1_000, total=10_000, octets_total=9)
    assert empty_words(folder(), stopped, lambda _: 0) == "Stopped; 9,000 messages on the server."
    assert "does not answer" in empty_words(folder(), AccountStatus("w", LinkState.OFFLINE), lambda _: 0)
    assert (
        empty_words(folder(role=Role.NONE), AccountStatus("w", LinkState.OFFLINE), lambda _: 0)
        == "This folder is empty."
    )


def test_the_title_tells_what_is_there() -> None:
    """Unread, selected, how much of it is here, what is new above."""
    left, right = list_title(folder(total=12_300, on_server=100_000, unread=7, complete=False), 0, False, 3)
    assert "".join(text for text, _ in left) == " Inbox · 7 unread · newest 12,300 of 100,000"
    assert "▲ 3 new" in right[0][0]
    left, right = list_title(folder(total=2), 2, True, 0)
    assert "".join(text for text, _ in left) == " Inbox · work · 2 selected · 2 messages"
    assert right == []


def test_a_refusal_gets_a_line_with_its_key() -> None:
    """The cure and the key."""
    refused = AccountStatus("work", LinkState.REFUSED, sentence=SafeText("The password is wrong."))
    left, right = notice_runs([refused], None, default_keymap())
    assert "The password is wrong." in "".join(text for text, _ in left)
    assert right[0] == ("R", "key")
    assert notice_runs([], None, default_keymap()) == ([], [])
