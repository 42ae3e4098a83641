"""What is handed in as a bundle and is none: one answer that says what it is, and whose command undoes it."""

import base64
import bz2
import gzip
import io
import lzma
import re
import shutil
import sqlite3
import subprocess
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealwright.wire.certificates import to_pem

from tests.cli.runner import Cli, gone_wrong
from tests.host_tools.factory import NOW, Network

NET = Network()
DEVICE = NET.device("meter")
MESSAGES = [m.raw for m in (*reversed(DEVICE.chain), *(DEVICE.reading(n) for n in range(40)))]
BUNDLE = b"".join(MESSAGES)
HEX = BUNDLE.hex()
COLUMNS = "\n".join(HEX[at : at + 60] for at in range(0, len(HEX), 60))


def dump(data):
    rows = (data[at : at + 16] for at in range(0, len(data), 16))
    pairs = (" ".join(row[at : at + 2].hex() for at in range(0, len(row), 2)) for row in rows)
    return "".join(f"{at * 16:08x}: {pair:<39}  text\n" for at, pair in enumerate(pairs)).encode()


DISGUISES = {
    "gzip data": gzip.compress(BUNDLE),
    "bzip2 data": bz2.compress(BUNDLE),
    "xz data": lzma.compress(BUNDLE),
    "hexadecimal text": HEX.encode(),
    "hexadecimal text ": COLUMNS.upper().encode() + b"\r\n",
    "hexadecimal text  ": BUNDLE.hex(":").encode(),
    "a dump of bytes in hexadecimal": dump(BUNDLE),
    "base64 text": base64.b64encode(BUNDLE),
    "base64 text ": base64.encodebytes(BUNDLE),
    "base64 text  ": base64.urlsafe_b64encode(BUNDLE),
    "base64 text, and in it gzip data": base64.encodebytes(gzip.compress(BUNDLE)),
    "UTF-16 text, and in it hexadecimal text": COLUMNS.encode("utf-16"),
    "UTF-16 text, and in it hexadecimal text ": HEX.encode("utf-16-be"),
    "UTF-16 text, and in it base64 text": b"\xfe\xff" + base64.encodebytes(BUNDLE).decode().encode("utf-16-be"),
}


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "root.pem").write_bytes(to_pem(NET.root))
    return tmp_path


def verify(desk, content, *options):
    path = desk / "given file"
    path.write_bytes(content)
    line = ("verify", path, "--root", desk / "root.pem", "--at", NOW + 9)
    return Cli.here(*line, *options)._replace(again=lambda: Cli.here(*line, "--json"))


@pytest.mark.parametrize("what", DISGUISES)
def test_the_command_of_the_answer_brings_the_bundle_back(desk, what):
    ran = verify(desk, DISGUISES[what])
    gone_wrong(ran, 1, "not_a_bundle", f"{desk}/given file is no bundle, but ", what.strip())
    command = re.search(r"remedy: Undo it: `(.+)`\.$", ran.err, re.MULTILINE)[1]
    tools = [part.split()[0] for part in command.split(" | ")]
    if any(shutil.which(tool) is None for tool in tools):
        pytest.skip(f"no {' or no '.join(tools)} here")
    subprocess.run(["sh", "-c", command], cwd=desk, check=True)
    assert (desk / "NEW.bundle").read_bytes() == BUNDLE
    assert verify(desk, BUNDLE).code == 0


def database(desk):
    with sqlite3.connect(desk / "db") as made:
        made.execute("create table a (b)")
    return (desk / "db").read_bytes()


def archive(_):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("day.bundle", BUNDLE)
    return out.getvalue()


OTHERS = {
    "a zip archive": archive,
    "an SQLite database": database,
    "UTF-16 text": lambda _: "Nothing to see".encode("utf-16"),
    "UTF-16 text ": lambda _: "Nothing to see".encode("utf-16-le"),
    "PEM text: a SEALWRIGHT CERTIFICATE": lambda _: to_pem(NET.root),
    "PEM text: a EC PRIVATE KEY": lambda _: b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n",
    "a web page": lambda _: b"\n<!DOCTYPE html><html><body>Log in</body></html>",
    "Markdown text": lambda _: f"# My bundle\n\n```\n{HEX}\n```\n".encode(),
    "JSON text": lambda _: b'{"n": 0, "type": "certificate"}\n',
    "plain text": lambda _: "Ein Brief, schön lang.\n".encode() * 9000,
    "bytes of a kind that is not known": lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_cannot_be_undone_is_named(desk, what):
    gone_wrong(verify(desk, OTHERS[what](desk)), 1, "not_a_bundle", f"is no bundle, but {what.strip()}")


def test_a_bundle_whose_first_message_is_spoilt_still_counts(desk):
    spoilt = bytes((BUNDLE[0] ^ 1,)) + BUNDLE[1:]
    lines = verify(desk, spoilt, "--json").json
    assert lines[0]["code"] == "malformed" and len(lines) == len(MESSAGES)


def test_standard_input_is_named(desk):
    ran = Cli(desk / "home").process("verify", "-", "--root", desk / "root.pem", stdin=HEX.encode())
    assert ran.err.startswith("error: standard input is no bundle, but hexadecimal text"), ran
    assert "`xxd -r -p > NEW.bundle`" in ran.err


INPUTS = (
    st.binary(min_size=1, max_size=300)
    | st.text(min_size=1).map(str.encode)
    | st.text("0123456789abcdef \n", min_size=1).map(str.encode)
    | st.text(min_size=1).map(lambda text: text.encode("utf-16"))
    | st.builds(lambda made, at: made[at:], st.sampled_from([*DISGUISES.values()]), st.integers(1, 40))
    | st.builds(lambda magic, rest: magic + rest, st.sampled_from((b"PK\3\4", b"\x1f\x8b", b"{", b"<")), st.binary())
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INPUTS.filter(lambda content: not content.startswith(b"\xd2")))
def test_whatever_it_is_there_is_one_answer(desk, content):
    ran = verify(desk, content)
    assert (ran.code, ran.out) == (1, "") and len(ran.err.splitlines()) == 2, ran
    (answer,) = verify(desk, content, "--json").json
    assert answer["code"] in ("not_a_bundle", "malformed") and answer["remedy"], answer
