"""What was done to every message of a random walk, by whom, and what may have come of it.

What belongs here: the book, and the comparison of a mailbox with it. What must never be here: doing anything.

Each message carries a token (subject, Message-ID and body tell it). Of most only limits are known, because two clients
act on them at once: which flags anyone ever set, which folders anyone ever moved it to, how many copies anyone made,
how many anyone removed for ever. Where only one of the clients ever touched something, its last word must hold; and
what nobody touched must be as it was delivered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.sync.witness import Witness

Boxes = dict[str, list[tuple[str, frozenset[str]]]]
"""By folder: token and flags of each message."""
BOTH = "both"
FIXED = ("INBOX", "Archive", "Junk", "Trash", "Drafts", "Sent")
"""Folders that stay."""


@dataclass(slots=True)
class Letter:
    """One message, and every copy of it."""

    token: str
    folder: str
    flags: frozenset[str]
    by: str
    """Who made it; empty: it was delivered."""
    still: bool
    """Nobody ever touches it."""
    at_least: int = 1
    at_most: int = 1
    going: dict[str, str] = field(default_factory=dict)
    """Who has moved it to which folder since all was quiet."""
    copied_to: dict[str, str] = field(default_factory=dict)
    """Who has certainly copied it to which folder since all was quiet."""
    excused: int = 0
    """Copies that the server made by itself."""
    removed: int = 0
    """Copies that somebody removed for ever, at most."""
    flags_ever: set[str] = field(default_factory=set)
    places_ever: set[str] = field(default_factory=set)
    owner: dict[str, str] = field(default_factory=dict)
    """Who touched a flag (or `place`)."""
    told: dict[str, bool] = field(default_factory=dict)
    place: str = ""
    story: list[str] = field(default_factory=list)

    def touch(self, what: str, who: str) -> bool:
        """Note who touched it; True while nobody else did."""
        if self.owner.setdefault(what, who) != who:
            self.owner[what] = BOTH
        return self.owner[what] == who


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise."""

    kind: str
    """lost | doubled | wrong"""
    token: str
    text: str


@dataclass(slots=True)
class Tally:
    """What came of a walk."""

    ours: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    """Messages compared, all comparisons together."""
    violations: list[Violation] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def count(self, kind: str) -> int:
        """How often a promise of this kind was broken."""
        return sum(1 for violation in self.violations if violation.kind == kind)

    def add(self, other: Tally) -> None:
        """Both together."""
        self.ours += other.ours
        self.theirs += other.theirs
        self.faults += other.faults
        self.refused += other.refused
        self.compared += other.compared
        self.violations += other.violations

    def __str__(self) -> str:
        return (
            f"{self.ours.total() + self.theirs.total()} operations ({self.ours.total()} of this client,"
            f" {self.theirs.total()} of another one), {self.faults.total()} faults, {self.compared} messages compared:"
            f" {self.count('lost')} lost, {self.count('doubled')} doubled, {self.count('wrong')} on the wrong message,"
            f" {self.count('differs')} differences between store and server, {self.count('waits')} left waiting"
        )


class Ledger:
    """The book of one account."""

    def __init__(self, *, copies: bool = False) -> None:
        """`copies`: a move is a copy and a deletion; what another client marks between the two is on the old one.

        And when another client moves it to the very same folder between the two, it is there twice: which of the two is
        our copy cannot be known after a broken line, and nothing is deleted that may not be ours. Likewise what
        another client copies there at that moment is taken for our copy, whose answer was lost: it is there once.
        """
        self.copies = copies
        self.letters: dict[str, Letter] = {}
        self._kin: dict[str, set[str]] = {}

    def came(
        self, token: str, folder: str, flags: Iterable[str], *, by: str = "", still: bool = False, sure: bool = True
    ) -> None:
        """A message was delivered or made; not `sure`: nobody knows whether it was."""
        letter = Letter(token, folder, frozenset(flags), by, still, at_least=int(sure), place=folder)
        letter.flags_ever.update(flags)
        letter.places_ever.add(folder)
        letter.story.append(f"came to {folder}{'' if sure else ', perhaps'} {' '.join(flags)}")
        self.letters[token] = letter

    def flagged(self, who: str, token: str, add: Iterable[str], remove: Iterable[str]) -> None:
        """Somebody changed flags."""
        letter = self._of(token, f"{who}: +{' '.join(add)} -{' '.join(remove)}")
        letter.flags_ever.update(add)
        for value, flags in ((True, add), (False, remove)):
            for flag in flags:
                if self.copies and letter.owner.get("place", who) != who:
                    letter.owner[flag] = BOTH
                elif letter.touch(flag, who):
                    letter.told[flag] = value

    def asleep(self, who: str, token: str, words: Iterable[str]) -> None:
        """Somebody gave it keywords that go when it is moved on."""
        letter = self._of(token, f"{who}: asleep")
        letter.flags_ever.update(words)
        letter.owner.update(dict.fromkeys(words, BOTH))

    def moved(self, who: str, token: str, folder: str) -> None:
        """Somebody moved it."""
        letter = self._of(token, f"{who}: to {folder}")
        letter.places_ever.add(folder)
        if self.copies and letter.going.setdefault(folder, who) not in (who, BOTH):
            letter.going[folder] = BOTH
            letter.at_most += 1
            letter.story.append("at the same time as the other")
        if self.copies and letter.copied_to.get(folder, who) != who:
            letter.at_least -= 1
            letter.copied_to.pop(folder)
        if letter.touch("place", who):
            letter.place = folder

    def copied(self, who: str, token: str, folder: str, *, sure: bool) -> None:
        """Somebody made a copy."""
        letter = self._of(token, f"{who}: copy to {folder}")
        letter.places_ever.add(folder)
        letter.at_most += 1
        if self.copies and letter.going.get(folder, who) != who:
            sure = False  # it may pass for the copy of who moves it there
        letter.at_least += int(sure)
        if sure:
            letter.copied_to[folder] = who

    def removed(self, who: str, token: str) -> None:
        """Somebody removed a copy for ever."""
        self._of(token, f"{who}: removed for ever").removed += 1

    def unsure(self, token: str, what: str, *places: str, ours: str = "") -> None:
        """Something was done to it of which nobody knows how far it got, or which is too much to reckon.

        What `ours` made, it may have taken back before anybody saw it.
        """
        letter = self._of(token, what)
        if ours and letter.by == ours:
            letter.at_least = 0
        letter.places_ever.update(places)
        for name in (*letter.flags_ever, "place"):
            letter.owner[name] = BOTH

    def renamed(self, old: str, new: str) -> None:
        """What is said of one of these folders may be true of the other from now on."""
        kin = self._kin.get(old, {old}) | self._kin.get(new, {new})
        for name in kin:
            self._kin[name] = kin

    def hear(self, witness: Witness) -> None:
        """Excuse what the server did by itself, and nothing more: see `witness`."""
        for token, times in witness.doubled.items():
            letter = self.letters.get(token)
            if letter is not None and times > letter.excused:
                letter.at_most += times - letter.excused
                letter.excused = times
                letter.story.append("the server moved it to two places at once")
                letter.owner["place"] = BOTH
        for token, flags in witness.flags.items():
            if token in self.letters:
                self.letters[token].owner.update(dict.fromkeys(flags, BOTH))

    def note(self, token: str, text: str) -> None:
        """Something for the story."""
        self._of(token, text)

    def is_still(self, token: str) -> bool:
        """Whether nobody may touch it."""
        return token not in self.letters or self.letters[token].still

    def violations(self, boxes: Boxes) -> list[Violation]:
        """What cannot have come of what was done."""
        places = defaultdict[str, list[tuple[str, frozenset[str]]]](list)
        for folder, rows in boxes.items():
            for token, flags in rows:
                places[token].append((folder, flags))
        found = [Violation("wrong", token, "was never delivered") for token in places if token not in self.letters]
        for letter in self.letters.values():
            found += self._judged(letter, places[letter.token])
            letter.going.clear()
            letter.copied_to.clear()
        return found

    def _judged(self, letter: Letter, places: list[tuple[str, frozenset[str]]]) -> list[Violation]:
        count, found = len(places), list[Violation]()

        def broken(kind: str, text: str) -> None:
            found.append(Violation(kind, letter.token, f"{text}; {' | '.join(letter.story[-25:])}"))

        if count < letter.at_least - letter.removed:
            broken("lost", f"{count} of {letter.at_least} - {letter.removed}")
        if count > letter.at_most:
            broken("doubled", f"{count} of {letter.at_most} in {Counter(folder for folder, _ in places)}")
        kin = {other for name in letter.places_ever for other in self._kin.get(name, {name})}
        for folder, flags in places:
            if folder not in kin:
                broken("wrong", f"is in {folder}, where nobody moved it")
            if flags - letter.flags_ever:
                broken("wrong", f"has {' '.join(flags - letter.flags_ever)}, which nobody set")
        if count == letter.at_most == letter.at_least == 1 and not letter.removed:
            self._last_word(letter, *places[0], broken)
        return found

    @staticmethod
    def _last_word(letter: Letter, folder: str, flags: frozenset[str], broken: object) -> None:
        assert callable(broken)
        owner = letter.owner.get("place")
        if owner != BOTH and letter.place in FIXED and folder != letter.place:
            broken("wrong", f"is in {folder}, and not in {letter.place} ({owner or 'nobody'} moved it)")
        for flag in letter.flags_ever | flags:
            owner = letter.owner.get(flag)
            wanted = flag in letter.flags if owner is None else letter.told.get(flag)
            if owner != BOTH and (flag in flags) is not wanted:
                broken("wrong", f"{flag} is {flag in flags} and not as {owner or 'delivered'} said")

    def _of(self, token: str, story: str) -> Letter:
        letter = self.letters[token]
        letter.story.append(story)
        return letter
