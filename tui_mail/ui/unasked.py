"""What is typed for a picker or a field that could not be opened: it is done to nothing.

What belongs here: which actions ask for something to be typed, and for how long a person cannot know that one did not.
What must never be here: why it could not be opened; the action says that.
"""

from __future__ import annotations

from textual.events import Key

ASKING = frozenset({
    "message.move", "message.copy", "message.label", "message.save", "message.pipe", "message.pipe_raw",
    "message.snooze", "mail.reply", "mail.reply_all", "mail.reply_list", "mail.forward", "mail.forward_attached",
    "mail.redirect", "mail.edit_as_new", "mail.compose", "link.open", "go.folder", "reader.find", "reader.charset",
    "folder.create", "folder.rename", "search.save",
})  # fmt: skip
SURPRISE = 0.5
"""Seconds that it takes to see that nothing was opened, and to stop typing."""


class Unasked:
    """The keys of one screen."""

    def __init__(self) -> None:
        self._since = 0.0
        self._has_lines = False
        self._until = 0.0

    def note(self, action_id: str, event: Key) -> None:
        """An action was done by a key."""
        self._since = event.time if action_id in ASKING else 0.0
        self._has_lines = action_id.startswith("mail.")

    def failed(self, now: float) -> None:
        """What was waited for did not open: all that was typed meanwhile was typed for that."""
        self._until, self._since, self._has_lines = now, now, True

    def opened(self) -> None:
        """There is another screen to be typed into, or the person knows that there is none."""
        self._since = 0.0

    def swallows(self, event: Key) -> bool:
        """Whether a key was typed for what was not opened; the first one that writes nothing ends that.

        Enter would have ended a line, and was the last of it where only one is asked for.
        """
        if event.time < self._until:
            return True
        ends = event.key == "enter" and not self._has_lines
        meant = (
            bool(self._since) and event.time - self._since < SURPRISE and (event.is_printable or event.key == "enter")
        )
        if ends or not meant:
            self._since = 0.0
        return meant
