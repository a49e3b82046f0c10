"""Material for everyday conversations that nobody wrote by hand: subjects and sentences that go together."""

from __future__ import annotations

from typing import NamedTuple

from tui_mail.demo.sample.cast import COLLEAGUES, FRIENDS, LIST_MEMBERS, MUSEUM
from tui_mail.demo.sample.letters import Person


class Topic(NamedTuple):
    """What a group of people writes about."""

    people: tuple[Person, ...]
    things: tuple[str, ...]
    subjects: tuple[str, ...]
    """`{}` is the thing."""
    sentences: tuple[str, ...]
    """`{}` is the thing, where it is named."""
    tag: str = ""
    """A mailing list's subject tag; its address is tag@lists.openwater.example."""
    title: str = ""
    """A mailing list's name."""


OPENERS = ("Hello {},", "Hi {},", "Good morning,", "Dear {},", "Hi,", "{},", "Quick one:", "Hello again,")
"""`{}` is the first name of the person written to."""
LIST_OPENERS = ("Hello all,", "Hi,", "Dear list,", "Hello,", "Two thoughts:", "Good evening,")
CLOSERS = (
    "Best wishes",
    "Thanks!",
    "See you tomorrow",
    "Cheers",
    "Talk soon",
    "Have a good evening",
    "Many thanks",
    "Until Monday",
)

HARBOUR = Topic(
    COLLEAGUES,
    (
        "the tide arrow",
        "the ferry feed",
        "the offline map",
        "the new importer",
        "the night colours",
        "the login page",
        "the fog warning",
        "the search box",
        "the pier list",
        "the translation files",
        "the release notes",
        "the ticket scanner",
        "the storm banner",
        "the test phones",
    ),
    (
        "{}: second draft",
        "Question about {}",
        "{} on small screens",
        "Moving {} to next week",
        "Review of {}, please",
        "{}: done",
        "Numbers for {}",
        "Who looks after {}?",
        "{} and the customer from Port Marin",
        "Short notes on {}",
    ),
    (
        "I had another look at {} this morning and I think we are nearly there.",
        "The only thing left is the wording on the second screen.",
        "On the old phone it takes two seconds, on the new one you do not notice.",
        "Could you try {} with your account and tell me what you see?",
        "I would rather ship it small this week than large next month.",
        "Priya's figures say that most people open it before seven in the morning.",
        "The branch is up, the tests are green, and there is a short film in the ticket.",
        "Ewan asked about {} again, so it matters to at least one harbour.",
        "I left the old way in place behind a switch until we are sure.",
        "If nobody objects by Thursday I will merge it.",
        "There is one odd case: a ferry that leaves before midnight and arrives the day before.",
        "I wrote down what I learnt about {} so that the next person need not.",
        "Let us talk about it over lunch rather than in eleven mails.",
        "It is simpler than it looked: two tables and one honest error message.",
    ),
)

SEA_MUSEUM = Topic(
    MUSEUM,
    (
        "the audio guide",
        "room 6",
        "the model of the cog",
        "the school programme",
        "the lamp of 1871",
        "the opening hours",
        "the map in the foyer",
        "the labels in two languages",
        "the ticket desk",
        "the whale (the small one)",
    ),
    (
        "{}: a proposal",
        "Text for {}",
        "{} before the opening",
        "Visitors and {}",
        "Photographs of {}",
        "{}: small change of plan",
        "Thank you for {}",
    ),
    (
        "The visitors walk past {} because the light is better on the other side.",
        "We would like to show it closer to the window, if the conservator agrees.",
        "The children of the harbour school tested {} and asked excellent questions.",
        "I enclose nothing today, I only wanted to say that it looks lovely.",
        "Could the text be a little shorter? People read standing up.",
        "The carpenter comes on Tuesday and would like to know the height.",
        "We found a photograph from 1911 in which you can see {} quite clearly.",
        "The board has agreed, and even smiled.",
        "Noor has a better word for it in Dutch, but then she always has.",
        "May we keep the recording with the gull?",
        "The new numbers are on the plan; the old ones are still on the doors.",
    ),
)

HOME = Topic(
    FRIENDS,
    (
        "Sunday",
        "the boat trip",
        "the plum cake",
        "the holiday photos",
        "the bicycle",
        "the allotment",
        "the concert",
        "the house by the lake",
        "the spare key",
        "the market on Saturday",
    ),
    (
        "{}?",
        "About {}",
        "{}: who brings what",
        "A thought about {}",
        "{} in the rain",
        "{}, the second attempt",
        "Pictures of {}",
    ),
    (
        "The forecast says sun, so bring a raincoat.",
        "I can fetch you at nine, or at ten if you answer before nine.",
        "We still have a tent, two chairs and half a stove.",
        "The neighbours ask whether {} includes the dog. I said of course.",
        "I found the recipe! It was in the book about boats, naturally.",
        "Could you bring the long rope back? Not urgent, only since May.",
        "Ruth says hello and wants to know whether you eat properly.",
        "There is a train at 8:12 and a slower, nicer one at 8:40.",
        "I keep thinking of what you said about {}, and I think you are right.",
        "We sang it twice and the second time was almost music.",
        "The tomatoes are ripe, all of them, on the same day.",
        "Let me know by Friday, or just turn up, like always.",
    ),
)

TIDES = Topic(
    LIST_MEMBERS,
    (
        "harmonic constants",
        "the 3.2 release",
        "time zones",
        "the Python bindings",
        "the cache format",
        "leap seconds",
        "the Baltic model",
        "fuzz testing",
        "the licence of the tables",
        "negative depths",
    ),
    (
        "{}",
        "RFC: {}",
        "[patch] {}",
        "Regression in {}",
        "{}: help wanted",
        "Documentation of {}",
        "How do you test {}?",
    ),
    (
        "I can reproduce it here with the current main branch and the test data of 2019.",
        "The change touches {} only in one place, see the second hunk.",
        "Rounding twice was the culprit: once in the reader and once in the printer.",
        "Numbers from my machine: 41 ms before, 6 ms after, same output to the last digit.",
        "I would prefer an explicit error over a silent default here.",
        "Does anybody still need the old file format? If not, I propose to drop it in 4.0.",
        "The tables for the west coast disagree with the gauge by about four centimetres.",
        "Thanks for the review, all remarks are in version two of the patch.",
        "With {} out of the way the rest of the series applies cleanly.",
        "Please add a test that fails without the change, then I am happy to merge.",
        "It builds on the big-endian machine as well, somewhat to my surprise.",
        "+1 from me, the name is much clearer than what we had.",
    ),
    "tides-dev",
    "Development of the open tide library",
)

TERMINALS = Topic(
    LIST_MEMBERS,
    (
        "wide characters",
        "a mail client one likes to look at",
        "key bindings without AltGr",
        "screen readers",
        "256 colours and less",
        "mouse support",
        "fonts for box drawing",
        "copy and paste over ssh",
    ),
    ("{}", "What do you use for {}?", "{}: a small survey", "In praise of {}", "{}, and why it is hard"),
    (
        "I measured it with a high-speed camera, because that is the kind of person I am.",
        "The trick is not to draw what has not changed.",
        "On my grandmother's laptop it works, and that is the test that counts.",
        "Somebody please write {} down in one place, I will buy the coffee.",
        "Half of the problem is the font, the other half is the terminal, the third half is me.",
        "My rule: every key does something you can take back.",
        "I use it over a train's wireless every morning, so I notice each round trip.",
        "With a screen reader the best interface is still one line at a time.",
        "It turned out that {} had worked all along and my configuration was from 2009.",
        "Plain text travels well.",
    ),
    "terminal-talk",
    "People who like terminals",
)

PRIVATE = (HARBOUR, SEA_MUSEUM, HOME)
LISTS = (TIDES, TERMINALS)
