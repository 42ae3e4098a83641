"""Wrong inputs: each gets its cause, a remedy and its exit code, and never a traceback."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sealwright.emulator.board import free_port

from tests.cli.runner import gone_wrong

PUBLIC = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
# on a curve that OpenSSL has and cryptography does not: SEQUENCE {SEQUENCE {ecPublicKey, secp224k1}, BIT STRING}
SECP224K1 = bytes.fromhex("304e301006072a8648ce3d020106052b81040020033a0004") + bytes(56)
PRIVATE = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


@pytest.mark.parametrize("command", ["verify", "settle"])
def test_bundles_that_are_none(fleet, tmp_path, command):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    gone_wrong(fleet(command, tmp_path / "missing"), 2, "usage", "missing", "No such file")
    gone_wrong(fleet(command, tmp_path), 2, "usage", str(tmp_path), "directory")
    gone_wrong(fleet(command, empty), 1, "empty_bundle", "no message in", "empty")
    gone_wrong(fleet.process(command, "-", stdin=b""), 1, "empty_bundle", "standard input")


@pytest.mark.parametrize("command", ["verify", "settle"])
def test_a_truncated_bundle_keeps_what_is_whole(fleet, traded, tmp_path, command):
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(traded.read_bytes()[:-10])
    whole = len(fleet("verify", traded, "--allow-test", "--json").json)
    ran = fleet(command, cut, "--allow-test", "--json")
    verdicts = [one for one in ran.json if "n" in one]
    assert ran.code == 1 and [one["n"] for one in verdicts] == list(range(whole))
    assert all(one["ok"] for one in verdicts[:-1] if command == "verify" or one["type"] in ("certificate", "reading"))
    assert verdicts[-1]["code"] == "malformed" and not verdicts[-1]["ok"]
    assert "ends in the middle" in verdicts[-1]["why"] and verdicts[-1]["type"] is None
    piped = fleet.process(command, "-", "--allow-test", "--json", stdin=cut.read_bytes())
    assert [one["code"] for one in piped.json if "n" in one][-1] == "malformed"


@pytest.mark.parametrize("command", ["verify", "settle"])
@pytest.mark.parametrize("content", [b"\x7fELF junk", b"hello, this is text\n", bytes(range(256)) * 300])
def test_other_files_are_no_bundle(fleet, tmp_path, command, content):
    file = tmp_path / "junk"
    file.write_bytes(content)
    gone_wrong(fleet(command, file), 1, "not_a_bundle", str(file), "is no bundle")


def test_pem_files_that_are_no_root(fleet, traded, tmp_path):
    unknown = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % base64.b64encode(SECP224K1)
    p384, p256 = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    root = (fleet.home / "root.pem").read_bytes()
    wrong = {
        "secp384r1": p384.public_key().public_bytes(*PUBLIC),
        "EC PRIVATE KEY (a key on the curve secp384r1": p384.private_bytes(*PRIVATE),
        "secp256r1": p256.public_key().public_bytes(*PUBLIC),
        "not of an elliptic curve": rsa.generate_private_key(65537, 2048).public_key().public_bytes(*PUBLIC),
        "is not supported": unknown,
        "a CERTIFICATE and no": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "cut off or altered": root[:-40],
        "nothing at all": b"",
        "no PEM": b"not PEM at all",
    }
    for words, content in wrong.items():
        file = tmp_path / "r.pem"
        file.write_bytes(content)
        gone_wrong(fleet("verify", traded, "--root", file), 2, "bad_root", "r.pem is no root", words)
    gone_wrong(fleet("verify", traded, "--root", tmp_path / "missing.pem"), 2, "bad_key_file", "missing.pem")
    gone_wrong(fleet("verify", traded, "--root", tmp_path), 2, "bad_key_file", "directory")
    for words, content in (("secp384r1", wrong["secp384r1"]), ("OpenSSL does not have", unknown), ("", b"")):
        file.write_bytes(content)
        gone_wrong(fleet("verify", traded, "--owner", file), 2, "bad_key", "no owner's key", words)


def test_keys_of_a_home_that_are_on_another_curve(homed):
    homed.board("b")
    key = ec.generate_private_key(ec.SECP384R1()).private_bytes(*PRIVATE)
    (homed.home / "test.key").write_bytes(key)
    gone_wrong(homed("provision", "--device", "emulated:b", "--name", "b"), 1, "bad_key", "secp384r1")
    assert homed("info", "--device", "emulated:b", "--json").last["state"] == "keyed"


@pytest.mark.parametrize(
    ("url", "code", "name", "words"),
    [
        ("ttyACM0", 2, "unknown_device", "no device is called"),
        ("usb:1", 2, "bad_url", "no device URL"),
        ("tcp:localhost", 2, "bad_url", "no device URL"),
        ("tcp:localhost:99999", 2, "bad_url", "no device URL"),
        ("serial:", 2, "bad_url", "no device URL"),
        ("emulated:nobody", 2, "unknown_board", "no emulated board"),
        ("serial:/dev/not-there", 3, "unreachable", "there is no /dev/not-there"),
        ("serial:/dev/null", 3, "unreachable", "no serial port"),
        ("serial:/", 3, "unreachable", "no serial port"),
        ("tcp:a..b:80", 3, "unreachable", "nothing answers"),
    ],
)
def test_device_urls(fleet, url, code, name, words):
    for line in (
        ("info", "--device", url),
        ("collect", "--device", url),
        ("provision", "--device", url, "--name", "n"),
        ("pay", "--payer", "emulated:charger", "--payee", url, "--amount", "5"),
        ("owner", "pause", "--device", url),
    ):
        gone_wrong(fleet(*line), code, name, words)


def test_a_port_where_nobody_listens(fleet):
    gone_wrong(fleet("info", "--device", f"tcp:127.0.0.1:{free_port()}"), 3, "unreachable", "refused")


def test_a_home_that_is_none(cli, tmp_path):
    for line in (
        ("ledger", "balances"),
        ("settle", "x"),
        ("provision", "--device", "tcp:127.0.0.1:1", "--name", "n"),
        ("emulate", "unix"),
        ("info", "--device", "emulated:solar"),
        ("owner", "pause", "--device", "tcp:127.0.0.1:1"),
    ):
        gone_wrong(cli(*line), 2, "no_home", str(cli.home), "not initialised")
    assert cli("ledger", "balances", "--json").last["remedy"] == f"Run `sealwright init --home {cli.home}`."
    (tmp_path / "b").write_bytes(b"\x00")
    gone_wrong(cli("verify", tmp_path / "b"), 2, "no_root", "no root to check against")
    cli.home.write_text("a file")
    gone_wrong(cli("ledger", "balances"), 2, "no_home", "not a folder")
    assert cli("devices").code == 0  # ports need no home


def test_a_damaged_home(homed, traded):
    file = homed.home / "home.json"
    good = file.read_text()
    for content in ("", "{", "[]", '{"format": 1}'):
        file.write_text(content)
        gone_wrong(homed("ledger", "balances"), 2, "home_damaged", str(homed.home))
    file.write_text('{"format": 99, "network": "x"}')
    gone_wrong(homed("ledger", "balances"), 2, "home_format", "99")
    file.write_text(good)
    (homed.home / "devices" / "aa.json").write_text('{"name": "x"')
    gone_wrong(homed("provision", "--device", "tcp:127.0.0.1:1", "--name", "n"), 3, "unreachable", "nothing answers")
    gone_wrong(homed("devices", "forget", "x"), 2, "usage", "aa.json", "damaged")
    assert homed("ledger", "balances").code == 0  # names are a courtesy


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "yesterday"), "no time"),
        (("--at", "-5"), ""),
        (("--network", "12"), "network id"),
        (("--network", "z" * 64), "network id"),
        (("--secret", "xyz"), "secret"),
        (("--secret", ""), "secret"),
        (("--tick", "1"), "ROOT:COUNT:HEX"),
        (("--tick", "aa:x:bb"), "ROOT:COUNT:HEX"),
        (("--tick", f"{'a' * 64}:1:bb"), "the tick"),
        (("--custody", "3"), "custody"),
    ],
)
def test_values_of_verify(fleet, traded, options, words):
    gone_wrong(fleet("verify", traded, *options), 2, "usage", words)


def test_policies(homed, tmp_path):
    homed.board("p")
    file = tmp_path / "policy.json"
    for content, words in (
        ("{", "no JSON"),
        ("[]", "no spending policy"),
        ('{"assets": {}}', "no spending policy"),
        ('{"assets": {"nEUR": {"per_voucher": 1}}}', "per_voucher and per_day"),
        ('{"assets": {"nEUR": {"per_voucher": 1.5, "per_day": 2}}}', "1.5"),
        ('{"assets": {"nEUR": {"per_voucher": 1, "per_day": 2}}, "payees": [1]}', "no device id"),
        ('{"assets": {"nEUR": {"per_voucher": 1, "per_day": 2}}, "color": 1}', "unknown"),
    ):
        file.write_text(content)
        gone_wrong(
            homed("provision", "--device", "emulated:p", "--name", "p", "--policy", file), 2, "bad_policy", words
        )
    missing = tmp_path / "missing.json"
    gone_wrong(homed("owner", "policy", missing, "--device", "emulated:p"), 2, "usage", "missing.json")
    assert homed("info", "--device", "emulated:p", "--json").last["state"] == "blank"
    gone_wrong(homed("owner", "pause", "--device", "emulated:p"), 4, "device_blank", "the device is blank")
