"""A page that is served: the real command in a process of its own, on a home with devices, readings and money."""

import json
import re
import shutil
import socket
import threading
import time

import httpx
from sealwright.home import Home
from sealwright.hub.fleet import Fleet
from sealwright.hub.folder import HubFolder
from sealwright.hub.state import State

from tests.cli.runner import LONG, Cli
from tests.host_tools.factory import NOW

PAGES = ("/", "/money", "/market", "/audit", "/hub", "/bundles", "/qr")
RESOURCES = ("devices", "channels", "balances", "flows", "offers", "verdicts", "audit", "hub", "roots", "openapi.json")


class Served:
    """A home's page. url: without a path."""

    def __init__(self, home, *options):
        self.cli = Cli(home)
        self.process = self.cli.start("web", "--port", "0", "--json", *options)
        self.said = json.loads(self.process.stdout.readline())
        self.errors = []
        # a pipe that nobody reads would stop the server one day
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.port = self.said["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def link(self, role="viewer"):
        return self.cli.ok("web", "link", "--role", role, "--port", self.port, "--json").last["link"]

    def token(self, name, role="viewer"):
        return self.cli.ok("web", "token", "--role", role, "--name", name, "--json").last["token"]

    def client(self, role=None, **more):
        """Somebody who has signed in, or a stranger."""
        if role is not None:
            answer = httpx.get(self.link(role), timeout=LONG, trust_env=False)
            assert answer.status_code == 200
            more["cookies"] = dict(answer.cookies)
        return httpx.Client(base_url=self.url, timeout=LONG, trust_env=False, **more)

    def form_token(self, client):
        return re.search(r'name="token" value="(\w+)"', client.get("/bundles").text)[1]

    def close(self):
        self.process.terminate()
        code = self.process.wait(LONG)
        self.cli.kill_all()
        return code


def stocked(fleet, folder):
    """A copy of a fleet's home with its trade settled, its readings kept, and what a hub would have noticed."""
    home = folder / "home"
    shutil.copytree(fleet.home, home, ignore=shutil.ignore_patterns("*.sock", "boards"))
    cli = Cli(home)
    traded = fleet.home.parent / "traded.bundle"
    assert cli("settle", traded, "--allow-test").code in (0, 1)
    cli.ok("readings", "import", traded, "--allow-test")
    notice(home)
    return home


def notice(home):
    """What the hub's parts write, by their own code."""
    hub = HubFolder(home)
    hub.make()
    devices = {one.name: bytes.fromhex(one.device) for one in Home.open(home).active()}
    said = {"firmware": "0.1.0", "clock": [int(time.time()), 2], "sensors": ["ina219"], "state": "provisioned"}
    with Fleet(hub.fleet, write=True) as seen:
        seen.note_seen(dict.fromkeys(devices.values(), "broker"), {devices["solar"]: {**said, "sensor_fault": None}})
        seen.note_fault(devices["charger"], "unreachable", "it does not answer <script>alert(1)</script>")
        seen.note_verdicts({"ok": 41, "gap": 1})
    for part in ("intake", "settle"):
        state = State(hub.state(part), part)
        state.counts["messages"] = 12
        if part == "intake":
            state.held, state.text, state.backlog = True, "waits for settle", 7
        state.tell(now=True)


def swarm(home, count):
    """Put so many more devices into a home's register, with a reading's time each in the hub's file."""
    entries = home / "devices"
    model = json.loads(next(entries.glob("*.json")).read_text())
    made = {}
    for n in range(count):
        device = f"{n:064x}"
        entry = {**model, "name": f"unit-{n:04}", "device": device, "groups": [f"row-{n % 7}"]}
        (entries / f"{device}.json").write_text(json.dumps({**entry, "registered_at": NOW - n}))
        made[bytes.fromhex(device)] = "broker"
    with Fleet(HubFolder(home).fleet, write=True) as seen:
        info = {"firmware": "0.1.0", "clock": [NOW, 3], "padding": "x" * 1500}
        seen.note_seen(made, dict.fromkeys(made, info))
    return made


def raw(shown, request):
    """What the server answers to these bytes, to the end of the connection, which the request or an error ends."""
    with socket.create_connection(("127.0.0.1", shown.port), LONG) as line:
        line.sendall(request)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode("latin-1")


def kinds(text):
    """The statuses of raw answers, from a socket."""
    return [int(one) for one in re.findall(r"HTTP/1\.1 (\d+)", text)]
