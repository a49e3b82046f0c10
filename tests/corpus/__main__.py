"""Opens every message below a folder as the reader does, and says what it cost and what got through.

    python3 -m tests.corpus DIR [--limit SECONDS] [--computing] [--cells N] [--json FILE] [--slowest N]

Each file goes through the parser's process, its limits included, and is laid out as on the screen, to the end.
Reported are: crashes (the parser ended, or the layout raised), messages that are shown as raw text, control and
direction characters in what would be painted, the time of each message until its first page, the most memory that the
parser had. Ends with 1 when there was a crash, such a character, or a message that took longer than the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from tui_mail.mime.worker import ParserProcess
from tui_mail.model import Message
from tui_mail.ui.widgets.document import Document
from tui_mail.ui.widgets.message_document import message_document, source_document
from tui_mail.ui.widgets.row_text import Calendar

LIMIT_SECONDS = 1.0
PAGE = 60
"""Lines of a large window."""
ALLOWED_FORMATS = frozenset(
    "\u200c\u200d\u00ad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Characters of the category Cf that do nothing but join and part letters, or are letters: Arabic signs of numbers."""


@dataclass
class Opened:
    """One file."""

    name: str
    octets: int
    parse_seconds: float = 0.0
    paint_seconds: float = 0.0
    computing_seconds: float = 0.0
    """Processor time until the first page, whatever else the machine did meanwhile."""
    lines: int = 0
    raw: str = ""
    """Why it is shown as raw text; empty: it is not."""
    crash: str = ""
    controls: list[str] = field(default_factory=list)
    """Names of characters that may not be painted."""
    subject: str = ""

    @property
    def seconds(self) -> float:
        """From its octets to the first page; further lines are made while somebody reads."""
        return self.parse_seconds + self.paint_seconds


def open_file(path: Path, name: str, parser: ParserProcess, cells: int) -> Opened:
    """What the reader does with a message."""
    octets = path.read_bytes()
    opened = Opened(name, len(octets))
    began, computed = time.perf_counter(), _computed(parser)
    message = parser.parse(octets)
    opened.parse_seconds = time.perf_counter() - began
    opened.computing_seconds = max(0.0, _computed(parser) - computed)
    opened.raw = next((str(words) for words in message.warnings if "raw text" in words), "")
    opened.subject = str(message.subject)
    if not parser.pid:
        opened.crash = opened.raw or "the parser ended"
    began, computed = time.perf_counter(), time.process_time()
    try:
        document = message_document(message, None, Calendar.at(time.time()), frozenset())
        document.lay_out(cells)
        document.ensure(PAGE)
        opened.paint_seconds = time.perf_counter() - began
        opened.computing_seconds += time.process_time() - computed
        lines = [*_laid_out(document), *_laid_out(source_document(octets[:200_000]), cells)]
        opened.lines = len(document.lines)
        opened.controls = sorted({one for text in (*lines, *_names(message)) for one in _forbidden(text)})
    except Exception as error:  # what the report is about
        opened.crash = f"{type(error).__name__}: {error}"
    return opened


def _computed(parser: ParserProcess) -> float:
    """Processor time of the parser so far; none while it is not there."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(parser.pid).cpu_times() if parser.pid else None
        return float(times.user + times.system) if times else 0.0
    return 0.0


def _laid_out(document: Document, cells: int = 0) -> list[str]:
    """Every line of it; `cells`: laid out anew."""
    if cells:
        document.lay_out(cells)
    while not document.complete:
        document.advance(1000)
    return ["".join(text for text, _ in line) for line in document.lines]


def _names(message: Message) -> Iterator[str]:
    """What else of a message is painted somewhere: header fields, names of people and files."""
    people = (one for some in (message.from_, message.to, message.cc, message.reply_to) for one in some)
    yield from (message.subject, message.snippet, *(part.filename for part in message.attachments))
    yield from (text.replace("\n", "") for pair in message.headers for text in pair)
    yield from (f"{one.name}{one.email}" for one in people)


def _forbidden(text: str) -> Iterator[str]:
    if text.isascii() and text.isprintable():
        return
    for one in text:
        kind = unicodedata.category(one)
        if kind in ("Cc", "Cs", "Zl", "Zp") or (kind == "Cf" and one not in ALLOWED_FORMATS):
            yield f"U+{ord(one):04X}"


def _files(top: Path) -> Iterator[Path]:
    return (path for path in sorted(top.rglob("*")) if path.is_file()) if top.is_dir() else iter([top])


def main(words: Sequence[str] | None = None) -> int:
    """Open all, and report."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("folder", type=Path)
    reader.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds that a message may take")
    reader.add_argument("--computing", action="store_true", help="the limit is of processor time: the machine is busy")
    reader.add_argument("--cells", type=int, default=100)
    reader.add_argument("--json", type=Path, help="write a line for each file there")
    reader.add_argument("--slowest", type=int, default=5)
    asked = reader.parse_args(words)
    everything: list[Opened] = []
    peak = 0
    with ParserProcess() as parser:
        parser.warm()
        for path in _files(asked.folder):
            everything.append(open_file(path, str(path.relative_to(asked.folder)), parser, asked.cells))
            with contextlib.suppress(psutil.Error):
                peak = max(peak, psutil.Process(parser.pid).memory_info().rss)
    if asked.json:
        asked.json.write_text("".join(json.dumps(asdict(one)) + "\n" for one in everything))
    return report(everything, peak, asked.limit, asked.slowest, computing=asked.computing)


def report(everything: Sequence[Opened], peak: int, limit: float, slowest: int, *, computing: bool = False) -> int:
    """Say what came of it; 1 when something is wrong."""
    if not everything:
        print("There are no files.")
        return 1
    times = sorted(one.seconds for one in everything)
    crashed = [one for one in everything if one.crash]
    leaking = [one for one in everything if one.controls]
    late = [one for one in everything if (one.computing_seconds if computing else one.seconds) > limit]
    raw = [one for one in everything if one.raw]
    print(f"{len(everything)} messages, {sum(one.octets for one in everything):,} octets")
    print(
        f"crashes {len(crashed)}, with control characters {len(leaking)}, over {limit:g} s {len(late)}, raw {len(raw)}"
    )
    print(
        f"each: median {statistics.median(times) * 1000:.1f} ms, 95 % {times[int(len(times) * 0.95)] * 1000:.1f} ms, "
        f"worst {times[-1] * 1000:.0f} ms; parser at most {peak / 1e6:.0f} MB"
    )
    for one in crashed:
        print(f"crash    {one.name}: {one.crash}")
    for one in leaking:
        print(f"controls {one.name}: {' '.join(one.controls)}")
    for one in raw:
        print(f"raw      {one.name}: {one.raw}")
    for one in sorted(everything, key=lambda one: -(one.computing_seconds if computing else one.seconds))[:slowest]:
        computed = f"({one.computing_seconds * 1000:.0f} computing)"
        print(f"{one.seconds * 1000:7.0f} ms {computed} {one.octets:>10,} octets {one.name}")
    return 1 if crashed or leaking or late else 0


if __name__ == "__main__":
    sys.exit(main())
