"""The page of the assistant that takes over an account from another mail program.

What belongs here: its widgets, and asking on a thread what there is. What must never be here: other programs' files
(config/importing).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from tui_mail.errors import MailError
from tui_mail.model import Account, Protocol
from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import Then
from tui_mail.ui.screens.setup_pages import Page
from tui_mail.ui.widgets.form import Mark, Push

ROWS = 8
"""Accounts that are seen at once."""
REMARKS = 6


class ImportPage(Page):
    """The accounts that were found, one of which is chosen."""

    TITLE = "Take over"

    def __init__(self) -> None:
        self.found: list[tuple[str, Account]] = []
        """Programs and their accounts, without those that are here already."""
        self._remarks: list[_Remark] = []
        self._at = 0
        super().__init__()

    def compose(self) -> ComposeResult:
        """Accounts, and what could not be taken."""
        yield Static("", id="import-words", classes="form-words", markup=False)
        with VerticalScroll(id="import-body", can_focus=False):
            yield VerticalScroll(id="import-accounts", can_focus=False)
            yield Static("", id="import-remarks", classes="form-words", markup=False)
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Take it over")
            yield Push("back", "Back")

    @property
    def chosen(self) -> Account | None:
        """The account that is to be taken over."""
        return self.found[self._at][1] if self.found else None

    def choose(self, number: int) -> None:
        """Take this one."""
        self._at = number
        for at, mark in enumerate(self.query(Mark)):
            mark.set(at == number)
        if self.found:
            program, account = self.found[number]
            said = [one.words for one in self._remarks if one.concerns(program, account)]
            more = [f"and {len(said) - REMARKS} more: tui-mail account import --list"] if len(said) > REMARKS else []
            text = "\n".join(f"! {words}" for words in [*more, *said[:REMARKS]])
            self.query_one("#import-remarks", Static).update(text)

    def look(self, paths: Paths, later: Callable[[Then], None], then: Then) -> None:
        """Look into the other programs' files, on a thread; `then` is called on the screen's thread."""
        self._say(SafeText("Looking for other mail programs…"))

        def work() -> None:
            found: list[tuple[str, Account]] = []
            remarks: list[_Remark] = []
            problem = SafeText("")
            try:
                found, remarks = _others(paths)
            except MailError as error:
                problem = error.shown

            def done() -> None:
                self.found, self._remarks = found, remarks
                self._say(problem)
                then()

            later(done)

        threading.Thread(target=work, name="import", daemon=True).start()

    def _say(self, problem: SafeText) -> None:
        words = problem or "Nothing of another mail program is in the usual places; type your address instead."
        if self.found:
            words = SafeText(
                "Servers, commands for passwords, other addresses and signatures are taken over; passwords never are, "
                "and you see everything before it is written."
                + (f" {len(self.found)} were found; ↑ ↓ goes through them." if len(self.found) > ROWS else "")
            )
        self.query_one("#import-words", Static).update(words)
        marks = list(self.query(Mark))
        more = [Mark(f"import-{number}", "") for number in range(len(marks), len(self.found))]
        self.query_one("#import-accounts").mount(*more)
        for number, mark in enumerate([*marks, *more]):
            mark.display = number < len(self.found)
            if mark.display:
                program, account = self.found[number]
                kind = "IMAP" if account.protocol is Protocol.IMAP else "POP3"
                mark.say(safe_line(account.email), safe_line(f"{program} · {kind} · {account.incoming.host}"))
        self.query_one("#go-on").display = bool(self.found)
        self.choose(0)


@frozen
class _Remark:
    """What could not be taken."""

    program: str
    words: SafeText
    user: str
    host: str
    """Whose mailbox it is about; empty: of no account, or of one that was left out."""

    def concerns(self, program: str, account: Account) -> bool:
        """True for what is about this account, or about none and of its program."""
        if self.user or self.host:
            mailbox = (account.incoming.user, account.incoming.host)
            return (self.user.casefold(), self.host.casefold()) == tuple(map(str.casefold, mailbox))
        return self.program == program


def _others(paths: Paths) -> tuple[list[tuple[str, Account]], list[_Remark]]:
    """What other programs have and this one has not, whole; and what could not be taken of it."""
    from tui_mail.config import importing
    from tui_mail.config.accounts import load

    here: Sequence[Account] = load(paths).accounts
    found: list[tuple[str, Account]] = []
    remarks: list[_Remark] = []
    for program in importing.read():
        about = {words: (user, host) for words, user, host in program.about}
        remarks += [_Remark(program.program, words, *about.get(words, ("", ""))) for words in program.could_not]
        for account in program.accounts:
            if any(importing.same_mailbox(one, account) for one in here):
                continue
            same = next((at for at, (_, one) in enumerate(found) if importing.same_mailbox(one, account)), None)
            if same is None:
                found.append((program.program, account))
            else:  # neither program knows all of it
                found[same] = (found[same][0], importing.completed(found[same][1], account))
    return found, remarks
