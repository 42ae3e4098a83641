"""What an operator hears of at once: found once, kept until each way has taken it, signed on its way."""

import hmac
import json
import sqlite3
import stat
import sys
import threading
import time
from contextlib import closing, contextmanager
from decimal import Decimal
from email import message_from_bytes
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from sealwright.emulator.board import free_port
from sealwright.errors import Usage
from sealwright.home import DONE, Registered
from sealwright.hub import alerting
from sealwright.hub.alerts.finding import Alert, Known
from sealwright.hub.alerts.outbox import WAITING, Outbox
from sealwright.hub.alerts.wanted import Mail, read_wanted
from sealwright.hub.fleet import Fleet


def register(home, name):
    """A device of the home's register; its id."""
    device = sha256(name.encode()).digest()
    home.register(Registered(name, device.hex(), "", "board", 0, DONE, "", home.now()))
    return device


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(alerting, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(alerting, "LEAST_PAUSE", 0.1)
    monkeypatch.setattr(alerting, "REGISTER_SECONDS", 0.1)


class Hook:
    """A receiver of webhooks at a real port. answers: the status codes to give, then 204 for ever."""

    def __init__(self, *answers):
        self.got, left = [], list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                status = left.pop(0) if left else 204
                handler.send_response(status)
                handler.send_header("Location", "/elsewhere")
                handler.end_headers()
                if status == 204:
                    self.got.append((handler.path, handler.headers["Sealwright-Signature"], body))

            def do_GET(handler):  # where a redirect would lead
                self.got.append((handler.path, "", b'{"code": "redirected"}'))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def hook(*answers):
    made = Hook(*answers)
    try:
        yield made
    finally:
        made.close()


def write(site, text):
    (site.folder.path / "alerts.toml").write_text(text)


def codes(received):
    return [json.loads(body)["code"] for _, _, body in received.got]


def note(site, code, text, device=None):
    with Fleet(site.folder.fleet, write=True) as fleet:
        fleet.note_fault(device, code, text)


def rounds(site, count):
    """Wait until the part has looked so often since: each finds a fault that no way is told."""
    for n in range(count):
        note(site, "nobody_asked", str(n))
        with Fleet(site.folder.fleet) as fleet:
            row = fleet.last_row()
        site.wait(lambda row=row: json.loads((site.folder.path / "alerts.json").read_text())["known"][0] >= row)


def test_a_webhook_gets_each_fault_once_signed_and_in_order_though_it_fails_first(site):
    note(site, "gap", "long before")
    with hook(500, 302) as hooked:
        write(site, f'webhook = "{hooked.url}"\nfaults = ["unreachable"]\n')
        with site.parts("alerts"):
            site.wait(lambda: site.states().get("alerts", {}).get("text") == "webhook")
            site.wait(lambda: (site.folder.path / "alerts.json").exists())
            note(site, "equivocation", "two readings with number 7", b"\1" * 32)
            note(site, "bad_signature", "nobody asked for these")
            note(site, "unreachable", "it does not answer", b"\1" * 32)
            site.wait(lambda: len(hooked.got) == 2)
        with site.parts("alerts"):  # a restart sends nothing again
            note(site, "claim_ends", "soon")
            site.wait(lambda: len(hooked.got) == 3)
    assert codes(hooked) == ["equivocation", "unreachable", "claim_ends"]
    key = site.folder.path / "webhook.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for path, header, body in hooked.got:
        at, signed = (part.partition("=")[2] for part in header.split(","))
        assert path == "/hook" and abs(time.time() - int(at)) < 300
        assert signed == hmac.new(key.read_text().strip().encode(), at.encode() + b"." + body, sha256).hexdigest()
    assert json.loads(hooked.got[0][2])["text"] == "01010101: two readings with number 7"


def test_silence_is_told_once_and_its_end_once(site):
    device = register(site.home, "roof")
    with hook() as hooked:
        write(site, f'webhook = "{hooked.url}"\nsilent = "1h"\n')
        with Fleet(site.folder.fleet, write=True) as fleet:
            fleet.note_seen({device: "url", b"\2" * 32: "url"})  # the second is no device of this home
            with closing(sqlite3.connect(site.folder.fleet)) as file, file:
                file.execute("UPDATE devices SET seen = seen - 7200")
            with site.parts("alerts"):
                site.wait(lambda: codes(hooked) == ["silent"])
                rounds(site, 3)
                fleet.note_seen({device: "url"})
                site.wait(lambda: len(hooked.got) == 2)
                rounds(site, 3)
    assert codes(hooked) == ["silent", "heard_again"]
    told = json.loads(hooked.got[0][2])
    assert told["name"] == "roof" and told["device"] == device.hex() and "nobody heard it since" in told["text"]


def test_a_command_gets_the_text_and_json_and_no_shell_reads_them(site, tmp_path):
    script, out = tmp_path / "tell.py", tmp_path / "out"
    script.write_text(f"import sys\nopen({str(out)!r}, 'a').write(sys.argv[1] + '|' + sys.stdin.read() + chr(10))\n")
    write(site, f"command = {json.dumps([sys.executable, str(script)])}\n")
    with site.parts("alerts"):
        site.wait(lambda: (site.folder.path / "alerts.json").exists())
        note(site, "gap", '$(touch evil); `id` "quoted"')
        site.wait(lambda: out.exists() and out.read_text().endswith("\n"))
    text, _, body = out.read_text().partition("|")
    assert text == '$(touch evil); `id` "quoted"' and json.loads(body)["code"] == "gap"


class Mailbox:
    """What came in at a mail server."""

    def __init__(self):
        self.got = []

    async def handle_DATA(self, server, session, envelope):
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 taken"


def test_mail_goes_to_whom_it_is_for_whatever_the_text_is(site):
    box = Mailbox()
    server = Controller(box, "127.0.0.1", free_port())
    server.start()
    try:
        where = f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
        write(site, f'[email]\n{where}from = "hub@x.example"\nto = "ops@x.example"\n')
        with site.parts("alerts"):
            site.wait(lambda: (site.folder.path / "alerts.json").exists())
            note(site, "gap", "one\r\nBcc: thief@x.example\r\n\r\ntwo")
            site.wait(lambda: box.got)
    finally:
        server.stop()
    ((to, message),) = box.got
    assert to == ["ops@x.example"] and message["Bcc"] is None
    assert message["Subject"].replace("\n", "") == "Sealwright: gap: one Bcc: thief@x.example two"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("silent = 60", "silent is no time"),
        ('silent = "0h"', "silent is no time"),
        ('battery = "low"', "battery is no number"),
        ("battery = nan", "battery is no number"),
        ("battery = = 3", "line 1, column 11 is no TOML"),
        ('command = "logger"', "command is no list"),
        ('webhook = "http://ops.example/"', "https:// URL"),
        ('webhook = "https://"', "https:// URL"),
        ("[email]\nhost = 'x'", "needs host, from and to"),
        ("[email]\nhost = 'x'\nfrom = 'a'\nto = 'b'\ntls = 'ssl'", "tls is"),
        ("[email]\nhost = 'x'\nfrom = 'a'\nto = 'b'\ntls = 'none'\nuser = 'u'", "to another machine"),
        ('webhook = "https://user:word@ops.example/"', "https:// URL"),
        ("sielnt = '1h'", "unknown key 'sielnt'"),
        ("= 1", "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path, text, words):
    (tmp_path / "alerts.toml").write_text(text)
    with pytest.raises(Usage, match=words) as found:
        read_wanted(tmp_path / "alerts.toml")
    assert found.value.code == "bad_alerts"


def test_the_sample_of_the_guide_is_taken(tmp_path):
    assert read_wanted(tmp_path / "none").ways == ()
    (tmp_path / "alerts.toml").write_text("")
    assert read_wanted(tmp_path / "alerts.toml").codes == {"equivocation", "gap", "claim_ends", "certificate_ends"}
    (tmp_path / "alerts.toml").write_text(
        'silent = "90m"\nbattery = 3\ncommand = ["logger"]\nwebhook = "https://ops.example/hook"\n'
        '[email]\nhost = "mail.example"\nfrom = "a"\nto = "b"\nuser = "hub"\n'
    )
    found = read_wanted(tmp_path / "alerts.toml")
    assert (found.silent, found.battery, found.ways) == (5400, Decimal(3), ("webhook", "command", "email"))
    assert found.mail == Mail("mail.example", 587, "a", "b", "starttls", "hub")


def test_what_waits_is_bounded_and_damage_begins_anew(tmp_path):
    box = Outbox(tmp_path / "alerts.json")
    alerts = [Alert(str(n), n, "gap", "", "", str(n)) for n in range(WAITING + 5)]
    box.add(alerts, ["webhook"], Known(7, {"a": 1}, {}))
    again = Outbox(tmp_path / "alerts.json")
    assert again.size == WAITING and again.waiting["webhook"][0] == alerts[5] and box.lost == 5
    assert again.known == Known(7, {"a": 1}, {}) and not again.is_new
    (tmp_path / "alerts.json").write_text('{"known": 1}')
    assert Outbox(tmp_path / "alerts.json").is_new
