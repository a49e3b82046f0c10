"""The last pages of the assistant: where the secret is kept, and which keys.

What belongs here: their widgets and what is chosen on them. What must never be here: keeping and writing
(client/enrolling).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui_mail.model import Account, Protocol
from tui_mail.paths import Paths
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import Then
from tui_mail.ui.screens.setup_pages import Page, row
from tui_mail.ui.sheet import Sheet
from tui_mail.ui.widgets.form import Mark, Push, field
from tui_mail.ui.widgets.typing import Line

PLACE_LABELS = {"keyring": "The keyring of this system", "vault": "An encrypted file", "session": "Not at all"}
PLACE_WORDS = {
    "vault": "A file in the age format. Its passphrase, which you choose, opens it once in each run; without it nobody "
    "can read what is kept there, you neither.",
}
"""What is said of a place once it is chosen, where there is more to know."""
LOGIN_ONCE = SafeText("Nowhere: after this run, log in with `tui-mail account login`.")
PLACE_CELLS = max(map(len, PLACE_LABELS.values()))
PRESET_CELLS = 18


class SecretPage(Page):
    """Where the password, or the login, is kept."""

    TITLE = "Password"
    PLACES = ("keyring", "vault", "session")

    def __init__(self) -> None:
        self.place = self.PLACES[0]
        self._logs_in = False
        self._said: dict[str, tuple[bool, SafeText]] = {}
        """Of each place: whether it can be had, and what there is to know of it."""
        super().__init__()

    def compose(self) -> ComposeResult:
        """Three places."""
        yield Static("", id="secret-words", classes="form-words")
        for name in self.PLACES:
            yield Mark(f"place-{name}", PLACE_LABELS[name], pad=PLACE_CELLS)
        yield Static("", id="place-words", classes="form-words", markup=False)
        yield Static("", id="secret-problem", classes="form-problem", markup=False)
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Continue")
            yield Push("back", "Back")

    def show(self, sheet: Sheet) -> None:
        """What it is that is kept."""
        self._logs_in = sheet.logs_in
        what = "login" if sheet.logs_in else "password"
        words = f"Where is the {what} kept? Never in config.toml, and never as plain text."
        self.query_one("#secret-words", Static).update(words)
        self.choose(self.place)

    def choose(self, place: str) -> None:
        """Keep it there."""
        self.place = place
        for name in self.PLACES:
            self.query_one(f"#place-{name}", Mark).set(name == place)
        lacking = [words for available, words in self._said.values() if not available]
        chosen = self._said.get(place, (True, SafeText("")))[1]
        said = [PLACE_WORDS.get(place, ""), chosen if place not in PLACE_WORDS else "", *lacking]
        self.query_one("#place-words", Static).update("\n".join(filter(None, said)))

    def look(self, paths: Paths, later: Callable[[Then], None]) -> None:
        """Ask on a thread which places there are: a keyring may take its time."""

        def work() -> None:
            from tui_mail.config.secrets import places

            found = places(paths)

            def then() -> None:
                self._said = {}
                for place, available, said in found:
                    words = LOGIN_ONCE if self._logs_in and place.value == "session" else said
                    self._said[place.value] = available, words
                    mark = self.query_one(f"#place-{place.value}", Mark)
                    mark.disabled = not available
                    mark.say(PLACE_LABELS[place.value], words)
                usable = [place.value for place, available, _ in found if available]
                self.choose(self.place if self.place in usable or not usable else usable[0])

            later(then)

        threading.Thread(target=work, name="places", daemon=True).start()


class KeysPage(Page):
    """Which keys, and the end."""

    TITLE = "Keys"
    PRESETS = (
        ("gmail", "As in Gmail", "e archives, # or d deletes, r answers, c writes"),
        ("mutt", "As in mutt", "d deletes, s moves, m writes, q leaves"),
        ("aerc", "As in aerc and vim", "a archives, d deletes, C writes"),
    )

    def __init__(self) -> None:
        self.keys = self.PRESETS[0][0]
        self._proposed = ""
        super().__init__()

    def compose(self) -> ComposeResult:
        """The presets, and what will be written."""
        yield Static("Which keys do your fingers know? ? shows them all, keys.toml changes them.", classes="form-words")
        for name, label, aside in self.PRESETS:
            yield Mark(f"preset-{name}", label, aside, pad=PRESET_CELLS)
        yield row("Account", field("account-name", "a word for it, such as work"), id="account-row")
        yield Static("", id="summary", classes="form-words", markup=False)
        yield Static("", id="keys-problem", classes="form-problem", markup=False)
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Open my mail")
            yield Push("back", "Back")

    def read(self, sheet: Sheet) -> None:
        """Take the name, if somebody chose one."""
        name = self.query_one("#account-name", Line).value.strip()
        if self._proposed and name != self._proposed:
            sheet.account_name = name

    def choose(self, keys: str) -> None:
        """Have these keys."""
        self.keys = keys
        for name, _, _ in self.PRESETS:
            self.query_one(f"#preset-{name}", Mark).set(name == keys)

    def sum_up(self, account: Account) -> None:
        """Say what will be written."""
        how = "IMAP: mail stays on the server" if account.protocol is Protocol.IMAP else "POP3"
        self._proposed = self.query_one("#account-name", Line).value = account.name
        words = (
            f"{account.email} on {account.incoming.host} ({how}) becomes this account. Until here nothing is written."
        )
        self.query_one("#summary", Static).update(safe_line(words))
