"""Bundles: what was written is read, from files and streams as it comes, and a bad end is reported from a good one."""

import io
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright import BundleWriter, read_bundle
from sealwright.errors import Malformed, Truncated, Usage
from sealwright.wire import cbor, sequence
from sealwright.wire.sequence import MAX_NESTING, item_end

from tests.host_tools.factory import Network

DEVICE = Network().device()
MESSAGES = [DEVICE.certificate, *(DEVICE.reading(n) for n in range(5))]
RAW = [message.raw for message in MESSAGES]
WHOLE = b"".join(RAW)


class Drip(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a slow pipe does."""

    def __init__(self, data, step):
        self.data, self.step, self.at = data, step, 0

    def read1(self, _):
        self.at += self.step
        return self.data[self.at - self.step : self.at]


def test_from_bytes_paths_and_streams(tmp_path):
    path = tmp_path / "b.bundle"
    path.write_bytes(WHOLE)
    for source in (WHOLE, path, str(path), io.BytesIO(WHOLE)):
        assert list(read_bundle(source)) == RAW
    assert list(read_bundle(b"")) == []


def test_a_bundle_may_be_long_and_a_message_begin_anywhere():
    assert list(read_bundle(WHOLE * 300)) == RAW * 300
    assert list(read_bundle(Drip(WHOLE * 300, 10**6))) == RAW * 300
    assert item_end(bytes(cbor.MAX_SIZE * 2), cbor.MAX_SIZE + 9) == cbor.MAX_SIZE + 10


@pytest.mark.parametrize("step", [1, 7, 100, 65536])
def test_however_the_stream_comes(step):
    assert list(read_bundle(Drip(WHOLE, step))) == RAW


def test_a_message_is_given_when_it_is_whole_and_not_when_the_stream_ends():
    reading, writing = os.pipe()
    got = []
    arrived = threading.Event()

    def follow():
        with os.fdopen(reading, "rb") as stream:
            for raw in read_bundle(stream):
                got.append(raw)
                arrived.set()

    thread = threading.Thread(target=follow)
    thread.start()
    os.write(writing, RAW[0] + RAW[1][:10])
    assert arrived.wait(120)
    assert got == RAW[:1]
    os.write(writing, RAW[1][10:])
    os.close(writing)
    thread.join(120)
    assert got == RAW[:2]


def test_every_cut_is_noticed_and_costs_only_the_last_message():
    ends = [sum(map(len, RAW[: n + 1])) for n in range(len(RAW))]
    for cut in range(len(WHOLE)):
        whole = sum(end <= cut for end in ends)
        stream = read_bundle(WHOLE[:cut])
        assert [next(stream) for _ in range(whole)] == RAW[:whole]
        if cut == 0 or cut in ends:
            assert next(stream, None) is None
            continue
        with pytest.raises(Truncated, match=f"in the middle of message {whole}"):
            next(stream)


def test_messages_before_a_bad_end_are_given_first():
    for rest in (b"\x82", b"\x1c", b"\xff", b"\x5b" + b"\xff" * 8, b"\x9f\x00\x1c", b"\x5f\x61a\xff"):
        stream = read_bundle(WHOLE + rest)
        assert [next(stream) for _ in RAW] == RAW
        with pytest.raises(Truncated, match=f"byte {len(WHOLE)}"):
            next(stream)


def test_where_the_bad_message_begins_is_said_however_the_stream_comes():
    for step in (1, 50, 1000):
        with pytest.raises(Truncated, match=f"message 6, which begins at byte {len(WHOLE)}"):
            list(read_bundle(Drip(WHOLE + RAW[0][:-1], step)))


def test_what_is_not_deterministic_does_not_hide_what_follows():
    odd = [b"\x18\x00", b"\x9f\x00\xff", b"\xbf\x61a\x00\xff", b"\x5f\x41a\xff", b"\xf9\x00\x00", b"\xc0\x60", b"\xf7"]
    assert list(read_bundle(b"".join(odd) + RAW[0])) == [*odd, RAW[0]]


def test_an_endless_message_ends_the_reading_early():
    class Endless(io.RawIOBase):
        given = 0

        def read1(self, size):
            self.given += size
            return RAW[0] + b"\x9f" + b"\x00" * (size - 1) if self.given == size else b"\x00" * size

    stream = Endless()
    with pytest.raises(Truncated, match="more than"):
        list(read_bundle(stream))
    assert stream.given <= 4 * cbor.MAX_SIZE


def test_size_and_nesting_end():
    whole = b"\x59\xff\xfd" + bytes(65533)
    assert item_end(whole) == cbor.MAX_SIZE
    with pytest.raises(Malformed, match="more than"):
        item_end(b"\x59\xff\xfe")
    assert item_end(b"\x81" * (MAX_NESTING - 1) + b"\x00") == MAX_NESTING
    for head in (b"\x81", b"\xa1\x00", b"\xc0", b"\x9f"):
        with pytest.raises(Malformed, match="nested"):
            item_end(head * MAX_NESTING + b"\x00")


NOT_WELL_FORMED = (
    "1c",
    "1f",
    "3f",
    "df00",
    "fc",
    "ff",
    "f818",
    "f800",
    "5f6161ff",
    "7f4161ff",
    "5f5f4100ffff",
    "a1ff",
    "bf00ff",
)


@pytest.mark.parametrize("text", NOT_WELL_FORMED)
def test_what_is_no_item_has_no_end(text):
    with pytest.raises(Malformed):
        item_end(bytes.fromhex(text) + bytes(4))


def test_the_first_simple_value_in_two_bytes():
    assert item_end(b"\xf8\x20") == 2
    with pytest.raises(Malformed):
        item_end(b"\xf8\x1f")


@given(st.binary(max_size=64))
def test_where_an_item_ends_does_not_depend_on_what_follows(data):
    try:
        end = item_end(data)
    except Malformed:
        return
    if end is not None:
        assert item_end(data[:end]) == end
        assert all(item_end(data[:cut]) is None for cut in range(end))


@given(st.binary(max_size=64))
def test_what_the_codec_takes_the_splitter_takes_whole(data):
    try:
        cbor.decode(data)
    except (Malformed, cbor.NotDeterministic):
        return
    assert item_end(data) == len(data)


def test_a_writer_is_read_while_it_writes(tmp_path):
    path = tmp_path / "b.bundle"
    with BundleWriter(path) as writer:
        for at, message in enumerate(MESSAGES):
            writer.add(message if at % 2 else message.raw)
            assert list(read_bundle(path)) == RAW[: at + 1]
        assert writer.count == len(RAW)
    writer.close()


def test_a_bundle_is_continued_or_replaced(tmp_path):
    path = tmp_path / "b.bundle"
    for _ in range(2):
        with BundleWriter(path) as writer:
            writer.add(RAW[0])
    with BundleWriter(path, append=True) as writer:
        assert writer.count == 1
        writer.add(RAW[1])
    assert list(read_bundle(path)) == RAW[:2]
    with BundleWriter(tmp_path / "new.bundle", append=True) as writer:
        assert writer.count == 0


def test_what_ends_badly_is_not_continued(tmp_path):
    path = tmp_path / "b.bundle"
    path.write_bytes(WHOLE[:-1])
    with pytest.raises(Truncated):
        BundleWriter(path, append=True)
    assert path.read_bytes() == WHOLE[:-1]


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(Usage, match="cannot open"):
        list(read_bundle(tmp_path / "missing"))
    with pytest.raises(Usage, match="cannot write"):
        BundleWriter(tmp_path / "missing" / "b.bundle")
    with pytest.raises(Usage, match="cannot open"):
        list(read_bundle(tmp_path))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_told():
    with pytest.raises(Usage, match="cannot write"), BundleWriter("/dev/full") as writer:
        writer.add(RAW[0])


def test_half_a_message_is_taken_back_when_the_disk_is_full(tmp_path):
    path = tmp_path / "b.bundle"
    script = (
        "import resource, signal, sys; from sealwright import BundleWriter; from sealwright.errors import Usage\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); raw = bytes.fromhex(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (len(raw) + 10, len(raw) + 10))\n"
        "writer = BundleWriter(sys.argv[1]); writer.add(raw)\n"
        "try: writer.add(raw)\n"
        "except Usage as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(path), RAW[1].hex()]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": os.pathsep.join(sys.path)})
    assert "cannot write the bundle" in done.stdout, done.stderr
    assert list(read_bundle(path)) == [RAW[1]]


def test_the_quick_end_of_a_message_is_the_one_that_skipping_finds():
    """Messages with each byte changed in turn, and cut anywhere: the quick way finds the same end, or leaves it."""
    device = Network().device()
    raws = [device.certificate.raw, device.reading().raw, device.voucher(bytes(32), 7).raw]
    quick = sequence._usual_end
    assert all(quick(b"\x01" + raw, 1) == 1 + len(raw) for raw in raws[1:])
    for raw in raws:
        for at in range(len(raw)):
            for data in (
                raw[:at],
                raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :],
                raw[:at] + b"\x58" + raw[at + 1 :],
            ):
                end = quick(data, 0)
                if end is not None:
                    assert sequence._skip(data, 0, sequence.MAX_NESTING) == end
