"""The screen. Reads the store through MailClient, shows SafeText only, and never waits for the network."""

from __future__ import annotations

import os

# Read by Textual when it is imported: a key's answer must not wait for the next sixtieth of a second.
os.environ.setdefault("TEXTUAL_FPS", "120")
