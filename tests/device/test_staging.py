"""Staging: resumption, restart, checks of files and of free space."""

import os

from check import raises
from rig import restarted
from seal import staging
from seal.errors import (
    BadSignature,
    Malformed,
    Refused,
    StorageFull,
)
from seal.staging import Staging
from updates import FILES, begin, boot, checked, claims, contents, manifest, send, updater, with_slots


@with_slots
def test_invalid_path_or_size_is_refused(root, issuer, device):
    _, taker = updater(device, root)
    for change in ([["a.mpy", 0, bytes(32)]], [["a.mpy", (1 << 20) + 1, bytes(32)]], [["a.mpy", 1, bytes(32)]] * 2):
        payload = claims(FILES)
        payload[5] = change
        raises(Malformed, begin, taker, issuer.owner.sign(65011, payload)[0])
    assert os.listdir(root) == []


@with_slots
def test_reserved_paths_and_files_as_folders_are_refused(root, issuer, device):
    _, taker = updater(device, root)
    for names in (
        ["manifest"],
        ["incoming"],
        ["manifest.new"],
        ["incoming.new"],
        ["manifest/a.mpy"],
        ["incoming.new/a.mpy"],
        ["a", "a/b"],
        ["a/b", "a"],
        ["a/b/c", "b", "a/b"],
    ):
        payload = claims(FILES)
        payload[5] = [[name, 1, bytes(32)] for name in names]
        raises(Malformed, begin, taker, issuer.owner.sign(65011, payload)[0])
    assert os.listdir(root) == []
    payload[5] = [[name, 1, bytes(32)] for name in ("manifests", "a/manifest.new", "ab", "a/b", "a/bc/d")]
    assert begin(taker, issuer.owner.sign(65011, payload)[0]) == [0] * 5


@with_slots
def test_space_check_counts_reusable_blocks(root, issuer, device):
    _, taker = updater(device, root)
    send(taker, manifest(issuer, FILES), FILES)
    before = contents(root + "/a")
    real, other = staging.room, manifest(issuer, {"board.mpy": bytes(4096 * 4)}, 2)
    try:
        staging.room = lambda folder: (4096, 8)  # 5 blocks wanted and 8 spare; the slot holds 4 files of a block each
        raises(StorageFull, begin, taker, other)
        assert contents(root + "/a") == before
        staging.room = lambda folder: (4096, 9)
        assert begin(taker, other) == [0]
    finally:
        staging.room = real
    size, free = staging.room(root)
    assert size >= 512 and free > 0


@with_slots
def test_transfer_resumes(root, issuer, device):
    _, taker = updater(device, root)
    raw, names = manifest(issuer, FILES), sorted(FILES)
    assert begin(taker, raw) == [0, 0, 0]
    data = FILES[names[1]]
    assert taker.write([1, 0, data[:300]]) == 300
    assert taker.write([1, 0, data[:300]]) == 300  # its reply was lost
    assert taker.write([1, 100, data[100:200]]) == 300
    raises(Malformed, taker.write, [1, 301, b"gap"])
    raises(Malformed, taker.write, [1, 300, bytes(len(data))])
    raises(Malformed, taker.commit, None)
    for item in (
        None,
        [],
        [0, 0],
        [0, 0, b""],
        [3, 0, b"x"],
        [-1, 0, b"x"],
        [0, -1, b"x"],
        [0, 0, "x"],
        [0, 0, b"x", 0],
    ):
        raises(Malformed, taker.write, item)
    again = restarted(device)
    _, taker = updater(again, root)
    raises(Refused, taker.write, [1, 300, data[300:]])
    assert begin(taker, raw) == [0, 300, 0]
    assert send(taker, raw, FILES) == sum(len(data) for data in FILES.values()) - 300
    assert taker.commit(None)


@with_slots
def test_other_message_restarts_staging(root, issuer, device):
    _, taker = updater(device, root)
    send(taker, manifest(issuer, FILES, 1), FILES)
    other = {"board.mpy": b"new", "links/tcp.mpy": b"tcp"}
    raw = manifest(issuer, other, 2)
    assert begin(taker, raw) == [0, 0]
    assert contents(root + "/a") == {"incoming": raw}
    send(taker, raw, other)
    assert taker.commit(None)
    other["manifest"] = raw
    assert contents(root + "/a") == other


@with_slots
def test_file_with_wrong_digest_is_sent_again(root, issuer, device):
    firmware, taker = updater(device, root)
    raw = manifest(issuer, FILES)
    bad = dict(FILES)
    bad["board.mpy"], bad["seal/app.mpy"] = b"wrong" * 50, b"bad" * 300
    send(taker, raw, bad)
    raises(BadSignature, taker.commit, None)
    assert not firmware.reset_pending and boot(root)[0].slot is None and "manifest" not in os.listdir(root + "/a")
    assert begin(taker, raw) == [0, 0, 50]
    assert send(taker, raw, FILES) == 1150
    assert taker.commit(None)


@with_slots
def test_short_write_of_piece_is_storage_full(root, issuer, device):
    raw = manifest(issuer, {"a.mpy": b"0123456789"})
    _, taker = updater(device, root)
    begin(taker, raw)
    with open(root + "/a/a.mpy", "wb") as file:
        file.write(b"0123")  # what was left of a write when the power went
    staging = Staging(root + "/a", checked(root + "/a/incoming"))
    assert staging.begin() == [4]
    assert staging.write(0, 4, b"456789") == 10
