"""What is typed for a picker or a field that could not be opened: it is done to nothing.

What belongs here: which actions ask for something to be typed, and for how long a person cannot know that one did not.
What must never be here: why it could not be opened; the action says that.
"""

from __future__ import annotations

from textual.events import Key

from tui_mail.text import SafeText

ASKING = frozenset({
    "message.move", "message.copy", "message.label", "message.save", "message.pipe", "message.pipe_raw",
    "message.snooze", "mail.reply", "mail.reply_all", "mail.reply_list", "mail.forward", "mail.forward_attached",
    "mail.redirect", "mail.edit_as_new", "mail.compose", "link.open", "go.folder", "reader.find", "reader.charset",
    "folder.create", "folder.rename", "search.save",
})  # fmt: skip
SURPRISE = 1.5
"""Seconds that it takes to see that nothing was opened, and to stop typing."""
PAUSE = 1.5
"""The longest between two keys of what is typed in one go."""
LONGEST = 5.0
"""Seconds after which a key means what it means, however fast one types."""
SEVERAL = 3
"""Keys after which it is said that they do nothing."""
WORDS = "Nothing was opened to type into, so what you type does nothing; Esc, or a moment's rest, ends that"


class Unasked:
    """The keys of one screen."""

    def __init__(self) -> None:
        self._until = self._end = 0.0
        self._count = 0
        self._asked = ""
        """The key that asked, as long as none was typed after it: who presses it again asks again."""
        self._has_lines = False
        self._before = 0.0

    def note(self, action_id: str, event: Key) -> None:
        """An action was done by a key."""
        self._until = event.time + SURPRISE if action_id in ASKING else 0.0
        self._end, self._count, self._asked = event.time + LONGEST, 0, event.key
        self._has_lines = action_id.startswith("mail.")

    def failed(self, now: float) -> None:
        """What was waited for did not open: all that was typed meanwhile was typed for that."""
        self._before, self._until, self._end = now, now + SURPRISE, now + LONGEST
        self._count, self._asked, self._has_lines = 0, "", True

    def opened(self) -> None:
        """There is another screen to be typed into, or the person knows that there is none."""
        self._until = 0.0

    def swallows(self, event: Key) -> bool:
        """Whether a key was typed for what was not opened; a pause ends that, or the first one that writes nothing.

        Enter would have ended a line, and was the last of it where only one is asked for.
        """
        if event.time < self._before:
            return True
        ends = event.key == "enter" and not self._has_lines
        meant = event.time < self._until and event.key != self._asked and (event.is_printable or event.key == "enter")
        self._asked = ""
        self._until = min(event.time + PAUSE, self._end) if meant and not ends else 0.0
        self._count += meant
        return meant

    @property
    def words(self) -> SafeText:
        """What to say of the key that was swallowed; empty for most."""
        return SafeText(WORDS if self._count == SEVERAL else "")
