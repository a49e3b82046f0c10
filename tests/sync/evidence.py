"""What a walk that broke a promise looked like from everywhere, in one file: for whoever has to find out why.

    python3 -m tests.benchmarks.walk --steps 250 --evidence DIR

What belongs here: collecting, by the clock, every line that both clients and the server said (Dovecot's rawlog), what
the server did (its own log), every change of a place or a stage in the client's store (triggers, which outlive kill
-9), and the steps of the walk. What must never be here: judging it.

To read it, follow one message (`grep 'T35'`): `DB` lines tell where the client believed it to be and how far its
changes were, `LOG` lines where it was.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from tests.sync.witness import Walked

_NOW = "(julianday('now') - 2440587.5) * 86400.0"
_WHERE = "ifnull((SELECT name FROM folder WHERE id = {0}.folder_id), '-') || '/' || ifnull({0}.uid, '-')"
_FACTS = "' flags=' || NEW.flags || ' ' || NEW.keywords || ' unborn=' || NEW.unborn || ' lost=' || NEW.lost_since"
_SUBJECT = "ifnull((SELECT subject FROM message WHERE id = NEW.message_id), '?')"
_TOLD = {
    "INSERT ON message": f"'+#' || NEW.id || ' ' || NEW.subject || ' ' || {_WHERE.format('NEW')} || {_FACTS}",
    "UPDATE OF folder_id, uid, flags, keywords, unborn, lost_since ON message": "' #' || NEW.id || ' ' || NEW.subject"
    f" || ' ' || {_WHERE.format('OLD')} || ' -> ' || {_WHERE.format('NEW')} || {_FACTS}",
    "DELETE ON message": "'-#' || OLD.id || ' ' || OLD.subject",
    "INSERT ON journal_item": "'+change ' || NEW.journal_id || ' #' || NEW.message_id || ' ' || "
    f"{_SUBJECT} || ' of #' || ifnull(NEW.source, '-') || (SELECT ' ' || kind || ' to ' ||"
    " ifnull((SELECT name FROM folder WHERE id = target), '-') || ' +' || add_flags || add_keywords || ' -' ||"
    " remove_flags || remove_keywords || ' undo of ' || ifnull(undo_of, '-') || ' ' || verb FROM journal"
    " WHERE id = NEW.journal_id)",
    "UPDATE ON journal_item": "' change ' || NEW.journal_id || ' #' || OLD.message_id || ' -> #' || NEW.message_id"
    f" || ' ' || {_SUBJECT} || ' stage ' || OLD.stage || ' -> ' || NEW.stage || ' probe ' || OLD.probe || ' -> ' ||"
    " NEW.probe",
    "UPDATE OF state, attempts ON journal": "' change ' || NEW.id || ' ' || NEW.kind || ' ' || OLD.state || ' -> ' ||"
    " NEW.state || ' attempts=' || NEW.attempts || ' next=' || NEW.next_try || ' undone=' || NEW.undone || ' ' ||"
    " NEW.error",
    "UPDATE OF name, uidvalidity, uidnext, synced_min_uid ON folder": "' folder ' || OLD.name || ' -> ' || NEW.name"
    " || ' uidvalidity ' || OLD.uidvalidity || ' -> ' || NEW.uidvalidity || ' uidnext ' || OLD.uidnext || ' -> ' ||"
    " NEW.uidnext || ' down to ' || NEW.synced_min_uid",
    "INSERT ON folder": "'+folder ' || NEW.id || ' ' || NEW.name",
    "DELETE ON folder": "'-folder ' || OLD.id || ' ' || OLD.name",
}
_TRIGGERS = "CREATE TABLE IF NOT EXISTS evidence (at REAL, told TEXT);" + "".join(
    f"CREATE TRIGGER IF NOT EXISTS evidence_{number} AFTER {event} BEGIN INSERT INTO evidence"
    f" VALUES ({_NOW}, {told}); END;"
    for number, (event, told) in enumerate(_TOLD.items())
)


class Evidence:
    """Of one walk."""

    def __init__(self) -> None:
        self._raw = Path(tempfile.mkdtemp(prefix="tui-mail-evidence-", dir="/tmp"))
        self._raw.chmod(0o777)  # Dovecot writes as somebody else
        self._events: list[tuple[float, str]] = []

    @property
    def options(self) -> dict[str, str]:
        """Of the server that is to tell everything."""
        return {"rawlog_dir": str(self._raw), "log_timestamp": '"%s.%{usecs} "'}

    def note(self, text: str) -> None:
        """Something that the walk did."""
        self._events.append((time.time(), f"WALK {text}"))

    def attend(self, home: Path) -> None:
        """Have the store of a client that runs tell what changes in it."""
        for database in home.rglob("mail.db"):
            sql = sqlite3.connect(database, timeout=20)
            sql.executescript(_TRIGGERS)
            sql.close()

    def keep(self, home: Path) -> None:
        """Take what the store told, before it is removed."""
        for database in home.rglob("mail.db"):
            sql = sqlite3.connect(database, timeout=20)
            self._events += [(at, f"DB {told}") for at, told in sql.execute("SELECT at, told FROM evidence")]
            sql.close()

    def write(self, server: Walked, into: Path) -> None:
        """All of it, in the order in which it happened."""
        events = self._events + [(at, f"LOG {told}") for at, told in _timed(server.log)]
        for path in self._raw.iterdir():
            session, side = path.name.split(".")[1], ">" if path.suffix == ".in" else "<"
            events += [(at, f"{side} {session} {told}") for at, told in _timed(path.read_text("utf-8", "replace"))]
        events.sort(key=lambda event: event[0])
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_text("".join(f"{at:.6f} {told}\n" for at, told in events), "utf-8")

    def clear(self) -> None:
        """Remove what the server wrote."""
        shutil.rmtree(self._raw, ignore_errors=True)


def _timed(text: str) -> list[tuple[float, str]]:
    found = (re.match(r"(\d+\.\d+) (.*)", line) for line in text.splitlines())
    return [(float(match[1]), match[2]) for match in found if match is not None]
