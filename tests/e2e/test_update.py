"""Firmware updates of real boards: a good one runs, a bad one is refused, a broken one is rolled back, and whenever the
power goes, the old or the new version comes up with all the device holds."""

import dataclasses
import os
import random
import shutil
import time

import pytest
from sealwright.bench.updates import HssKey, RolledBack, transfer
from sealwright.bench.updates.updating import PIECE
from sealwright.errors import RefusedByDevice, Unreachable, Usage
from sealwright.home import Home
from sealwright.link import Client, connect
from sealwright.targets.build import compile_for
from sealwright.targets.kinds import describe, find_any
from sealwright.wire.messages import sign_message

from .sending import FILLER, Persistent, bundle_size, grown, send, signed

KILLS = int(os.environ.get("SEALWRIGHT_KILLS", "20"))  # `make kills` has more
# what is put in front of seal/app.py, or in the place of its `run`
BROKEN = {
    "raises at import": 'raise ValueError("a bad version")\n',
    "hangs at import": "while True:\n    pass\n",
    "ends": "def run(board, slots):\n    pass\n",
    "exits": "def run(board, slots):\n    raise SystemExit\n",
    "is not healthy": "from . import p256\np256.sign = lambda *_: 1 // 0\n",
    "hangs when it runs": "def run(board, slots):\n    while True:\n        pass\n",
}


@pytest.fixture(scope="session")
def slot():
    """The firmware of this checkout as an emulated board has it in a slot."""
    return compile_for(find_any("unix"))


@pytest.fixture(scope="session")
def broken(tmp_path_factory):
    """Compiles the firmware with lines put in front of seal/app.py (`run` among them takes the place of its own)."""
    from sealwright.targets.assets import root

    tree = tmp_path_factory.mktemp("broken")
    for name in ("firmware", "boards"):
        shutil.copytree(root() / name, tree / name)
    app = tree / "firmware" / "seal" / "app.py"
    text = app.read_text()

    def compiled(lines):
        own = "def run(" in lines
        app.write_text(text[: text.index("def run(")] + lines if own else lines + text)
        return compile_for(describe(tree / "boards" / "unix"))

    return compiled


def what_it_is(result):
    return {name: result[name] for name in ("state", "device", "network", "policy", "offer", "interval", "command_seq")}


def test_an_update_keeps_all_the_device_holds(lab, slot):
    board = lab.board("station", ["bme280"])
    lab.sells(board, "reading", 7)
    lab.tell(board, "interval", 1)
    before = lab.wait(board, lambda result: result["reading_seq"] >= 2)
    assert (before["slot"], before["version"]) == ("factory", 0)
    for version, where in ((1, "a"), (2, "b"), (7, "a")):
        done = send(lab, board, signed(lab.home, slot, version))
        # from the sources everything is sent; from a slot, what differs: here nothing
        assert (done.version, done.slot, done.sent) == (version, where, 0 if version > 1 else bundle_size(slot))
        result = lab.info(board)
        assert (result["slot"], result["version"], result["trial"]) == (where, version, False)
        assert what_it_is(result) == what_it_is(before) and "rolled_back" not in result
    again = send(lab, board, signed(lab.home, slot, 7))
    assert again.sent == 0
    board.kill()
    board.start()
    assert lab.info(board)["version"] == 7
    last = lab.wait(board, lambda result: result["reading_seq"] > before["reading_seq"])
    messages = lab.collect(board)
    verdicts = lab.verify(messages)
    assert all(verdict.ok for verdict in verdicts), [verdict for verdict in verdicts if not verdict.ok]
    assert last["reading_seq"] > before["reading_seq"] and len(messages) > last["reading_seq"]


@pytest.fixture
def stranger(tmp_path):
    return Home.init(tmp_path / "stranger", "another network")


def misnamed(home, slot, version, name):
    """A signed bundle with a path that the host's own tools refuse to sign."""
    bundle = signed(home, slot, version, files={"odd.mpy": b"x"})
    files = tuple(file._replace(path=name) if file.path == "odd.mpy" else file for file in bundle.message.body.files)
    message = sign_message(home.key("owner"), dataclasses.replace(bundle.message.body, files=files))
    return dataclasses.replace(bundle, message=message)


def test_bad_updates_are_refused_and_change_nothing(lab, slot, stranger):
    board = lab.board("station")
    send(lab, board, signed(lab.home, slot, 5))
    before = lab.info(board)
    good = grown(lab.home, slot, 6)
    contents = tuple(content[:-1] + b"?" if len(content) == FILLER else content for content in good.contents)
    refused = {
        "bad_signature": [signed(stranger, slot, 6), dataclasses.replace(good, contents=contents)],
        "replay": [signed(lab.home, slot, 4), signed(lab.home, slot, 1)],
        "not_a_party": [signed(lab.home, slot, 6, model="pico"), signed(lab.home, slot, 6, arch="armv6m")],
        "malformed": [misnamed(lab.home, slot, 6, name) for name in ("../main.py", "incoming", "/a")],
        "storage_full": [signed(lab.home, slot, 6, files={f"big{n}.mpy": bytes(40_000) for n in range(60)})],
    }
    for code, bundles in refused.items():
        for bundle in bundles:
            with pytest.raises(RefusedByDevice) as caught:
                send(lab, board, bundle)
            assert caught.value.code == code
            result = lab.info(board)
            assert (result["slot"], result["version"], result["trial"]) == ("a", 5, False)
            assert what_it_is(result) == what_it_is(before)
    done = send(lab, board, good)  # what was whole of it is there still
    assert done.version == 6 and 0 < done.sent <= good.size


def test_a_message_names_no_more_files_than_a_device_takes(tmp_path, slot):
    home = Home.init(tmp_path / "home", "test")
    assert len(signed(home, slot, 1, files={f"{n}.mpy": b"x" for n in range(253)}).contents) == 253
    for files in ({f"{n}.mpy": b"x" for n in range(254)}, {f"{n:064}": b"x" for n in range(180)}):
        with pytest.raises(Usage, match="files are too many"):
            signed(home, slot, 1, files=files)


def test_a_device_with_a_hash_based_key_takes_nothing_without_it(lab, slot, tmp_path):
    board = lab.board("station")
    unlocked = signed(lab.home, slot, 1)
    key = HssKey.make(lab.home.folder)
    lab.tell(board, "update-key", key.public)
    assert lab.info(board)["hss"] is True
    with pytest.raises(RefusedByDevice, match="refused"):
        lab.tell(board, "update-key", key.public)
    good = signed(lab.home, slot, 1)
    last = good.lock[:-1] + bytes((good.lock[-1] ^ 1,))
    other = signed(lab.home, slot, 2).lock
    for lock in (None, last, other, good.lock[:-4], b"x"):
        with pytest.raises(RefusedByDevice) as caught:
            send(lab, board, dataclasses.replace(good, lock=lock))
        assert caught.value.code == "bad_signature"
    with pytest.raises(RefusedByDevice):
        send(lab, board, unlocked)
    assert lab.info(board)["slot"] == "factory"
    with lab.client(board) as client:  # part of a file that is not as signed
        client.update_lock(good.lock)
        raw, begun = good.message.raw, (good.message.digest, good.message.sign1.signature)
        at = client.update_begin(len(raw), *begun)
        while isinstance(at, int):
            at = client.update_manifest(at, raw[at : at + PIECE])
        client.update_write(0, 0, b"?" * len(good.contents[0]))
        with pytest.raises(RefusedByDevice):
            client.update_begin(len(raw), *begun)  # a lock is good for one
    assert send(lab, board, good).sent == bundle_size(slot)
    assert lab.info(board)["hss"] is True and lab.info(board)["version"] == 1


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_version_is_rolled_back(lab, slot, broken, how):
    board = lab.board("station", ["bme280"])
    lab.expect_trace(board)
    lab.tell(board, "interval", 1)
    bad = broken(BROKEN[how])
    for version, running in ((3, 0), (4, 2)):  # from the sources, and from a slot
        before = lab.info(board)
        with pytest.raises(RolledBack):
            send(lab, board, signed(lab.home, bad, version))
        result = lab.info(board)
        assert (result["version"], result["trial"], result["rolled_back"]) == (running, False, version)
        assert what_it_is(result) == what_it_is(before)
        if how.startswith("hangs"):
            break  # three watchdogs are enough
        assert send(lab, board, signed(lab.home, slot, 2 + running)).version == 2 + running
    lab.wait(board, lambda now: now["reading_seq"] > result["reading_seq"])
    assert all(verdict.ok for verdict in lab.verify(lab.collect(board)))


@pytest.mark.long
def test_kills_at_random_moments_of_updates(lab, slot, record_property):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    before, newest = lab.info(board), 0
    chance = random.Random("sealwright update")
    with Persistent(lab, board, slot) as updates:
        for _ in range(KILLS):
            if chance.random() < 0.5:
                updates.await_pieces(chance.randrange(1, 20), 30)  # in the middle of a transfer
            else:
                time.sleep(chance.choice((0.2, 1.0, 4.0)) * chance.random())
            board.kill()
            board.start()
            least = len(updates.done)
            result = lab.info(board)
            assert what_it_is(result) == what_it_is(before)
            assert least <= result["version"] <= len(updates.done) + 1, (result["version"], updates.done)
            assert result["version"] >= newest or result["trial"] is False
            newest = max(newest, result["version"] if not result["trial"] else 0)
            assert result["version"] >= newest, "a confirmed version was lost"
        lab.wait(board, lambda _: updates.done or updates.errors)  # on a busy machine no update may have been done yet
    assert not updates.errors, updates.errors
    assert updates.broken, "no kill met a transfer"
    found = {"updates": len(updates.done), "rolled back": updates.rolled_back, "broken transfers": updates.broken}
    record_property("kills", found)
    print(found)
    assert updates.done
    final = send(lab, board, signed(lab.home, slot, 1000))
    assert lab.info(board)["version"] == final.version == 1000
    refused = [verdict for verdict in lab.verify(lab.collect(board)) if not verdict.ok]
    assert all(verdict.code == "gap" for verdict in refused), refused  # a kill may burn numbers


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_without_a_reply(lab, slot, monkeypatch, arrives):
    board, bundle = lab.board("station"), signed(lab.home, slot, 1)
    commit = Client.update_commit

    def lost(client):
        if arrives:
            commit(client)
        raise Unreachable("gone")

    monkeypatch.setattr(Client, "update_commit", lost)
    if arrives:
        assert send(lab, board, bundle).version == 1
        return
    with pytest.raises(Unreachable, match="before version 1 began"):
        send(lab, board, bundle)
    monkeypatch.undo()
    assert send(lab, board, bundle).sent == 0


def test_a_transfer_that_broke_goes_on_where_it_ended(lab, slot):
    board = lab.board("station")
    bundle = signed(lab.home, slot, 1)

    def cut(done, _):
        if done > bundle.size // 2:
            board.kill()

    with pytest.raises(Unreachable):
        transfer(lambda: connect(board.url, 5.0), bundle, cut)
    board.start()
    assert lab.info(board)["slot"] == "factory"
    done = send(lab, board, bundle)
    assert bundle.size // 3 < done.sent < bundle.size * 2 // 3


def test_a_message_that_was_cut_goes_on_where_it_ended(lab, slot):
    board = lab.board("station")
    send(lab, board, signed(lab.home, slot, 1))
    bundle = grown(lab.home, slot, 2)
    raw, begun = bundle.message.raw, (bundle.message.digest, bundle.message.sign1.signature)
    for wrong in (False, True):
        with lab.client(board) as client:
            assert client.update_begin(len(raw), *begun) == (PIECE if wrong else 0)
            if wrong:  # what is there of it is not what the owner signed
                assert client.update_manifest(PIECE, bytes(100)) == PIECE + 100
            else:
                assert client.update_manifest(0, raw[:PIECE]) == PIECE
        board.kill()
        board.start()
        assert lab.info(board)["version"] == 1
    assert send(lab, board, bundle).version == 2
    assert lab.info(board)["version"] == 2
