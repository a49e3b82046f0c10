"""Keys typed in one piece beside the same keys typed one after another: what became of the messages must be the same.

    python -m tests.benchmarks.ahead --rounds 40 --seed 1

Each round types the same random phrases (a search, a move, an answer, a dialog and its Esc, …) into the program twice,
with the same mail and no server: first everything at once, then key by key, each when the screen has come to rest.
What was done, and what was written, is compared, and it is said how many rounds came out differently, and which.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.terminal.terminal import Terminal, octets_of
from tests.terminal.test_typed_ahead import ESCAPE, fill
from tests.ui.world import Letter
from tui_mail.model import Flag
from tui_mail.paths import paths
from tui_mail.store.database import Database

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("INBOX", "Archive", "Travel", "Projects/Garden")
WORDS = ("dinner", "garden", "invoice", "meeting")
PHRASES = (
    "j", "j", "k", "e", "e", "s", "x", "d", "u", "enter", "escape", "J", "n", "z", "w", "tab", "shift+tab", "t", "G",
    "X", ".", "h", "V", "g i", "g a", "g t", "right", "left", "]", "M", "!",
    "/ 'dinner' enter", "/ 'is:unread' enter", "/ 'gard' escape", "/ 'zzz' enter escape", "= escape", "* escape",
    "v 'garden' enter", "v 'travel' enter", "y 'trav' enter", "g l 'archive' enter", "g l 'travel' enter",
    "W k enter", "W G enter", "? escape", ": 'star' enter", "l 'todo' enter", "H escape", "@ escape", "b escape",
    "c escape", "c 'anna' escape", "r 'draft ed' escape", "g o escape", "g e escape", ", escape", "o escape",
    "A escape", "| 'cat' enter escape", "S escape",
)  # fmt: skip


def mail() -> dict[str, list[Letter]]:
    """Four folders of 20 messages."""
    return {
        folder: [
            Letter(
                f"{folder} {n} {WORDS[n % 4]}", f"Person {n % 5} <p{n % 5}@x.example>", age=3600.0 * (n + 1),
                flags=Flag.SEEN if n % 3 else Flag.NONE,
            )
            for n in range(20)
        ]
        for folder in FOLDERS
    }  # fmt: skip


def keys_of(phrases: Sequence[str]) -> list[str]:
    """Names of keys; what is quoted letter by letter."""
    keys = list[str]()
    for phrase in phrases:
        for at, part in enumerate(phrase.split("'")):
            keys += list(part) if at % 2 else part.split()
    return keys


def came_of(keys: Sequence[str], columns: int, *, at_once: bool) -> list[str]:
    """What was done to which message, and what was written."""
    with tempfile.TemporaryDirectory(prefix="tui-mail-ahead-") as top:
        home = Path(top)
        fill(home, mail())
        argv = [sys.executable, "-m", "tui_mail", "--home", str(home)]
        with Terminal(argv, columns=columns, rows=40, cwd=ROOT) as screen:
            screen.wait_for("INBOX 0")
            screen.seconds_until_quiet(time.perf_counter(), quiet=0.5)
            if at_once:
                screen.send("".join(ESCAPE if key == "escape" else octets_of(key) for key in keys))
            else:
                for key in keys:
                    sent = screen.send(ESCAPE) if key == "escape" else screen.press(key)
                    screen.seconds_until_quiet(sent, quiet=0.15, timeout=3)
            time.sleep(1.5)
            screen.seconds_until_quiet(time.perf_counter(), quiet=0.5, timeout=5)
            screen.press("ctrl+q")
            code = screen.wait_end(10)
        return [f"ended with {code}"] * bool(code) + _stored(home)


def _stored(home: Path) -> list[str]:
    db = Database(paths(home))
    try:
        sql = db.read()
        done = sql.execute(
            "SELECT j.verb, t.name, j.add_flags, j.remove_flags, j.add_keywords, m.subject FROM journal j"
            " JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
            " LEFT JOIN folder t ON t.id = j.target"
        ).fetchall()
        written = [json.loads(row[0]) for row in sql.execute("SELECT content FROM draft")]
    finally:
        db.close()
    texts = (one["body"].partition("\n")[0] for one in written)
    drafts = sorted(f"{one['to']} · {one['subject']} · {text}" for one, text in zip(written, texts, strict=True))
    return sorted(map(str, done)) + drafts


def main(words: Sequence[str] | None = None) -> int:
    """Compare, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--phrases", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    different = actions = 0
    for seed in range(options.seed, options.seed + options.rounds):
        chance = random.Random(seed)
        phrases = [chance.choice(PHRASES) for _ in range(options.phrases)]
        keys, columns = keys_of(phrases), chance.choice((80, 160))
        ahead, slowly = (came_of(keys, columns, at_once=at_once) for at_once in (True, False))
        actions += len(slowly)
        if ahead != slowly:
            different += 1
            print(f"{seed}, {columns} columns: {'  '.join(phrases)}", flush=True)
            print(f"  only at once: {sorted((Counter(ahead) - Counter(slowly)).elements())}", flush=True)
            print(f"  only slowly:  {sorted((Counter(slowly) - Counter(ahead)).elements())}", flush=True)
    print(f"{options.rounds} rounds, {actions} things done, {different} rounds different")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
