"""The demo's mail: which message stands where, when it came, and what state it is in.

    for message in messages(2000):
        deliver(message.folder, message.raw, message.flags, message.date)

The same count, seed and moment give the same bytes, always. `plan` is cheap (5 µs a message) and `render` makes
the bytes of one message of it, so that a server can hold 100,000 messages without having written them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count as count_from
from typing import NamedTuple

from tui_mail.demo.sample import automatic, junk
from tui_mail.demo.sample.cast import CHIARA, INES, MINA, ROBIN, YAEL
from tui_mail.demo.sample.dice import Dice
from tui_mail.demo.sample.letters import Person, letter, plain, transferred, written
from tui_mail.demo.sample.newsletters import newsletter
from tui_mail.demo.sample.stories import STORIES
from tui_mail.demo.sample.talk import Thread, chat_thread, list_thread, story_thread, turn_letter
from tui_mail.demo.sample.world import LANGUAGES, LETTERS
from tui_mail.model import Flag
from tui_mail.records import frozen

FOLDERS = ("INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash", "Projects/Harbour", "Projects/Museum")
"""In the order in which they are yielded."""

DAY = 86_400


@frozen
class SampleMessage:
    """A message as it lies on a server."""

    folder: str
    raw: bytes
    """RFC 5322, lines ending with CRLF."""
    flags: Flag
    date: int
    """INTERNALDATE, seconds since the epoch, UTC."""


class Entry(NamedTuple):
    """A message that has not been written yet."""

    date: int
    kind: str
    variant: str
    """A story, a language, or the number of a kind of junk."""
    serial: int
    """Of the conversation, or of the message when it stands alone."""
    turn: int
    before: int
    """The date of the turn before; 0 if this is the first."""
    folder: str
    flags: Flag


class Opening(NamedTuple):
    """One of the newest messages: those that a newcomer sees."""

    minutes: int
    """Ago."""
    kind: str
    variant: str = ""
    unread: bool = False
    starred: bool = False


OPENINGS = (
    Opening(3, "story", "ferry", unread=True),
    Opening(11, "build", unread=True),
    Opening(26, "abroad", "ja", unread=True),
    Opening(48, "story", "launch", unread=True, starred=True),
    Opening(63, "invitation", unread=True),
    Opening(95, "story", "choir"),
    Opening(121, "newsletter", unread=True),
    Opening(148, "review"),
    Opening(190, "list", unread=True),
    Opening(214, "abroad", "emoji", unread=True),
    Opening(247, "receipt"),
    Opening(281, "story", "museum", starred=True),
    Opening(333, "phishing", "0", unread=True),
    Opening(352, "abroad", "de"),
    Opening(391, "parcel"),
    Opening(437, "story", "design"),
    Opening(482, "build"),
    Opening(529, "list"),
    Opening(560, "story", "books"),
    Opening(611, "report"),
    Opening(660, "abroad", "ar"),
    Opening(705, "newsletter"),
    Opening(763, "story", "numbers", starred=True),
    Opening(811, "abroad", "fr"),
    Opening(902, "story", "garden"),
    Opening(961, "abroad", "zh"),
    Opening(1030, "story", "backup"),
    Opening(1102, "abroad", "ko"),
    Opening(1190, "story", "aunt"),
    Opening(1301, "abroad", "ru"),
    Opening(1380, "receipt"),
    Opening(1466, "story", "office"),
    Opening(1570, "abroad", "he"),
    Opening(1660, "story", "birthday"),
    Opening(1801, "abroad", "hi"),
    Opening(1933, "abroad", "es"),
)

MIXES = {
    "INBOX": "chat 300, list 130, newsletter 150, build 140, review 90, receipt 45, parcel 30, report 30, "
    "invitation 25, abroad 54, story 6",
    "Archive": "chat 600, list 150, receipt 120, abroad 80, invitation 30, review 20",
    "Junk": "junk 1000",
    "Trash": "build 400, newsletter 350, parcel 120, report 130",
    "Projects/Harbour": "chat 800, review 150, invitation 50",
    "Projects/Museum": "chat 950, invitation 50",
}
"""How often each kind comes, in thousandths of the conversations."""

ARRIVALS = ("chat", "build", "abroad", "newsletter", "list", "review", "chat", "parcel", "invitation", "receipt")
"""The order in which new mail comes."""

_MACHINES: dict[str, Callable[[Dice, int, int], automatic.Machine]] = {
    "build": automatic.build,
    "review": automatic.review,
    "receipt": automatic.receipt,
    "parcel": automatic.parcel,
    "report": automatic.report,
    "invitation": automatic.invitation,
    "newsletter": newsletter,
}

_DRAFTS = (
    (
        MINA,
        "Ruth's 80th: the text",
        "Dear cousins,\n\nRuth turns eighty, and there is a boat with a piano. \n\n(nicer!)\n",
    ),
    (
        INES,
        "Release notes 2.0",
        "New in this version:\n\n - the night has colours\n - fog warns you before it comes\n - \n",
    ),
    (CHIARA, "Audio guide: thank you", "Dear Chiara,\n\nwe listened to all of it, twice. The gull\n"),
    (YAEL, "The poem I would read", "Yael, I dare. It is the short one about the\n"),
)


def messages(count: int = 2000, seed: int = 1, now: int = 1_780_000_000) -> Iterator[SampleMessage]:
    """`count` messages in the INBOX and about a third as many elsewhere; folder by folder, oldest first."""
    for entries in plan(count, seed, now).values():
        for entry in entries:
            yield SampleMessage(entry.folder, render(entry, seed), entry.flags, entry.date)


def plan(count: int, seed: int, now: int) -> dict[str, list[Entry]]:
    """What lies in each folder, oldest first."""
    inbox, sent = _folder("INBOX", count, seed, now, OPENINGS)
    folders = {name: [] if name != "INBOX" else inbox for name in FOLDERS}
    folders["Drafts"] = [
        Entry(now - (number + 1) * 9 * 3600, "draft", str(number), number, 0, 0, "Drafts", Flag.DRAFT | Flag.SEEN)
        for number in reversed(range(len(_DRAFTS)))
    ]
    sizes = {
        "Archive": min(count // 6, 6000),
        "Junk": min(12 + count // 80, 300),
        "Trash": min(8 + count // 100, 300),
        "Projects/Harbour": min(20 + count // 20, 1200),
        "Projects/Museum": min(10 + count // 30, 800),
    }
    for name, size in sizes.items():
        youngest = now - (3 * DAY if name == "Archive" else DAY // 3)
        folders[name], answers = _folder(name, size, seed, youngest)
        sent += answers
    folders["Sent"] = sorted(sent)[-min(max(20, count // 4), 6000) :]
    return folders


def arrival(number: int, seed: int, date: int) -> SampleMessage:
    """The message that comes as the `number`-th after the start."""
    dice = Dice(seed, number, 3)
    kind = ARRIVALS[number % len(ARRIVALS)]
    variant = dice.pick(LANGUAGES) if kind == "abroad" else ""
    entry = Entry(date, kind, variant, (9 << 40) + number, 0, 0, "INBOX", Flag.NONE)
    return SampleMessage("INBOX", render(entry, seed), Flag.NONE, date)


def render(entry: Entry, seed: int) -> bytes:
    """The bytes of one message."""
    thread = _thread(entry.kind, entry.variant, seed, entry.serial, entry.folder)
    if thread is not None:
        sent = entry.folder == "Sent"
        return turn_letter(thread, seed, entry.serial, entry.turn, (entry.date, entry.before), sent=sent)
    identity = f"{seed:x}.{entry.serial:x}.{entry.kind}"
    if entry.kind == "abroad":
        abroad = LETTERS[entry.variant]
        body = transferred(abroad.text, abroad.charset, abroad.encoding)
        charset = "utf-8" if abroad.subject.encode(abroad.charset, "ignore") == b"" else abroad.charset
        return letter(abroad.who, ROBIN, abroad.subject, entry.date, _at(identity, abroad.who), body, charset=charset)
    if entry.kind == "draft":
        to, subject, text = _DRAFTS[int(entry.variant)]
        return written(ROBIN, to, subject, entry.date, _at(identity, ROBIN), plain(text))
    dice = Dice(seed, entry.serial, 5)
    if entry.kind in ("junk", "phishing"):
        made = junk.EVERYTHING[int(entry.variant)](dice, entry.serial)
    else:
        made = _MACHINES[entry.kind](dice, entry.serial & 0xFFFFFF, entry.date)
    passes = entry.kind not in ("junk", "phishing")
    message_id = _at(identity, made.sender)
    return letter(made.sender, ROBIN, made.subject, entry.date, message_id, made.body, extra=made.extra, passes=passes)


def _folder(
    folder: str, size: int, seed: int, now: int, openings: tuple[Opening, ...] = ()
) -> tuple[list[Entry], list[Entry]]:
    """`size` entries of a folder, oldest first, and what Robin sent in their conversations.

    Goes back in time. A conversation begins with its last message; the earlier ones wait in a heap until the
    walk has come to their time.
    """
    where = FOLDERS.index(folder)
    dice = Dice(seed, where)
    shares = (share.split() for share in MIXES[folder].split(", "))
    kinds = [kind for kind, weight in shares for _ in range(int(weight))]
    serials = count_from(where << 32)
    stories, waiting, entries, sent = list(STORIES), list[tuple[int, Entry]](), list[Entry](), list[Entry]()
    cursor = now
    while len(entries) < size:
        if waiting and -waiting[0][0] >= cursor:
            entries.append(heapq.heappop(waiting)[1])
            continue
        serial = next(serials)
        number = serial - (where << 32)
        opening = openings[number] if number < len(openings) else None
        if opening is not None:
            kind, variant, cursor = opening.kind, opening.variant, now - opening.minutes * 60
        else:
            kind, variant = dice.pick(kinds), ""
            cursor -= 60 + dice.roll(4 * 3600)
            if cursor % DAY < 5 * 3600 and not dice.chance(150):
                cursor -= 5 * 3600
            if kind == "story":
                variant = stories[number % len(stories)]
            elif kind == "abroad":
                variant = dice.pick(LANGUAGES)
            elif kind == "junk":
                variant = str(dice.roll(len(junk.EVERYTHING)))
        flags = _flags(dice, kind, opening, len(entries), folder)
        thread = _thread(kind, variant, seed, serial, folder)
        if thread is None:
            entries.append(Entry(cursor, kind, variant, serial, 0, 0, folder, flags))
            continue
        when = cursor
        for turn in range(len(thread.speakers) - 1, -1, -1):
            before = when - 900 - dice.roll(DAY) if turn else 0
            entry = Entry(when, kind, variant, serial, turn, before, folder, flags)
            if thread.speakers[turn] is ROBIN:
                sent.append(entry._replace(folder="Sent", flags=Flag.SEEN))
                flags = Flag.SEEN | Flag.ANSWERED
            else:
                heapq.heappush(waiting, (-when, entry))
                flags = Flag.SEEN
            when = before
    entries.sort()
    return entries, sent


def _thread(kind: str, variant: str, seed: int, serial: int, folder: str) -> Thread | None:
    if kind == "story":
        return story_thread(variant)
    if kind == "list":
        return list_thread(seed, serial)
    return chat_thread(seed, serial) if kind == "chat" else None


def _flags(dice: Dice, kind: str, opening: Opening | None, position: int, folder: str) -> Flag:
    """Of the last message of a conversation."""
    if opening is not None:
        return (Flag.NONE if opening.unread else Flag.SEEN) | (Flag.FLAGGED if opening.starred else Flag.NONE)
    unread = {"Junk": 700, "Archive": 0, "Trash": 100}.get(
        folder, 350 if position < 60 else 90 if position < 400 else 8
    )
    flags = Flag.NONE if dice.chance(unread) else Flag.SEEN
    starred = kind in ("chat", "story", "abroad", "receipt") and folder != "Junk" and dice.chance(30)
    return flags | Flag.FLAGGED if starred else flags


def _at(identity: str, sender: Person) -> str:
    return f"{identity}@{sender.email.partition('@')[2]}"
