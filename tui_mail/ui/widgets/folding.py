"""The lines of a list by thread: one for each, and below it those of a thread that is unfolded.

What belongs here: which lines there are, and which messages a line means. What must never be here: Textual.

A line is called by its message, as in a list by message. A folded thread means all that the folder has of it; an
unfolded one is its messages, each on its own line, and means the newest alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui_mail.model import Conversation
from tui_mail.threaded import Threads


class ThreadSource(Protocol):
    """Where threads come from; MailClient is one."""

    def threads(self, folder_id: int, newest: int = -1) -> Threads:
        """The threads of a folder, or those of its newest messages."""

    def conversations(self, folder_id: int, groups: Sequence[Sequence[int]]) -> dict[int, Conversation]:
        """What a list says of threads, by the newest message of each."""

    def members(self, folder_id: int, group: Sequence[int]) -> list[int]:
        """All messages of a thread, newest first, those in other folders too."""


@dataclass(slots=True)
class Folding:
    """The threads of one folder, and which of them are unfolded."""

    source: ThreadSource
    folder_id: int
    threads: Threads = field(default_factory=Threads)
    below: dict[int, list[int]] = field(default_factory=dict)
    """Of each unfolded thread, by its newest message: the lines below that one."""

    def read(self, newest: int = -1) -> Folding:
        """The same folder as it is now, from any thread; what was unfolded stays so."""
        made = Folding(self.source, self.folder_id, self.source.threads(self.folder_id, newest))
        for head, lines in self.below.copy().items():
            index = next((at for at in map(made.threads.index_of, (head, *lines)) if at >= 0), -1)
            if index >= 0:
                made.unfold(made.threads.heads[index])
        return made

    def without(self, gone: Collection[int]) -> Folding:
        """The same without some messages; may be this very object."""
        if gone:
            kept = dict[int, list[int]]()
            for head, lines in self.below.items():
                index = self.threads.index_of(head)
                left = [one for one in self.threads.group(index) if one not in gone] if index >= 0 else []
                if left:
                    kept[left[0]] = [one for one in lines if one not in gone and one != left[0]]
            self.threads, self.below = self.threads.drop(gone), kept
        return self

    def lines(self) -> array[int]:
        """The message of each line."""
        heads = self.threads.heads
        if not self.below:
            return heads[:]
        lines, done = array("q"), 0
        for index, head in sorted((self.threads.index_of(head), head) for head in self.below):
            lines.extend(heads[done : index + 1])
            lines.extend(self.below[head])
            done = index + 1
        lines.extend(heads[done:])
        return lines

    def head_of(self, message_id: int) -> int:
        """The message that stands for the thread of another one; 0 when the folder does not have it."""
        for head, lines in self.below.items():
            if message_id == head or message_id in lines:
                return head
        index = self.threads.index_of(message_id)
        return self.threads.heads[index] if index >= 0 else 0

    def is_below(self, message_id: int) -> bool:
        """Whether a line is one below that of its thread."""
        return any(message_id in lines for lines in self.below.values())

    def group(self, head: int, near: int = 0) -> list[int]:
        """What the folder has of a thread, newest first; empty when that is no line of a thread."""
        if self.is_below(head):
            return []
        index = self.threads.index_of(head, near)
        return self.threads.group(index) if index >= 0 and self.threads.heads[index] == head else []

    def meant(self, line: int, near: int = 0) -> list[int]:
        """The messages that a line means."""
        return [line] if line in self.below else self.group(line, near) or [line]

    def said(self, lines: Iterable[int], near: int) -> dict[int, Conversation]:
        """What is to be said of the threads that have a line among these."""
        groups, below = list[list[int]](), set[int]().union(*self.below.values())
        for line in lines:
            index = self.threads.index_of(line, near) if line not in below else -1
            if index >= 0 and self.threads.heads[index] == line:
                groups.append(self.threads.group(index))
                near = index
        return self.source.conversations(self.folder_id, groups) if groups else {}

    def unfold(self, head: int) -> bool:
        """Show the messages of a thread; False when it has no others."""
        group = self.group(head)
        others = [one for one in self.source.members(self.folder_id, group) if one != head] if group else []
        if others:
            self.below[head] = others
        return bool(others)

    def fold(self, head: int) -> bool:
        """Show a thread as one line; False when it was."""
        return self.below.pop(head, None) is not None
