"""tui_mail: a full-screen mail client for the terminal.

Nothing is imported here: every module pays only for what it needs.
"""

__version__ = "0.1.0"
