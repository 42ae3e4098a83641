"""A broker's certificate that is refused: each cause by its own name, with a remedy that mends it."""

import shutil
import socket
import threading
from datetime import timedelta

import pytest
from sealwright.errors import Rejected, Unreachable, Usage
from sealwright.link.broker import authority_der
from sealwright.link.broker.address import Broker as Address
from sealwright.link.broker.session import Session

from tests.e2e.broker import Authority, Broker

DAY = timedelta(days=1)


def connect(tmp_path, certificate, authority, host="127.0.0.1"):
    """Connect to a broker with this certificate, believing in `authority`."""
    folder = tmp_path / "broker"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    broker = Broker(folder, certificate)
    broker.start()
    try:
        Session(Address(host, broker.port, authority=authority), ["a/b"]).close()
    finally:
        broker.kill()


def refused(tmp_path, certificate, authority, code, *words):
    with pytest.raises(Rejected) as caught:
        connect(tmp_path, certificate, authority)
    error = caught.value
    assert error.code == code and all(word in f"{error} {error.remedy}" for word in words), (str(error), error.remedy)
    assert error.exit_code == 1
    return error.remedy


def test_each_cause_has_its_own_remedy(tmp_path):
    ca, other = Authority(tmp_path), Authority(tmp_path, "other")
    connect(tmp_path, ca.server(), ca.path)
    remedies = [
        refused(tmp_path, ca.server(life=-DAY), ca.path, "broker_expired", "expired on 20", "Renew"),
        refused(tmp_path, ca.server(age=-DAY), ca.path, "broker_not_yet_valid", "before 20", "computer's clock"),
        refused(tmp_path, ca.server("mq.example"), ca.path, "broker_other_name", "is for mq.example", "not for 127."),
        refused(tmp_path, ca.server(), other.path, "broker_other_ca", "CN=ca", str(other.path), "--ca FILE"),
        refused(tmp_path, ca.server(), None, "broker_other_ca", "this system trusts"),
        refused(tmp_path, ca.self_signed(), ca.path, "broker_self_signed", "no CA", "that certificate itself"),
    ]
    assert len(set(remedies)) == 5


def test_remedies_mend_it(tmp_path):
    ca = Authority(tmp_path)
    own = ca.self_signed()
    connect(tmp_path, own, own[0])
    connect(tmp_path, ca.server("localhost"), ca.path, host="localhost")


def test_a_leaf_or_an_old_certificate_is_no_ca(tmp_path):
    ca, old = Authority(tmp_path), Authority(tmp_path, "old", life=-DAY)
    leaf = ca.server()
    for path, code, words in (
        (leaf[0], "not_a_ca", ("certificate of 127.0.0.1, not of a CA", "issued it: CN=ca")),
        (old.path, "ca_expired", ("expired on",)),
        (leaf[1], "usage", ("no certificate",)),
    ):
        with pytest.raises(Usage) as caught:
            authority_der(path)
        assert caught.value.code == code and all(word in f"{caught.value} {caught.value.remedy}" for word in words)
    with pytest.raises(Usage, match="not of a CA"):  # one that an earlier version kept in the home
        connect(tmp_path, leaf, leaf[0])
    assert authority_der(ca.path)


def test_a_port_without_tls_is_called_that(tmp_path):
    def answer(listening):
        near, _ = listening.accept()
        near.recv(4096)
        near.sendall(b"\x20\x02\x00\x05")
        near.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(Unreachable, match="answers without TLS") as caught:
            Session(Address("127.0.0.1", port, authority=Authority(tmp_path).path), ["a/b"])
    assert "8883" in caught.value.remedy
