"""A firmware message read from a file through a window, against `messages.parse` on the whole of it."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from seal import cbor, cose, labels, manifest, messages
from seal.errors import Malformed, SealError
from seal.manifest import Manifest
from seal.update import check_files
from updates import claims

KID = bytes(8)
MANY = {f"seal/module_{number}.mpy": b"x" * (number * 97 + 1) for number in range(90)}
FEW = dict(list(MANY.items())[:3])


def envelope(payload, kind=labels.FIRMWARE_UPDATE):
    """A message with these bytes for its payload."""
    return cose.envelope(cose.build(kind, KID, None)[0], payload, bytes(range(64)))


def parsed(raw):
    """(code, or None for a good message; what it says) as `messages.parse` sees it."""
    try:
        message = messages.parse(raw, labels.FIRMWARE_UPDATE)
    except SealError as error:
        return error.code, None
    said = dict(message.payload)
    files = said.pop(labels.FIRMWARE_FILES)
    return None, (message.digest, message.signature, said, files)


def streamed(raw):
    """The same, as the file of it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "manifest")
        Path(path).write_bytes(raw)
        try:
            found = Manifest(path)
            said = found.check()
        except SealError as error:
            return error.code, None
        del said[labels.FIRMWARE_FILES]
        files = list(found.files())
        for index in (0, len(files) - 1, *range(len(files)), 1 if len(files) > 1 else 0):
            assert found.file(index) == files[index]
        return None, (found.digest, found.signature, said, files)


def check(raw):
    assert streamed(raw) == parsed(raw), raw.hex()


GOOD = envelope(cbor.encode(claims(FEW)))
LARGE = envelope(cbor.encode(claims(MANY)))


def test_good_messages():
    for raw in (GOOD, LARGE, envelope(cbor.encode(claims(dict(list(MANY.items())[:1]))))):
        assert parsed(raw)[0] is None
        check(raw)


def test_every_byte_of_a_small_message_changed():
    """It is smaller than the window: code for code the same."""
    assert len(GOOD) < manifest.WINDOW
    for at in range(len(GOOD)):
        for value in range(0, 256, 1 if at < 40 else 7):
            check(GOOD[:at] + bytes((value,)) + GOOD[at + 1 :])
        check(GOOD[:at])
        check(GOOD[:at] + GOOD[at + 1 :])
        check(GOOD[:at] + b"\0" + GOOD[at:])


@given(st.integers(0, len(LARGE) - 1), st.binary(max_size=3), st.integers(0, 3))
@settings(max_examples=1500, deadline=None)
def test_bytes_of_a_large_message_changed(at, new, cut):
    raw = LARGE[:at] + new + LARGE[at + cut :]
    whole, through = parsed(raw), streamed(raw)
    # an item that now ends beyond the window is malformed here, and there whatever its content makes it
    assert through == whole or (through[0] == Malformed.code and whole[0] is not None), raw.hex()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 64) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-2, 6), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.integers(-2, 7) | st.text(max_size=2), VALUES, max_size=3), st.sets(st.integers(1, 5)))
@settings(max_examples=1500, deadline=None)
def test_claims_changed(changes, missing):
    payload = {key: value for key, value in claims(FEW).items() if key not in missing} | changes
    try:
        raw = cbor.encode(payload)
    except SealError:
        return  # an integer beyond 64 bits
    check(envelope(raw))


@given(st.lists(VALUES, max_size=3), st.integers(0, 89))
@settings(max_examples=500, deadline=None)
def test_files_changed(odd, at):
    payload = claims(MANY)
    payload[labels.FIRMWARE_FILES][at : at + 2] = odd
    try:
        raw = cbor.encode(payload)
    except SealError:
        return
    check(envelope(raw))


def test_other_types_and_payloads():
    for kind in (labels.COMMAND, labels.READING, 65012, 65099):
        check(envelope(cbor.encode(claims(FEW)), kind))
    for payload in (b"", b"\xf6", b"\x80", b"\xa0", b"\xa1\x05\x80", b"\xbf\xff", b"\xa5" * 20):
        check(envelope(payload))
    for raw in (b"", b"\xd2", b"\xd2\x84", b"\x84", b"\xd2\x84\x40\xa0\x40\x40", b"\xd2\x9f\xff", GOOD + b"\0"):
        check(raw)


def test_as_many_files_as_a_message_can_have():
    for count in (manifest.MAX_FILES, manifest.MAX_FILES + 1):
        raw = envelope(cbor.encode(claims({f"{number}.mpy": b"x" for number in range(count)})))
        assert (parsed(raw)[0] is None) == (count == manifest.MAX_FILES)
        check(raw)


@given(st.lists(st.sampled_from(("a", "a/b", "b", "a/b/c", "b/c", "c", "c/a.mpy", "a.mpy", "A", "incoming.sum"))))
@settings(max_examples=1000, deadline=None)
def test_paths_are_checked_as_sets_would(paths):
    folders = {"/".join(parts[:end]) for path in paths for parts in [path.split("/")] for end in range(1, len(parts))}
    is_good = len(set(paths)) == len(paths) and not folders & set(paths) and not {"A", "incoming.sum"} & set(paths)
    try:
        check_files([path, 1, bytes(32)] for path in paths)
    except Malformed:
        assert not is_good
    else:
        assert is_good
