"""Many devices at once: a silent one holds back no other, and what goes on ends well when it is stopped."""

import contextlib
import fcntl
import os
import pty
import signal
import socket
import subprocess
import termios
import threading
import time

import pytest

from tests.cli.runner import ENTRY, LONG, ended, gone_wrong, hearing, wait_until


class Silent:
    """Devices that take connections and say nothing, until they hang up. `open`: how many connections there are."""

    def __init__(self, count):
        self.sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.urls = [f"tcp:127.0.0.1:{one.getsockname()[1]}" for one in self.sockets]
        self.open = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        for one in self.sockets:
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, server):
        with contextlib.suppress(OSError):
            while True:
                link, _ = server.accept()
                threading.Thread(target=self._hold, args=(link,), daemon=True).start()

    def _hold(self, link):
        with self._lock:
            self.open += 1
        link.settimeout(0.05)
        with contextlib.suppress(OSError), link:
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    if not link.recv(4096):
                        break
        with self._lock:
            self.open -= 1

    def hang_up(self):
        """End every connection, and each that comes, as a device does that loses its power."""
        self._over.set()


@pytest.fixture
def silent():
    made = []

    def make(count):
        made.append(Silent(count))
        return made[-1]

    yield make
    for one in made:
        for server in one.sockets:
            server.close()


def devices(*urls):
    return [part for url in urls for part in ("--device", url)]


def test_silent_devices_hold_back_no_other(fleet, silent, tmp_path):
    mute = silent(3)
    bundle = tmp_path / "day.bundle"
    urls = [*mute.urls, "emulated:station", "emulated:solar", "tcp:127.0.0.1:1"]
    process = fleet.start("collect", *devices(*urls), "--out", bundle, "--timeout", LONG, "--json")
    # what the others have is on disk while the silent ones are still waited for
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1000)
    assert process.poll() is None
    mute.hang_up()
    ran = ended(process)
    assert ran.code == 3 and ran.last["failed"] == 4 and ran.last["readings"] > 1
    by_name = {one["device"]: one for one in ran.last["devices"]}
    assert by_name["station"]["ok"] and by_name["station"]["readings"] >= 1 and by_name["solar"]["ok"]
    assert [by_name[url]["code"] for url in mute.urls] == ["unreachable"] * 3
    assert fleet("verify", bundle, "--allow-test").code == 0


def test_the_table_at_the_end_names_every_device(fleet, silent):
    (mute,) = silent(1).urls
    ran = fleet("collect", *devices("emulated:station", mute), "--timeout", "10")  # time enough for the station
    assert ran.code == 3
    lines = ran.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("device "))
    assert lines[at].split() == ["device", "readings", "messages", "up", "to", "state"]
    assert lines[at + 1].split()[0] == "station" and lines[at + 1].split()[-1] == "ok"
    assert lines[at + 2].startswith(mute) and lines[at + 2].endswith("unreachable")
    assert "no answer in 10 s" in ran.err
    assert lines[-1].endswith("1 of 2 devices failed.")
    assert any(line.startswith("station          reading") for line in lines[:at])  # each line with its device


@pytest.mark.parametrize("jobs", [1, 3])
def test_jobs_bounds_how_many_are_asked_at_a_time(fleet, silent, jobs):
    mute = silent(4)
    line = ("collect", *devices(*mute.urls, "emulated:station"), "--jobs", jobs, "--timeout", LONG, "--json")
    process = fleet.start(*map(str, line))
    wait_until(lambda: mute.open == jobs)
    time.sleep(0.5)  # were there more, they would come now
    assert mute.open == jobs
    mute.hang_up()
    ran = ended(process)
    assert ran.code == 3 and ran.last["failed"] == 4
    assert ran.last["devices"][-1]["ok"]  # its turn came


def test_one_silent_device_is_an_error_of_its_own(fleet, silent, tmp_path):
    (mute,) = silent(1).urls
    bundle = tmp_path / "b.bundle"
    ran = fleet("collect", "--device", mute, "--timeout", "0.5", "--out", bundle)
    gone_wrong(ran, 3, "unreachable", "no answer in 0.5 s")
    assert not bundle.exists()


def test_several_silent_devices_are_given_up_together(fleet, silent, tmp_path):
    ran = fleet("collect", *devices(*silent(3).urls), "--timeout", "0.5", "--out", tmp_path / "b.bundle", "--json")
    assert ran.code == 3 and ran.last["failed"] == 3
    assert [one["code"] for one in ran.last["devices"]] == ["unreachable"] * 3
    assert ran.err.count("no answer in 0.5 s") == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_follow_ends_with_its_sum(fleet, tmp_path, how):
    bundle = tmp_path / "b.bundle"
    names = ("emulated:station", "emulated:solar")
    process = fleet.start("collect", *devices(*names), "--out", bundle, "--follow", "--every", "0.1")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 2000)
    ran = ended(process, how)
    assert (ran.code, ran.err) == (0, "")
    assert "up to" in ran.out and "new messages in" in ran.out
    assert fleet("verify", bundle, "--allow-test").code == 0


def test_a_follow_that_acknowledges_does_so_at_its_end(fleet, tmp_path):
    bundle = tmp_path / "b.bundle"
    process = fleet.start("collect", "--device", "emulated:station", "--out", bundle, "--follow", "--ack", "--json")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1000)
    ran = ended(process, signal.SIGINT)
    assert ran.code == 0 and ran.last["ok"]
    info = fleet("info", "--device", "emulated:station", "--json").last
    assert info["acknowledged"] == ran.last["devices"][0]["seq"]


def test_a_follow_ends_at_once_though_a_device_is_silent(fleet, silent, tmp_path):
    bundle = tmp_path / "b.bundle"
    (mute,) = silent(1).urls
    process = fleet.start("collect", *devices("emulated:station", mute), "--out", bundle, "--follow", "--every", "0.1")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1000)
    ran = ended(process, signal.SIGINT)
    assert ran.code == 3 and f"{mute}: no answer before the end" in ran.err


def test_ctrl_c_before_it_is_done_says_so(fleet, silent):
    mute = silent(1)
    process = fleet.start("collect", *devices("emulated:station", *mute.urls), "--json")
    assert process.stdout.readline()
    ran = ended(process, signal.SIGINT)
    assert ran.code == 130 and ran.last["ok"] is False and ran.last["messages"] > 0
    process = fleet.start("collect", *devices(*mute.urls), "--json")
    wait_until(lambda: mute.open)
    ran = ended(process, signal.SIGINT)
    assert ran.code == 130 and ran.last["ok"] is False and ran.last["messages"] == 0


def test_ctrl_c_typed_at_a_terminal(fleet, tmp_path):
    """A terminal sends the signal to all that runs in it, and shows the table."""
    ours, theirs = pty.openpty()
    bundle = tmp_path / "b.bundle"
    line = [
        "collect",
        *devices("emulated:station", "emulated:solar"),
        "--follow",
        "--every",
        "0.1",
        "--out",
        str(bundle),
    ]
    process = subprocess.Popen(
        [*ENTRY, *line],
        env={**fleet.environment(), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: (hearing(), os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
    )
    fleet.started.append(process)
    os.close(theirs)
    seen = bytearray()

    def read():
        with contextlib.suppress(OSError):  # at its end
            while data := os.read(ours, 65536):
                seen.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: b"reading" in seen)
    os.write(ours, b"\x03")
    assert process.wait(LONG) == 0
    reader.join(LONG)
    os.close(ours)
    shown = bytes(seen).decode()
    assert "up to" in shown and f"new messages in {bundle}" in shown.replace("\r\n", "") and "error" not in shown


def test_a_second_ctrl_c_ends_it_at_once(fleet, silent):
    (mute,) = silent(1).urls
    process = fleet.start("collect", *devices("emulated:station", mute))
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert ended(process, signal.SIGINT).code == 130


def test_nohup_is_respected(fleet, tmp_path):
    bundle = tmp_path / "b.bundle"
    line = [*ENTRY, "collect", "--device", "emulated:station", "--out", str(bundle), "--follow", "--every", "0.1"]
    process = subprocess.Popen(
        line,
        env=fleet.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: (signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGINT, signal.SIG_DFL)),
    )
    fleet.started.append(process)
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1000)
    process.send_signal(signal.SIGHUP)
    size = bundle.stat().st_size
    wait_until(lambda: bundle.stat().st_size > size + 300)
    assert ended(process, signal.SIGINT).code == 0


def test_a_watch_ends_with_its_sum(fleet):
    line = ("watch", "--device", "emulated:solar", "--allow-test", "--every", "60")
    process = fleet.start(*line, "--json")
    assert process.stdout.readline()  # the first round is done: it waits for the next
    ran = ended(process, signal.SIGINT)
    assert ran.code == 0 and "1 round: " in ran.err
