"""A small authority that certifies who somebody is, for an hour."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """One key that signs, and the certificate by which its word is known."""

    def __init__(self, name: str) -> None:
        self._key, self._name = new_key(), named(name)
        signed = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(True, None), critical=True
        )
        self.certificate = signed.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def certify(self, user: str) -> tuple[bytes, bytes]:
        """Return a certificate of the user and its key, both in PEM."""
        return self._signed(user, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))

    def certify_server(self, name: str) -> tuple[bytes, bytes]:
        """Return a certificate of the server with that name and its key, both in PEM."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return self._signed(name, usage, x509.SubjectAlternativeName([_called(name)]))

    def _signed(self, name: str, *extensions: x509.ExtensionType) -> tuple[bytes, bytes]:
        key = new_key()
        begun = self._begun(named(name), key)
        for extension in extensions:
            begun = begun.add_extension(extension, critical=False)
        signed = begun.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM), pem_of(key)

    def _begun(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
        )


def _called(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
