"""Ways that hang, flood or refuse, texts that somebody else chose, the same fault a thousand times, clocks, kills."""

import json
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from sealwright.emulator.board import free_port
from sealwright.hub import alerting
from sealwright.hub.alerts import courier, repeats, sending
from sealwright.hub.alerts.finding import Alert, Known, find
from sealwright.hub.alerts.repeats import REPEAT_SECONDS, Notified, without_repeats
from sealwright.hub.alerts.sending import NotSent, run, secret_of
from sealwright.hub.alerts.wanted import Mail, Wanted
from sealwright.hub.fleet import Fleet
from sealwright.wire.messages import DecimalFraction, Record

from .test_alerts import Mailbox, note, register, rounds, write

ALERT = Alert("1" * 16, 1_796_000_000, "gap", "", "", "reading 3 did not come")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    for name, seconds in (
        ("ROUND_SECONDS", 0.05),
        ("LEAST_PAUSE", 0.1),
        ("MOST_PAUSE", 0.1),
        ("REGISTER_SECONDS", 0.1),
    ):
        monkeypatch.setattr(alerting, name, seconds)


@contextmanager
def receiver(answer):
    """A webhook at a real port. answer: gets each alert, gives the status; got: the alerts."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(handler):
            alert = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
            got.append(alert)
            handler.send_response(answer(alert))
            handler.end_headers()

        def log_message(handler, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,)).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", got
    finally:
        server.shutdown()
        server.server_close()


def writer(out):
    """A command that appends what it is told to a file."""
    program = f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + chr(10))"
    return f"command = {json.dumps([sys.executable, '-c', program])}\n"


def told(out):
    return out.read_text().splitlines() if out.exists() else []


def begun(site):
    site.wait(lambda: (site.folder.path / "alerts.json").exists())


def test_a_way_that_hangs_holds_up_no_other_and_is_given_up(site, tmp_path, monkeypatch):
    monkeypatch.setattr(courier, "PATIENCE", 0.5)
    ends, out = threading.Event(), tmp_path / "out"
    with receiver(lambda alert: ends.wait(60) and 204) as (url, got):
        write(site, f'webhook = "{url}"\n{writer(out)}')
        with site.parts("alerts"):
            begun(site)
            note(site, "gap", "one")
            note(site, "equivocation", "two")
            site.wait(lambda: told(out) == ["one", "two"])
            site.wait(lambda: site.states()["alerts"]["held"])
            assert "did not take an alert" in site.states()["alerts"]["text"]
            assert {alert["text"] for alert in got} == {"one"}
            ends.set()
            site.wait(lambda: any(alert["text"] == "two" for alert in got))
            site.wait(lambda: not site.states()["alerts"]["held"])


def test_an_alert_that_a_way_refuses_lets_the_others_pass(site):
    with receiver(lambda alert: 400 if alert["text"] == "bad" else 204) as (url, got):
        write(site, f'webhook = "{url}"\n')
        with site.parts("alerts"):
            begun(site)
            note(site, "gap", "bad")
            note(site, "equivocation", "good")
            site.wait(lambda: got and got[-1]["text"] == "good")
            assert [alert["text"] for alert in got] == ["bad"] * alerting.TRIES + ["good"]


@pytest.mark.parametrize("program", ["yes >&2", "sleep 600", "sleep 600 & yes; yes", "trap '' TERM; sleep 600"])
def test_a_command_that_hangs_or_floods_is_ended_with_what_it_started(program, monkeypatch, tmp_path):
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    mark = tmp_path / "mark"
    with pytest.raises(NotSent, match="did not end"):
        run(("sh", "-c", f"echo $$ >{mark}; {program}"), ALERT)
    group = int(mark.read_text())
    end = time.monotonic() + 60
    while any(one.isdigit() and _group(one) == group for one in os.listdir("/proc")):
        assert time.monotonic() < end
        time.sleep(0.05)


def _group(process):
    try:
        state, _, group = open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state == "Z" else int(group)


def test_a_command_may_leave_something_running_and_fail_with_a_long_story():
    run(("sh", "-c", "sleep 3 &"), ALERT)
    with pytest.raises(NotSent, match="ended with 3 and said 'the end'"):
        run(("sh", "-c", "head -c 1000000 /dev/zero >&2; echo >&2; echo the end >&2; exit 3"), ALERT)
    with pytest.raises(NotSent, match="did not run"):
        run(("/nowhere/at/all",), ALERT)


def test_the_name_of_a_dropped_file_is_no_option_of_the_command(site, tmp_path):
    out = tmp_path / "out"
    write(site, f'faults = ["bundle_refused"]\n{writer(out)}')
    with site.parts("alerts"):
        begun(site)
        note(site, "bundle_refused", "-f/etc/passwd: it is empty")
        site.wait(lambda: told(out) == [" -f/etc/passwd: it is empty"])


def test_mail_has_a_date_and_no_character_that_a_server_refuses():
    box = Mailbox()
    server = Controller(box, "127.0.0.1", free_port())
    server.start()
    try:
        mail = Mail("127.0.0.1", server.port, "hub@x.example", "ops@x.example", "none", None)
        sending.send(mail, ALERT._replace(text="a\0b\x1b[31m\u2028c\nBcc: thief@x.example"))
    finally:
        server.stop()
    message = message_from_bytes(box.got[0][1].as_bytes(), policy=default)
    assert message["Bcc"] is None and message["Date"].datetime.timestamp() == ALERT.at
    assert "\0" not in box.got[0][1].as_string() and "a b [31m c" in message["Subject"]


def test_the_same_fault_a_thousand_times_is_told_once_and_then_summed_up(site, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(site, writer(out))
    with site.parts("alerts"):
        begun(site)
        for n in range(150):
            note(site, "gap", f"{n}", b"\1" * 32)
        note(site, "equivocation", "another", b"\1" * 32)
        site.wait(lambda: told(out)[-1:] == ["01010101: another"])
        rounds(site, 2)
        assert told(out) == ["01010101: 0", "01010101: another"]
    with site.parts("alerts"):  # over a restart
        monkeypatch.setattr(repeats, "REPEAT_SECONDS", 0)
        site.wait(lambda: len(told(out)) == 3)
    assert told(out)[2].startswith("149 more since ") and told(out)[2].endswith("the last: 01010101: 149")


def test_what_is_held_back_is_bounded_and_a_clock_that_was_set_back_holds_nothing_back(monkeypatch):
    monkeypatch.setattr(repeats, "MOST", 100)
    kept = {}
    found = [ALERT._replace(device=f"{n:064x}") for n in range(300)]
    assert without_repeats(found, kept) == found and len(kept) == 100
    later = {"gap ": Notified(int(time.time()) + 2 * REPEAT_SECONDS)}
    assert without_repeats([ALERT], later) == [ALERT]


def test_a_file_that_is_wrong_is_said_and_what_it_said_before_counts(site, tmp_path):
    out = tmp_path / "out"
    write(site, writer(out))
    with site.parts("alerts"):
        begun(site)
        write(site, "sielnt = 3\n")
        site.wait(lambda: "unknown key 'sielnt'" in site.states()["alerts"]["text"])
        assert site.states()["alerts"]["held"] and "before counts" in site.states()["alerts"]["text"]
        note(site, "gap", "still told")
        site.wait(lambda: told(out) == ["still told"])
        assert site.states()["alerts"]["held"]
        write(site, f"{writer(out)}silent = '1h'\n")
        site.wait(lambda: not site.states()["alerts"]["held"] and site.states()["alerts"]["text"] == "command")


def test_a_key_that_others_read_or_that_a_kill_left_empty_signs_nothing(tmp_path):
    path = tmp_path / "webhook.key"
    assert len(secret_of(path)) == 64 and secret_of(path) == secret_of(path)
    path.chmod(0o644)
    with pytest.raises(NotSent, match="others may read"):
        secret_of(path)
    path.chmod(0o600)
    path.write_text("")
    with pytest.raises(NotSent, match="too short"):
        secret_of(path)


@pytest.mark.parametrize("away", [0, 3 * 3600])
def test_what_nobody_could_hear_while_the_hub_was_down_is_no_devices_silence(site, tmp_path, away):
    device, out, now = register(site.home, "roof"), tmp_path / "out", int(time.time())
    with Fleet(site.folder.fleet, write=True) as fleet:
        fleet.note_seen({device: "url"})
        fleet._file.run("UPDATE devices SET seen = ?", (now - 7200,))
    site.folder.state("alerts").write_text(json.dumps({"part": "alerts", "at": now - away}))
    write(site, f'silent = "1h"\n{writer(out)}')
    with site.parts("alerts"):
        begun(site)
        if away:
            rounds(site, 3)
            assert not told(out)
        else:
            site.wait(lambda: len(told(out)) == 1)


def test_a_device_with_two_batteries_is_told_of_once(site):
    def reading(device, **volts):
        records = (
            Record(name=f"{name}-battery", unit="V", value=DecimalFraction(-1, tenths))
            for name, tenths in volts.items()
        )
        return site.reading(device, records=tuple(records))

    roof = site.device("roof")
    name = {roof.id.hex(): "roof"}
    wanted, known = Wanted(battery=Decimal("3.4")), Known()

    def codes():
        nonlocal known
        with Fleet(site.folder.fleet) as fleet:
            found, known = find(site.home, fleet, wanted, known, name)
        return [alert.code for alert in found]

    with site.parts("intake", "settle", "readings"):
        site.drop(roof.certificate, reading(roof, main=33, backup=40))
        site.wait()
        assert codes() == ["battery_low"] and codes() == [] and codes() == []
        site.drop(reading(roof, main=34, backup=40))
        site.wait()
        assert codes() == ["battery_again"] and codes() == [], "3.4 is not below 3.4"


def test_a_kill_between_sending_and_noting_sends_it_again_under_the_same_id(site):
    part = None

    def answer(alert):
        if len(got) == 1:
            part.kill()
            part.wait()
        return 204

    with receiver(answer) as (url, got):
        write(site, f'webhook = "{url}"\n')
        for wanted in (1, 2):
            part = site.start("--only", "alerts")
            try:
                site.wait(lambda: (site.folder.path / "alerts.json").exists())
                if wanted == 1:
                    note(site, "gap", "one")
                site.wait(lambda wanted=wanted: len(got) == wanted)
                if wanted == 1:
                    assert part.wait(60) == -signal.SIGKILL
            finally:
                part.kill() if wanted == 1 else part.terminate()
                part.wait(60)
    assert got[0]["id"] == got[1]["id"]
