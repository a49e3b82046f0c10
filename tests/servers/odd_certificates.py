"""Certificates as a test needs them: any names, any dates, signed by nobody or by an authority of its own."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path, *names: str, begins: int = -1, ends: int = 30, self_signed: bool = False) -> Path:
    """ca.pem, server.pem and server.key in `folder`; `begins` and `ends` are days from now."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("An authority")
    authority = (
        _builder(issuer, issuer, authority_key, -1, 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    subject = _name(names[0])
    signed_by = (subject, key) if self_signed else (issuer, authority_key)
    server = (
        _builder(subject, signed_by[0], key, begins, ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(signed_by[1], hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def chain(folder: Path, *names: str, between: int) -> Path:
    """The same, with an authority in between that is valid for so many days from now, and is sent along."""
    certificate(folder, *names)
    top_key, middle_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    top, middle, subject = _name("The top"), _name("In between"), _name(names[0])
    is_authority = x509.BasicConstraints(ca=True, path_length=None)
    root = _builder(top, top, top_key, -9, 30).add_extension(is_authority, critical=True)
    link = _builder(middle, top, middle_key, -9, between).add_extension(is_authority, critical=True)
    named = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    leaf = _builder(subject, middle, key, -1, 30).add_extension(named, critical=False)
    pems = [
        built.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        for built, by in ((root, top_key), (link, top_key), (leaf, middle_key))
    ]
    (folder / "ca.pem").write_bytes(pems[0])
    (folder / "server.pem").write_bytes(pems[2] + pems[1])
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: int, ends: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=ends))
    )
