"""`sealwright readings`: into the store and out of it, as a person and as a program ask."""

import csv
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright.wire.certificates import to_pem
from sealwright.wire.messages import DecimalFraction

from tests.cli.runner import LONG
from tests.host_tools.factory import NOW, Network, Record
from tests.host_tools.readings.conftest import Desk

AT = ("--at", NOW + 10**6)


class Table(Desk):
    """Bundles of a network, and a home that knows its root alone."""

    def __init__(self, cli, folder):
        super().__init__(folder / "unused.db")
        self.cli, self.folder = cli, folder
        (folder / "root.pem").write_bytes(to_pem(self.net.root))

    def bundle(self, *messages, name="day.bundle"):
        path = self.folder / name
        path.write_bytes(b"".join([*self.certificates, *(message.raw for message in messages)]))
        return path

    def bring(self, *messages, options=(), name="day.bundle"):
        path = self.bundle(*messages, name=name)
        return self.cli("readings", "import", path, "--root", self.folder / "root.pem", *AT, *options)


@pytest.fixture
def table(homed, tmp_path):
    return Table(homed, tmp_path)


@pytest.fixture
def day(table):
    """A table with ten readings of each of two devices in its store."""
    ran = table.bring(*(one.reading(2150 + n) for n in range(10) for one in (table.roof, table.car)))
    assert (ran.code, ran.out) == (0, "20 new readings with 20 values.\n")
    return table


def test_what_came_again_is_counted_and_changes_nothing(day):
    path = day.folder / "day.bundle"
    ran = day.cli("readings", "import", path, path, "--root", day.folder / "root.pem", *AT, "--json")
    assert ran.code == 0
    assert ran.last == {
        "ok": True, "new": 0, "known": 40, "values": 0, "refused": 0, "out_of_range": 0, "contradictions": 0,
    }  # fmt: skip


def test_a_table_a_csv_and_json_lines_have_the_same_rows(day):
    roof = day.roof.id.hex()
    shown = day.cli("readings", "--device", roof[:8])
    assert shown.out.splitlines()[0].split() == ["device", "time", "number", "quantity", "value", "unit", "row", "mark"]
    assert shown.out.splitlines()[1].split()[1:7] == ["2027-01-15", "08:00:01Z", "1", "room-t", "21.50", "Cel"]
    lines = day.cli("readings", "--device", roof, "--json").json
    assert [(line["seq"], line["value"], line["time"]) for line in lines][::9] == [
        (1, "21.50", str(NOW + 1)),
        (10, "21.59", str(NOW + 10)),
    ]
    rows = list(csv.DictReader(io.StringIO(day.cli("readings", "--device", roof, "--format", "csv").out)))
    assert [(row["number"], row["value"], row["digest"]) for row in rows] == [
        (str(line["seq"]), line["value"], line["digest"]) for line in lines
    ]
    assert all(line["digest"][:12] in shown.out for line in lines)
    out = day.folder / "rows.csv"
    assert day.cli("readings", "--out", out).out == f"20 rows in {out}\n"
    assert len(list(csv.DictReader(out.open()))) == 20
    assert day.cli("readings", "--format", "json", "--device", roof).json == lines


def test_what_is_asked_for(day):
    assert len(day.cli("readings", "--json", "--since", NOW + 9).json) == 4
    assert len(day.cli("readings", "--json", "--until", "2027-01-15T08:00:02Z").json) == 2
    assert len(day.cli("readings", "--json", "--last", "3", "--quantity", "room*").json) == 6
    nothing = day.cli("readings", "--quantity", "humidity")
    assert nothing.code == 0 and "Nothing of humidity. There is: room-t." in nothing.out
    assert "Nothing in that time." in day.cli("readings", "--since", "24h", "--until", "23h").out
    assert day.cli("readings", "--device", "barn").code == 2
    assert day.cli("readings", "--since", "yesterday").code == 2
    for asked in (("readings",), ("readings", "sum"), ("readings", "plot", day.roof.id.hex())):
        for option in (("--until", "999999999d"), ("--since", "99999999999999999")):
            assert "Nothing in that time." in day.cli(*asked, *option).out


def test_sums(day):
    (line, other) = day.cli("readings", "sum", "--json").json
    assert (line["values"], line["least"], line["mean"], line["greatest"]) == (10, "21.50", "21.545", "21.59")
    assert (line["first"], line["last"]) == (str(NOW + 1), str(NOW + 10)) and other["values"] == 10
    shown = day.cli("readings", "sum", day.roof.id.hex()).out.splitlines()
    assert len(shown) == 2 and "21.545" in shown[1]


def test_what_does_not_hold_is_told_and_not_taken(table):
    good, stranger = table.roof.reading(), table.net.device("stranger").reading()
    ran = table.bring(good, stranger)
    assert ran.code == 1 and "unknown_signer" in ran.out
    assert ran.out.splitlines()[-1] == "1 new reading with 1 value, 1 does not hold."
    assert len(table.cli("readings", "--json").json) == 1


def test_a_device_that_contradicts_itself_is_told_and_marked(table):
    state = table.roof.seq, table.roof.last
    table.bring(table.roof.reading(1))
    ran = table.bring(table.back(table.roof, state).reading(2), name="other.bundle", options=("--json",))
    assert ran.code == 1 and [line.get("code") for line in ran.json] == ["equivocation", None]
    assert ran.last["contradictions"] == 1
    assert "contradicted" in table.cli("readings").out
    assert [line["doubtful"] for line in table.cli("readings", "--json").json] == [True]
    assert table.cli("readings", "sum", "--json").last["doubtful"] == 1
    assert "1 contradicted" in table.cli("readings", "sum").out
    assert "1 value of a device that contradicts itself" in table.cli("readings", "plot", table.roof.id.hex()).err


def test_a_clock_that_was_not_set_is_marked(table):
    table.bring(table.roof.reading(clock_quality=0, sampled_at=5))
    assert "clock not set" in table.cli("readings").out


def test_there_is_no_store_yet_and_a_bundle_that_is_none_makes_none(table):
    ran = table.cli("readings")
    assert ran.code == 2 and "no store of readings" in ran.err and "readings import" in ran.err
    (table.folder / "day.csv").write_text("a,b\n1,2\n")
    assert table.cli("readings", "import", table.folder / "day.csv").code == 1
    assert not (table.cli.home / "readings.db").exists()


def test_of_several_files_one_that_is_none_holds_back_no_other(table):
    good = table.bundle(table.roof.reading())
    ran = table.cli("readings", "import", table.folder / "none", good, "--root", table.folder / "root.pem", *AT)
    assert ran.code == 2 and "1 new reading with 1 value" in ran.out


def test_names_that_a_device_gave_do_not_reach_the_terminal(table):
    table.bring(table.roof.reading(records=(Record(name="a\x1b[2Jb", value=1), Record(name="n", text="x\ny"))))
    shown = table.cli("readings").out
    assert "\x1b" not in shown and len(shown.splitlines()) == 3


def test_names_that_a_device_gave_do_not_reach_the_terminal_as_csv(table):
    table.bring(table.roof.reading(records=(Record(name="a\x1b[2Jb", text="x" * 50),)))
    asked = ("readings", "--format", "csv")
    assert "\x1b" in table.cli(*asked).out  # a file or a pipe has what was signed
    primary, terminal = os.openpty()
    line = [sys.executable, "-m", "sealwright", *asked, "--home", str(table.cli.home)]
    subprocess.run(line, stdout=terminal, check=True)
    shown = os.read(primary, 4096)
    os.close(primary)
    os.close(terminal)
    assert b"x" * 50 in shown and b"\x1b" not in shown


def test_a_long_cell_of_a_table_is_cut_and_json_has_it_whole(table):
    table.bring(table.roof.reading(records=(Record(name="n" * 41, text="x" * 40), Record(name="m" * 60, value=1))))
    shown = table.cli("readings").out
    assert "n" * 39 + "… " in shown and "x" * 40 in shown and "m" * 39 + "… " in table.cli("readings", "sum").out
    assert {line["quantity"] for line in table.cli("readings", "--json").json} == {"n" * 41, "m" * 60}


def test_a_dash_is_standard_output(day, monkeypatch):
    monkeypatch.chdir(day.folder)
    written = day.cli("readings", "--out", "-").out
    assert written == day.cli("readings", "--format", "csv").out and not Path("-").exists()
    assert day.cli("readings", "--out", "-", "--format", "parquet").code == 2


def test_forms_that_contradict_each_other(day):
    assert day.cli("readings", "--json", "--format", "csv").code == 2
    assert day.cli("readings", "--format", "table", "--out", day.folder / "x").code == 2


def test_what_came_under_a_test_root_is_marked_wherever_it_is_shown(day):
    net = Network(label="test root", model="emulated pico")
    (day.folder / "test.pem").write_bytes(to_pem(net.root))
    (day.folder / "real.pem").write_bytes(to_pem(day.net.root))
    board = net.device("emulated")
    bundle = day.folder / "both.bundle"
    for allowed in (board.reading(), board.reading()):  # the mark of a device that is there already stays
        bundle.write_bytes(b"".join([*day.certificates, board.certificate.raw, day.roof.reading().raw, allowed.raw]))
        roots = ("--root", day.folder / "test.pem", "--root", day.folder / "real.pem")
        assert day.cli("readings", "import", bundle, *roots, *AT, "--allow-test").code == 0
    of_board = ("--device", board.id.hex())
    for command in (("readings",), ("readings", "sum")):
        lines = day.cli(*command, "--json").json
        assert {line["device"] for line in lines if line["test"]} == {board.id.hex()} and len(lines) > 2
        marks = [line.split()[-1] for line in day.cli(*command).out.splitlines()[1:]]
        assert marks.count("test") == sum(line["test"] for line in lines)
    rows = list(csv.DictReader(io.StringIO(day.cli("readings", "--format", "csv").out)))
    assert {row["device"] for row in rows if row["test"] == "1"} == {board.id.hex()}
    assert "emulated boards" in day.cli("readings", "plot", *of_board).err
    assert "emulated boards" not in day.cli("readings", "plot", day.roof.id.hex()).err


def test_a_row_is_proved_to_anyone_who_has_the_root(day):
    line = day.cli("readings", "--device", day.roof.id.hex(), "--json").json[4]
    proof, root = day.folder / "proof.bundle", ("--root", day.folder / "root.pem")
    for row in (line["digest"], line["digest"][:9], f"{line['device'][:10]}:{line['seq']}"):
        ran = day.cli("prove", row, "--out", proof, *root, *AT, "--json")
        assert ran.code == 0 and (ran.last["digest"], ran.last["messages"]) == (line["digest"], 3)
        verdicts = day.cli.here("verify", proof, *root, *AT, "--json").json
        assert [one["code"] for one in verdicts] == ["ok"] * 3 and verdicts[-1]["digest"] == line["digest"]
    shown = day.cli("prove", line["digest"], *root, *AT)
    assert "by its own signature" in shown.out and "#5 " in shown.out


def test_a_row_that_was_edited_is_not_proved_as_another(day):
    store = sqlite3.connect(day.cli.home / "readings.db")
    device = "(SELECT id FROM devices WHERE device = ?)"
    seventh = f"(SELECT raw, digest FROM messages WHERE device = {device} AND seq = 7)"
    query = f"UPDATE messages SET (raw, digest) = {seventh} WHERE device = {device} AND seq = 5"
    with store:
        store.execute(query, (day.roof.id, day.roof.id))
    store.close()
    proof = day.folder / "proof.bundle"
    ran = day.cli("prove", f"{day.roof.id.hex()}:5", "--out", proof, "--root", day.folder / "root.pem", *AT, "--json")
    assert (ran.code, ran.last["code"]) == (1, "readings_damaged") and "readings.db" in ran.err and not proof.exists()


@pytest.mark.parametrize("row", ["1234567", "roof", "a" * 65, "deadbeef", "roof:1", "0011223344556677:5"])
def test_a_row_that_is_none(day, row):
    ran = day.cli("prove", row)
    assert ran.code == 2 and "remedy" in ran.err


def test_what_does_not_hold_any_more_is_not_written(day):
    line = day.cli("readings", "--json").json[0]
    proof = day.folder / "proof.bundle"
    ran = day.cli("prove", line["digest"], "--out", proof, "--root", day.folder / "root.pem", "--at", NOW - 10**7)
    assert ran.code == 1 and not proof.exists()


def test_a_plot_in_the_terminal_and_as_a_picture(day):
    roof, picture = day.roof.id.hex(), day.folder / "roof.svg"
    shown = day.cli("readings", "plot", roof, "--width", "60", "--height", "5")
    assert (
        shown.code == 0
        and "room-t  2027-01-15 08:00:01Z to 2027-01-15 08:00:10Z  (Cel)" in shown.out
        and max(map(len, shown.out.splitlines()[1:])) <= 60
    )
    ran = day.cli("readings", "plot", "--device", roof, "--out", picture, "--json")
    assert ran.last == {"ok": True, "plots": 1, "values": 10, "out": str(picture)}
    assert picture.read_text().startswith("<svg ") and "08:00:10Z (Cel)" in picture.read_text()


def test_a_plot_of_nothing_and_of_another_form(day):
    roof = day.roof.id.hex()
    ran = day.cli("readings", "plot", roof, "--quantity", "humidity", "--out", day.folder / "x.svg")
    assert ran.code == 1 and "There is: room-t" in ran.out and not (day.folder / "x.svg").exists()
    assert day.cli("readings", "plot", roof, "--out", day.folder / "x.jpg").code == 2


def test_times_that_nobody_set_are_left_out_of_a_plot(table):
    table.bring(table.roof.reading(clock_quality=1, sampled_at=5), table.roof.reading(), table.roof.reading())
    ran = table.cli("readings", "plot", table.roof.id.hex())
    assert "1 value at times that no clock had set" in ran.err and "1970" not in ran.out


def test_values_that_no_picture_can_have_are_left_out_of_a_plot(table):
    table.bring(
        *(table.roof.reading(records=(Record(name="x", value=one),)) for one in (DecimalFraction(400, 7), 5, 6))
    )
    ran = table.cli("readings", "plot", table.roof.id.hex())
    assert ran.code == 0 and "1 value beyond what can be drawn" in ran.err


def test_a_parquet_file(day):
    out = day.folder / "all.parquet"
    assert day.cli("readings", "--format", "parquet", "--out", out).out == f"20 rows in {out}\n"
    assert out.read_bytes()[:4] == b"PAR1"
    assert day.cli("readings", "--format", "parquet").code == 2


def test_a_backup_has_the_readings_as_of_one_moment(day, tmp_path):
    file, again = tmp_path / "home.backup", tmp_path / "again"
    reader = day.store()
    reader.path = day.cli.home / "readings.db"
    reader.file(write=True).run("BEGIN IMMEDIATE")  # another import goes on
    assert day.cli("home", "backup", file).code == 0
    reader.close()
    assert day.cli.here("home", "restore", file, "--home", again).code == 0
    assert day.cli.here("readings", "--json", "--home", again).json == day.cli("readings", "--json").json


def test_a_plot_as_png(day):
    picture = day.folder / "roof.png"
    assert day.cli("readings", "plot", day.roof.id.hex(), "--out", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_from_a_board_to_a_proof(homed, tmp_path):
    """What an operator types: an emulated board's readings, collected, kept, asked for by name, and proved."""
    homed.provisioned("shed", "bme280")
    day, proof, allowed = tmp_path / "day.bundle", tmp_path / "proof.bundle", "--allow-test"
    homed.ok("collect", "shed", "--out", day, "--count", "2", "--seconds", LONG)
    refused = homed("readings", "import", day)
    assert refused.code == 1 and "--allow-test" in refused.out and not homed("readings", "--json").json
    homed.ok("readings", "import", day, allowed)
    rows = homed.ok("readings", "--device", "shed", "--json").json
    assert {row["name"] for row in rows} == {"shed"} and len({row["quantity"] for row in rows}) == 3
    assert "shed" in homed.ok("readings", "sum", "shed").out
    assert "shed  " in homed.ok("readings", "plot", "shed", "--quantity", "*temperature*").out
    homed.ok("prove", f"shed:{rows[-1]['seq']}", "--out", proof, allowed)
    verdicts = homed.ok("verify", proof, allowed, "--json").json
    assert (len(verdicts), verdicts[-1]["digest"]) == (2, rows[-1]["digest"])
