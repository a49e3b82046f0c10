"""The assistant: from an e-mail address to an account that works; which page comes when.

What belongs here: the way through the pages, and what is asked of discovery and of the servers, on threads. What must
never be here: fields and words (setup_pages), how answers follow from each other (sheet), protocols.

Nothing is written before the last page; until then the answers without secrets wait in a file, should this end early.
"""

from __future__ import annotations

import contextlib
import copy
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from tui_mail.config.accounts import load
from tui_mail.errors import MailError
from tui_mail.model import Account, Protocol, Security
from tui_mail.settings import Cure, Discovery, Leg, Step
from tui_mail.text import SafeText, safe_line
from tui_mail.ui import sheet as sheets
from tui_mail.ui.bridge import Bridge, Then
from tui_mail.ui.enrolment import Enrolment
from tui_mail.ui.screens.paged import Paged
from tui_mail.ui.screens.setup_check import TestPage
from tui_mail.ui.screens.setup_import import ImportPage
from tui_mail.ui.screens.setup_last import KeysPage, SecretPage
from tui_mail.ui.screens.setup_login import LoginPage
from tui_mail.ui.screens.setup_pages import Page, SettingsPage, WhoPage, reads_french
from tui_mail.ui.seeking import Seeking
from tui_mail.ui.sheet import Sheet
from tui_mail.ui.trial import Trial
from tui_mail.ui.widgets.form import Mark, Pick, Push
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.typing import Line

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_mail.config.oauth import Tokens
    from tui_mail.config.secrets import Kind
    from tui_mail.paths import Paths

LEGS: tuple[Leg, Leg] = ("incoming", "outgoing")


class Setup(Paged):
    """Adds one account; gives its name, or None when somebody left."""

    def __init__(self, paths: Paths, bridge: Bridge, address: str = "") -> None:
        super().__init__(classes="setup")
        self._paths = paths
        self._bridge = bridge
        kept = sheets.kept(paths)
        self.sheet = kept or Sheet()
        self._known_for = self.sheet.email if self.sheet.incoming.host else ""
        """Whose servers a run of before has left here."""
        if address:
            self.sheet.email = address
        self._resumed = kept is not None
        self._title = OneLine(id="setup-title")
        self._keys = OneLine(id="setup-keys")
        self.who, self.settings, self.test = WhoPage(), SettingsPage(), TestPage()
        self.importing, self.logging_in = ImportPage(), LoginPage()
        self.secret, self.preset = SecretPage(), KeysPage()
        self.pages: list[Page] = [
            *(self.who, self.importing, self.settings, self.logging_in, self.test, self.secret, self.preset)
        ]
        self.page: Page = self.who
        self.to_mount = self.pages[1:]
        self.account: Account | None = None
        self.seeking: Seeking | None = None
        self.trial: Trial | None = None
        self._touched = False
        self._letter = False
        """The test that runs is to send a message to oneself."""
        self._ports: list[Cure] = []

    def compose(self) -> ComposeResult:
        """Title, first page, keys; the other pages come once it is there, which halves the wait for it."""
        self.suit(self.app.size.height)  # before there is anything whose style would be worked out twice
        yield self._title
        yield self.who
        yield self._keys

    def on_mount(self) -> None:
        """The first page, or the settings of a run that was not finished."""
        for page in self.pages:
            page.display = False
        if not self.sheet.full_name:
            self.sheet.full_name = sheets.own_name()
        self.turn_to(self.who)
        self.call_after_refresh(self.mount_next)
        threading.Thread(target=self._sweep, name="sweep", daemon=True).start()

    def _sweep(self) -> None:
        """On a thread: what a run that was killed in its last step has left."""
        from tui_mail.client.enrolling import sweep

        with contextlib.suppress(MailError):
            sweep(self._paths)

    def on_unmount(self) -> None:
        """What is being tried is given up."""
        self._give_up()

    # --- pages

    @property
    def way(self) -> list[Page]:
        """The pages that these answers lead through."""
        login = [self.logging_in] if self.sheet.logs_in or self.page is self.logging_in else []
        early = self.page in (self.who, self.settings, self.secret)
        secret = [self.secret] if early or login or self.sheet.secrets() else []
        taken = [self.importing] if self.page is self.importing else []
        return [self.who, *taken, self.settings, *login, self.test, *secret, self.preset]

    def turn_to(self, page: Page) -> None:
        """Show a page; the cursor is where something is missing."""
        if page is not self.page:
            self.page.read(self.sheet)
        for one in self.pages:
            one.display = one is page
        self.page = page
        page.show(self.sheet)
        page.scroll_home(animate=False)
        self._say()
        entries = page.order
        empty = next((one for one in entries if isinstance(one, Line) and not one.value and not one.password), None)
        go_on = page.query_one("#go-on", Push)
        first = entries[0] if page is self.who and empty is None else empty or go_on
        if page is self.who and empty is None and self._resumed:
            first = page.query_one("#password", Line)
        self.set_focus(first)

    def _say(self) -> None:
        right = f"{self.way.index(self.page) + 1} of {len(self.way)} · {self.page.TITLE} "
        resumed = "  the answers of last time, without the password" if self._resumed and self.page is self.who else ""
        self._title.write([(" Set up your mail", "strong"), (resumed, "quiet")], [(right, "quiet")])
        leave = "leave" if self.page is self.who else "back"
        keys = (("Tab", "next"), ("Enter", "go on"), ("← → Space", "change"), ("Esc", leave), ("Ctrl+Q", "quit"))
        runs: list[tuple[str, str]] = [(" ", "")]
        for key, label in keys:
            runs += [(key, "key"), (f" {label}  ", "quiet")]
        self._keys.write(runs)

    def action_back(self) -> None:
        """The page before; from the first one, leave."""
        at = self.way.index(self.page)
        if at == 0:
            self.leave()
            return
        refused = self.trial.refused_password if self.page is self.test and self.trial is not None else None
        self._give_up()
        self.turn_to(self.way[at - 1])
        if refused is not None and self.page is self.settings:
            self._type_again(refused)

    def leave(self) -> None:
        """Nothing was written, and nothing is."""
        self._give_up()
        sheets.forget(self._paths)
        self.dismiss(None)

    def action_enter(self) -> None:
        """Go on; after the address of a login there is no other field, so it is taken."""
        line = self.focused
        if not isinstance(line, Line) or line.id != "pasted":
            super().action_enter()
        elif not line.value.strip():
            self.problem("login", "Paste the address of the page that the browser shows after the login.")
        else:
            self._log_in(device=False)

    async def on_push_pressed(self, event: Push.Pressed) -> None:
        """A button."""
        await self.mount_rest()
        name = event.push.id or ""
        kind, _, number = name.rpartition("-")
        if kind == "port-cure":
            self._cure(self._ports, int(number))
        elif kind == "cure":
            if self.trial is not None and self._cure(self.trial.cures, int(number)):
                self._log_in_or_test()
        elif name == "back":
            self.action_back()
        elif name == "again":
            self._begin_test()
        elif name == "import":
            self._look_at_others()
        elif name == "device":
            self._log_in(device=True)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self.page.read(self.sheet)
        if self.page is self.who:
            self._leave_who()  # which keeps the answers once those to another address are gone
            return
        sheets.keep(self._paths, self.sheet)
        if self.page is self.importing:
            self._leave_importing()
        elif self.page is self.settings:
            self._leave_settings()
        elif self.page is self.logging_in:
            self._log_in(device=False)
        elif self.page is self.test:
            self._leave_test()
        elif self.page is self.secret:
            self._turn_to_keys()
        else:
            self._finish()

    def _give_up(self) -> None:
        """What is being tried is of no interest any more."""
        for one in (self.seeking, self.trial, self.logging_in.login):
            if one is not None:
                one.stop()

    def _later(self, then: Then) -> None:
        """Do it on the screen's thread, unless the assistant is being closed by then; from any thread."""
        self._bridge.deliver(lambda: then() if self.is_attached and self.page.children else None)

    # --- you → settings

    def _leave_who(self) -> None:
        if not sheets.ADDRESS.fullmatch(self.sheet.email):
            self.problem(
                "who", f"“{safe_line(self.sheet.email)}” is no e-mail address; it looks like anna@example.org."
            )
            self.set_focus(self.who.query_one("#email", Line))
            return
        self.problem("who", "")
        if self.seeking is None or self.seeking.address != self.sheet.email:
            known = self._known_for == self.sheet.email  # a run of before came further than this page
            self._look_for_settings(afresh=self.seeking is not None or not known)
        sheets.keep(self._paths, self.sheet)
        self.turn_to(self.settings)

    def _look_for_settings(self, *, afresh: bool) -> None:
        """Find settings; what is found fills the fields, unless somebody was quicker."""
        if self.seeking is not None:
            self.seeking.stop()
        self._touched = not afresh
        if afresh:
            for _, leg in self.sheet.legs():
                leg.host = leg.port = leg.user = leg.fingerprint = ""
            self.sheet.outgoing_password = ""
        self.seeking = seeking = Seeking(self.sheet.email, self._later)
        self.settings.say_log(seeking.log)
        self.settings.say_card(None, SafeText(""), french=False)
        seeking.begin(lambda: self.settings.say_log(seeking.log), self._discovered)

    def _discovered(self, found: Discovery, over: bool) -> None:
        """Settings were found, or `over`: there will be no others."""
        best = found.best(Protocol.IMAP) or found.best(Protocol.POP3)
        if best is not None and not self._touched:
            self.sheet.take(best)
        elif over and not self._touched:
            self.sheet.fill_blanks()
        if self.page is self.settings:
            self.settings.show(self.sheet)
            self._arrange()
            if self.sheet.incoming.host:
                self.problem("settings", "")
            if isinstance(self.focused, Line) and not self._touched:
                self.focused.action_select_all()  # who is about to type does not type behind what was filled in
            if best is not None and not self._touched and isinstance(self.focused, Line):
                self.set_focus(self._lacking() or self.settings.query_one("#go-on", Push))
        self.settings.say_card(found.card, best.why if best is not None else SafeText(""), reads_french(os.environ))
        if over and best is None and not self._touched:
            why = found.problem.shown if found.problem is not None else "Nothing was found."
            self.problem("settings", f"{why} The servers' names are a guess; please correct them.")

    # --- another program

    def _look_at_others(self) -> None:
        """What other mail programs know."""
        self.turn_to(self.importing)
        self.importing.look(self._paths, self._later, self._others_are_known)

    def _others_are_known(self) -> None:
        if self.page is self.importing:
            self.set_focus(self.importing.order[0])

    def _leave_importing(self) -> None:
        account = self.importing.chosen
        if account is None:
            return
        self._give_up()
        self.sheet.import_from(account)
        self.seeking = Seeking(self.sheet.email, self._later)  # never begun: everything is known
        self._touched = True
        self.settings.say_log([])
        self.settings.say_card(None, safe_line(f"what another program knows of {account.email}"), french=False)
        self.turn_to(self.settings)
        self._arrange()

    # --- settings

    def on_input_changed(self, event: Input.Changed) -> None:
        """Somebody typed."""
        if self.page is self.settings and event.input is self.focused:
            before = copy.deepcopy(self.sheet)
            self.settings.read(self.sheet)
            if self.sheet != before:  # what the page itself filled in is said too, and it has that from the sheet
                self._touched = True
                self._arrange()

    def on_pick_changed(self, event: Pick.Changed) -> None:
        """Another security, way of signing in, policy, or provider."""
        name = event.pick.id or ""
        if name == "oauth-provider":
            self.logging_in.suit()
            return
        self.settings.read(self.sheet)
        self._touched = True
        outgoing = name.startswith("outgoing-")
        leg = self.sheet.outgoing if outgoing else self.sheet.incoming
        if name == "policy":
            self.sheet.delete_from_server = event.pick.value
        elif name.endswith("-auth"):
            leg.auth = event.pick.value
        else:
            leg.secure(Security(event.pick.value), LEGS[outgoing], self.sheet.protocol)
        self.settings.show(self.sheet)
        self._arrange()

    def on_mark_chosen(self, event: Mark.Chosen) -> None:
        """A mark on one of the pages."""
        name = event.mark.id or ""
        if name in ("imap", "pop3"):
            self.settings.read(self.sheet)
            self.sheet.change_protocol(Protocol(name), self.seeking.found if self.seeking else None)
            self.settings.show(self.sheet)
            self._arrange()
        elif name == "same-login":
            self.settings.read(self.sheet)
            self.sheet.same_login = not self.sheet.same_login
            self.settings.show(self.sheet)
        elif name == "letter":
            event.mark.set(not event.mark.is_on)
        elif name.startswith("place-"):
            self.secret.choose(name.removeprefix("place-"))
        elif name.startswith("preset-"):
            self.preset.choose(name.removeprefix("preset-"))
        elif name.startswith("import-"):
            self.importing.choose(int(name.removeprefix("import-")))

    def _arrange(self) -> None:
        self._ports = self.sheet.cures()
        self.settings.suit(self.sheet)

    def _cure(self, cures: list[Cure], number: int) -> bool:
        """Take a way out; False when it is offered no more: a key that was pressed twice comes late."""
        if number >= len(cures):
            return False
        self.sheet.apply(cures[number])
        self._touched = True
        self.settings.show(self.sheet)
        self._arrange()
        if self.page is self.settings:
            self.set_focus(self.settings.query_one("#go-on", Push))
        return True

    def _leave_settings(self) -> None:
        if self.seeking is not None and not self.seeking.is_over and not self.sheet.incoming.host:
            self.problem("settings", "The settings are still being looked for; wait a moment, or type them.")
            return
        if not self.sheet.logs_in and self._account("settings") is None:
            return
        if (line := self._lacking()) is not None:
            self.problem("settings", "Type the password, or choose a command or a token instead of one.")
            self.set_focus(line)
            return
        if self.seeking is not None:
            self.seeking.stop()
        self._log_in_or_test()

    def _lacking(self) -> Line | None:
        """The first field of a password that is still to be typed."""
        for leg, wants in self.sheet.legs():
            inherits = leg == "outgoing" and (self.sheet.same_login or not wants.host)
            typed = self.sheet.password if leg == "incoming" else self.sheet.outgoing_password
            if wants.auth == "password" and not typed and not inherits:
                return self.settings.query_one(f"#{leg}-password", Line)
        return None

    def _type_again(self, leg: Leg) -> None:
        """The cursor is on the password that was refused, and what is typed replaces it."""
        one = "incoming" if self.sheet.same_login else leg
        line = self.settings.query_one(f"#{one}-password", Line)
        self.set_focus(line)
        line.action_select_all()
        line.scroll_visible(animate=False)

    def _account(self, page: str) -> Account | None:
        try:
            self.account = self.sheet.account(self._paths)
        except MailError as error:
            self.account = None
            self.problem(page, error.shown)
        else:
            self.problem(page, "")
        return self.account

    # --- login

    def _log_in_or_test(self) -> None:
        """A login that is wanted comes first, unless somebody has logged in."""
        if self.sheet.logs_in and self._tokens is None:
            self.turn_to(self.logging_in)
            self.logging_in.say(None)
            return
        if self.page is not self.test:
            self.turn_to(self.test)
        self._begin_test()

    @property
    def _tokens(self) -> Tokens | None:
        return self.logging_in.tokens(self.sheet)

    def _log_in(self, *, device: bool) -> None:
        """Begin, or take the address that was pasted."""
        self.logging_in.read(self.sheet)
        if self.logging_in.takes_paste(device=device) or self._account("login") is None:
            return
        self.problem("login", "")
        self.logging_in.log_in(self.sheet, self._later, self._logged_in, device=device)

    def _logged_in(self, problem: str) -> None:
        """Somebody has logged in, or it did not work."""
        self.problem("login", problem)
        if not problem and self.page is self.logging_in:
            self._log_in_or_test()

    # --- test

    def _begin_test(self) -> None:
        """Look at both servers."""
        account = self._account("test")
        if account is None:
            return
        self._give_up()
        self.trial = trial = Trial(account, load(self._paths).accounts, self._paths, self._later)
        self.test.query_one("#go-on", Push).say("Testing")
        self.test.query_one("#letter").display = account.outgoing is not None
        secrets = {**self.sheet.secrets(), **self._access(account)}
        self._letter = self.test.query_one("#letter", Mark).is_on
        trial.begin(secrets, self._say_test, letter=self._letter)
        self._say_test()

    def _access(self, account: Account) -> Mapping[Leg, str]:
        """The access token, for each server that takes it."""
        tokens, found = self._tokens, dict[Leg, str]()
        for leg, server in zip(LEGS, (account.incoming, account.outgoing), strict=True):
            if tokens is not None and server is not None and server.auth == "oauth2" and not server.password_command:
                found[leg] = tokens.access_token
        return found

    def _say_test(self) -> None:
        """How far it is; once it is over, the cursor is on what comes next."""
        trial = self.trial
        if trial is None:
            return
        self.test.say(trial, self.sheet)
        if self._letter and any(one.step is Step.MAIL for one in trial.steps["outgoing"]):
            self._letter = False  # it was for this test; one that does not come so far leaves it to the next
            self.test.query_one("#letter", Mark).set(False)
        if trial.is_over and self.page is self.test:
            push = self.test.query_one("#go-on", Push)
            push.say("Continue" if trial.is_good else "Use it anyway")
            way_out = "cure-0" if trial.cures else "back" if trial.refused_password else "again"
            first = self.test.query_one(f"#{way_out}", Push)
            self.set_focus(push if trial.is_good else first)

    def _leave_test(self) -> None:
        if self.trial is None or not self.trial.is_over:
            return  # it is being tested
        if self.secret in self.way:
            self.turn_to(self.secret)
            self.secret.look(self._paths, self._later)
        else:
            self._turn_to_keys()

    # --- the end

    def _turn_to_keys(self) -> None:
        if self.account is not None:
            self.preset.sum_up(self.account)
        self.turn_to(self.preset)
        self.preset.choose(self.preset.keys)

    def _finish(self) -> None:
        """Write the account, then its secrets, then the keys; on a thread. All of it or nothing."""
        account = self._account("keys")
        if account is None:
            return
        secrets: dict[Kind, str] = dict(self.sheet.secrets().items())
        place, keys = self.secret.place, self.preset.keys
        tokens = self._tokens
        if tokens is not None:
            secrets["refresh_token"] = tokens.refresh_token
            if self.logging_in.client_secret:
                secrets["client_secret"] = self.logging_in.client_secret
        push = self.preset.query_one("#go-on", Push)
        push.disabled = True

        def over(problem: SafeText) -> None:
            push.disabled = False
            if problem:
                self.problem("keys", problem)
                self.set_focus(push)
                return
            sheets.forget(self._paths)
            self.dismiss(account.name)

        enrolment = Enrolment(account, secrets, place, tokens, keys)
        enrolment.begin(self._paths, lambda problem: self._later(lambda: over(problem)))
