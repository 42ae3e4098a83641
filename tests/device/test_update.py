"""Updates: authorization, checks before the first write, resumption, and confirmation of versions."""

import os

from check import raises
from rig import Issuer, restarted
from seal import compat, rpc
from seal.device import WIPED, Device
from seal.errors import (
    BadKey,
    BadSignature,
    Fault,
    Malformed,
    NoMemory,
    NotAParty,
    Refused,
    Replay,
    Unsupported,
    WrongType,
)
from seal.firmware import FLOOR, HSS, Firmware
from seal.owner import Owner
from seal.records import FIRMWARE_RECORD
from seal.rest import Rest
from seal.service import Service
from seal.update import Updater
from updates import FILES, HSS_KEY, WELL, begin, boot, claims, contents, manifest, send, updater, with_slots, words


@with_slots
def test_update_is_staged_tried_and_confirmed(root, issuer, device):
    firmware, taker = updater(device, root)
    raw = manifest(issuer, FILES, 3)
    assert send(taker, raw, FILES) == sum(len(data) for data in FILES.values())
    assert not firmware.reset_pending and contents(root + "/a")["incoming"] == raw
    assert taker.commit(None) is True and firmware.reset_pending
    assert taker.commit(None) is True  # its reply was lost
    expected = dict(FILES)
    expected["manifest"] = raw
    assert contents(root + "/a") == expected
    again = restarted(device)
    firmware, taker = updater(again, root)
    fields = {"slot": "a", "version": 3, "trial": True, "hss": False}
    assert firmware.info() == fields and firmware.record()[FLOOR] == 0
    raises(Refused, begin, taker, manifest(issuer, FILES, 4))
    firmware.confirm(WELL)
    fields["trial"] = False
    assert firmware.info() == fields and again.journal.get(FIRMWARE_RECORD)[FLOOR] == 3
    assert boot(root)[0].slot == "a"


@with_slots
def test_refused_message_writes_nothing(root, issuer, device):
    _, taker = updater(device, root)
    one = FILES["board.mpy"]
    good = manifest(issuer, FILES)
    refused = [
        (BadSignature, manifest(Issuer(), FILES)),
        (BadSignature, manifest(issuer, FILES, signer=issuer.signer)),
        (WrongType, issuer.command(device, "pause")),
        (NotAParty, manifest(issuer, FILES, model="another")),
        (NotAParty, manifest(issuer, FILES, arch="z80")),
        (Replay, manifest(issuer, FILES, 0)),
        (Malformed, manifest(issuer, {})),
    ]
    paths = (
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        ".hidden",
        "a.",
        "a.b.c",
        "A",
        "a b",
        "a\\b",
        "x" * 65,
    )
    refused += [(Malformed, manifest(issuer, {path: one})) for path in paths + ("manifest", "incoming")]
    for error, raw in refused:
        raises(error, begin, taker, raw)
        raises(Refused, taker.manifest, [0, raw[:100]])
        raises(Refused, taker.write, [0, 0, b"x"])
        raises(Refused, taker.commit, None)
        assert os.listdir(root) == []
    size, digest, signature = words(good)
    for odd in (None, [], [size, digest], [size, digest, signature, 0], [0, digest, signature]):
        raises(Malformed, taker.begin, odd)
    for odd in ([16385, digest, signature], [size, digest[1:], signature], [size, digest, signature + b"0"]):
        raises(Malformed, taker.begin, odd)
    raises(BadSignature, taker.begin, [size, digest[:-1] + b"?", signature])
    assert os.listdir(root) == []


@with_slots
def test_message_that_is_not_the_signed_one_changes_nothing(root, issuer, device):
    _, taker = updater(device, root)
    old, good = manifest(issuer, {"old.mpy": b"old"}, 1), manifest(issuer, FILES, 2)
    begin(taker, old)
    taker.write([0, 0, b"ol"])
    before = contents(root + "/a")
    for at in range(0, len(good), 7):
        bad = bytearray(good)
        bad[at] ^= 1
        code = rpc.answer({1: lambda item: begin(taker, item, item=words(good))}, 1, bytes(bad))
        assert code[0] == rpc.ERROR and code[1] != [rpc.INTERNAL], at
        taker._starts = 0
        assert contents(root + "/a") == before
    raises(BadSignature, begin, taker, good[:-64] + bytes(64), 999, words(good))
    raises(BadSignature, begin, taker, old, 999, [len(old)] + words(good)[1:])
    raises(Malformed, begin, taker, good[:-1], 999, [len(good) - 1] + words(good)[1:])
    assert contents(root + "/a") == before
    assert taker.write([0, 2, b"d"]) == 3, "the update that was under way goes on"
    assert taker.commit(None)


@with_slots
def test_manifest_comes_in_pieces_and_resumes(root, issuer, device):
    _, taker = updater(device, root)
    old, raw = manifest(issuer, {"old.mpy": b"old"}, 1), manifest(issuer, FILES, 2)
    send(taker, old, {"old.mpy": b"old"})
    before = contents(root + "/a")
    assert taker.begin(words(raw)) == 0
    assert contents(root + "/a") == before
    assert taker.manifest([0, raw[:100]]) == 100
    assert taker.manifest([0, raw[:100]]) == 100  # its reply was lost
    for odd in (None, [], [100], [100, b"x", 0], [-1, b"x"], [100, "x"], [101, b"x"], [100, bytes(1537)]):
        raises(Malformed, taker.manifest, odd)
    raises(Malformed, taker.manifest, [100, raw[100:] + b"x"])
    device = restarted(device)
    _, taker = updater(device, root)
    raises(Refused, taker.manifest, [100, raw[100:]])
    assert taker.begin(words(manifest(issuer, FILES, 3))) == 0
    assert taker.begin(words(raw)) == 100
    assert taker.manifest([100, raw[100:-1]]) == len(raw) - 1
    now = contents(root + "/a")
    assert now.pop("incoming.new") == raw[:-1] and len(now.pop("incoming.sum")) == 32 and now == before
    assert taker.manifest([len(raw) - 1, raw[-1:]]) == [0, 0, 0]
    assert taker.manifest([len(raw) - 1, raw[-1:]]) == [0, 0, 0]  # its reply was lost
    assert contents(root + "/a") == {"incoming": raw}
    assert taker.begin(words(raw)) == len(raw) and taker.manifest([len(raw), b""]) == [0, 0, 0]


@with_slots
def test_what_came_of_another_manifest_is_gone_once_the_slot_is_whole(root, issuer, device):
    _, taker = updater(device, root)
    raw, other = manifest(issuer, FILES, 1), manifest(issuer, FILES, 2)
    begin(taker, raw)
    taker.begin(words(other))
    assert taker.manifest([0, other[:50]]) == 50
    send(taker, raw, FILES)
    assert taker.commit(None)
    expected = dict(FILES)
    expected["manifest"] = raw
    assert contents(root + "/a") == expected


@with_slots
def test_a_whole_manifest_keeps_the_device_awake_and_a_beginning_does_not(root, issuer, device):
    _, taker = updater(device, root)
    Owner(device).command(issuer.command(device, "interval", {1: 60, 3: 5}))
    raw, now = manifest(issuer, FILES), 0
    device.rest = Rest(device, lambda: now)
    now = 6000
    assert device.rest.is_due()
    taker.begin(words(raw))
    taker.manifest([0, raw[:100]])
    for kind in (rpc.UPDATE_BEGIN, rpc.UPDATE_MANIFEST):
        device.rest.heard(kind, True)
    assert device.rest.is_due()
    assert taker.manifest([100, raw[100:]]) == [0, 0, 0]
    assert not device.rest.is_due()


@with_slots
def test_a_piece_is_small(root, issuer, device):
    _, taker = updater(device, root)
    raw = manifest(issuer, {"file-%d.mpy" % number: b"x" for number in range(60)})
    taker.begin(words(raw))
    raises(Malformed, taker.manifest, [0, raw[:1537]])
    assert taker.manifest([0, raw[:1536]]) == 1536


@with_slots
def test_manifests_that_start_over_and_over_are_refused(root, issuer, device):
    _, taker = updater(device, root)
    raw, other = manifest(issuer, FILES, 1), words(issuer.command(device, "pause"))
    for _ in range(60):
        taker.begin(other)
        raises(Malformed, taker.manifest, [0, bytes(other[0])])
    taker.begin(other)
    raises(Refused, taker.manifest, [0, bytes(other[0])])
    taker._since = compat.ticks_add(taker._since, -3600000)
    assert begin(taker, raw) == [0, 0, 0]


@with_slots
def test_versions_rise_and_only_confirmed_ones_count(root, issuer, device):
    _, taker = updater(device, root)
    send(taker, manifest(issuer, FILES, 5), FILES)
    taker.commit(None)
    for _ in range(3):
        assert boot(root)[0].on_trial
    device = restarted(device)
    firmware, taker = updater(device, root)
    assert firmware.info() == {"slot": "factory", "version": 0, "trial": False, "rolled_back": 5, "hss": False}
    assert send(taker, manifest(issuer, FILES, 5), FILES) == 0  # it may be tried again, and is there still
    send(taker, manifest(issuer, FILES, 4), FILES)
    taker.commit(None)
    firmware, taker = updater(restarted(device), root)
    firmware.confirm(WELL)
    for version in (1, 4):
        raises(Replay, begin, taker, manifest(issuer, FILES, version))
    sizes = [len(FILES[path]) for path in sorted(FILES)]
    assert begin(taker, manifest(issuer, FILES, 5)) == sizes  # into the other slot, out of this one
    assert sorted(os.listdir(root)) == ["a", "b", "slot"]


@with_slots
def test_only_changed_files_are_sent(root, issuer, device):
    _, taker = updater(device, root)
    send(taker, manifest(issuer, FILES, 1), FILES)
    taker.commit(None)
    device = restarted(device)
    firmware, taker = updater(device, root)
    firmware.confirm(WELL)
    changed = dict(FILES)
    changed["board.mpy"] = b"other" * 50  # as long as the one before
    raw = manifest(issuer, changed, 2)
    assert begin(taker, raw) == [0, len(FILES["seal/app.mpy"]), len(FILES["seal/p256/curve.mpy"])]
    assert send(taker, raw, changed) == 250
    taker.commit(None)
    changed["manifest"] = raw
    assert contents(root + "/b") == changed


@with_slots
def test_version_with_failed_selftest_is_not_confirmed(root, issuer, device):
    for part in ("curve", "entropy", "store", "state"):
        firmware, taker = updater(device, root)
        taker._slots.begin_trial("a", 5)
        firmware, _ = updater(device, root)
        bad = dict(WELL)
        bad[part] = 11
        raises(Fault, firmware.confirm, bad)
        assert firmware.slots.on_trial and device.journal.get(FIRMWARE_RECORD) is None
        os.remove(root + "/trial")


@with_slots
def test_hss_key_is_set_once_and_then_required(root, issuer, device):
    firmware, taker = updater(device, root)
    owner = Owner(device, firmware)
    for bad in (None, b"", HSS_KEY[:-1], HSS_KEY + b"\0", b"\0\0\0\x09" + HSS_KEY[4:], bytes(60), "key"):
        assert raises((Malformed, BadKey), owner.command, issuer.command(device, "update-key", bad))
    assert taker.lock(bytes(6000)) is True and taker._signature == b"", "what counts for nothing is not kept"
    send(taker, manifest(issuer, FILES, 1), FILES)
    raw = manifest(issuer, FILES, 2)
    assert taker.begin(words(raw)) == 0
    assert owner.command(issuer.command(device, "update-key", HSS_KEY))
    raises(Refused, taker.manifest, [0, raw])
    raises(Refused, taker.commit, None)  # it began without that key's word
    raises(Refused, owner.command, issuer.command(device, "update-key", HSS_KEY))
    again = restarted(device)
    assert again.journal.get(FIRMWARE_RECORD) == {FLOOR: 0, HSS: HSS_KEY}
    firmware, taker = updater(again, root)
    assert firmware.info()["hss"] is True
    raw = manifest(issuer, FILES, 2)
    raises(BadSignature, taker.begin, words(raw))
    for bad in (None, b"", "x", bytes(6001)):
        raises(Malformed, taker.lock, bad)
    assert taker.lock(bytes(1000)) is True and len(taker._signature) == 1000
    raises(BadSignature, taker.begin, words(raw))
    assert taker._signature == b"", "one begin uses it up"
    assert taker.lock(bytes(1000)) is True
    raises(Malformed, taker.begin, words(raw)[:-1])
    assert taker._signature == b""
    Owner(again).command(issuer.command(again, "wipe"))
    assert again.state == WIPED and again.journal.get(FIRMWARE_RECORD) is None


@with_slots
def test_only_provisioned_device_with_slots_takes_updates(root, issuer, device):
    frozen = Updater(device, Firmware(device))
    assert Firmware(device).info() == {}
    blank = Device(type(device.board)())
    blank.load()
    slots, _ = boot(root)
    other = Updater(blank, Firmware(blank, slots))
    assert Firmware(blank, slots).info() == {"slot": "factory", "version": 0, "trial": False}
    raw = manifest(issuer, FILES)
    for taker, error in ((frozen, Unsupported), (other, Refused)):
        raises(error, taker.lock, b"x")
        raises(error, taker.begin, words(raw))
        raises(error, taker.manifest, [0, raw])
        raises(Refused, taker.write, [0, 0, b"x"])
        raises(Refused, taker.commit, None)
    handlers = Service(device).handlers()
    assert rpc.answer(handlers, rpc.UPDATE_BEGIN, words(raw)) == (rpc.ERROR, [23])


@with_slots
def test_deployed_manifest_reports_version(root, issuer, device):
    from seal import cbor

    for data, version in (
        (cbor.encode(claims(FILES, 9)), 9),
        (manifest(issuer, FILES, 8), 8),
        (b"no CBOR", 0),
        (cbor.encode([1]), 0),
        (cbor.encode({2: "x"}), 0),
        (cbor.encode(cbor.Tag(18, [b""])), 0),
        (None, 0),
    ):
        if not os.listdir(root):
            os.mkdir(root + "/b")
            boot(root)[0].activate("b")
        if data is None:
            os.remove(root + "/b/manifest")
        else:
            with open(root + "/b/manifest", "wb") as file:
                file.write(data)
        assert Firmware(device, boot(root)[0]).version == version


def test_architecture_matches_interpreter():
    import sys

    assert compat.arch() == ("x64" if sys.implementation.name == "micropython" else "")


@with_slots
def test_a_heap_without_room_is_made_fresh_for_the_owner_alone(root, issuer, device):
    firmware, taker = updater(device, root)
    good = words(manifest(issuer, FILES))
    found, firmware.updater = firmware.updater, without_room
    for odd in (None, [], good[:2], [good[0], b"", good[2]], good[:2] + [bytes(64)], good[:2] + [b""]):
        raises(NoMemory, firmware.begin, odd)
        assert not firmware.is_short
    raises(NoMemory, firmware.begin, good)
    assert firmware.is_short
    firmware.updater = found
    raises(NoMemory, firmware.begin, good)  # until the reset
    firmware = updater(restarted(device), root)[0]
    assert firmware.begin(good) == 0


def without_room():
    raise MemoryError
