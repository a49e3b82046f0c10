"""The screen. Reads the store through MailClient, shows SafeText only, and never waits for the network."""

from __future__ import annotations

import os

# Read by Textual when it is imported: a key's answer in two steps must not wait a sixtieth of a second between them.
os.environ.setdefault("TEXTUAL_FPS", "250")
