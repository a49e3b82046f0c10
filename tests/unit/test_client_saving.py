"""Files that leave the mail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.sync.conftest import wait_for
from tui_mail.client.saving import save_copy, save_new

_COPY = "import sys; from pathlib import Path; from tui_mail.client.saving import save_copy as c; " + (
    "c(Path(sys.argv[1]), 'film.mp4', Path(sys.argv[2]))"
)


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """The second of one name gets a number; nothing else is left in the folder."""
    (tmp_path / "source").write_bytes(b"three")
    assert save_new(tmp_path, "a.txt", b"one").name == "a.txt"
    assert save_new(tmp_path, "a.txt", b"two").name == "a (2).txt"
    assert save_copy(tmp_path, "a.txt", tmp_path / "source").name == "a (3).txt"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "source": b"three",
        "a.txt": b"one",
        "a (2).txt": b"two",
        "a (3).txt": b"three",
    }


def test_killed_while_it_is_written(tmp_path: Path) -> None:
    """kill -9 in the middle: there is no file under its name."""
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(pipe)
    process = subprocess.Popen([sys.executable, "-c", _COPY, str(folder), str(pipe)])
    with pipe.open("wb") as source:
        source.write(b"x" * 3_000_000)
        source.flush()
        wait_for(lambda: [one for one in folder.iterdir() if one.stat().st_size], "something is written", 30)
        process.kill()
        process.wait()
    assert not (folder / "film.mp4").exists()
    assert all(one.name.startswith(".") for one in folder.iterdir())
