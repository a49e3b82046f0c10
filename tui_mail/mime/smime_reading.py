"""S/MIME for who reads: signatures checked and messages opened by openssl.

The authorities of this computer vouch for a certificate, or the person does by having it in `smime_folder`. No list of
revoked certificates is fetched. Everything blocks.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_mail.errors import UsageError
from tui_mail.mime.seals import Seal, Trust, judged
from tui_mail.mime.smime import names
from tui_mail.text import safe_line

STANDARD = "S/MIME"
SECONDS = 30.0


def check(part: bytes, signature: bytes, senders: Sequence[str], folder: str = "", own: str = "") -> Seal:
    """What a detached signature over `part` is worth; `folder` and `own` hold certificates that the person trusts."""
    return _checked(signature, senders, folder, own, part)[0]


def unwrap(signed: bytes, senders: Sequence[str], folder: str = "", own: str = "") -> tuple[Seal, bytes]:
    """The same of a message that is wrapped in its signature, and what is inside, empty when that cannot be had."""
    return _checked(signed, senders, folder, own, None)


def open_sealed(sealed: bytes, certificate: str, key: str) -> bytes:
    """What is inside an encrypted message. Raises UsageError with the reason when it cannot be read."""
    if not certificate or not key:
        raise UsageError(
            "This account has no smime_certificate and smime_key in config.toml, so this cannot be read here."
        )
    if shutil.which("openssl") is None:
        raise UsageError("openssl is not installed, so this message cannot be read here. Nothing was changed.")
    done = _openssl("-decrypt", "-inform", "DER", "-binary", "-recip", certificate, "-inkey", key, given=sealed)
    if done.returncode or not done.stdout:
        raise UsageError(
            "openssl did not open this message: it is not encrypted to your certificate, or the key needs a "
            "passphrase. Nothing was changed.",
            done.stderr.decode("utf-8", "replace")[-500:],
        )
    return done.stdout


def _checked(signature: bytes, senders: Sequence[str], folder: str, own: str, part: bytes | None) -> tuple[Seal, bytes]:
    if shutil.which("openssl") is None:
        return Seal(Trust.UNKNOWN, safe_line("signed; openssl is not installed, so it was not checked (S/MIME)")), b""
    with tempfile.TemporaryDirectory(prefix="tui-mail-") as home:
        signer = Path(home) / "signer.pem"
        words = ["-verify", "-inform", "DER", "-binary", "-signer", str(signer)]
        if part is not None:
            (Path(home) / "part").write_bytes(part)
            words += ["-content", str(Path(home) / "part")]
        intact = _openssl(*words, "-noverify", given=signature)
        if intact.returncode:
            if b"verification failure" in intact.stderr.lower() or b"digest" in intact.stderr.lower():
                sentence, trust = "the signature is wrong: this is not what was signed (S/MIME)", Trust.BAD
            else:
                sentence, trust = "signed; the signature is damaged and cannot be checked (S/MIME)", Trust.UNKNOWN
            return Seal(trust, safe_line(sentence)), b""
        vouched = _openssl(*words, "-purpose", "smimesign", given=signature).returncode == 0
        certificates = _certificates(signer)
        if len(certificates) != 1:
            return Seal(Trust.BAD, safe_line("several people signed this; it counts for none (S/MIME)")), intact.stdout
        emails, print_of = certificates[0]
        vouched = vouched or print_of in _trusted(folder, own)
        missing = "no authority of this computer vouches for the certificate"
        seal = judged(
            STANDARD, emails, senders, vouched=vouched, name="a certificate without an address", missing=missing
        )
        return seal, intact.stdout


def _openssl(*words: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["openssl", "cms", *words],
            input=given,
            capture_output=True,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("openssl did not answer. Nothing was changed.", repr(error)) from error


def _certificates(file: Path, *, valid: bool = False) -> list[tuple[list[str], bytes]]:
    """The addresses of each certificate of a PEM file, and its SHA-256; only of those that are `valid` now."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificates

    try:
        found = load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return []
    now = datetime.now(UTC)
    fitting = [one for one in found if not valid or one.not_valid_before_utc <= now <= one.not_valid_after_utc]
    return [(sorted(names(one)), one.fingerprint(SHA256())) for one in fitting]


def _trusted(folder: str, own: str) -> set[bytes]:
    files = [Path(own)] if own else []
    if folder:
        files += [one for one in sorted(Path(folder).glob("*")) if one.suffix.lower() in (".pem", ".crt", ".cer")]
    return {print_of for file in files[:2_000] for _, print_of in _certificates(file, valid=True)}
