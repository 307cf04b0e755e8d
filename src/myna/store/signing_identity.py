"""The key and certificates that content credentials are signed with: the operator's, or made here once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from myna.domain.errors import ServiceUnavailable
from myna.store.private_files import make_private_file, make_private_folder

_FILE = "signing-identity.pem"
_TEN_YEARS = timedelta(days=3650)


def read_signing_identity(data_dir: Path, given: Path | None, valid: timedelta = _TEN_YEARS) -> bytes:
    """PEM: the private key, its certificate and those above it. given: the operator's file; None for one made in the
    data folder, to be trusted by its last certificate. valid: from now on, of one that is made. Raises:
    ServiceUnavailable."""
    file = given or data_dir / _FILE
    try:
        if given is None and not file.exists():
            make_private_folder(data_dir)
            make_private_file(file, _make_identity(valid))
        return file.read_bytes()
    except OSError as exc:
        raise ServiceUnavailable(f"The file {file} cannot be used: {exc.strerror}.") from exc


def _make_identity(valid: timedelta) -> bytes:
    """C2PA wants a certificate that did not sign itself, so there are two; the authority's key is thrown away."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate(
        "Myna local authority", authority_key, "Myna local authority", authority_key, valid, is_leaf=False
    )
    leaf = _certificate("Myna", key, "Myna local authority", authority_key, valid, is_leaf=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + leaf.public_bytes(pem) + authority.public_bytes(pem)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    valid: timedelta,
    *,
    is_leaf: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usages = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + valid)
        .add_extension(x509.BasicConstraints(ca=not is_leaf, path_length=None if is_leaf else 0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=is_leaf, key_cert_sign=not is_leaf, crl_sign=not is_leaf, **usages),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if is_leaf:
        signs_content = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(signs_content, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    # C2PA's readers show the organisation.
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Myna"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
