"""The device's frame reader against random streams: no exception, no invented frame, recovery at a delimiter."""

from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st
from seal import link
from seal.errors import Malformed, SealError

FRAMES = st.lists(st.tuples(st.integers(0, 1 << 32), st.integers(0, 255), st.binary(max_size=600)), max_size=4)
SENTINEL = (7, 1, "sentinel")


@given(st.lists(st.tuples(st.sampled_from((0, 1, 2, 253, 254, 255, 508, 509)), st.binary(max_size=4))))
@settings(max_examples=2000, deadline=None)
def test_cobs_is_that_of_the_host(runs):
    """Runs without a zero of every length around a block; the `cobs` package is the host's."""
    data = b"".join(b"\x11" * length + rest for length, rest in runs)
    stuffed = link.cobs_encode(data)
    assert stuffed == cobs.encode(data) and 0 not in stuffed and link.cobs_decode(stuffed) == data


@given(st.binary(max_size=300))
@settings(max_examples=2000, deadline=None)
def test_random_cobs_decodes_or_raises_malformed(data):
    try:
        assert len(link.cobs_decode(data)) <= len(data)
    except Malformed:
        pass


@given(st.binary(max_size=200))
@settings(max_examples=2000, deadline=None)
def test_random_frame_raises_a_code(data):
    try:
        link.unpack(data)
    except SealError:
        return
    raise AssertionError("random bytes passed the CRC")


@given(FRAMES, st.data())
@settings(max_examples=500, deadline=None)
def test_frames_arrive_in_pieces_of_any_size(frames, data):
    stream = b"".join(link.pack(*frame) for frame in frames)
    reader, found = link.FrameReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == frames and reader.drop_count == 0


@given(st.binary(max_size=400), FRAMES)
@settings(max_examples=1000, deadline=None)
def test_reader_recovers_after_noise(noise, frames):
    reader = link.FrameReader()
    assert reader.feed(noise + b"\x00") == []
    stream = b"".join(link.pack(*frame) for frame in frames)
    assert reader.feed(stream + link.pack(*SENTINEL)) == [*frames, SENTINEL]


@given(st.binary(max_size=30), st.data())
@settings(max_examples=1000, deadline=None)
def test_damaged_frame_is_never_delivered(item, data):
    frame = bytearray(link.pack(1, 2, item))
    at = data.draw(st.integers(0, len(frame) - 2))
    frame[at] ^= data.draw(st.integers(1, 255))
    reader = link.FrameReader()
    assert reader.feed(bytes(frame) + link.pack(*SENTINEL)) == [SENTINEL] and reader.drop_count >= 1
