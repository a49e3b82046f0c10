"""Who is told what is seen of a server on the way in, before anything secret is sent to it.

What belongs here: the moments of a connection, with nothing done at them. What must never be here: a secret.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence


class Witness:
    """Is told of each moment as it comes, on the connecting thread; does nothing by itself."""

    def connected(self, peer: str) -> None:
        """There is a TCP connection to this address."""

    def encrypted(self, line: ssl.SSLSocket) -> None:
        """TLS stands and is trusted."""

    def greeted(self, words: str) -> None:
        """The server said its first words, untrusted; where that is STARTTLS, before TLS."""

    def offered(self, capabilities: Sequence[str]) -> None:
        """What the server says that it can do, untrusted, when nothing but the login is left to do."""


NOBODY = Witness()
