"""A field of addresses, and the contacts that are offered below it.

What belongs here: which address is being typed, taking one that is offered. What must never be here: knowing contacts;
they are asked for with a message and come back through `offer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_mail.model import Address
from tui_mail.ui.widgets.cells import clip, steady, width
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.typing import Line

OFFERED = 6
"""Contacts in sight at most."""


class Offers(CursorView):
    """The contacts below a field."""

    PREFIX = "offer"
    can_focus = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "offer--label", "offer--quiet", "offer--bar", "offer--cursor", "offer--blurred",
    }  # fmt: skip

    class Chosen(Message):
        """A contact was clicked."""

    def __init__(self, *, id: str) -> None:
        self.contacts: Sequence[Address] = ()
        super().__init__(id=id)

    def show(self, contacts: Sequence[Address], *, first: bool) -> None:
        """Offer these; the first is taken by Enter, unless what was typed may be meant (`first` False)."""
        self.contacts = contacts
        self.cursor = 0 if first else -1
        self.set_count(len(contacts))
        self.styles.height = max(1, min(OFFERED, len(contacts)))
        self.styles.width = min(70, max((width(_label(one)) for one in contacts), default=10) + 4)
        self.forget_all()

    @property
    def current(self) -> Address | None:
        """The one under the cursor."""
        return self.contacts[self.cursor] if 0 <= self.cursor < len(self.contacts) else None

    def ground(self, index: int) -> str:
        """The field has the focus for the list."""
        return "cursor" if index == self.cursor else ""

    def on_click(self, event: events.Click) -> None:
        """A click takes a contact."""
        index = event.y + self.top
        if index < self.count:
            event.stop()
            self.move_to(index)
            self.post_message(self.Chosen())

    def paint(self, index: int, cells: int) -> Strip:
        """One contact."""
        contact = self.contacts[index]
        name = clip(steady(contact.name), cells - 3)
        runs = [("▌" if index == self.cursor else " ", "bar"), (" ", "label")]
        if name:
            runs += [(name, "label"), (f"  {clip(contact.email, cells - width(name) - 5)}", "quiet")]
        else:
            runs.append((clip(contact.email, cells - 3), "label"))
        return self.strip(runs, cells, self.ground(index))


class AddressInput(Line):
    """Addresses, parted by commas."""

    class Typed(Message):
        """Another address is being typed, or none any more ("")."""

        def __init__(self, field: AddressInput, words: str) -> None:
            super().__init__()
            self.field = field
            self.words = words

        @property
        def control(self) -> AddressInput:
            """The field."""
            return self.field

    COMPONENT_CLASSES: ClassVar[set[str]] = {"address--problem"}

    def __init__(self, is_action: Callable[[str], bool], offers: Offers, *, id: str) -> None:
        self._offers = offers
        self._said = ""
        self._problem = ""
        super().__init__(is_action, id=id)

    @property
    def is_offering(self) -> bool:
        """True while contacts are shown below this field."""
        return bool(self._offers.display) and self.has_focus

    @property
    def words(self) -> str:
        """The address that is being typed, as far as it is there; "" without the focus."""
        begin, end = entry_around(self.value, self.cursor_position)
        return self.value[begin:end].strip() if self.has_focus else ""

    def say(self, problem: str) -> None:
        """Say at the right what is wrong with what stands here."""
        if problem != self._problem:
            self._problem = problem
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The field, and what is wrong with it."""
        strip = super().render_line(y)
        words = f" {clip(self._problem, self.size.width // 2)}" if self._problem else ""
        if not words:
            return strip
        room = self.size.width - width(words)
        look = self.rich_style + self.get_component_rich_style("address--problem", partial=True)
        return Strip([*strip.crop(0, room).extend_cell_length(room, self.rich_style), Segment(words, look)])

    def offer(self, words: str, contacts: Sequence[Address]) -> bool:
        """Show contacts for what is being typed; False when it is something else by now, or nothing fits."""
        typed = self.words
        if typed != words or not self.has_focus or not contacts or _is_one(typed, contacts):
            return False
        self._offers.show(contacts, first="." not in typed.rpartition("@")[2] or "@" not in typed)
        return True

    def take(self) -> bool:
        """Put the contact under the cursor in the place of what was typed; False when there is none."""
        from tui_mail.mime.recipients import write_address

        contact = self._offers.current
        if contact is None:
            return False
        begin, end = entry_around(self.value, self.cursor_position)
        written = write_address(str(contact.name), str(contact.email))
        after = self.value[end:].lstrip(", ;")
        head = f"{self.value[:begin]}{' ' if begin else ''}{written}, "
        self._close()
        self.value = head + after
        self.cursor_position = len(head)
        return True

    async def on_key(self, event: events.Key) -> None:
        """While contacts are offered, the keys are theirs."""
        if self.is_offering and event.key in ("down", "up", "enter", "tab", "escape", "ctrl+n"):
            if event.key in ("down", "ctrl+n"):
                self._offers.move_to(min(self._offers.cursor + 1, self._offers.count - 1))
            elif event.key == "up":
                self._offers.move_to(self._offers.cursor - 1)
            elif event.key == "escape":
                self._close()
            elif not self.take():
                self._close()
                return
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Several lines are several addresses."""
        lines = [tidied(line.strip(" \t").lstrip(" ,;\t")) for line in event.text.splitlines()]
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(", ".join(line for line in lines if line))

    def watch_value(self, value: str) -> None:
        """What is typed asks for contacts."""
        self.call_later(self._ask)

    def on_blur(self) -> None:
        """Tidy the end up."""
        self._close()
        tidy = tidied(self.value)
        if tidy != self.value:
            self.value = tidy

    def _ask(self) -> None:
        words = self.words
        if words != self._said:
            self._said = words
            self.post_message(self.Typed(self, words))

    def _close(self) -> None:
        self._said = ""
        self._offers.display = False


def tidied(typed: str) -> str:
    """Without commas and semicolons at the end, but for the one that ends a group (undisclosed-recipients:;)."""
    from tui_mail.mime.recipients import parse_recipients

    tidy = typed.rstrip(" ,;")
    if ";" not in typed[len(tidy) :] or ":" not in tidy:
        return tidy
    group = parse_recipients(f"{tidy};")
    return f"{tidy};" if not group.problems and group != parse_recipients(tidy) else tidy


def entry_around(text: str, cursor: int) -> tuple[int, int]:
    """Where the address under the cursor begins and ends: between commas or semicolons that are in no quotes."""
    begin, quoted, at = 0, False, 0
    while at < len(text):
        character = text[at]
        if character == "\\" and quoted:
            at += 1
        elif character == '"':
            quoted = not quoted
        elif character in ",;" and not quoted:
            if at >= cursor:
                return begin, at
            begin = at + 1
        at += 1
    return begin, len(text)


def _is_one(typed: str, contacts: Sequence[Address]) -> bool:
    """The one contact that fits is written out already."""
    return len(contacts) == 1 and contacts[0].email.casefold() in (
        typed.casefold(),
        typed.rpartition("<")[2].rstrip(">").casefold(),
    )


def _label(contact: Address) -> str:
    return f"{steady(contact.name)}  {contact.email}" if contact.name else str(contact.email)
