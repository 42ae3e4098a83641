"""`sealwright agent` at a real terminal: what it shows is what it signs, and only a yes to that counts."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import fields

import pytest
from sealwright.agent import memory
from sealwright.agent.acts import ACTS, Pause, Renew, Revoke, Withdraw, parse_act
from sealwright.agent.calling import Agent, NoAgent, Refused
from sealwright.agent.door import MOST_BYTES, opened
from sealwright.agent.waiting import MOST_WAITING, State, Waiting
from sealwright.bookkeeping import known_ledger
from sealwright.errors import Usage
from sealwright.home import Home
from sealwright.operate.validity import kept_certificate
from sealwright.wire.messages import Revocation, parse_as

from tests.cli.agents import OnTerminal
from tests.cli.runner import Cli, gone_wrong


@pytest.fixture(scope="module")
def owned(tmp_path_factory):
    """A home whose keys have a passphrase, with a device that has money and a certificate for 20 days."""
    folder = tmp_path_factory.mktemp("owned")
    made = Cli(folder / "home")
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text("correct horse\n")
    before = os.environ.get("SEALWRIGHT_PASSPHRASE")
    os.environ["SEALWRIGHT_PASSPHRASE"] = "correct horse"
    try:
        made.ok("init", "--network", "owned", "--passphrase-file", secret)
        made.ok("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
        made.provisioned("roof", policy=None)
        made.ok("renew", "roof", "--valid-days", "20")
        made.ok("ledger", "deposit", "roof", "--amount", "5 EUR")
        yield made
    finally:
        made.kill_all()
        os.environ.pop("SEALWRIGHT_PASSPHRASE")
        if before is not None:
            os.environ["SEALWRIGHT_PASSPHRASE"] = before


@contextmanager
def agent(cli, *options):
    made = OnTerminal(cli, *options)
    try:
        made.until("Passphrase of the home: ")
        made.type("correct horse")
        made.until("waits at")
        yield made
    finally:
        made.end()


def roof(cli):
    return Home.open(cli.home).resolve("roof").device


def balance(cli):
    with known_ledger(Home.open(cli.home), allow_test=True) as ledger:
        return sum(one.amount for one in ledger.balances() if one.name == bytes.fromhex(roof(cli)))


def test_money_leaves_after_a_yes_to_what_is_shown_and_only_then(owned):
    before, act = balance(owned), Withdraw(roof(owned), "nEUR", "500000000", "invoice 12")
    with agent(owned, "--allow-test") as at:
        assert stat.S_IMODE((owned.home / "agent.sock").stat().st_mode) == 0o600
        first = at.agent.ask(act)
        shown = at.until("Type yes")
        money = ("0.50 EUR", "500,000,000 smallest units of nEUR", "invoice 12")
        for words in ("Take money of a device out of the ledger", roof(owned), *money, f"process {os.getpid()}"):
            assert words in shown, words
        at.type("y")  # is not the word
        assert at.outcome(first)["state"] == "refused" and balance(owned) == before
        at.type("yes")  # to no question
        second = at.agent.ask(act)
        assert second["id"] != first["id"]
        at.until("Type yes")
        assert at.agent.ask(act)["id"] == second["id"], "the same waits once"
        at.type("no")
        assert at.outcome(second)["state"] == "refused", "what was typed before answers nothing"
        third = at.agent.ask(act)
        at.until("Type yes")
        at.type("yes")
        found = at.outcome(third)
        assert (found["state"], balance(owned)) == ("done", before - 500_000_000), found
        at.agent.ask(act)
        assert "the same was asked for at" in at.until("Type yes")
        at.type("no")
        listed = owned.ok("agent", "--list", "--json").json
        assert [one["state"] for one in listed][:3] == ["refused", "refused", "done"]


def test_a_device_is_renewed_unasked_where_that_is_allowed_but_not_again_and_again(owned):
    before = kept_certificate(Home.open(owned.home), bytes.fromhex(roof(owned)))
    with agent(owned, "--allow", "renew") as at:
        found = at.outcome(at.agent.ask(Renew(roof(owned))))
        assert found["state"] == "done", found
        after = kept_certificate(Home.open(owned.home), bytes.fromhex(roof(owned)))
        assert after.digest != before.digest and after.body.expires - after.body.issued_at == 20 * 86400
        again = at.agent.ask(Renew(roof(owned)))
        at.until("Type yes")
        at.type("no")
        assert at.outcome(again)["state"] == "refused"
        waits = at.agent.ask(Revoke(roof(owned), "lost"))
        at.until("Type yes")
        owned.ok("agent", "--lock")
        assert at.process.wait(60) == 0
    with pytest.raises(NoAgent):
        Agent(owned.home).look(waits["id"])
    assert Home.open(owned.home).revocations() == [] and not (owned.home / "agent.sock").exists()


def test_a_pause_and_a_revocation_are_carried_out(owned):
    owned.provisioned("lost", policy=None)
    lost = Home.open(owned.home).resolve("lost").device
    with agent(owned) as at:
        for act in (Pause(lost), Revoke(lost, "lost")):
            asked = at.agent.ask(act)
            at.until("Type yes")
            at.type("yes")
            assert at.outcome(asked)["state"] == "done"
    (raw,) = Home.open(owned.home).revocations()
    assert parse_as(raw, Revocation).body.device.hex() == lost
    assert owned.ok("info", "lost", "--json").last["paused"]


def test_one_that_cannot_ask_does_not_begin(owned, homed, monkeypatch):
    monkeypatch.setattr(memory, "protect", lambda: None)  # it would be this process's
    gone_wrong(owned("agent"), 2, "no_terminal", "there is none")
    gone_wrong(owned("agent", "--allow", "withdraw"), 2, "usage", "cannot be done unasked")
    gone_wrong(homed("agent", "--lock"), 3, "no_agent", "no agent of this home answers")
    with agent(owned):
        gone_wrong(owned("agent", "--allow", "renew"), 2, "agent_runs", "runs already")
    wrong = OnTerminal(owned)
    wrong.until("Passphrase of the home: ")
    wrong.type("battery staple")
    wrong.until("does not open the key")
    assert wrong.process.wait(60) == 2
    wrong.end()


PROTECTED = """
import ctypes
from sealwright.agent.memory import protect
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 1  # PR_GET_DUMPABLE
assert protect() and ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has it")
def test_other_processes_of_the_user_do_not_read_its_memory():
    subprocess.run([sys.executable, "-c", PROTECTED], check=True)


# the door


@contextmanager
def door(folder, **more):
    heard = []

    def answer(asked, who):
        heard.append(asked)
        return {"ok": True}

    with opened(folder, answer, **more) as path:
        yield path, heard


def exchange(path, data):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(str(path))
        line.sendall(data)
        return json.loads(line.makefile().readline())


# asks as another user, once the folder and the socket let it through
STRANGER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
line = socket.socket(socket.AF_UNIX)
try:
    line.connect(sys.argv[1])
except PermissionError:
    print("no way in"); sys.exit()
line.sendall(b'{"ask": "list"}\\n')
print(line.makefile().readline())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_by_the_mode_and_by_the_peer_s_number(tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    with door(tmp_path) as (path, heard):
        ask = [sys.executable, "-c", STRANGER, str(path)]
        assert "no way in" in subprocess.run(ask, capture_output=True, text=True, check=True).stdout
        path.chmod(0o666)
        assert "wrong_user" in subprocess.run(ask, capture_output=True, text=True, check=True).stdout
        assert heard == [] and exchange(path, b'{"ask": "list"}\n') == {"ok": True}


def test_a_process_of_another_number_than_is_let_in_is_refused(tmp_path):
    with door(tmp_path, uid=os.getuid() + 1) as (path, heard):
        assert exchange(path, b'{"ask": "list"}\n')["code"] == "wrong_user" and heard == []


def test_what_is_no_request_costs_little_and_ends_nothing(tmp_path):
    with door(tmp_path) as (path, heard):
        for data in (b"\n", b"[]\n", b"{\n", b"\xff\n", b"[" * 4000 + b"\n", b"x" * (2 * MOST_BYTES)):
            assert exchange(path, data)["code"] == "bad_request", data[:9]
        with socket.socket(socket.AF_UNIX) as slow:  # it says nothing
            slow.connect(str(path))
            assert exchange(path, b'{"ask": "list"}\n') == {"ok": True}
        assert heard == [{"ask": "list"}]
        assert (path.parent / "agent.sock").exists()
    assert not path.exists()
    path.touch()  # of one that was killed
    with door(tmp_path) as (path, _):
        assert exchange(path, b'{"ask": "list"}\n') == {"ok": True}


# what waits

DEVICE = "ab" * 32


def test_a_flood_is_bounded_and_what_nobody_decides_on_is_dropped():
    waiting = Waiting(patience=0.3)
    for n in range(MOST_WAITING):
        waiting.add(Withdraw(DEVICE, "EUR", str(n + 1)), "me")
    with pytest.raises(Usage) as full:
        waiting.add(Pause(DEVICE), "me")
    assert full.value.code == "agent_full"
    assert waiting.add(Withdraw(DEVICE, "EUR", "3"), "me").act.amount == "3", "that one waits already"
    first = waiting.take(0)
    threading.Event().wait(0.4)
    assert waiting.find(first.id).state is State.ASKED and waiting.take(0) is None
    assert {one.state for one in waiting.all()} == {State.ASKED, State.DROPPED}
    waiting.close()
    assert waiting.find(first.id).state is State.REFUSED
    with pytest.raises(Usage, match="locked"):
        waiting.add(Pause(DEVICE), "me")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "sign", "device": DEVICE},
        {"kind": "renew"},
        {"kind": "renew", "device": DEVICE.upper()},
        {"kind": "renew", "device": DEVICE, "days": "9999"},
        {"kind": "renew", "device": 7},
        {"kind": "revoke", "device": DEVICE, "reason": "mood"},
        {"kind": "withdraw", "device": DEVICE, "asset": "EUR", "amount": "-1"},
        {"kind": "withdraw", "device": DEVICE, "asset": "EUR", "amount": "0"},
        {"kind": "withdraw", "device": DEVICE, "asset": "EUR", "amount": "9" * 19},
        {"kind": "withdraw", "device": DEVICE, "asset": "EUR", "amount": "1", "reference": "\x1b[2Jyes"},
        {"kind": "withdraw", "device": DEVICE, "asset": "EUR", "amount": "1", "reference": "x" * 101},
        {"kind": "withdraw", "device": DEVICE, "asset": "E\nR", "amount": "1"},
    ],
)
def test_only_acts_of_the_list_are_taken(values):
    with pytest.raises(Usage):
        parse_act(values)


def test_no_act_has_room_for_bytes_to_sign():
    for one in ACTS.values():
        assert {field.name for field in fields(one)} <= {"device", "reason", "asset", "amount", "reference"}


def test_an_agent_that_refuses_is_told_from_one_that_is_not_there(tmp_path):
    with pytest.raises(NoAgent):
        Agent(tmp_path).list()
    with door(tmp_path, uid=os.getuid() + 1), pytest.raises(Refused) as caught:
        Agent(tmp_path).list()
    assert caught.value.code == "wrong_user"
