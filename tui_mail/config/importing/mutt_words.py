"""How a muttrc is parted into commands and words: quotation marks, backslashes, backticks, comments.

What belongs here: that and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from tui_mail.records import frozen

WORDS = 10_000
"""Most words in one command."""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b"}


@frozen
class Word:
    """One word of a command."""

    text: str
    command: bool = False
    """The whole word is what a command between backticks prints; `text` is that command."""
    single: bool = False
    """It stood between single quotation marks: no variables in it."""
    is_equals: bool = False
    """The sign between a setting and its value."""


def commands_of(text: str) -> Iterator[tuple[int, list[Word]]]:
    """(line, words) of every command; a backslash at the end of a line continues it, a semicolon ends a command."""
    started, held = 0, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if not held:
            started = number
        if line.endswith("\\"):
            held.append(line[:-1])
            continue
        whole = "".join([*held, line])
        held = []
        for words in _Line(whole).commands():
            yield started, words


class _Line:
    """A logical line, read character by character."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def commands(self) -> Iterator[list[Word]]:
        words = list[Word]()
        while self._at < len(self._line):
            here = self._line[self._at]
            if here == "#":
                break
            if here == ";":
                self._at += 1
                if words:
                    yield words
                words = []
            elif here.isspace():
                self._at += 1
            elif here == "=" and words and words[0].text == "set" and not words[-1].is_equals:
                self._at += 1
                words.append(Word("=", is_equals=True))
            else:
                setting = bool(words) and words[0].text == "set" and not words[-1].is_equals
                words.append(self._word(until_equals=setting))
                if len(words) > WORDS:
                    break
        if words:
            yield words

    def _word(self, *, until_equals: bool) -> Word:
        pieces, quote, commands, single = list[str](), "", 0, False
        while self._at < len(self._line):
            here = self._line[self._at]
            if not quote and (here.isspace() or here in ";#" or (here == "=" and until_equals)):
                break
            self._at += 1
            if here == quote:
                quote = ""
            elif not quote and here in "'\"":
                quote, single = here, here == "'"
            elif here == "`" and quote != "'":
                end = self._line.find("`", self._at)
                end = len(self._line) if end < 0 else end
                pieces.append(self._line[self._at : end])
                self._at, commands = end + 1, commands + 1
            elif here == "\\" and quote != "'" and self._at < len(self._line):
                after = self._line[self._at]
                pieces.append(_unescaped(after, inside=bool(quote)))
                self._at += 1
            else:
                pieces.append(here)
        return Word("".join(pieces), command=commands == 1 and len(pieces) == 1, single=single)


def _unescaped(after: str, *, inside: bool) -> str:
    """What a backslash and this character mean; outside of quotation marks it is kept, for it may be of a pattern."""
    if inside:
        return _ESCAPES.get(after, after)
    return after if after in " \"'`$#;" else f"\\{after}"
