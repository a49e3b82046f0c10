"""Conversations written by hand: the ones a newcomer reads first. A turn by Robin lies in Sent."""

from __future__ import annotations

from typing import NamedTuple

from tui_mail.demo.sample.cast import (
    CHIARA,
    EWAN,
    FEMI,
    INES,
    JAKUB,
    LOTTE,
    MEI,
    MINA,
    NOOR,
    OSKAR,
    PRIYA,
    ROBIN,
    RUTH,
    SAMIR,
    TOMAS,
    YAEL,
)
from tui_mail.demo.sample.letters import Person


class Turn(NamedTuple):
    """One message of a conversation."""

    who: Person
    text: str


class Story(NamedTuple):
    """A conversation from its first message to its last."""

    subject: str
    turns: tuple[Turn, ...]
    file: str = ""
    """A name out of files.FILES, attached to the last turn."""


STORIES: dict[str, Story] = {
    "ferry": Story(
        "Winter timetable: the 18:40 is missing",
        (
            Turn(
                EWAN,
                "Morning Robin,\n\nthree people stood on the pier last night because the app had no 18:40. It is on "
                "the printed sheet. Could someone have a look before Friday?",
            ),
            Turn(
                ROBIN,
                "Hello Ewan,\n\nsorry about that, and thank you for telling us so kindly. The 18:40 is in the data "
                "with a start date of 1 December, so the sheet is right and the date is wrong. Jakub is on it.",
            ),
            Turn(
                JAKUB,
                "Found it. The importer reads 01.12. as the twelfth of January. One line, and a test so that it stays "
                "fixed. It goes out with tonight's build.",
            ),
            Turn(
                EWAN,
                "It is there now, and so was the ferry. The pier sends its regards.\n\nIf you are ever on the island, "
                "the soup is on me.",
            ),
        ),
    ),
    "launch": Story(
        "Harbour 2.0: are we ready for Thursday?",
        (
            Turn(
                INES,
                "Dear all,\n\nthree things are open on my list:\n\n  1. the new map tiles (Mei)\n  2. tide tables for "
                "the northern ports (Priya)\n  3. the text for the store (me, I promise)\n\nDoes anybody see a fourth?",
            ),
            Turn(
                MEI,
                "Tiles are done! 🗺️ The night colours were the last bit. I attach nothing, just open the app at night.",
            ),
            Turn(
                PRIYA,
                "Tide tables are in for all but two ports. Hallvik publishes theirs as a scanned page, so I typed "
                "it in by hand. It was oddly calming.",
            ),
            Turn(ROBIN, "A fourth: the release notes. I will write them tonight and send them round in the morning."),
            Turn(
                INES,
                "Then we are ready. Thursday, ten o'clock, and there will be cake.\n\nPlease nobody merge anything on "
                "Wednesday afternoon. You know who you are.",
            ),
        ),
    ),
    "backup": Story(
        "We restored the backup (on purpose)",
        (
            Turn(
                SAMIR,
                "I restored last night's backup into an empty machine, from the written instructions only. It took 41 "
                'minutes and worked at the second attempt. The first one failed because step 7 said "as usual".\n\n'
                "Step 7 now says what is usual.",
            ),
            Turn(ROBIN, "This is my favourite mail of the month. Shall we do it every quarter?"),
            Turn(SAMIR, "It is in the calendar already. Next time Jakub does it, and I am not allowed to help."),
        ),
    ),
    "museum": Story(
        "Audio guide: first recordings",
        (
            Turn(
                CHIARA,
                "Dear Robin, dear Mei,\n\nhere are the first four recordings, read by Noor. Number three has a gull in "
                "it. We tried again and the gull came back, so we would like to keep it.",
            ),
            Turn(MEI, "The gull stays. I am drawing it into the map."),
            Turn(
                ROBIN,
                "They sound wonderful. Two small questions: may we show the text while it plays, and how should the "
                'guide say "kogge" in English?',
            ),
            Turn(
                NOOR,
                "Yes to the text, please, and in large letters: many of our visitors left their glasses on the boat."
                "\n\n"
                '"Cog", like the wheel. Children love it.',
            ),
            Turn(
                CHIARA,
                "I enclose the plan of the upper floor with the new numbers. Room 7 has become room 6, and nobody is "
                "happy about it but the fire brigade.",
            ),
        ),
        "floor-plan.pdf",
    ),
    "choir": Story(
        "Saturday's concert",
        (
            Turn(
                OSKAR,
                "Dear singers,\n\nwe meet at five in the old customs hall. Black clothes, warm socks: the heating is "
                "older than the repertoire. Altos, please look at bar 42 again.",
            ),
            Turn(ROBIN, "I looked at bar 42. It looked back."),
            Turn(OSKAR, "Then you are better prepared than the tenors. See you on Saturday! 🎶"),
        ),
    ),
    "garden": Story(
        "The courgettes have won",
        (
            Turn(
                FEMI,
                "I was away for four days. There are eleven courgettes, and one of them is the size of a dog. Do you "
                "want some? Please say yes.",
            ),
            Turn(ROBIN, "Yes to three, no to the dog. I bring back your big pot on Sunday."),
            Turn(FEMI, "Deal. I will leave them on your doorstep, like everybody does with courgettes."),
        ),
    ),
    "books": Story(
        "Next book: shall we vote?",
        (
            Turn(
                YAEL,
                "Three suggestions so far:\n\n  a) the one about the lighthouse keeper\n  b) the one about the other "
                "lighthouse keeper\n  c) poems\n\nAnswer with a letter until Sunday.",
            ),
            Turn(MINA, "b, because I already own it."),
            Turn(ROBIN, "c, because we always say we will."),
            Turn(YAEL, "It is c! Bring your favourite one, and read it aloud if you dare. I make the soup."),
        ),
    ),
    "birthday": Story(
        "Ruth's 80th: a plan",
        (
            Turn(
                MINA,
                "Robin, psst.\n\nI booked the boat for the afternoon of the 14th. There is room for thirty and a "
                "piano, do not ask. Can you do the invitations? You have the nice font.",
            ),
            Turn(ROBIN, "I do have the nice font. Does the piano stay on the boat?"),
            Turn(MINA, "The piano IS the reason for the boat. Draft the text and I send it to the cousins. ❤️"),
        ),
    ),
    "office": Story(
        "The coffee machine, again",
        (
            Turn(
                LOTTE,
                'Good morning everybody,\n\nthe machine shows error E11, which the manual calls "other". A technician '
                "comes on Wednesday. Until then there is a kettle, and there is the café downstairs, which is glad.",
            ),
            Turn(TOMAS, "I have a moka pot in my drawer. I say this without shame."),
            Turn(LOTTE, "Tomás is hereby Head of Coffee. The technician is still coming."),
        ),
    ),
    "design": Story(
        "Colours for people who see them differently",
        (
            Turn(
                MEI,
                "I went through all 34 screens with the simulator. Two places told things by colour alone: the tide "
                'arrow and the "delayed" badge. Both have a sign now as well.\n\nThe picture shows before and after.',
            ),
            Turn(ROBIN, "Thank you! The arrow is much better even for me. Could the badge say how late?"),
            Turn(MEI, '"12 min late" it is. Short words are the best icons.'),
        ),
        "before-after.png",
    ),
    "numbers": Story(
        "How many people use the app? A careful answer",
        (
            Turn(
                TOMAS,
                'Port Marin asks how many people use the app each day. May I say "about nine thousand"?',
            ),
            Turn(
                PRIYA,
                'Please say "between 7,400 and 8,100 on a weekday without fog". On foggy days it doubles, because '
                "everybody asks whether the ferry runs at all.",
            ),
            Turn(ROBIN, "I like the fog sentence. Put it into the offer just like that."),
            Turn(TOMAS, "They liked it too. We have the contract! 🎉 Details in the file."),
        ),
        "offer-port-marin.pdf",
    ),
    "aunt": Story(
        "Your postcard",
        (
            Turn(
                RUTH,
                "My dear Robin,\n\nyour postcard arrived after only three weeks, so the island must be very far away. "
                "I have put it on the shelf next to the clock.\n\nThe computer man says this message has arrived as "
                "soon as I press the button. We shall see.\n\nYour aunt Ruth",
            ),
            Turn(
                ROBIN,
                "Dear aunt Ruth,\n\nit arrived! Tell the computer man he was right once. I come on Sunday, with cake.",
            ),
            Turn(RUTH, "Good. The one with the plums."),
        ),
    ),
}
