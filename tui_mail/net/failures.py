"""Every failure of a connection as one sentence for a person: what happened, whether mail is safe, what to do.

The one place where the exceptions of sockets, ssl, zlib, imaplib and imapclient become those of `tui_mail.errors`.
"""

from __future__ import annotations

import errno
import imaplib
import re
import socket
import ssl
import zlib

from tui_mail.errors import CertificateRefused, ConnectionLost, MailError, ProtocolViolation, ServerBusy, Unreachable
from tui_mail.model import Security, Server
from tui_mail.net.busy import busy

SAFE = "Your mail on this computer is safe."

_WRONG_PROTOCOL = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH")
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "HANDSHAKE_FAILURE", "NO_SHARED")

_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_CHAIN, _WRONG_NAME, _WRONG_ADDRESS = 10, 9, 18, 19, 62, 64


def cleartext_refused(server: Server) -> MailError:
    """The settings would send a password unencrypted over a network."""
    return CertificateRefused(
        f'The settings ask for an unencrypted connection to {server.host} (security = "none"), where others could read '
        f"the password. Nothing was sent. {SAFE} "
        'Set security = "tls" or "starttls", or allow_cleartext = true if you agree.',
        reason="cleartext",
    )


def connect_failure(error: Exception, server: Server) -> MailError:
    """No TCP connection came about."""
    host, port, detail = server.host, server.port, repr(error)
    if isinstance(error, socket.gaierror) and error.errno == getattr(socket, "EAI_AGAIN", None):
        return Unreachable(
            f"The name {host} could not be looked up just now. {SAFE} "
            "Check that this computer is on the network; it is tried again by itself.",
            detail,
            reason="lookup",
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return Unreachable(
            f"There is no server called {host}. {SAFE} Check the host name in the account's settings, and the network.",
            detail,
            reason="name",
        )
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"{host} does not accept connections on port {port}. {SAFE} "
            "The server may be down for a while; if it stays so, check the port in the account's settings.",
            detail,
            reason="refused",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{host} did not answer on port {port} in time. {SAFE} "
            "The network may be slow, or a firewall is in the way; it is tried again by itself.",
            detail,
            reason="timeout",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        return Unreachable(
            f"There is no way to {host} from this network. {SAFE} Check that this computer is online.",
            detail,
            reason="route",
        )
    return Unreachable(
        f"No connection to {host}, port {port}, could be made. {SAFE} It is tried again by itself.", detail
    )


def tls_failure(error: Exception, server: Server) -> MailError:
    """The connection stands, but no encryption that can be trusted."""
    host, detail = server.host, repr(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, words = _distrust(error, server)
        return CertificateRefused(f"{words} Nothing was sent, not even the user name. {SAFE}", detail, reason=reason)
    reason = (getattr(error, "reason", None) or "").upper()
    if any(word in reason for word in _WRONG_PROTOCOL):
        return CertificateRefused(
            f"{host} does not speak TLS on port {server.port} from the start. Nothing was sent. {SAFE} "
            f'Use security = "starttls" with this port, or "tls" with the TLS port (IMAP 993, POP3 995, SMTP 465).',
            detail,
            reason="plain",
        )
    if any(word in reason for word in _OLD_TLS):
        return CertificateRefused(
            f"{host} offers only encryption that is too old to be safe (before TLS 1.2). Nothing was sent. {SAFE} "
            "Ask the provider for a current server name.",
            detail,
            reason="old",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{host} accepted the connection on port {server.port}, but did not begin encryption in time. {SAFE} "
            "If it stays so, the port and the security setting do not belong together.",
            detail,
        )
    if isinstance(error, (ssl.SSLError, ConnectionError, EOFError)):
        return ConnectionLost(
            f"{host} hung up while encryption was being set up. Nothing was sent. {SAFE} It is tried again by itself; "
            f"if it stays so, check port {server.port} and the security setting.",
            detail,
        )
    return connect_failure(error, server)


def no_greeting(server: Server, error: Exception) -> MailError:
    """The server accepted the connection and said nothing, or hung up before it said anything."""
    hint = (
        f'Port {server.port} may want security = "tls" instead of "{server.security}".'
        if server.security is not Security.TLS
        else "It may be overloaded; it is tried again by itself."
    )
    what = "said nothing" if isinstance(error, TimeoutError) else "hung up at once"
    return ConnectionLost(
        f"{server.host} accepted the connection on port {server.port}, but {what}. {SAFE} {hint}", repr(error)
    )


def wants_tls(server: Server) -> MailError:
    """The port is a TLS port, and the settings say something else."""
    return CertificateRefused(
        f"{server.host} speaks TLS from the start on port {server.port}, but the settings say "
        f'security = "{server.security}". Nothing was sent. {SAFE} Set security = "tls" for this port.',
        reason="tls",
    )


def not_this_protocol(server: Server, greeting: bytes, protocol: str = "IMAP") -> MailError:
    """The first line is no greeting of a server of this protocol."""
    known = (
        ("SMTP, for sending mail", rb"2\d\d[ -]"),
        ("IMAP, for reading mail", rb"\* (OK|PREAUTH|BYE)\b"),
        ("POP3", rb"\+OK"),
        ("a web server", rb"HTTP/|<"),
    )
    kind = next((f" It looks like {name}." for name, mark in known if re.match(mark, greeting)), "")
    return ProtocolViolation(
        f"What answers on {server.host}, port {server.port}, is no {protocol} server.{kind} Nothing was sent. {SAFE} "
        "Check host and port in the account's settings.",
        f"greeting {greeting[:200]!r}",
    )


def lost(error: BaseException, host: str) -> MailError:
    """Anything that came out of a conversation with a server, as one of our exceptions."""
    detail = repr(error)
    if isinstance(error, MailError):
        return error
    if isinstance(error, TimeoutError):
        return ConnectionLost(
            f"{host} went silent in the middle of an answer. {SAFE} It is tried again by itself.", detail
        )
    if isinstance(error, (EOFError, OSError, imaplib.IMAP4.abort)):
        return ConnectionLost(f"The connection to {host} broke. {SAFE} It is tried again by itself.", detail)
    if isinstance(error, zlib.error):
        return too_much(host, "damaged compressed data")
    return ProtocolViolation(
        f"{host} answered in a way that makes no sense. {SAFE} The connection was closed and is made anew.", detail
    )


def leave_alone(host: str, code: str, words: str) -> ServerBusy | None:
    """The server wants fewer connections, or to be left alone for a while; None when it said something else."""
    asked = busy(code, words)
    if asked is None:
        return None
    what = "allows no more connections at once" if asked.too_many else "asks to be left alone for a while"
    how = "tui-mail gets by with one for a while." if asked.too_many else "It is tried again by itself."
    return ServerBusy(
        f"{host} {what}: “{words.rstrip('.')}”. {SAFE} {how}",
        f"[{code}] {words}",
        too_many=asked.too_many,
        seconds=asked.seconds,
    )


def ended(host: str, words: str, code: str = "") -> MailError:
    """The server said BYE."""
    if (asked := leave_alone(host, code, words)) is not None:
        return asked
    said = f": “{words.rstrip('.')}”" if words else ""
    return ConnectionLost(f"{host} ended the connection{said}. {SAFE} It is tried again by itself.", f"BYE {words}")


def too_much(host: str, detail: str) -> MailError:
    """More came than any honest answer holds."""
    return ProtocolViolation(
        f"{host} sent far more than was asked for, or nonsense, so the connection was closed. {SAFE} "
        "It is tried again by itself; if it stays so, tell the provider.",
        detail,
    )


def _distrust(error: ssl.SSLCertVerificationError, server: Server) -> tuple[str, str]:
    """The reason as CertificateRefused has it, and a sentence."""
    host, code = server.host, getattr(error, "verify_code", 0)
    if "fingerprint" in str(error):
        return "changed", (
            f"{host} shows another certificate than the one you decided to trust. If the provider did not announce a "
            "new one, someone may be listening; else store the new fingerprint in the account's settings."
        )
    if code == _EXPIRED:
        return "expired", (
            f"The certificate of {host} has expired. Check this computer's clock, or wait until the provider renews it."
        )
    if code == _NOT_YET:
        return "early", f"The certificate of {host} is not valid yet. Check this computer's clock."
    if code in (_WRONG_NAME, _WRONG_ADDRESS):
        return "name", (
            f"The certificate shown is for another name than {host}. Check the host name in the account's settings; "
            "if it is right, someone may be listening."
        )
    if code in (_SELF_SIGNED, _SELF_SIGNED_CHAIN):
        return "untrusted", (
            f"The certificate of {host} is signed by itself or by an unknown authority, so nobody vouches for it. If "
            "the server is your own, name its ca_file or fingerprint in the account's settings."
        )
    return "untrusted", (
        f"The certificate of {host} is not trusted: no known authority vouches for it. If the server is your own, name "
        "its ca_file or fingerprint in the account's settings."
    )
