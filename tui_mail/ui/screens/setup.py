"""The assistant: from an e-mail address to an account that works; which page comes when.

What belongs here: the way through the pages, and what is asked of discovery and of the servers, on threads. What must
never be here: fields and words (setup_pages), how answers follow from each other (sheet), protocols.

Nothing is written before the last page; until then the answers without secrets wait in a file, should this end early.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_mail.config.accounts import load
from tui_mail.errors import MailError
from tui_mail.model import Account, Protocol, Security
from tui_mail.settings import Cure, Discovery, Leg
from tui_mail.text import SafeText, safe_line
from tui_mail.ui import sheet as sheets
from tui_mail.ui.bridge import Bridge, Then
from tui_mail.ui.screens.setup_pages import (
    PLACE_LABELS,
    KeysPage,
    Page,
    SecretPage,
    SettingsPage,
    TestPage,
    WhoPage,
)
from tui_mail.ui.sheet import Sheet
from tui_mail.ui.trial import Trial
from tui_mail.ui.widgets.form import Mark, Pick, Push
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.typing import Line, Stepped

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_mail.paths import Paths

LEGS: tuple[Leg, Leg] = ("incoming", "outgoing")
FIRST_PERSON = 1000
"""User numbers below are the system's own."""
LOW = 20
"""Lines below which every line is needed."""
TIGHT = 34
"""Lines below which what cannot be seen of the settings is scrolled to, and the buttons stay."""


class Setup(Screen[str | None]):
    """Adds one account; gives its name, or None when somebody left."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "step(1)", show=False, priority=True),
        Binding("shift+tab", "step(-1)", show=False, priority=True),
        Binding("down", "onward(1)", show=False, priority=True),
        Binding("up", "onward(-1)", show=False, priority=True),
        Binding("enter", "enter", show=False, priority=True),
        Binding("escape", "back", show=False),
    ]

    def __init__(self, paths: Paths, bridge: Bridge, address: str = "") -> None:
        super().__init__(classes="setup")
        self._paths = paths
        self._bridge = bridge
        kept = sheets.kept(paths)
        self.sheet = kept or Sheet()
        if address:
            self.sheet.email = address
        self._resumed = kept is not None
        self._title = OneLine(id="setup-title")
        self._keys = OneLine(id="setup-keys")
        self.who, self.settings, self.test = WhoPage(), SettingsPage(), TestPage()
        self.secret, self.preset = SecretPage(), KeysPage()
        self.pages: list[Page] = [self.who, self.settings, self.test, self.secret, self.preset]
        self.page: Page = self.who
        self._to_mount: list[Page] = self.pages[1:]
        self.account: Account | None = None
        self._stop = threading.Event()
        self._found: Discovery | None = None
        self._sought = ""
        self._touched = False
        self._log: list[SafeText] = []
        self._ports: list[Cure] = []
        self.trial: Trial | None = None
        self.place = "keyring"
        self.keys = "gmail"

    def compose(self) -> ComposeResult:
        """Title, first page, keys; the other pages come once it is there, which halves the wait for it."""
        self._suit(self.app.size.height)  # before there is anything whose style would be worked out twice
        yield self._title
        yield self.who
        yield self._keys

    def on_mount(self) -> None:
        """The first page, or the settings of a run that was not finished."""
        for page in self.pages:
            page.display = False
        if not self.sheet.full_name:
            self.sheet.full_name = _own_name()
        self.turn_to(self.who)
        self.call_after_refresh(self._mount_next)

    async def _mount_next(self) -> None:
        """One page after the other, so that what is typed meanwhile is shown between them."""
        if self._to_mount:
            await self.mount(self._to_mount.pop(0))
            self.call_after_refresh(self._mount_next)

    async def _mount_rest(self) -> None:
        """For who is quicker than that."""
        rest, self._to_mount = self._to_mount, []
        await self.mount_all(rest)

    def on_resize(self) -> None:
        """Another height."""
        self._suit(self.size.height)

    def _suit(self, height: int) -> None:
        """A low window gets pages without air."""
        self.set_class(height < LOW, "-low")
        self.set_class(height < TIGHT, "-tight")

    def on_unmount(self) -> None:
        """What is being tried is given up."""
        self._give_up()

    # --- pages

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
        at = self.pages.index(self.page) + 1
        right = f"{at} of {len(self.pages)} · {self.page.TITLE} "
        resumed = "  the answers of last time, without the password" if self._resumed and self.page is self.who else ""
        self._title.write([(" Set up your mail", "strong"), (resumed, "quiet")], [(right, "quiet")])
        leave = "leave" if self.page is self.who else "back"
        keys = (("Tab", "next"), ("Enter", "go on"), ("← → Space", "change"), ("Esc", leave), ("Ctrl+Q", "quit"))
        runs: list[tuple[str, str]] = [(" ", "")]
        for key, label in keys:
            runs += [(key, "key"), (f" {label}  ", "quiet")]
        self._keys.write(runs)

    def action_step(self, step: int) -> None:
        """To the next field, or the one before."""
        entries = self.page.order
        here = next((at for at, one in enumerate(entries) if one is self.focused), 0)
        target = entries[(here + step) % len(entries)]
        self.set_focus(target)  # at once, unlike Widget.focus()
        target.scroll_visible(animate=False)

    def action_onward(self, step: int) -> None:
        """The same, without going round."""
        entries = self.page.order
        here = next((at for at, one in enumerate(entries) if one is self.focused), 0)
        if 0 <= here + step < len(entries):
            self.action_step(step)

    def action_enter(self) -> None:
        """Go on; a button is pressed."""
        if isinstance(self.focused, Push):
            raise SkipAction
        self.action_onward(1)

    def on_stepped(self, event: Stepped) -> None:
        """From one button to its neighbour."""
        self.action_onward(event.step)

    def action_back(self) -> None:
        """The page before; from the first one, leave."""
        at = self.pages.index(self.page)
        if at == 0:
            self.leave()
            return
        self._give_up()
        before = self.pages[at - 1]
        self.turn_to(self.settings if before is self.test and self.page is not self.secret else before)

    def leave(self) -> None:
        """Nothing was written, and nothing is."""
        self._give_up()
        sheets.forget(self._paths)
        self.dismiss(None)

    async def on_push_pressed(self, event: Push.Pressed) -> None:
        """A button."""
        await self._mount_rest()
        name = event.push.id or ""
        kind, _, number = name.rpartition("-")
        if kind == "port-cure":
            self._cure(self._ports, int(number))
        elif kind == "cure":
            if self.trial is not None and self._cure(self.trial.cures, int(number)):
                self._begin_test()
        elif name == "back":
            self.action_back()
        elif name == "again":
            self._begin_test()
        else:
            self._go_on()

    def _go_on(self) -> None:
        self.page.read(self.sheet)
        sheets.keep(self._paths, self.sheet)
        if self.page is self.who:
            self._leave_who()
        elif self.page is self.settings:
            self._leave_settings()
        elif self.page is self.test:
            self._leave_test()
        elif self.page is self.secret:
            self._leave_secret()
        else:
            self._finish()

    def _give_up(self) -> None:
        """What is being tried is of no interest any more."""
        self._stop.set()
        if self.trial is not None:
            self.trial.stop()

    def _later(self, then: Then) -> None:
        """Do it on the screen's thread, unless the assistant is being closed by then; from any thread."""
        self._bridge.deliver(lambda: then() if self.is_attached and self.page.children else None)

    def problem(self, page: str, words: str) -> None:
        """What is wrong on a page; empty when nothing is."""
        from textual.widgets import Static

        line = self.query_one(f"#{page}-problem", Static)
        line.update(f"✗ {words}" if words else "")
        line.display = bool(words)

    # --- you → settings

    def _leave_who(self) -> None:
        if not sheets.ADDRESS.fullmatch(self.sheet.email):
            self.problem(
                "who", f"“{safe_line(self.sheet.email)}” is no e-mail address; it looks like anna@example.org."
            )
            self.set_focus(self.who.query_one("#email", Line))
            return
        self.problem("who", "")
        if self._sought != self.sheet.email:
            again = bool(self._sought)
            self._sought = self.sheet.email
            self._look_for_settings(afresh=again or not self._resumed)
        self.turn_to(self.settings)

    def _look_for_settings(self, *, afresh: bool) -> None:
        """Find settings on a thread; what is found fills the fields, unless somebody was quicker."""
        self._stop.set()
        self._stop = stop = threading.Event()
        self._log, self._found, self._touched = [], None, not afresh
        if afresh:
            for _, leg in self.sheet.legs():
                leg.host = leg.port = leg.user = leg.fingerprint = ""
            self.sheet.outgoing_password = ""
        address = self.sheet.email
        self.settings.say_log([SafeText("Looking for the settings…")])
        self.settings.say_card(None, SafeText(""), french=False)

        def tell(line: SafeText) -> None:
            self._later(lambda: self._told(stop, line))

        def early(found: Discovery) -> None:
            self._later(lambda: self._discovered(stop, found, over=False))

        def work() -> None:
            from tui_mail.client.discovering import discover

            try:
                found = discover(address, tell, stop, early=early)
            except MailError as error:
                tell(error.shown)
                found = Discovery(address, problem=error)
            self._later(lambda: self._discovered(stop, found, over=True))

        threading.Thread(target=work, name="discovery", daemon=True).start()

    def _told(self, stop: threading.Event, line: SafeText) -> None:
        if not stop.is_set():
            self._log.append(line)
            self.settings.say_log(self._log)

    def _discovered(self, stop: threading.Event, found: Discovery, *, over: bool) -> None:
        """Settings were found, or `over`: there will be no others."""
        if stop.is_set():
            return
        self._found = found
        best = found.best(Protocol.IMAP) or found.best(Protocol.POP3)
        if best is not None and not self._touched:
            self.sheet.take(best)
        elif over and not self._touched:
            self.sheet.fill_blanks()
        if self.page is self.settings:
            self.settings.show(self.sheet)
            self._arrange()
            if best is not None and not self._touched and isinstance(self.focused, Line):
                self.set_focus(self._lacking() or self.settings.query_one("#go-on", Push))
        french = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("fr")
        self.settings.say_card(found.card, best.why if best is not None else SafeText(""), french)
        if over and best is None:
            why = found.problem.shown if found.problem is not None else "Nothing was found."
            self.problem("settings", f"{why} The servers' names are a guess; please correct them.")

    # --- settings

    def on_input_changed(self, event: Input.Changed) -> None:
        """Somebody typed."""
        if self.page is self.settings and event.input is self.focused:
            self._touched = True
            self.settings.read(self.sheet)
            self._arrange()

    def on_pick_changed(self, event: Pick.Changed) -> None:
        """Another security, way of signing in, or policy."""
        self.settings.read(self.sheet)
        self._touched = True
        name = event.pick.id or ""
        leg_name, _, what = name.partition("-")
        leg = self.sheet.incoming if leg_name == "incoming" else self.sheet.outgoing
        if name == "policy":
            self.sheet.delete_from_server = event.pick.value
        elif what == "auth":
            leg.auth = event.pick.value
        else:
            leg.secure(Security(event.pick.value), LEGS[leg_name == "outgoing"], self.sheet.protocol)
        self.settings.show(self.sheet)
        self._arrange()

    def on_mark_chosen(self, event: Mark.Chosen) -> None:
        """A mark on one of the pages."""
        name = event.mark.id or ""
        if name in ("imap", "pop3"):
            self.settings.read(self.sheet)
            self.sheet.change_protocol(Protocol(name), self._found)
            self.settings.show(self.sheet)
            self._arrange()
        elif name == "same-login":
            self.settings.read(self.sheet)
            self.sheet.same_login = not self.sheet.same_login
            self.settings.show(self.sheet)
        elif name == "letter":
            event.mark.set(not event.mark.is_on)
        elif name.startswith("place-"):
            self.place = name.removeprefix("place-")
            self._say_places()
        elif name.startswith("preset-"):
            self.keys = name.removeprefix("preset-")
            self._say_presets()

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
        self._stop.set()
        if self._account("settings") is None:
            return
        if (line := self._lacking()) is not None:
            self.problem("settings", "Type the password, or choose a command or a token instead of one.")
            self.set_focus(line)
            return
        self.turn_to(self.test)
        self._begin_test()

    def _lacking(self) -> Line | None:
        """The first field of a password that is still to be typed."""
        for leg, wants in self.sheet.legs():
            inherits = leg == "outgoing" and (self.sheet.same_login or not wants.host)
            typed = self.sheet.password if leg == "incoming" else self.sheet.outgoing_password
            if wants.auth == "password" and not typed and not inherits:
                return self.settings.query_one(f"#{leg}-password", Line)
        return None

    def _account(self, page: str) -> Account | None:
        try:
            self.account = self.sheet.account(self._paths)
        except MailError as error:
            self.account = None
            self.problem(page, error.shown)
        else:
            self.problem(page, "")
        return self.account

    # --- test

    def _begin_test(self) -> None:
        """Look at both servers."""
        account = self._account("test")
        if account is None:
            return
        self._give_up()
        self.trial = trial = Trial(account, load(self._paths).accounts, self._later)
        self.test.query_one("#go-on", Push).say("Testing")
        self.test.query_one("#letter").display = account.outgoing is not None
        trial.begin(self.sheet.secrets(), self._say_test, letter=self.test.query_one("#letter", Mark).is_on)
        self._say_test()

    def _say_test(self) -> None:
        """How far it is; once it is over, the cursor is on what comes next."""
        trial = self.trial
        if trial is None:
            return
        for leg, one in self.sheet.legs():
            if one.host:
                self.test.say_steps(leg, one, trial.steps[leg], trial.reports.get(leg))
        self.test.say_problem(trial.problem, trial.notes)
        self.test.offer(trial.cures)
        if trial.is_over and self.page is self.test:
            push = self.test.query_one("#go-on", Push)
            push.say("Continue" if trial.is_good else "Use it anyway")
            first = self.test.query_one("#cure-0", Push) if trial.cures else self.test.query_one("#again", Push)
            self.set_focus(push if trial.is_good else first)

    def _leave_test(self) -> None:
        if self.trial is None or not self.trial.is_over:
            return  # it is being tested
        if self.sheet.secrets():
            self.turn_to(self.secret)
            self._look_at_places()
        else:
            self.turn_to(self.preset)
            self._say_presets()

    # --- password

    def _look_at_places(self) -> None:
        """Ask on a thread which places there are: a keyring may take its time."""
        self._say_places()

        def work() -> None:
            from tui_mail.config.secrets import places

            found = places(self._paths)

            def then() -> None:
                for place, available, words in found:
                    mark = self.secret.query_one(f"#place-{place.value}", Mark)
                    mark.disabled = not available
                    mark.say(PLACE_LABELS[place.value], words)
                usable = [place.value for place, available, _ in found if available]
                if self.place not in usable and usable:
                    self.place = usable[0]
                self._say_places()

            self._later(then)

        threading.Thread(target=work, name="places", daemon=True).start()

    def _say_places(self) -> None:
        for name in SecretPage.PLACES:
            self.secret.query_one(f"#place-{name}", Mark).set(name == self.place)

    def _leave_secret(self) -> None:
        self.turn_to(self.preset)
        self._say_presets()

    # --- the end

    def _say_presets(self) -> None:
        from textual.widgets import Static

        for name, _, _ in KeysPage.PRESETS:
            self.preset.query_one(f"#preset-{name}", Mark).set(name == self.keys)
        if self.account is not None:
            where = self.account.incoming
            how = "IMAP: mail stays on the server" if self.account.protocol is Protocol.IMAP else "POP3"
            words = f"{self.account.email} on {where.host} ({how}) becomes the account “{self.account.name}”."
            self.preset.query_one("#summary", Static).update(safe_line(words))

    def _finish(self) -> None:
        """Write the account, then its secrets, then the keys; on a thread. All of it or nothing."""
        account = self._account("keys")
        if account is None:
            return
        secrets, place, keys = self.sheet.secrets(), self.place, self.keys
        push = self.preset.query_one("#go-on", Push)
        push.disabled = True

        def work() -> None:
            from tui_mail.client.enrolling import enrol
            from tui_mail.config.secrets import Place
            from tui_mail.ui.setting import write_preset

            problem: MailError | None = None
            try:
                enrol(self._paths, account, secrets, Place(place))
                if keys != "gmail" and not self._paths.keys_file.exists():  # else its owner knows better
                    with contextlib.suppress(MailError):  # the account is there; the keys can be chosen again
                        write_preset(self._paths.keys_file, keys)
            except MailError as error:
                problem = error

            def then() -> None:
                push.disabled = False
                if problem is not None:
                    self.problem("keys", problem.shown)
                    return
                sheets.forget(self._paths)
                self.dismiss(account.name)

            self._later(then)

        threading.Thread(target=work, name="enrol", daemon=True).start()

    def on_key(self, event: events.Key) -> None:
        """Letters typed on a button are nobody's."""
        if isinstance(self.focused, Push | Mark | Pick) and event.is_printable:
            event.stop()


def _own_name() -> str:
    """What the system calls the person."""
    import pwd

    if os.getuid() >= FIRST_PERSON:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0].strip()
    return ""
