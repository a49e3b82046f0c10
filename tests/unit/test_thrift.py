"""What a process leaves out when it starts, seen from outside it."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from tui_mail.thrift import OPENSSL, imports_without
with imports_without(OPENSSL):
    import tui_mail.client, tui_mail.ui.app
loaded = [name for name in OPENSSL if name in sys.modules]
import ssl, hashlib
print(json.dumps([loaded, bool(ssl.OPENSSL_VERSION), hashlib.sha256(b"").hexdigest()[:8]]))
"""


def test_the_screen_has_no_openssl_and_whoever_needs_it_still_gets_it() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[], True, "e3b0c442"]


MEANWHILE = """
import sys, threading
from tui_mail.thrift import OPENSSL, imports_without
found = []
def look():
    import ssl
    found.append(ssl.OPENSSL_VERSION)
with imports_without(OPENSSL):
    try:
        import ssl
    except ImportError:
        found.append("missing")
    other = threading.Thread(target=look)
    other.start()
    other.join()
    import hashlib
assert found[0] == "missing" and found[1].startswith("OpenSSL"), found
assert not [one for one in sys.meta_path if type(one).__module__.startswith("tui_mail")]
"""


def test_other_threads_miss_nothing_meanwhile() -> None:
    """Whoever opens a connection while the composer is being loaded has OpenSSL."""
    ended = subprocess.run([sys.executable, "-c", MEANWHILE], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
