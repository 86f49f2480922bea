"""The certificates by which the programs of a cluster know each other."""

import ssl
from pathlib import Path

import pytest

from dev.cluster.certificates import CertificateAuthority, KeyPair


def shake_hands(authority: CertificateAuthority, server: KeyPair, client: KeyPair) -> str:
    """Let a client and a server that demand certificates of `authority` meet; return the subject the server sees."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate))
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.load_cert_chain(server.certificate, server.key)
    calling = ssl.create_default_context(cafile=str(authority.certificate))
    calling.load_cert_chain(client.certificate, client.key)
    for context in (serving, calling):
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default since Python 3.13
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        calling.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        serving.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return str((ends[1].getpeercert() or {})["subject"])


def test_a_client_is_known_by_its_user_and_group(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    server, client = authority.issue("server", "kubernetes"), authority.issue("admin", "admin", "system:masters")
    seen = shake_hands(authority, server, client)
    assert "('commonName', 'admin')" in seen
    assert "('organizationName', 'system:masters')" in seen


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    ours, theirs = CertificateAuthority(tmp_path / "ours"), CertificateAuthority(tmp_path / "theirs")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ours, ours.issue("server", "kubernetes"), theirs.issue("admin", "admin", "system:masters"))


def test_keys_are_for_the_owners_eyes_only(tmp_path: Path) -> None:
    pair = CertificateAuthority(tmp_path / "pki").issue("server", "kubernetes")
    assert pair.key.stat().st_mode & 0o077 == 0
    assert pair.key.parent.stat().st_mode & 0o077 == 0
