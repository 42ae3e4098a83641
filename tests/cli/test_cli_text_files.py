"""Text files as editors and shells save them: with a byte order mark, in UTF-16, with CRLF; JSON with a key twice."""

import json

import pytest
from sealwright.bench.factory.tray import read_tray
from sealwright.home import PASSPHRASE
from sealwright.operate.spending import load_policy

from tests.cli.runner import gone_wrong

LIMITS = {"per_voucher": 1000, "per_day": 50000}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")
MARKED = pytest.mark.parametrize("encoding", ENCODINGS)


@MARKED
def test_a_policy_in_any_of_these_encodings(tmp_path, encoding):
    file = tmp_path / "policy.json"
    file.write_bytes(json.dumps({"assets": {"nEUR": LIMITS}}).encode(encoding))
    assert load_policy(file).limits["nEUR"].per_day == 50000


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"assets": {"nEUR": {"per_voucher": 1, "per_day": 2}, "nEUR": {"per_voucher": 1, "per_day": 9}}}', "nEUR"),
        ('{"assets": {"nEUR": {"per_voucher": 1, "per_day": 2, "per_day": 9}}}', "per_day"),
        ('{"assets": {"nEUR": {"per_voucher": 1, "per_day": 2}}, "not_after": 1, "not_after": 2}', "not_after"),
    ],
)
def test_a_policy_that_says_two_things_of_one_key_is_refused(homed, tmp_path, text, key):
    homed.provisioned("payer")
    before = homed.ok("info", "payer", "--json").last["policy"]
    file = tmp_path / "policy.json"
    file.write_text(text)
    gone_wrong(homed("owner", "policy", file, "payer"), 2, "twice", f"has {key!r} twice")
    assert homed.ok("info", "payer", "--json").last["policy"] == before


@MARKED
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r\nsecond line"])
def test_a_passphrase_is_its_line_alone(cli, tmp_path, monkeypatch, encoding, end):
    file = tmp_path / "secret.txt"
    file.touch(0o600)
    file.write_bytes(f"kräftig{end}".encode(encoding))
    cli.ok("init", "--passphrase-file", file)
    monkeypatch.setenv(PASSPHRASE, "kräftig")
    assert cli.ok("ledger", "deposit", "a" * 64, "--asset", "nEUR", "--amount", "1", "--new-asset")


def test_a_passphrase_that_is_no_text_makes_no_home(cli, tmp_path):
    file = tmp_path / "secret.txt"
    file.touch(0o600)
    file.write_bytes("kräftig\n".encode("latin-1"))
    gone_wrong(cli("init", "--passphrase-file", file), 2, "usage", "is no UTF-8 text")
    assert not cli.home.exists()


@MARKED
def test_a_tray_and_a_config_in_any_of_these_encodings(homed, tmp_path, encoding):
    file = tmp_path / "tray.csv"
    file.write_bytes("name,device,board\r\nDach,emulated:dach,\r\n".encode(encoding))
    assert [place.name for place in read_tray(file)] == ["Dach"]
    (homed.home / "config.toml").write_bytes('device = "Dach"\n'.encode(encoding))
    gone_wrong(homed("info"), 2, "unknown_device", "'Dach'")
