"""The way in: `tui-mail` and `python -m tui_mail`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from tui_mail.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
