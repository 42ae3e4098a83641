"""Custody 1 is certified only for a board that this home has sealed, and that proves that it runs there."""

import hashlib
import hmac
import json
from types import SimpleNamespace

import pytest
from sealwright import Policy, SealwrightError, Verifier
from sealwright.home import Home
from sealwright.home.hardened import HARDENED, WORKING, Hardened
from sealwright.operate.provisioning import provision
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import Evidence, Grant, parse_as, sign_message

MAC = "240ac4000110"


class Board:
    """A program that says custody 1. proof: made from (nonce, device id), or None. told_nonce: what it proves over."""

    url = "tcp:127.0.0.1:9"

    def __init__(self, token=None, mac=MAC, model="esp32-s3", custody=1, nonce=None, device=None):
        self.key = PrivateKey.generate()
        self.token, self.mac, self.model, self.custody = token, mac, model, custody
        self.nonce, self.device = nonce, device

    def info(self):
        return SimpleNamespace(provisioned=False, state="blank", device=None, model=self.model, raw={})

    def evidence(self, nonce):
        device = self.device or self.key.public.device_id
        proof = None
        if self.token:
            made = hmac.digest(self.token, b"sealwright sealed" + (self.nonce or nonce) + device, hashlib.sha256)
            proof = bytes.fromhex(self.mac) + made
        public = self.key.public
        return sign_message(self.key, Evidence(public, nonce, public.ueid, self.custody, self.model, "0.0", proof)).raw

    def grant(self, raw):
        self.granted = parse_as(raw, Grant).body


@pytest.fixture
def home(tmp_path):
    return Home.init(tmp_path / "home", "net")


def sealed(home, **other):
    """The record of a chip that was sealed, and its token."""
    values = {"mac": MAC, "chip": "esp32s3", "board": "esp32_s3", "virtual": False, "digest": "00" * 32, "images": {}}
    home.hardenings.write(Hardened(**{**values, "state": HARDENED, "flashed": True, **other}))
    return home.hardenings.make_secret(MAC).key("token")


def test_a_board_that_was_sealed_here_gets_custody_1(home):
    board = Board(sealed(home))
    made = provision(home, board, "safe")
    assert (made.certificate.body.custody, made.entry.custody, made.entry.hardened) == (1, 1, MAC)
    assert home.find(board.key.public.device_id).hardened == MAC
    assert home.hardenings.find(MAC).devices == (board.key.public.device_id.hex(),)
    verifier = Verifier([home.root()], Policy(custody_floor=1))
    assert verifier.check(home.root().raw).ok
    assert verifier.check(made.certificate.raw).ok


LIARS = {
    "says so": lambda home: Board(),
    "of no record": lambda home: Board(bytes(32)),
    "with a token of its own": lambda home: (sealed(home), Board(bytes(32)))[1],
    "half sealed": lambda home: Board(sealed(home, state=WORKING)),
    "with a rehearsal": lambda home: Board(sealed(home, virtual=True)),
    "of another chip": lambda home: Board(sealed(home, chip="esp32")),
    "with an old proof": lambda home: Board(sealed(home), nonce=bytes(32)),
    "with a proof of another's": lambda home: Board(sealed(home), device=bytes(32)),
    "that says custody 0": lambda home: (sealed(home), Board(bytes(32), custody=0))[1],
}


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS.keys())
def test_a_liar_gets_no_certificate(home, liar):
    board = liar(home)
    with pytest.raises(SealwrightError) as refused:
        provision(home, board, "liar")
    assert refused.value.code == "not_hardened"
    assert "sealwright harden" in refused.value.remedy
    assert not hasattr(board, "granted")
    assert home.find(board.key.public.device_id) is None
    found = home.hardenings.find(MAC)
    assert found is None or found.devices == ()


def test_a_register_from_before_is_read(home):
    board = Board(custody=0)
    provision(home, board, "plain")
    path = home.folder / "devices" / f"{board.key.public.device_id.hex()}.json"
    values = json.loads(path.read_text())
    assert values.pop("hardened") == ""
    path.write_text(json.dumps(values))
    assert home.find(board.key.public.device_id).hardened == ""


def test_a_damaged_record_is_told(home):
    sealed(home)
    path = home.folder / "hardened" / f"{MAC}.json"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(SealwrightError) as told:
        home.hardenings.find(MAC)
    assert told.value.code == "home_damaged"
