"""Gathering from devices side by side: what two of them show is kept once, before what rests on it, and never lost."""

import threading

import pytest
from sealwright.errors import Unreachable
from sealwright.operate import gathering
from sealwright.operate.gathering import Gathering

from tests.host_tools.factory import Network

NETWORK = Network()
DEVICE = NETWORK.device()
CERTIFICATE, READING = DEVICE.certificate, DEVICE.reading()


def gather(take):
    def nobody(url):
        raise AssertionError(url)

    return Gathering(["a", "b"], nobody, {}, take, lambda part: None, jobs=2)


def test_what_a_device_showed_that_is_given_up_is_kept_from_another():
    kept = []
    both = gather(lambda raw, part: kept.append((raw, part.url)))
    a, b = both.parts
    a.error = Unreachable("a is away")
    with pytest.raises(gathering._Dropped):
        both.keep(a, CERTIFICATE)
    both.keep(b, CERTIFICATE)
    both.keep(b, CERTIFICATE)
    assert kept == [(CERTIFICATE.raw, "b")]


def test_a_certificate_is_kept_before_what_rests_on_it_whoever_shows_it_first():
    """One device is slow to keep a certificate; another shows the same one and then a reading."""
    kept, begun = [], threading.Event()

    def take(raw, part):
        begun.set()
        if part.url == "a":
            other.join(0.2)  # it would be over by now, did it not wait for this one
        kept.append(raw)

    def second():
        begun.wait()
        both.keep(b, CERTIFICATE)
        both.keep(b, READING)

    both = gather(take)
    a, b = both.parts
    other = threading.Thread(target=second)
    other.start()
    both.keep(a, CERTIFICATE)
    other.join()
    assert kept == [CERTIFICATE.raw, READING.raw]
