"""A private OAuth2 authorisation server on loopback, over TLS: PKCE, rotation, device codes, introspection, errors.

    with TokenServer(folder, user="anna") as server:
        oauth = server.oauth()

Every request is in `log`. Only the standard library.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tui_mail.demo.certificates import make_certificates
from tui_mail.model import OAuth

CLIENT = "test-client"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class TokenServer(ThreadingHTTPServer):
    """The server, what it gave out, and how it is to behave."""

    daemon_threads = True

    def __init__(
        self, folder: Path, *, user: str = "anna", client_secret: str | None = None, lifetime: int = 3600
    ) -> None:
        """`folder` holds its certificates; who checks tokens must be able to read it."""
        certificates = make_certificates(folder)
        super().__init__(("127.0.0.1", 0), _Request)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.chain, certificates.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server_port}"
        self.ca_file = str(certificates.authority)
        self.user, self.client_secret, self.lifetime = user, client_secret, lifetime
        self.rotate = True
        """Each refresh token is good once."""
        self.granted = "mail"
        """The scope of what is given out, whatever was asked for."""
        self.codes: dict[str, dict[str, Any]] = {}
        self.access: dict[str, dict[str, Any]] = {}
        self.refresh: dict[str, str] = {}
        self.devices: dict[str, bool | None] = {}
        """Device codes: True once the person agreed, False if not, None while nothing happened."""
        self.deny: dict[str, str] | None = None
        """The error of the next authorisation."""
        self.errors: list[tuple[int, Any]] = []
        """Answers of the token endpoint before it works again: a status, and an object or octets."""
        self.without_refresh = False
        self.log: list[tuple[str, str, dict[str, str]]] = []
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not worth a word."""

    def oauth(self, **changes: Any) -> OAuth:
        """The table of an account."""
        return OAuth(**{"provider": self.url, "client_id": CLIENT, "scope": "mail", "ca_file": self.ca_file, **changes})

    def issue(self, *, lifetime: int | None = None) -> dict[str, Any]:
        """A pair of tokens, as the token endpoint gives it."""
        access, refresh = f"at-{secrets.token_urlsafe(24)}", f"rt-{secrets.token_urlsafe(24)}"
        life = self.lifetime if lifetime is None else lifetime
        with self.lock:
            self.access[access] = {"username": self.user, "scope": self.granted, "exp": int(time.time() + life)}
            self.refresh[refresh] = self.user
        given = {"access_token": access, "token_type": "Bearer", "expires_in": life, "scope": self.granted}
        return given if self.without_refresh else {**given, "refresh_token": refresh}

    def revoke_access(self) -> None:
        """No access token is good any more; refresh tokens are."""
        with self.lock:
            self.access.clear()

    def posts(self, path: str) -> list[dict[str, str]]:
        """The forms that were sent there."""
        return [form for method, where, form in self.log if (method, where) == ("POST", path)]

    def dovecot_file(self) -> str:
        """The file that passdb oauth2 reads."""
        return "\n".join(
            (
                "introspection_mode = post",
                f"introspection_url = https://dovecot:secret@localhost:{self.server_port}/introspect",
                f"tls_ca_cert_file = {self.ca_file}",
                "username_attribute = username",
                "username_format = %Ln",
                "active_attribute = active",
                "active_value = true",
                "scope = mail",
                "timeout_msecs = 5000",
                "",
            )
        )


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # no line is kept open that a server which is gone would still answer on
    server: TokenServer

    def log_message(self, format: str, *words: Any) -> None:
        """Nothing on stderr."""

    def _send(self, status: int, document: Any = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        octets = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(octets)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(octets)

    def _error(self, name: str, status: int = 400, **more: str) -> None:
        self._send(status, {"error": name, **more})

    def do_GET(self) -> None:
        server, parts = self.server, urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        server.log.append(("GET", parts.path, asked))
        if parts.path == "/.well-known/oauth-authorization-server":
            doors = {name: f"{server.url}/{path}" for name, path in _DOORS.items()}
            return self._send(200, {"issuer": server.url, **doors, "code_challenge_methods_supported": ["S256"]})
        if parts.path != "/authorize":
            return self._error("not_found", 404)
        redirect = asked.get("redirect_uri", "")
        target = urlsplit(redirect)
        if (
            asked.get("client_id") != CLIENT
            or target.scheme != "http"
            or target.hostname not in ("127.0.0.1", "localhost")
        ):
            return self._error("invalid_request")
        answer = {"state": asked.get("state", ""), "iss": server.url}
        if server.deny is not None:
            answer.update(server.deny)
            server.deny = None
        elif asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            answer["error"] = "invalid_request"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            server.codes[answer["code"]] = asked
        return self._send(302, headers=[("Location", f"{redirect}/?{urlencode(answer)}")])

    def do_POST(self) -> None:
        server, path = self.server, urlsplit(self.path).path
        octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = {key: values[0] for key, values in parse_qs(octets.decode()).items()}
        server.log.append(("POST", path, form))
        if path == "/introspect":
            token = server.access.get(form.get("token", ""))
            if token is None or token["exp"] < time.time():
                return self._send(200, {"active": False})
            return self._send(200, {"active": True, "token_type": "Bearer", "sub": token["username"], **token})
        if path not in ("/token", "/device"):
            return self._error("not_found", 404)
        if server.errors:
            return self._send(*server.errors.pop(0))
        if form.get("client_id") != CLIENT or form.get("client_secret") != server.client_secret:
            return self._error("invalid_client", 401)
        if path == "/device":
            code = f"dc-{secrets.token_urlsafe(16)}"
            server.devices[code] = None
            page = f"{server.url}/verify"
            words = {"user_code": "WDJB-MJHT", "verification_uri": page, "expires_in": 60, "interval": 1}
            return self._send(200, {"device_code": code, "verification_uri_complete": f"{page}?u=WDJB-MJHT", **words})
        return self._token(form)

    def _token(self, form: dict[str, str]) -> None:
        server = self.server
        match form.get("grant_type"):
            case "authorization_code":
                asked = server.codes.pop(form.get("code", ""), None)
                digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
                    return self._error("invalid_grant")
                if challenge != asked["code_challenge"]:
                    return self._error("invalid_grant", error_description="PKCE")
            case "refresh_token":
                with server.lock:
                    known = server.refresh.get(form.get("refresh_token", ""))
                    if known is not None and server.rotate:
                        del server.refresh[form["refresh_token"]]
                if known is None:
                    return self._error("invalid_grant", error_description="Token has been expired or revoked.")
                if not server.rotate:
                    fresh = server.issue()
                    del server.refresh[fresh.pop("refresh_token")]
                    return self._send(200, fresh)
            case grant if grant == DEVICE_GRANT:
                agreed = server.devices.get(form.get("device_code", ""), False)
                if agreed is None:
                    return self._error("authorization_pending")
                if not agreed:
                    return self._error("access_denied")
            case _:
                return self._error("unsupported_grant_type")
        return self._send(200, server.issue())


_DOORS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "device_authorization_endpoint": "device",
}
