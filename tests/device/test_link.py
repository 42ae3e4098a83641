"""Frames: round trip, and recovery after a damaged frame."""

from check import raises
from seal import link
from seal.errors import Malformed, Unsupported

COBS = (  # Cheshire and Baker 1999, and the edges around a full block
    (b"", b"\x01"),
    (b"\x00", b"\x01\x01"),
    (b"\x00\x00", b"\x01\x01\x01"),
    (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
    (b"\x11\x00\x00\x00", b"\x02\x11\x01\x01\x01"),
    (bytes(range(1, 255)), b"\xff" + bytes(range(1, 255))),
    (bytes(range(0, 255)), b"\x01\xff" + bytes(range(1, 255))),
    (bytes(range(1, 255)) + b"\x00", b"\xff" + bytes(range(1, 255)) + b"\x01\x01"),
    (bytes(range(1, 255)) * 2, (b"\xff" + bytes(range(1, 255))) * 2),
    (bytes(range(1, 256)), b"\xff" + bytes(range(1, 255)) + b"\x02\xff"),
)


def test_cobs():
    for data, stuffed in COBS:
        assert 0 not in bytes(link.cobs_encode(data))
        assert link.cobs_decode(link.cobs_encode(data)) == data
        assert link.cobs_decode(stuffed) == data
        assert link.cobs_encode(data) == stuffed
    for longer in (b"\xff" + bytes(range(1, 255)) + b"\x01", b"\x01\xff" + bytes(range(1, 255)) + b"\x01"):
        assert link.cobs_decode(longer)[-254:] == bytes(range(1, 255))  # as some encoders end a full block
    raises(Malformed, link.cobs_decode, b"\x03\x11")
    raises(Malformed, link.cobs_decode, b"\x00")


def test_frames_in_any_pieces():
    stream = b"".join(link.pack(number, 7, {"n": number, "data": bytes(number)}) for number in range(40))
    for step in (1, 7, 64, len(stream)):
        reader = link.FrameReader()
        found = []
        for at in range(0, len(stream), step):
            found += reader.feed(stream[at : at + step])
        assert [item[0] for item in found] == list(range(40))
        assert found[39] == (39, 7, {"n": 39, "data": bytes(39)})
        assert reader.drop_count == 0


def test_damage_drops_one_frame_only():
    good = link.pack(1, 2, [3])
    for at in range(len(good) - 1):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            reader = link.FrameReader()
            found = reader.feed(bytes(bad) + good)
            assert found[-1] == (1, 2, [3])
            assert len(found) == 1 and reader.drop_count >= 1, (at, bit)


def test_reader_skips_console_noise():
    reader = link.FrameReader()
    assert reader.feed(b"boot: hello\r\n\x00" + link.pack(5, 6, None)) == [(5, 6, None)]


def test_frame_size_is_limited():
    reader = link.FrameReader()
    assert reader.feed(b"\x01" * (link.MAX_FRAME + 1)) == []
    assert reader.feed(b"\x01" * 50000 + b"\x00" + link.pack(1, 1, 1)) == [(1, 1, 1)]
    assert reader.drop_count == 1


def test_version_and_shape():
    from seal import cbor
    from seal.compat import crc32

    def frame(head):
        body = cbor.encode(head) + b"\x00"
        return link.cobs_encode(body + crc32(body).to_bytes(4, "big"))

    assert link.unpack(frame([1, 1, 1])) == (1, 1, 0)
    raises(Unsupported, link.unpack, frame([2, 100, 100]))
    raises(Malformed, link.unpack, frame([1, "one", 1]))
    raises(Malformed, link.unpack, frame([1, True, 1]))
    raises(Malformed, link.unpack, frame([True, 1, 1]))
    raises(Malformed, link.unpack, frame(["longer", 1, 1, 1]))
