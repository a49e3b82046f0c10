"""S/MIME with certificates in files: the person's own, and a folder of other people's (RFC 8551).

The only place that knows cryptography's PKCS #7. Certificates are PEM; whom one belongs to is what it says
(rfc822Name, or the e-mail address of its subject). Everything blocks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.errors import UsageError
from tui_mail.mime.protection import smime_encrypted, smime_signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

_NOT_SENT = "The message was not sent; it is still a draft."


def sign(part: bytes, certificate: str, key: str) -> bytes:
    """The part, signed with the person's own key. Raises UsageError when the files cannot be used."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

    own, secret = _own(certificate, key)
    builder = PKCS7SignatureBuilder().set_data(part).add_signer(own, secret, hashes.SHA256())
    return smime_signed(part, builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary]))


def encrypt(part: bytes, certificate: str, recipients: Sequence[str], folder: str) -> bytes:
    """The part, encrypted to recipients and to the owner of `certificate`. Raises UsageError without a certificate."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

    builder = PKCS7EnvelopeBuilder().set_data(part).add_recipient(_certificate(Path(certificate)))
    for email in recipients:
        theirs = _certificate_of(email, folder)
        if theirs is None:
            raise UsageError(f"There is no valid certificate of {email} in {folder or 'smime_folder'}. {_NOT_SENT}")
        builder = builder.add_recipient(theirs)
    return smime_encrypted(builder.encrypt(Encoding.DER, [PKCS7Options.Binary]))


def decrypt(sealed: bytes, certificate: str, key: str) -> bytes:
    """What is inside. Raises UsageError when it cannot be read."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der

    own, secret = _own(certificate, key)
    if not isinstance(secret, RSAPrivateKey):
        raise UsageError("Only RSA keys can decrypt S/MIME here. Nothing was changed.")
    try:
        return pkcs7_decrypt_der(sealed, own, secret, [])
    except ValueError as error:
        raise UsageError(
            "This message is not encrypted to your certificate. Nothing was changed.", str(error)
        ) from error


def _own(certificate: str, key: str) -> tuple[Certificate, RSAPrivateKey | EllipticCurvePrivateKey]:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not certificate or not key:
        raise UsageError(f"This account has no smime_certificate and smime_key in config.toml. {_NOT_SENT}")
    try:
        secret = load_pem_private_key(Path(key).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"The key {key} cannot be read (PEM, without a passphrase). {_NOT_SENT}", str(error)
        ) from error
    if not isinstance(secret, RSAPrivateKey | EllipticCurvePrivateKey):
        raise UsageError(f"The key {key} is of a kind that S/MIME does not use. {_NOT_SENT}")
    return _certificate(Path(certificate)), secret


def _certificate(file: Path) -> Certificate:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"The certificate {file} cannot be read (PEM). {_NOT_SENT}", str(error)) from error


def _certificate_of(email: str, folder: str) -> Certificate | None:
    """The valid certificate of an address that lasts longest."""
    found = list["Certificate"]()
    for file in sorted(Path(folder).glob("*")) if folder else ():
        if file.suffix.lower() in (".pem", ".crt", ".cer"):
            try:
                certificate = _certificate(file)
            except UsageError:
                continue
            until, since = certificate.not_valid_after_utc, certificate.not_valid_before_utc
            if email.casefold() in names(certificate) and since.timestamp() <= time.time() <= until.timestamp():
                found.append(certificate)
    return max(found, key=lambda one: one.not_valid_after_utc, default=None)


def names(certificate: Certificate) -> set[str]:
    """The addresses that a certificate is for, in lower case."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    names = {str(one.value).casefold() for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)}
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names |= {name.casefold() for name in others.get_values_for_type(x509.RFC822Name)}
    except x509.ExtensionNotFound:
        pass
    return names
