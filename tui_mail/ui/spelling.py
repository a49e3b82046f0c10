"""Spelling, through the person's own program: hunspell, aspell, or whatever speaks ispell's protocol ("-a").

What belongs here: talking to that program in a thread, and going through the words that it does not know. What must
never be here: dictionaries.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_mail.errors import UsageError
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import Bridge, Errands, Then

if TYPE_CHECKING:
    from tui_mail.ui.screens.compose import Composer

SECONDS = 20.0
"""How long a whole text may take."""
_KNOWN = (("hunspell", "-a"), ("aspell", "-a"), ("ispell", "-a"), ("enchant-2", "-a"), ("nuspell", "-a"))


@frozen
class Misspelt:
    """A word that the program does not know."""

    line: int
    """Of the text, from 0."""
    column: int
    word: str
    suggestions: tuple[str, ...] = ()


def spell_command(wish: Sequence[str]) -> list[str]:
    """Argv of the program. Raises UsageError when there is none."""
    if wish:
        return list(wish)
    for command in _KNOWN:
        if shutil.which(command[0]):
            return list(command)
    raise UsageError("No spelling program: install hunspell or aspell, or name one as spell_command in [compose].")


def lines_to_check(text: str) -> list[tuple[int, str]]:
    """What the person wrote: neither what is quoted nor the signature, with the numbers of the lines."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n")):
        if line.rstrip() == "--":
            break
        if line.strip() and not line.startswith(">"):
            found.append((number, line))
    return found


def read_answers(lines: Sequence[tuple[int, str]], answers: str) -> list[Misspelt]:
    """What the program said of each line; its answers to a line end with an empty one.

    A word is looked for in its line: programs count offsets in octets or characters, as they please.
    """
    found: list[Misspelt] = []
    blocks = answers.split("\n")[1:]
    at = 0
    for number, line in lines:
        position = 0
        while at < len(blocks) and blocks[at]:
            mark, _, rest = blocks[at].partition(" ")
            at += 1
            if mark not in ("&", "#", "?"):
                continue
            head, _, listed = rest.partition(": ")
            word = head.split(" ")[0]
            column = line.find(word, position)
            if column < 0 or "@" in line[max(0, column - 1) : column + len(word) + 1]:
                continue
            position = column + len(word)
            found.append(Misspelt(number, column, word, tuple(listed.split(", ")) if listed else ()))
        at += 1
    return found


def misspelt(text: str, command: Sequence[str], added: Sequence[str] = ()) -> list[Misspelt]:
    """The words of a text that the program does not know; `added` go into its dictionary. Blocks. Raises UsageError."""
    lines = lines_to_check(text)
    asked = "".join(f"*{word}\n" for word in added) + ("#\n" if added else "")
    asked += "!\n" + "".join(f"^{line}\n" for _, line in lines)
    try:
        done = subprocess.run(
            command, input=asked.encode("utf-8", "replace"), capture_output=True, timeout=SECONDS, check=False
        )
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started ({error.strerror}).") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{command[0]} did not answer in {SECONDS:.0f} seconds.") from error
    answers = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if not answers.startswith("@(#)"):
        said = safe_line(done.stderr.decode("utf-8", "replace").strip() or "it does not speak the protocol of ispell")
        raise UsageError(f"{command[0]}: {said}")
    return read_answers(lines, answers)


class SpellRound:
    """Going through one text, word by word."""

    def __init__(self, screen: Composer, command: Sequence[str]) -> None:
        self._screen = screen
        self._command = command
        bridge: Bridge = screen.bridge
        self._errands = Errands("spelling", bridge, screen.problem)
        self._left_alone: set[str] = set()
        self._fixed = 0

    def begin(self) -> None:
        """From the first word that is not known."""
        self._fixed = 0
        self._screen.say(SafeText("checking the spelling…"))
        self._check()

    def close(self) -> None:
        """End the thread."""
        self._errands.close()

    def _check(self, added: Sequence[str] = (), after: tuple[int, int] = (0, 0)) -> None:
        text = self._screen.body.text

        def errand() -> Then:
            found = misspelt(text, spell_command(self._command), added)
            return lambda: self._show(found, after)

        self._errands.ask(errand)

    def _show(self, found: Sequence[Misspelt], after: tuple[int, int]) -> None:
        """Select the next word, and offer what it may be."""
        from tui_mail.ui.screens.picker import Choice, Picker

        rest = [one for one in found if (one.line, one.column) >= after and one.word not in self._left_alone]
        if not rest:
            words = f"{self._fixed} word{'s' * (self._fixed != 1)} put right" if self._fixed else "nothing is misspelt"
            self._screen.say(SafeText(f"Spelling: {words}."))
            self._screen.body.focus()
            return
        one, body = rest[0], self._screen.body
        start, end = (one.line, one.column), (one.line, one.column + len(one.word))
        if body.get_text_range(start, end) != one.word:  # something was typed meanwhile
            self._check(after=after)
            return
        body.move_cursor(start)
        body.move_cursor(end, select=True)
        body.scroll_cursor_visible(center=True)
        choices = [Choice(("put", word), str(safe_line(word))) for word in one.suggestions[:9]]
        choices += [
            Choice(("skip", ""), "Leave it", "this time"),
            Choice(("always", ""), "Leave it everywhere", "in this message"),
            Choice(("learn", ""), "Learn the word", "in your dictionary"),
        ]

        def picked(choice: tuple[str, str] | None) -> None:
            if choice is None:
                self._screen.say(SafeText("Spelling: stopped."))
                return
            what, word = choice
            following = end
            if what == "put":
                body.replace(word, start, end, maintain_selection_offset=False)
                self._fixed += 1
                following = (start[0], start[1] + len(word))
            elif what != "skip":
                self._left_alone.add(one.word)
            body.move_cursor(following)
            self._check([one.word] if what == "learn" else (), following)

        title = f"“{safe_line(one.word)}” · {len(rest)} left"
        self._screen.app.push_screen(Picker(title, choices), picked)
