"""The people, lists and senders. Robin Hale reads this mail; Tidewater is where Robin works."""

from __future__ import annotations

from tui_mail.demo.sample.letters import Person

ROBIN = Person("Robin Hale", "robin@tidewater.example")
"""Whose mail it is."""

INES = Person("Ines Okafor", "ines@tidewater.example")
JAKUB = Person("Jakub Dvořák", "jakub@tidewater.example")
MEI = Person("Mei Tanaka", "mei@tidewater.example")
SAMIR = Person("Samir Haddad", "samir@tidewater.example")
LOTTE = Person("Lotte Brandt", "lotte@tidewater.example")
PRIYA = Person("Priya Raman", "priya@tidewater.example")
TOMAS = Person("Tomás Rivera", "tomas@tidewater.example")
EWAN = Person("Ewan MacLeod", "ewan.macleod@portmarin.example")
CHIARA = Person("Chiara Rossi", "c.rossi@seamuseum.example")
NOOR = Person("Noor van Dijk", "noor@seamuseum.example")
MINA = Person("Mina Hale", "mina.hale@post.example")
OSKAR = Person("Oskar Lindqvist", "oskar@quaychoir.example")
YAEL = Person("Yael Cohen", "yael@slowreaders.example")
FEMI = Person("Femi Adeyemi", "femi@post.example")
RUTH = Person("Ruth Hale", "ruth.hale@post.example")
KOFI = Person("Kofi Mensah", "kofi@openwater.example")
ASTRID = Person("Astrid Nørgaard", "astrid@fjordworks.example")
WEI = Person("Wei Zhang", "wei@openwater.example")
HANA = Person("Hana Novak", "hana@fjordworks.example")
LEO = Person("Leo Fontaine", "leo@openwater.example")

COLLEAGUES = (INES, JAKUB, MEI, SAMIR, LOTTE, PRIYA, TOMAS)
MUSEUM = (CHIARA, NOOR, MEI, INES)
FRIENDS = (MINA, OSKAR, YAEL, FEMI, RUTH)
LIST_MEMBERS = (KOFI, ASTRID, WEI, HANA, LEO, JAKUB, PRIYA)

SIGNATURES = {
    INES: "Ines Okafor · Product\nTidewater, Quay 4",
    JAKUB: "Jakub",
    MEI: "Mei ✿",
    SAMIR: "Samir Haddad\nKeeps the lights on at Tidewater",
    LOTTE: "Lotte Brandt\nTidewater office · desk by the window",
    PRIYA: "Priya",
    TOMAS: "Tomás Rivera\nTidewater · +49 40 5550 0142",
    EWAN: "Ewan MacLeod\nDeputy Harbour Master, Port Marin",
    CHIARA: "Chiara Rossi\nCurator, Museum of the Small Sea",
    NOOR: "Noor van Dijk\nMuseum of the Small Sea",
    ASTRID: "Astrid Nørgaard, Fjordworks",
}
"""What stands below their mails; the others sign with their first name."""


def signature(person: Person) -> str:
    """The lines below the dash line, or none."""
    return f"\n-- \n{SIGNATURES[person]}\n" if person in SIGNATURES else ""
