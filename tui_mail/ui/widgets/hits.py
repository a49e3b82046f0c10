"""Words looked for in one message: where they are, which of them is looked at; and how a line shows that, and labels.

What belongs here: finding in the paragraphs of a Document, and cutting runs at what was found. What must never be here:
Textual, scrolling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_mail.ui.widgets.document import Document, Paragraph, Run

MOST = 10_000
"""Hits that are counted one by one."""

_NUMBER = re.compile(r"\[(\d+)\]")


@dataclass
class Hits:
    """What was found in the paragraphs that are laid out now."""

    words: str
    places: list[tuple[int, int]] = field(default_factory=list)
    """Paragraph, and where in its text."""
    of: dict[int, list[int]] = field(default_factory=dict)
    """The same by paragraph."""
    current: int = 0

    @property
    def count(self) -> int:
        """How many."""
        return len(self.places)

    def step(self, by: int) -> None:
        """To the next one, or the one before, and round."""
        if self.places:
            self.current = (self.current + by) % len(self.places)


def find(paragraphs: Sequence[Paragraph], words: str) -> Hits:
    """Every place where these words stand, whatever their case and however wide the spaces between them."""
    hits = Hits(words)
    wanted = words.lower()
    if not wanted.strip():
        return hits
    for number, paragraph in enumerate(paragraphs):
        if hits.count >= MOST:
            break
        text = "".join(text for text, _ in paragraph.runs)
        lowered = text.lower()
        if len(lowered) != len(text):  # İ is two characters in lower case: then only ASCII is folded
            lowered = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
        lowered = lowered.replace("\N{NO-BREAK SPACE}", " ")
        at = lowered.find(wanted)
        while at >= 0 and hits.count < MOST:
            hits.places.append((number, at))
            hits.of.setdefault(number, []).append(at)
            at = lowered.find(wanted, at + len(wanted))
    return hits


def marked(document: Document, index: int, hits: Hits) -> list[Run]:
    """The runs of a line, cut where something was found."""
    runs = document.lines[index]
    paragraph, start = document.place_of(index)
    found = hits.of.get(paragraph)
    if not found:
        return runs
    length = sum(len(text) for text, _ in runs)
    source = document.paragraphs[paragraph]
    prefix = source.first if start == 0 else source.rest
    shift = sum(len(text) for text, _ in prefix) - start
    now = hits.places[hits.current] if hits.places else (-1, -1)
    for at in found:
        first, last = max(start, at) + shift, min(length, at + shift + len(hits.words))
        if first < last:
            runs = cut(runs, first, last, "found-now" if (paragraph, at) == now else "found")
    return runs


def cut(runs: Sequence[Run], first: int, last: int, look: str) -> list[Run]:
    """The runs with the characters from `first` to `last` in another look."""
    done: list[Run] = []
    at = 0
    for text, name in runs:
        stop = at + len(text)
        inside = max(first, at), min(last, stop)
        if inside[0] >= inside[1]:
            done.append((text, name))
        else:
            pieces = ((at, inside[0], name), (*inside, look), (inside[1], stop, name))
            done += [(text[a - at : b - at], its) for a, b, its in pieces if a < b]
        at = stop
    return done


def labelled(runs: Sequence[Run], labels: Mapping[int, str]) -> list[Run]:
    """The runs of a line with letters in the place of the numbers of links, equally wide."""
    done: list[Run] = []
    for text, look in runs:
        number = _NUMBER.search(text) if look == "number" else None
        label = labels.get(int(number[1]), "") if number is not None else ""
        if number is None or not label:
            done.append((text, look))
            continue
        before, after = text[: number.start()], text[number.end() :]
        shown = f" {label} "[: len(number[0])].ljust(len(number[0]))
        done += [run for run in ((before, ""), (shown, "hint"), (after, "")) if run[0]]
    return done
