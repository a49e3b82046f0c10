"""How a draft begins: from nothing, as an answer to what is read, out of a link, or left by an earlier run.

What belongs here: which message is meant, and what is asked of the client. What must never be here: composers
(`writing`), which are loaded when the first draft begins, or behind the screen when nothing else is to be done.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import Role
from tui_mail.outgoing import Begun, Draft
from tui_mail.text import SafeText
from tui_mail.thrift import OPENSSL, imports_without, spare_memory
from tui_mail.ui.writing import Writing

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

SOON = 0.3
"""Seconds after which it is said that a message has to be fetched first."""
AGAIN = 2.0
"""Seconds after which it is said again."""
IDLE = 1.0
"""Seconds after the first picture when drafts are looked for and the composer is loaded, behind the screen."""


class Beginning:
    """The actions of the inbox that begin a message."""

    def __init__(self, triage: Triage, writing: Writing) -> None:
        self._triage = triage
        self._writing = writing
        self._client = writing.client
        self.table: dict[str, Callable[[], None]] = {
            "mail.compose": self.compose,
            "mail.reply": self.reply,
            "mail.reply_all": lambda: self.reply(everyone=True),
            "mail.reply_list": lambda: self.reply(to_list=True),
            "mail.forward": self.forward,
            "mail.forward_attached": lambda: self.forward(attached=True),
            "mail.redirect": self.redirect,
            "mail.edit_as_new": self.edit_as_new,
        }

    def compose(self) -> None:
        """A new message, from the account that is on the screen."""
        folder = self._triage.here
        able = {account.name for account in self._client.accounts if account.can_send}
        here = folder.account if folder is not None and folder.account in able else None
        self._begin(self._client.blank_draft(here))

    def reply(self, *, everyone: bool = False, to_list: bool = False) -> None:
        """An answer to the message under the cursor; of what is selected with the mouse only that is quoted."""
        selected = self._triage.get_selected_text() or ""
        opened = self._triage.reading.other_octets
        self._of_message(
            lambda id_: self._client.reply(
                id_, everyone=everyone, to_list=to_list, selected=selected, opened=opened(id_)
            )
        )

    def forward(self, *, attached: bool = False) -> None:
        """The message under the cursor, to somebody else; `attached` goes all that is selected."""
        chosen = self._triage.commands.handling.chosen() if attached else []
        if chosen:
            self._begin(self._client.forward_together(chosen))
            return
        opened = self._triage.reading.other_octets if not attached else lambda _: b""
        self._of_message(lambda id_: self._client.forward(id_, attached=attached, opened=opened(id_)))

    def redirect(self) -> None:
        """The message under the cursor goes on as it is."""
        self._of_message(self._client.redirect)

    def edit_as_new(self) -> None:
        """What the message under the cursor holds, once more; a draft is continued."""
        folder = self._triage.here
        draft = folder is not None and folder.role is Role.DRAFTS
        self._of_message(self._client.open_draft if draft else self._client.edit_as_new)

    def write_to(self, link: str) -> None:
        """A message as a mailto: link asks for it."""
        self._begin(self._client.mailto_draft(link))

    def write_to_links(self) -> None:
        """A message to each mailto: link that other programs, or the command line, asked for."""
        for link in self._client.take_links():
            self.write_to(link)

    def when_idle(self) -> None:
        """After the first picture: drafts that a program which ended suddenly left, and the composer's libraries."""

        def recovered(drafts: list[Draft]) -> None:
            if drafts:
                many = f"{len(drafts)} draft{'s' * (len(drafts) != 1)}"
                key = self._writing.keymap.shown("go.drafts")
                self._say(f"{many} recovered · {key} shows {'it' if len(drafts) == 1 else 'them'}")

        def idle() -> None:
            self._writing.bridge.when_done(self._client.recover_drafts(), recovered, self._triage.problem)
            threading.Thread(target=_load, name="composer-load", daemon=True).start()

        threading.Thread(target=self._client.listen_for_links, name="links", daemon=True).start()
        self._writing.sendings.ask()
        self.write_to_links()
        self._triage.set_timer(IDLE, idle)

    def _of_message(self, begin: Callable[[int], Future[Begun]]) -> None:
        message_id = self._triage.commands.current_message()
        if message_id:
            chosen = self._triage.commands.handling.chosen()
            words = f"{len(chosen):,} selected, but this is about the message under the cursor alone."
            self._begin(begin(message_id), words if chosen and chosen != [message_id] else "")

    def _begin(self, future: Future[Begun], words: str = "") -> None:
        """`words`: what is said once it has begun."""
        ended = threading.Event()

        def waiting() -> None:
            if not ended.is_set():
                offer_escape()
                self._say("Getting the message first… what you type waits for it · Esc gives up")
                self._triage.set_timer(AGAIN, waiting)

        def begun(begun: Begun) -> None:
            ended.set()
            self._writing.begun(begun)
            if words:
                self._writing.say(SafeText(words))

        def failed(error: MailError) -> None:
            ended.set()
            self._triage.opened_nothing()
            self._triage.problem(error)

        def given_up() -> None:
            ended.set()
            self._triage.opens_nothing()
            self._say("Nothing was begun.")

        self._triage.set_timer(SOON, waiting)
        offer_escape = self._writing.bridge.await_opening(future, begun, failed, given_up)

    def _say(self, words: str) -> None:
        self._triage.say(SafeText(words))


def _load() -> None:
    """Have the composer and its libraries loaded; on a thread.

    What is loaded by now stays for good: the garbage collector need not walk it while somebody types.
    """
    with imports_without(OPENSSL):
        import tui_mail.client.composing
        import tui_mail.mime.recipients
        import tui_mail.ui.screens.compose  # noqa: F401
    gc.freeze()
    spare_memory()
