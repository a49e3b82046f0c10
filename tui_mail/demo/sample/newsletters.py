"""Newsletters: HTML as marketing departments write it, with a plain alternative that says the same."""

from __future__ import annotations

from typing import NamedTuple

from tui_mail.demo.sample.automatic import Machine
from tui_mail.demo.sample.dice import Dice
from tui_mail.demo.sample.letters import Person, alternative


class Brand(NamedTuple):
    """Somebody with a newsletter."""

    name: str
    address: str
    colour: str
    subjects: tuple[str, ...]
    blocks: tuple[tuple[str, str], ...]
    """Heading and paragraph."""


BRANDS = (
    Brand(
        "Tidepool Books",
        "post@tidepoolbooks.example",
        "#14506b",
        (
            "Five books for a long crossing",
            "New this week: poems, charts and one cookbook",
            "Signed copies, while the ink is wet",
            "What our harbour readers loved in spring",
        ),
        (
            ("The Lighthouse Year", "Twelve months, one keeper, no visitors. You will miss them all by the end."),
            ("Charts and Charms", "How sailors drew what they feared. With forty maps and a very good index."),
            ("Soup on Deck", "Recipes for one flame and a moving floor. Tested in force six."),
            ("Poems for Piers", "Short ones, for waiting. Longer ones, for when the ferry is late."),
            ("A Field Guide to Fog", "Yes, a whole book about it. We could not put it down, or see it."),
        ),
    ),
    Brand(
        "Slow Rail",
        "news@slowrail.example",
        "#7a1f3d",
        (
            "Night trains to the sea from 29 euros",
            "The window seat: your letter for the month",
            "Three journeys you can begin after work",
            "The winter timetable is out",
        ),
        (
            ("To the lagoon by morning", "Fall asleep at the main station, wake up between reeds and herons."),
            ("The cheese line", "Nine stations, nine dairies, one ticket. Please bring a bag."),
            ("With the bicycle", "From this month on every night train has eight places for bicycles."),
            ("Quiet coach", "It is quieter now. We oiled the doors."),
        ),
    ),
    Brand(
        "The Weather Letter",
        "letter@weatherletter.example",
        "#335c33",
        (
            "Why fog likes mornings",
            "A storm with a very long name",
            "The colour of the sky, explained slowly",
            "Your questions about hail",
        ),
        (
            ("Why fog likes mornings", "Cold air sinks at night and meets water that still remembers the afternoon."),
            ("Picture of the week", "A shelf cloud over the strait, taken by a reader from her kitchen."),
            ("Number of the week", "71: days of mist on the northern coast last year. The foghorn has a cold."),
            ("Ask us", "Is it true that cows lie down before rain? We asked forty cows."),
        ),
    ),
    Brand(
        "Longshore Bicycles",
        "ride@longshore.example",
        "#a8480f",
        (
            "Spring check: we look at your brakes for free",
            "Sunday ride along the dyke",
            "Rain trousers that one can be seen in",
            "Last sizes: 20% off mudguards",
        ),
        (
            ("Free brake check", "Come by on Saturday between nine and two. There is coffee for the nervous."),
            ("Sunday ride", "Forty kilometres, flat as a table, wind from all sides. We wait for everybody."),
            ("Good lights", "The new front light shines on the road and not into faces. 49 euros."),
            ("Used, loved, repaired", "Eleven bicycles look for a new home. Each one got a new chain."),
        ),
    ),
    Brand(
        "Open Water Foundation",
        "hello@openwater.example",
        "#0b5a8a",
        (
            "Your gift measured 400 kilometres of coast",
            "Report from the summer expedition",
            "Free tide data for eleven more ports",
            "Thank you, in numbers",
        ),
        (
            ("400 kilometres", "Volunteers walked the coast with a staff and a notebook. The data is free for all."),
            ("Eleven ports", "From Hallvik to São Brás: their tables are now in the open library."),
            ("The otter is back", "Twice seen, once photographed. It looked busy."),
            ("How we spend", "Of each euro 91 cents go into measuring, 9 into stamps and bookkeeping."),
        ),
    ),
    Brand(
        "Café Leuchtturm",
        "karte@cafe-leuchtturm.example",
        "#8a6d0b",
        (
            "Diese Woche: Apfelkuchen und Krabbensuppe",
            "Geänderte Öffnungszeiten über Ostern",
            "Die Terrasse ist wieder offen ☀️",
            "Neu: Frühstück ab sieben für Fährgäste",
        ),
        (
            ("Apfelkuchen", "Mit Äpfeln aus dem Garten von Frau Brandt. Solange sie reichen."),
            ("Krabbensuppe", "Mittwoch und Freitag. Brot gibt es dazu, gute Laune auch."),
            ("Frühstück für Fährgäste", "Ab sieben Uhr, damit niemand hungrig übersetzen muss."),
            ("Lesung am Kamin", "Gedichte vom Meer, Donnerstag um acht. Eintritt frei, der Hut geht um."),
        ),
    ),
)

_STYLE = (
    "body{margin:0;background:#f4f1ea}.w{width:600px;margin:0 auto;background:#fff}.h{padding:28px;color:#fff}"
    ".b{padding:20px 28px;font:16px/24px Helvetica,Arial,sans-serif;color:#333}.b h2{margin:0 0 8px;font-size:19px}"
    ".a{display:inline-block;padding:10px 18px;color:#fff;text-decoration:none;border-radius:4px}"
    ".f{padding:20px 28px;font-size:12px;color:#888}@media(max-width:600px){.w{width:100%!important}}"
)


def newsletter(dice: Dice, serial: int, date: int) -> Machine:
    """One issue."""
    brand = dice.pick(BRANDS)
    subject = dice.pick(brand.subjects)
    blocks = dice.some(brand.blocks, dice.between(2, 4))
    site = brand.address.partition("@")[2]
    leave = f"https://{site}/leave/{serial:x}"
    text = f"{subject}\n{'=' * len(subject)}\n\n" + "\n\n".join(
        f"{heading}\n{words}\nhttps://{site}/read/{serial:x}/{number}"
        for number, (heading, words) in enumerate(blocks, 1)
    )
    text += f"\n\n--\n{brand.name}. You get this letter because you asked for it.\nLeave the list: {leave}\n"
    sections = "".join(
        f'<tr><td class="b"><img src="https://img.{site}/{serial:x}/{number}.jpg" width="544" alt="{heading}">'
        f'<h2 style="color:{brand.colour}">{heading}</h2><p>{words}</p>'
        f'<a class="a" style="background:{brand.colour}" href="https://{site}/read/{serial:x}/{number}'
        f'?utm_source=letter&amp;utm_medium=mail">Read on</a></td></tr>\n'
        for number, (heading, words) in enumerate(blocks, 1)
    )
    html = (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{subject}</title><style>{_STYLE}</style></head><body>"
        f'<div style="display:none;max-height:0;overflow:hidden">{blocks[0][1]}</div>'
        f'<table class="w" cellpadding="0" cellspacing="0" align="center">'
        f'<tr><td class="h" style="background:{brand.colour}"><b>{brand.name}</b><h1>{subject}</h1></td></tr>\n'
        f'{sections}<tr><td class="f">{brand.name}. You get this letter because you asked for it. '
        f'<a href="{leave}">Leave the list</a></td></tr></table>'
        f'<img src="https://img.{site}/o/{serial:x}.gif" width="1" height="1" alt=""></body></html>\n'
    )
    extra = (
        f"List-Id: {brand.name if brand.name.isascii() else 'Letter'} <letter.{site}>\n"
        f"List-Unsubscribe: <{leave}>, <mailto:leave-{serial:x}@{site}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nPrecedence: bulk\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d={site}; s=letter; h=from:to:subject:date:list-unsubscribe:\n"
        f"\tlist-unsubscribe-post; bh={serial:08x}; b={serial:08x}\n"
    )
    return Machine(Person(brand.name, brand.address), subject, extra, alternative(text, html, serial))
