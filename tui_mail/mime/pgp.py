"""OpenPGP through the person's own gpg: her keys, her agent, her cards, her decisions about trust.

The only place that knows python-gnupg. gpg is asked without a terminal: what must be typed is asked for by its agent
(a graphical pinentry, or a passphrase that was unlocked before), never here. Everything blocks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_mail.errors import UsageError
from tui_mail.mime.protection import pgp_encrypted, pgp_signed

if TYPE_CHECKING:
    from gnupg import GPG

_HASHES = {"2": "sha1", "8": "sha256", "9": "sha384", "10": "sha512", "11": "sha224"}
_SIGN, _ENCRYPT = "S", "E"
"""What a key as a whole can do, in gpg's letters."""
_NOT_SENT = "The message was not sent; it is still a draft."


def available() -> bool:
    """Whether gpg is installed."""
    return shutil.which("gpg") is not None


def sign(part: bytes, sender: str, *, home: str = "") -> bytes:
    """The part, signed by the sender's key. Raises UsageError with the reason when that cannot be."""
    gpg = _gpg(home)
    made = gpg.sign(part, keyid=_one(gpg, sender, secret=True), detach=True)
    if not made.data:
        raise UsageError(f"gpg did not sign for {sender}: {_reason(made, sender)}. {_NOT_SENT}")
    return pgp_signed(part, bytes(made.data), _HASHES.get(str(made.hash_algo), "sha256"))


def encrypt(
    part: bytes, sender: str, recipients: Sequence[str], hidden: Sequence[str] = (), *, signed: bool, home: str = ""
) -> bytes:
    """The part, encrypted to recipients and to the sender; `hidden` are those in Bcc, whom the others must not see.

    Raises UsageError with the reason: no key of somebody, a key that gpg does not trust, no way to sign.
    """
    gpg = _gpg(home)
    own = _one(gpg, sender, secret=True, able=_ENCRYPT)
    keys = [own, *(_one(gpg, email, able=_ENCRYPT) for email in recipients)]
    unseen = [word for email in hidden for word in ("--hidden-recipient", _one(gpg, email, able=_ENCRYPT))]
    made = gpg.encrypt(
        part,
        list(dict.fromkeys(keys)),
        sign=_one(gpg, sender, secret=True) if signed else None,
        armor=True,
        extra_args=unseen,
    )
    if not made.ok:
        raise UsageError(f"gpg did not encrypt this message: {_reason(made, sender)}. {_NOT_SENT}")
    return pgp_encrypted(bytes(made.data))


def decrypt(sealed: bytes, *, home: str = "") -> bytes:
    """What is inside. Raises UsageError with the reason when it cannot be read."""
    made = _gpg(home).decrypt(sealed)
    if not made.ok:
        raise UsageError(f"gpg did not decrypt this message: {_reason(made)}. Nothing was changed.")
    return bytes(made.data)


def _gpg(home: str) -> GPG:
    import gnupg

    if not available():
        raise UsageError(f"gpg is not installed, so nothing can be signed or encrypted with PGP. {_NOT_SENT}")
    return gnupg.GPG(gnupghome=home or None, options=["--no-tty", "--batch"], env=without_terminal())


def without_terminal() -> dict[str, str]:
    """The environment of a gpg that does not tell its agent of a terminal: `--no-tty` alone does not keep it back."""
    return {name: value for name, value in os.environ.items() if name != "GPG_TTY"}


def _one(gpg: GPG, email: str, *, secret: bool = False, able: str = _SIGN) -> str:
    keys = _keys(gpg, email, secret=secret, able=able)
    if not keys:
        whose = "secret key of your own" if secret else "key"
        raise UsageError(f"gpg has no usable {whose} for {email}; import it first. {_NOT_SENT}")
    return keys[0]


def _keys(gpg: GPG, email: str, *, secret: bool, able: str) -> list[str]:
    """Fingerprints of keys of just this address that can do so, neither revoked nor expired, the newest first."""
    wanted = email.casefold()
    found = [
        key
        for key in gpg.list_keys(secret, keys=[f"<{email}>"])
        if key["trust"] not in ("r", "e", "i", "d", "n")
        and able in key["cap"]
        and any(uid.casefold().rpartition("<")[2].rstrip(">") == wanted for uid in key["uids"])
    ]
    return [str(key["fingerprint"]) for key in sorted(found, key=lambda key: str(key["date"]), reverse=True)]


def unlocking(whose: str = "") -> str:
    """What to do about a key that wants its passphrase; `whose` is the address that it belongs to, if known."""
    user = f"-u {whose} " if whose else ""
    return (
        "the key needs its passphrase, which cannot be typed here; unlock it in another terminal first "
        f"(gpg {user}--clearsign </dev/null), or use a graphical pinentry"
    )


def _reason(made: object, whose: str = "") -> str:
    """What gpg said, shortened to what a person can use."""
    status, words = str(getattr(made, "status", "") or ""), str(getattr(made, "stderr", "") or "")
    if "no assurance" in words or "INV_RECP 10" in words:
        return "it does not trust the key of a recipient (gpg --edit-key ADDRESS, then sign or trust)"
    if "pinentry" in words.lower() or "passphrase" in words.lower() or "Inappropriate ioctl" in words:
        return unlocking(whose)
    return status or "no reason was given"
