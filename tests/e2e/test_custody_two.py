"""A device whose key is in a chip, from the first command to the last verdict, on each emulated board: custody 2 is
proved, the device measures, pays, takes an update and loses its power, and a verifier that wants custody 2 takes it and
refuses its neighbour. For the emulated Pico see tests/pico/test_pico_element.py.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from sealwright.emulator import resolve
from sealwright.home import Home
from sealwright.link.element import lock_element, read_attested, read_element
from sealwright.wire.keys import PublicKey

from tests.cli.runner import POLICY, Cli, gone_wrong, wait_until
from tests.host_tools.maker import Maker

PRICE, COUNT = 5, 3


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "vaults")
    made.ok("asset", "add", "nEUR")
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    yield made
    made.kill_all()


def at(name):
    return "--device", f"emulated:{name}"


def info(cli, name):
    return cli.ok("info", *at(name), "--json").last


def emulate(cli, kind, name, *options):
    cli.ok("emulate", kind, "--name", name, "--sensor", "bme280", *options, "--detach")
    if kind == "esp32":  # which trades over the air
        cli.ok("emulate", "--stop", name)
        hardware = cli.home / "boards" / name / "hardware.json"
        hardware.write_text(json.dumps(json.loads(hardware.read_text()) | {"wifi": ["barn", "word"]}))
        cli.ok("emulate", name, "--detach")


def joins(cli, name):
    """Over the air to its peers, where it has a radio."""
    secret = cli.home.parent / "wifi"
    secret.write_text("word\n")
    cli.ok("owner", "network", *at(name), "--peers", "tcp", "--ssid", "barn", "--password-file", secret)
    wait_until(lambda: (info(cli, name)["peer"] or "").startswith("tcp:"))


def provisioned(cli, kind):
    """A vault with a chip and a plain neighbour, of custody 2 and 0; the chip's serial number."""
    policy = ("--policy", cli.home.parent / "policy.json")
    emulate(cli, kind, "vault", "--element", "atecc608")
    emulate(cli, kind, "plain")
    provision = ("provision", *at("vault"), "--name", "vault", *policy)
    serial = cli.ok(*provision, "--dry-run", "--json").last["element"]["serial"]
    ran = cli.ok(*provision, "--lock-element", serial, "--chip", serial, "--json")
    made = ran.last
    assert (made["custody"], made["chip"]["serial"], made["chip"]["proof"]) == (2, serial, "operator")
    assert "rests on your word" in ran.err
    cli.ok("provision", *at("plain"), "--name", "plain", *policy)
    return serial


def strictly(cli, bundle, device):
    """The codes of a verifier that wants custody 2 for what a device signed, and for its certificate."""
    found = cli("verify", bundle, "--root", cli.home / "test-root.pem", "--allow-test", "--custody", "2", "--json").json
    return {(one["type"], one["code"]) for one in found if one.get("device") == device}


@pytest.mark.parametrize("kind", ["unix", "esp32"])
def test_custody_2_from_provisioning_to_the_verdict(cli, kind, tmp_path):
    serial = provisioned(cli, kind)
    for name in ("vault", "plain"):
        if kind == "esp32":
            joins(cli, name)
        cli.ok("owner", "interval", 1, *at(name))
    cli.ok("owner", "offer", *at("plain"), "--unit", "reading", "--price", PRICE, "--asset", "nEUR")
    cli.ok("ledger", "deposit", "vault", "--asset", "nEUR", "--amount", "1000000")
    pay = ("pay", "--payer", "emulated:vault", "--payee", "emulated:plain", "--amount", PRICE * COUNT, "--pause-ms", 0)
    assert cli.ok(*pay, "--json").last["vouchers"] == COUNT
    cli.ok("update", *at("vault"))
    cli.ok("emulate", "--stop", "vault")
    cli.ok("emulate", "vault", "--detach")
    after = info(cli, "vault")
    assert (after["state"], after["version"], after["certified"]) == ("provisioned", 1, 2)
    assert after["chip"]["serial"] == serial and not after["locked"]
    wait_until(lambda: info(cli, "vault")["reading_seq"] > after["reading_seq"])
    cli.ok("collect", *at("plain"), *at("vault"), "--out", tmp_path / "both.bundle")
    found = strictly(cli, tmp_path / "both.bundle", after["device"])
    assert found == {(type_, "ok") for type_ in ("certificate", "reading", "channel-open", "voucher")}
    found = strictly(cli, tmp_path / "both.bundle", info(cli, "plain")["device"])
    assert {code for type_, code in found if type_ in ("certificate", "reading")} == {"custody_too_low"}
    told_by_lists(cli, serial)


def told_by_lists(cli, serial):
    registered = {one["name"]: one for one in cli.ok("devices", "--json").json if one.get("kind") == "registered"}
    assert (registered["vault"]["custody"], registered["vault"]["chip"]) == (2, serial)
    assert (registered["plain"]["custody"], registered["plain"]["chip"]) == (0, "")
    assert serial in cli.ok("info", *at("vault")).out


def test_custody_is_judged_anew(cli):
    """By renewal and by adoption; and a chip that is gone, or another, is not certified again."""
    emulate(cli, "unix", "vault", "--element", "atecc608")
    serial = cli.ok("provision", *at("vault"), "--name", "vault", "--dry-run", "--json").last["element"]["serial"]
    ran = cli.ok("provision", *at("vault"), "--name", "vault", "--lock-element", serial)
    assert f"sealwright renew vault --chip {serial}" in ran.err and not (cli.home / "chips").exists()
    assert cli.ok("renew", "vault", "--json").last["custody"] == 0
    gone_wrong(cli("renew", "vault", "--chip", "00" * 9), 1, "chip_not_named")
    assert cli.ok("renew", "vault", "--chip", serial, "--json").last["custody"] == 2
    assert cli.ok("renew", "vault", "--json").last["custody"] == 2  # it is on record now
    cli.ok("devices", "forget", "vault", "--yes")
    cli.ok("devices", "adopt", "emulated:vault")
    assert info(cli, "vault")["certified"] == 2
    record = cli.home / "chips" / f"{serial}.json"
    kept = record.read_text()
    values = json.loads(kept)
    record.write_text(json.dumps({**values, "attestation": "00" * 64}))
    gone_wrong(cli("renew", "vault"), 1, "chip_changed")
    record.write_text(kept)
    cli.ok("renew", "vault")
    gone_wrong(cli("renew", "vault", "--chip", "12"), 2, "usage")


def test_factory_ledger_says_on_what_custody_2_rests(cli, tmp_path):
    emulate(cli, "unix", "vault", "--element", "atecc608")
    shown = cli.ok("provision", *at("vault"), "--name", "vault", "--dry-run", "--json").last["element"]
    tray = tmp_path / "tray.csv"
    tray.write_text(f"name,device,board,chip\nvault,emulated:vault,,{shown['serial']}\n")
    refused = cli("batch", "--boards", tray, "--json")
    assert refused.code == 1 and "element_open" in {one.get("code") for one in refused.json}  # it locks nothing
    lock_by_hand(cli)
    cli.ok("batch", "--boards", tray)
    record = cli.ok("ledger", "factory", "--allow-test", "--json").json[0]
    assert record["custody"] == 2 and record["chip"]["serial"] == shown["serial"]
    assert record["chip"]["revision"] == shown["revision"] and record["chip"]["proof"] == "operator"
    assert shown["serial"] in cli.ok("ledger", "factory", "--allow-test").out
    tray.write_text("name,device,board,chip\nvault,emulated:vault,,0123\n")
    gone_wrong(cli("batch", "--boards", tray), 2, "usage")


def lock_by_hand(cli):
    with resolve(Home.open(cli.home), "emulated:vault") as client:
        lock_element(client, read_element(client))


def personalised(cli, maker):
    """Have a maker certify the key by which the vault's chip signs, and write that into the chip's notes."""
    lock_by_hand(cli)
    with resolve(Home.open(cli.home), "emulated:vault") as client:
        client.evidence(bytes(32))
        shown = read_attested(client, bytes(32))
    key = serialization.load_pem_public_key(PublicKey(shown.attestation).pem())
    certificate = maker.issue(f"sn{shown.serial.hex().upper()}", key).public_bytes(serialization.Encoding.DER)
    cli.ok("emulate", "--stop", "vault")
    path = cli.home / "boards" / "vault" / "atecc608.json"
    memory = json.loads(path.read_text())
    notes = bytearray.fromhex(memory["slots"][8])
    notes[32 : 34 + len(certificate)] = len(certificate).to_bytes(2, "big") + certificate
    memory["slots"][8] = notes.hex()
    path.write_text(json.dumps(memory))
    cli.ok("emulate", "vault", "--detach")


def test_a_chip_that_its_maker_certified_needs_nobodys_word(cli, tmp_path):
    start = datetime.now(UTC) - timedelta(days=1)
    maker, stranger = (Maker("a maker", start=start, end=start + timedelta(days=9)) for _ in range(2))
    for name, one in (("maker", maker), ("stranger", stranger)):
        (tmp_path / f"{name}.pem").write_bytes(one.certificate.public_bytes(serialization.Encoding.PEM))
    emulate(cli, "unix", "vault", "--element", "atecc608")
    personalised(cli, maker)
    provision = ("provision", *at("vault"), "--name", "vault")
    gone_wrong(cli(*provision, "--chip-root", tmp_path / "stranger.pem"), 1, "chip_certificate", "no certificate that")
    gone_wrong(cli(*provision, "--chip-root", tmp_path / "nothing.pem"), 2, "usage")
    ran = cli.ok(*provision, "--chip-root", tmp_path / "maker.pem", "--json")
    assert (ran.last["custody"], ran.last["chip"]["proof"]) == (2, "maker") and "your word" not in ran.err
    (cli.home / "chip-roots.pem").write_bytes((tmp_path / "maker.pem").read_bytes())
    assert cli.ok("renew", "vault", "--json").last["chip"]["maker"] == ran.last["chip"]["maker"] != ""
