"""Writers for people: a turn of a story, of an everyday conversation, of a mailing list; letters from abroad."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tui_mail.demo.sample.cast import ROBIN, signature
from tui_mail.demo.sample.dice import Dice
from tui_mail.demo.sample.files import EVERYDAY, attachment
from tui_mail.demo.sample.letters import Body, Person, attached, encoded, letter, plain, said_date, shown, written
from tui_mail.demo.sample.stories import STORIES
from tui_mail.demo.sample.topics import CLOSERS, HARBOUR, LIST_OPENERS, LISTS, OPENERS, PRIVATE, SEA_MUSEUM, Topic

WIDTH = 76
"""Columns of a typed line."""

TOPICS_OF_FOLDER = {6: (HARBOUR,), 7: (SEA_MUSEUM,)}
"""A serial's upper half is its folder's place in FOLDERS; the project folders keep to their project."""


class Thread(NamedTuple):
    """A conversation, as far as its subject and who speaks when; the texts are made turn by turn."""

    subject: str
    speakers: tuple[Person, ...]
    """Who writes each turn."""
    topic: Topic | None
    """None for a story."""
    thing: str
    name: str = ""
    """Key of a story."""


@lru_cache(512)
def story_thread(name: str) -> Thread:
    """The conversation written by hand under this name."""
    story = STORIES[name]
    return Thread(story.subject, tuple(turn.who for turn in story.turns), None, "", name)


@lru_cache(512)
def chat_thread(seed: int, serial: int) -> Thread:
    """An everyday conversation; Robin writes every second message."""
    dice = Dice(seed, serial)
    topic = dice.pick(TOPICS_OF_FOLDER.get(serial >> 32, PRIVATE))
    thing = dice.pick(topic.things)
    length = (1, 1, 1, 2, 3, 3, 4, 5)[dice.roll(8)]
    others = dice.some(topic.people, dice.between(1, 2))
    speakers = [ROBIN if turn % 2 else others[turn // 2 % len(others)] for turn in range(length)]
    return Thread(_title(dice.pick(topic.subjects).format(thing)), tuple(speakers), topic, thing)


@lru_cache(512)
def list_thread(seed: int, serial: int) -> Thread:
    """A discussion on a mailing list; Robin mostly reads."""
    dice = Dice(seed, serial)
    topic = dice.pick(LISTS)
    thing = dice.pick(topic.things)
    members = dice.some(topic.people, 4)
    speakers = [members[turn % 4] for turn in range(dice.between(1, 6))]
    if len(speakers) > 3 and dice.chance(200):
        speakers[2] = ROBIN
    return Thread(_title(dice.pick(topic.subjects).format(thing)), tuple(speakers), topic, thing)


def turn_text(thread: Thread, seed: int, serial: int, turn: int) -> str:
    """What a turn says, without quote and signature."""
    if thread.topic is None:
        return _story_text(thread.name, turn)
    dice, topic = Dice(seed, serial, turn + 1), thread.topic
    sentences = topic.sentences
    position = Dice(seed, serial).roll(len(sentences)) + turn * 4
    paragraphs = []
    for length in ((2, 2), (1, 2, 1), (3, 1), (2,), (3,))[dice.roll(5)]:
        words = " ".join(sentences[(position + step) % len(sentences)] for step in range(length))
        paragraphs.append(wrapped(words.replace("{}", thread.thing, 1).replace("{}", "it")))
        position += length
    speaker = thread.speakers[turn]
    addressee = thread.speakers[turn - 1] if turn else ROBIN
    opener = dice.pick(LIST_OPENERS) if topic.tag else dice.pick(OPENERS).format(addressee.first)
    return f"{opener}\n\n" + "\n\n".join(paragraphs) + f"\n\n{dice.pick(CLOSERS)}\n{speaker.first}\n"


def turn_letter(
    thread: Thread, seed: int, serial: int, turn: int, dates: Sequence[int], *, sent: bool = False
) -> bytes:
    """The message of a turn; `dates` are those of the turn and, if there is one, of the turn before."""
    speaker, topic = thread.speakers[turn], thread.topic
    text = turn_text(thread, seed, serial, turn)
    subject = f"[{topic.tag}] {thread.subject}" if topic is not None and topic.tag else thread.subject
    extra = ""
    if turn:
        before = thread.speakers[turn - 1]
        quote = turn_text(thread, seed, serial, turn - 1).strip().replace("\n\n", "\n").split("\n")
        text += f"\nOn {said_date(dates[1])}, {before.name} wrote:\n" + "".join(f"> {line}\n" for line in quote[:8])
        subject = f"Re: {subject}"
        parents = [f"<{message_id(thread, seed, serial, parent)}>" for parent in range(turn)]
        extra = f"In-Reply-To: {parents[-1]}\nReferences: " + "\n ".join(parents) + "\n"
    text += signature(speaker)
    to = ROBIN
    if topic is not None and topic.tag:
        address = f"{topic.tag}@lists.openwater.example"
        to = Person(topic.title, address)
        extra += _list_fields(topic.tag, topic.title)
        text += f"\n_______________________________________________\n{topic.tag} mailing list\n{_archive(topic.tag)}\n"
    elif len(set(thread.speakers)) > 2:
        others = [person for person in dict.fromkeys(thread.speakers) if person not in (speaker, ROBIN)]
        extra += f"Cc: {', '.join(map(shown, others[:3]))}\n" if others else ""
    body = _with_file(thread, seed, serial, turn, text)
    own_id = message_id(thread, seed, serial, turn)
    if sent:
        addressee = to if to is not ROBIN else thread.speakers[max(0, turn - 1)]
        return written(ROBIN, addressee, subject, dates[0], own_id, body, extra)
    return letter(speaker, to, subject, dates[0], own_id, body, extra=extra)


def message_id(thread: Thread, seed: int, serial: int, turn: int) -> str:
    """The Message-ID of a turn, so that any turn can name any other."""
    return f"{seed:x}.{serial:x}.{turn}@{thread.speakers[turn].email.partition('@')[2]}"


@lru_cache(2048)
def wrapped(paragraph: str) -> str:
    """The paragraph in lines of at most 76 characters."""
    lines, line = [], ""
    for word in paragraph.split(" "):
        if line and len(line) + len(word) >= WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return "\n".join(lines)


@lru_cache(256)
def _story_text(name: str, turn: int) -> str:
    said = STORIES[name].turns[turn]
    paragraphs = said.text.split("\n\n")
    text = "\n\n".join(words if "\n" in words else wrapped(words) for words in paragraphs)
    return f"{text}\n" if "Your aunt" in text else f"{text}\n\n{said.who.first}\n"


def _with_file(thread: Thread, seed: int, serial: int, turn: int, text: str) -> Body:
    last = turn == len(thread.speakers) - 1
    name = STORIES[thread.name].file if thread.name else ""
    if not thread.name and thread.topic in PRIVATE:
        dice = Dice(seed, serial, turn, 7)
        name = dice.pick(EVERYDAY) if dice.chance(90) else ""
        last = True
    if not name or not last:
        return plain(text)
    return attached(text, attachment(name), mark=serial * 8 + turn)


def _title(subject: str) -> str:
    return subject[0].upper() + subject[1:]


def _archive(tag: str) -> str:
    return f"https://lists.openwater.example/{tag}"


@lru_cache(16)
def _list_fields(tag: str, title: str) -> str:
    address = f"{tag}@lists.openwater.example"
    return (
        f"List-Id: {encoded(title)} <{tag}.lists.openwater.example>\nList-Post: <mailto:{address}>\n"
        f"List-Archive: <{_archive(tag)}>\nList-Unsubscribe: <{_archive(tag)}/leave>\nPrecedence: list\n"
    )
