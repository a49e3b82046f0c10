"""The screen where a message is written; wiring only.

What belongs here: the fields, which of them the keys go to, what changes when something is typed. What must never be
here: what the keys of the composer do (`composing`), when a draft is saved (`drafting`), sending (`dispatch`).

It lies beside the inbox, not over it: several can be open, and news are taken in behind whichever is in front.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input as TextInput
from textual.widgets import Static, TextArea

from tui_mail.errors import MailError
from tui_mail.model import Address, LinkState, Security
from tui_mail.outgoing import Begun, Draft, Identity, Purpose
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import Place
from tui_mail.ui.bridge import Bridge, Errands, Then
from tui_mail.ui.composing import ComposeCommands
from tui_mail.ui.dispatch import Dispatch
from tui_mail.ui.drafting import Drafting
from tui_mail.ui.keys import Keymap, KeyReader, key_name
from tui_mail.ui.widgets.address_input import AddressInput, Offers
from tui_mail.ui.widgets.attachment_bar import file_runs, kind_runs
from tui_mail.ui.widgets.cells import steady, width
from tui_mail.ui.widgets.field_labels import FieldLabels
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.outbox_text import way_problem
from tui_mail.ui.widgets.sender_field import SenderField
from tui_mail.ui.widgets.tab_strip import TabStrip
from tui_mail.ui.widgets.typing import Body, FilesPasted, Line, Stepped

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.ui.writing import Writing

ASKED_FROM = 2
"""Letters from which on `address_book_command` is asked too…"""
PAUSE = 0.3
"""…after so many seconds without another one."""
SAID_SECONDS = 8.0
"""How long a word about what was just done stands in the title."""
RECIPIENTS = ("to", "cc", "bcc")
LABELS = {"from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "subject": "Subject"}
TITLES = {
    Purpose.NEW: "New message", Purpose.REPLY: "Reply", Purpose.FORWARD: "Forward", Purpose.REDIRECT: "Redirect",
}  # fmt: skip


class Composer(Screen[None]):
    """One message that is being written."""

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "field(1, 0)", show=False, priority=True),
        Binding("shift+tab", "field(-1, 0)", show=False, priority=True),
        Binding("enter,down", "field(1, 1)", show=False, priority=True),
        Binding("up", "field(-1, 1)", show=False, priority=True),
    ]

    def __init__(self, writing: Writing, begun: Begun) -> None:
        super().__init__(classes="composer")
        self.writing = writing
        self.client: MailClient = writing.client
        self.bridge: Bridge = writing.bridge
        self.keymap: Keymap = writing.keymap
        self.begun: Draft = begun.draft
        self.attachments = begun.draft.attachments
        self.fetching = ""
        self.notes = begun.notes
        self._reader = KeyReader(self.keymap)
        self._said: tuple[str, str, float] = ("", "", 0.0)
        self._offers = Offers(id="offers")
        self._fields = {name: AddressInput(self._is_action, self._offers, id=name) for name in RECIPIENTS}
        self.subject = Line(self._is_action, id="subject")
        self.sender = SenderField(self._is_action, id="from")
        self.body = Body(self._is_action, id="body")
        self.panel = Static("", id="concerns", markup=False)
        self._tabs = TabStrip(id="compose-tabs")
        self._title = OneLine(id="compose-title")
        self._notes = Static("", id="notes", markup=False)
        self._files = OneLine(id="files")
        self._key_bar = KeyBar(self.keymap, id="compose-keys")
        self._lookup = Errands("contacts", self.bridge, lambda _: None)
        self._filled = False
        self.drafting = Drafting(
            self.client, self.bridge, self.set_timer, self.written, self._say_how_it_stands, begun.draft
        )
        if begun.is_written:
            self.drafting.take_as_written()
        self.dispatch = Dispatch(self)
        self.commands = ComposeCommands(self)

    def compose(self) -> ComposeResult:
        """Tabs, title, notes, fields, text, files, keys."""
        yield self._tabs
        yield self._title
        yield self._notes
        with Horizontal(id="fields"):
            yield FieldLabels(list(LABELS.values()), id="labels")
            with Vertical():
                yield from (self._field(name) for name in LABELS)
        yield self.body
        yield self.panel
        yield self._files
        yield self._key_bar
        yield self._offers

    def on_mount(self) -> None:
        """Fill the fields; the cursor is where something is missing."""
        self._key_bar.show(Place.COMPOSE)
        with self.prevent(TextInput.Changed, TextArea.Changed):  # nobody typed that
            self.fill(self.begun)
        self._filled = True
        self.say_notes()
        if self.begun.purpose is Purpose.REDIRECT:
            self.subject.disabled = True
            self.body.read_only = True
        first = "to" if not self.begun.to else "subject" if not self.begun.subject else ""
        (self._field(first) if first else self.body).focus()
        self.set_interval(1.0, self._say_how_it_stands)

    # --- what is written

    @property
    def label(self) -> str:
        """What its tab says."""
        return steady(safe_line(self.subject.value if self._filled else self.begun.subject)).strip() or "New message"

    def written(self) -> Draft:
        """What stands in the fields."""
        identity = self.sender.identity
        to, cc, bcc = (self._fields[name].value for name in RECIPIENTS)
        return replace(
            self.begun, account=identity.account, from_name=identity.name, from_email=identity.email, to=to, cc=cc,
            bcc=bcc, subject=self.subject.value, body=self.body.text, attachments=self.attachments,
        )  # fmt: skip

    def holds(self, draft: Draft) -> bool:
        """True when this is the draft that is written here."""
        known = self.drafting.draft
        return bool((draft.id and draft.id == known.id) or (draft.copy and draft.copy == known.copy))

    def fill(self, draft: Draft) -> None:
        """Put a draft into the fields."""
        self.begun = replace(draft, id=self.begun.id, message_id=self.begun.message_id, copy=self.begun.copy)
        self.attachments = draft.attachments
        self.sender.show(Identity(draft.account, draft.from_name, draft.from_email))
        for name, field in self._fields.items():
            field.value = getattr(draft, name)
        self.subject.value = draft.subject
        self.say_files()
        if self.body.text != draft.body:
            if self._filled:
                self.body.replace(draft.body, self.body.document.start, self.body.document.end)
            else:
                self.body.load_text(draft.body)
            self.body.move_cursor((0, 0))

    def note(self) -> None:
        """Something is other than before."""
        if self._filled:
            self.drafting.note()
            self.dispatch.withdraw()

    def focus_field(self, name: str) -> None:
        """The cursor goes there."""
        self._field(name).focus()

    # --- what is said

    def say(self, words: SafeText, *, look: str = "accent") -> None:
        """A word about what was just done, in the title."""
        self._said = (words, look, time.monotonic())
        self._say_how_it_stands()

    def problem(self, error: MailError) -> None:
        """Something could not be done; typing goes on."""
        if width(error.shown) < self.size.width:
            self.say(error.shown, look="error")
        else:
            self.notify(error.shown, severity="error", timeout=10, markup=False)

    def say_notes(self) -> None:
        """What should be known before the draft is followed."""
        key = self.keymap.shown("compose.understood", Place.COMPOSE)
        words = "\n".join(self.notes)
        self._notes.display = bool(words)
        close = ("   ", (key, "bold $accent"), (" understood", "$dim"))
        self._notes.update(Content.assemble((f"! {words}", "$warning"), *close))

    def say_files(self) -> None:
        """Which files go along."""
        cells = self.size.width or 80
        draft = replace(self.begun, attachments=self.attachments)
        kind = kind_runs(draft)
        self._files.write(file_runs(self.attachments, cells - len(kind[0][0]), self.fetching), kind)

    def say_tabs(self) -> None:
        """Which drafts are open."""
        self._tabs.show([(one.label, one is self) for one in self.writing.open])

    def _say_how_it_stands(self) -> None:
        if not self._filled or not self.is_current:
            return
        words, look, since = self._said
        saved = self.drafting.words
        left, right = [(f" {TITLES[self.begun.purpose]}", "strong")], self._way()
        if self.dispatch.state:
            left.append((f" · {self.dispatch.state}", "accent"))
        elif words and time.monotonic() - since < SAID_SECONDS:
            left = [(f" {words}", look)]
            right = right if width(words) + width(right[0][0]) + 3 < self.size.width else []
        elif self.drafting.problem:
            left, right = [(f" ✗ {saved}", "error")], []
        elif saved:
            left.append((f" · {saved}", "quiet"))
        self._title.write(left, right)
        self.say_tabs()

    def _way(self) -> list[tuple[str, str]]:
        """How it will leave."""
        account = next((one for one in self.client.accounts if one.name == self.sender.identity.account), None)
        status = next((one for one in self.client.statuses() if account and one.account == account.name), None)
        if account is None or not account.can_send:
            return [("! this account cannot send ", "warning")]
        if problem := way_problem(self.writing.sendings.entries, account.name, time.time()):
            return [(f"{problem} ", "warning")]
        server = account.outgoing
        if server is None:
            return [(f"{safe_line(account.name)} ", "quiet")]
        if status is not None and status.state is LinkState.OFFLINE:  # another server, and this one may be up
            return [(f"incoming is offline; it goes once {safe_line(server.host)} answers ", "warning")]
        secure = {Security.TLS: "✓ TLS · ", Security.STARTTLS: "✓ STARTTLS · "}.get(server.security, "not encrypted · ")
        return [(f"{secure}{safe_line(server.host)} ", "quiet")]

    # --- events

    def action_field(self, step: int, inward: int) -> None:
        """Leave a field, before the keys that were typed after this one reach it.

        Args:
            step: To the next field (1) or the one before (-1).
            inward: 1 for keys that mean something else within the text.

        Raises:
            SkipAction: The key is the field's own: it chooses a contact, or edits the text.
        """
        field = self.focused
        is_choosing = isinstance(field, AddressInput) and field.is_offering
        if self._reader.waiting or is_choosing or (inward and not isinstance(field, Line)):
            raise SkipAction
        self.on_stepped(Stepped(step))

    async def on_key(self, event: events.Key) -> None:
        """Keys that no field takes for itself."""
        was_waiting = bool(self._reader.waiting)
        action_id = self._reader.feed(key_name(event.key, event.character), Place.COMPOSE)
        if self._reader.waiting or was_waiting:
            self._key_bar.show(Place.COMPOSE, self._reader.waiting)
            event.stop()
        if action_id is not None:
            event.stop()
            event.prevent_default()
            self.commands.perform(action_id)

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.commands.perform(event.action_id)

    def on_input_changed(self, event: TextInput.Changed) -> None:
        """A field changed."""
        if isinstance(event.input, AddressInput) and event.input.has_focus:  # else it was tidied up when it was left
            event.input.say("")
        self.note()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """The text changed."""
        self.note()

    def on_stepped(self, event: Stepped) -> None:
        """To the field above or below."""
        order = [self._field(name) for name in LABELS if not self._field(name).disabled] + [self.body]
        here = next((at for at, one in enumerate(order) if one is self.focused), 0)
        self.set_focus(order[max(0, min(here + event.step, len(order) - 1))])  # at once, unlike Widget.focus()

    def on_address_input_typed(self, event: AddressInput.Typed) -> None:
        """Look for contacts that fit, in a thread."""
        field, words = event.field, event.words
        if not words:
            self._offers.display = False
            return

        def errand() -> Then:
            contacts = self.client.complete(words)

            def then() -> None:
                self._offer(field, words, contacts)
                if len(words) >= ASKED_FROM and self.client.compose.address_book_command:
                    self.set_timer(PAUSE, lambda: self._ask_more(field, words, contacts))

            return then

        self._lookup.ask(errand)

    def _offer(self, field: AddressInput, words: str, contacts: Sequence[Address]) -> None:
        self._offers.display = field.offer(words, contacts)
        self._offers.styles.offset = (field.region.x, field.region.y + 1)

    def _ask_more(self, field: AddressInput, words: str, contacts: Sequence[Address]) -> None:
        """What the person's own program knows, once there is a pause in typing."""
        if field.words != words:
            return

        def add(more: list[Address]) -> None:
            known = {one.email.casefold() for one in contacts}
            fresh = [one for one in more if one.email.casefold() not in known]
            if fresh and field.words == words and not self._offers.cursor:
                self._offer(field, words, [*contacts, *fresh])

        self.bridge.when_done(self.client.complete_more(words), add, lambda _: None)

    def on_offers_chosen(self) -> None:
        """A contact was clicked."""
        if isinstance(self.focused, AddressInput):
            self.focused.take()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Say what is no address, once the field is left."""
        from tui_mail.mime.recipients import parse_recipients

        field = event.widget
        if isinstance(field, AddressInput):
            problems = parse_recipients(field.value).problems
            field.say(f"✗ {safe_line(problems[0])}" if problems else "")
            self.commands.choosing.protect_as_before()

    def on_files_pasted(self, event: FilesPasted) -> None:
        """They go along."""
        self.commands.attach(event.paths)

    def on_sender_field_pressed(self) -> None:
        """Choose who it comes from."""
        self.commands.perform("compose.from")

    def on_tab_strip_pressed(self, event: TabStrip.Pressed) -> None:
        """To another draft, or the inbox."""
        self.writing.show(self.writing.open[event.index] if event.index >= 0 else None)

    def on_screen_resume(self) -> None:
        """In front again."""
        self._say_how_it_stands()

    def on_resize(self) -> None:
        """Other words may fit."""
        self.say_files()
        self._offers.display = False

    def on_unmount(self) -> None:
        """End the threads of this screen."""
        self._lookup.close()
        self.commands.close()

    # --- helpers

    def _field(self, name: str) -> SenderField | AddressInput | Line:
        if name == "from":
            return self.sender
        return self.subject if name == "subject" else self._fields[name]

    def _is_action(self, key: str) -> bool:
        """True for a key that the screen takes, whatever has the focus."""
        return bool(self._reader.waiting) or (
            (key,) in self.keymap.table[Place.COMPOSE] or key in self.keymap.prefixes[Place.COMPOSE]
        )
