"""The page and private keys: none is opened, whatever is asked. And who may see the page: what is kept of that."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from sealwright.web.access.keys import Keys
from sealwright.web.access.limits import MOST, Limit
from sealwright.web.settings import Settings
from sealwright.web.views.fleet import SORTS, Line, by_name

from tests.cli.runner import LONG
from tests.cli.webbed import Served

# Runs the command, and writes down every file that is opened.
WATCHED = """
import sys
out = open(sys.argv.pop(1), "w")
def note(event, arguments):
    if event in ("open", "os.open") and isinstance(arguments[0], (str, bytes)):
        out.write(f"{arguments[0]}\\n")
        out.flush()
sys.addaudithook(note)
from sealwright.cli.main import main
main()
"""


@pytest.fixture
def home(stock, tmp_path):
    return stock(tmp_path)


def ask_everything(served, traded):
    with served.client("operator") as client:
        device = client.get("/api/v1/devices").json()["items"][0]["device"]
        resources = client.get("/api/v1/openapi.json").json()["paths"]
        paths = [f"/api/v1{path.replace('{device}', device)}" for path in resources]
        pages = ("/", "/money", "/market", "/audit", "/hub", "/bundles", f"/qr?of={device}", f"/devices/{device}")
        for path in (*pages, *paths):
            assert client.get(path).status_code == 200, path
        data = {"token": served.form_token(client), "test": "yes"}
        for act in ({"kind": "renew"}, {"kind": "revoke", "reason": "lost"}, {"kind": "withdraw", "amount": "1 nEUR"}):
            assert "No agent answers" in client.post(f"/devices/{device}/acts", data={**data, **act}).text
        assert client.get("/acts").status_code == 200
        page = client.post("/bundles", data=data, files={"bundle": traded.read_bytes()})
        digest = page.text.split('action="/bundles/')[1].split("/")[0]
        assert client.post(f"/bundles/{digest}/hand-in", data=data).status_code == 200


def test_a_home_without_any_private_key_is_shown_whole(home, traded):
    keys = [*home.glob("*.key"), *home.glob("*.hss")]
    assert {path.name for path in keys} >= {"issuer.key", "owner.key", "ledger.key", "test.key"}
    for path in keys:
        path.unlink()
    served = Served(home)
    ask_everything(served, traded)
    assert served.close() == 0 and not list(home.glob("*.key"))


def test_no_private_key_is_opened(home, traded, tmp_path, monkeypatch):
    noted = tmp_path / "opened"
    monkeypatch.setattr("tests.cli.runner.ENTRY", [sys.executable, "-c", WATCHED, str(noted)])
    served = Served(home)
    monkeypatch.undo()
    ask_everything(served, traded)
    served.close()
    opened = noted.read_text().splitlines()
    assert any(path.endswith("root.pem") for path in opened) and any("/devices/" in path for path in opened)
    assert [path for path in opened if Path(path).suffix in (".key", ".hss")] == []


def test_of_many_who_use_one_link_at_a_time_one_is_signed_in(tmp_path):
    keys, got = Keys(tmp_path), []
    text = keys.new_link("viewer")
    gate = threading.Barrier(16)

    def use():
        gate.wait()
        got.append(keys.use_link(text))

    threads = [threading.Thread(target=use) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == 16 and sum(one is not None for one in got) == 1
    (session,) = filter(None, got)
    assert keys.session(session).role == "viewer" and keys.session(text) is None and keys.token(session) is None


def test_what_has_ended_is_no_good_and_is_removed(tmp_path, monkeypatch):
    keys = Keys(tmp_path)
    link = keys.new_link("viewer")
    session = keys.use_link(keys.new_link("operator"))
    assert keys.session(session).operates
    monkeypatch.setattr("sealwright.web.access.keys.time.time", lambda: 2**40)
    assert keys.session(session) is None and keys.use_link(link) is None
    keys.new_link("viewer")
    assert len(list((tmp_path / "web" / "links").glob("*"))) == 1


def test_a_restored_home_lets_nobody_in_who_was_let_in_before(homed, tmp_path):
    text = Keys(homed.home).new_token("operator", "old")
    homed.ok("home", "backup", tmp_path / "home.backup")
    homed.ok("web", "revoke", "old")
    homed.here("home", "restore", tmp_path / "home.backup", "--home", tmp_path / "again")
    assert (tmp_path / "again" / "home.json").exists() and Keys(tmp_path / "again").token(text) is None


@pytest.mark.parametrize("text", ["", "x", "../../home", "a" * 43 + "\n", "é" * 43, "a" * 10_000])
def test_a_text_that_is_no_key_opens_nothing(tmp_path, text):
    keys = Keys(tmp_path)
    assert keys.use_link(text) is None and keys.session(text) is None and keys.token(text) is None


def test_a_damaged_key_is_none(tmp_path):
    keys = Keys(tmp_path)
    text = keys.new_token("viewer", "one")
    (path,) = (tmp_path / "web" / "tokens").glob("*.json")
    for content in ("", "[]", "{}", '{"role": "root", "made": 1}', '{"role": "viewer", "made": 1, "until": "x"}'):
        path.write_text(content)
        assert keys.token(text) is None, content


def test_the_folder_of_keys_is_its_owners_alone(tmp_path):
    Keys(tmp_path).new_link("viewer")
    for path in (tmp_path / "web", tmp_path / "web" / "links"):
        assert path.stat().st_mode & 0o777 == 0o700


def test_limits_fill_with_time_and_forget_who_is_silent():
    now = [0.0]
    limit = Limit(2, 60, lambda: now[0])
    assert [limit.takes("a") for _ in range(3)] == [True, True, False] and limit.takes("b")
    now[0] += 1
    assert [limit.takes("a") for _ in range(2)] == [True, False]
    for n in range(2 * MOST):
        limit.takes(str(n))
    assert len(limit._left) == MOST


def test_hosts_are_those_of_this_machine_and_the_one_that_was_named():
    assert Settings().hosts(8765) == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    named = Settings(url="https://Fleet.example")
    assert named.secure and {"fleet.example", "fleet.example:443"} <= named.hosts(8765)
    assert Settings.of({"host": "0.0.0.0", "port": 1}).address(1) == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "url", ["fleet.example", "ftp://a", "https://a/b", "https://a?b", "https://u@a", "https://a:x", ""]
)
def test_an_address_that_is_none_is_refused(url, homed):
    assert homed("web", "link", "--url", url).code == 2


def test_a_proxy_makes_the_cookie_one_of_https(home):
    served = Served(home, "--url", "https://fleet.example")
    try:
        link = served.said["link"].replace("https://fleet.example", served.url)
        answer = httpx.get(link, headers={"host": "fleet.example"}, trust_env=False)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-sealwright=") and "Secure" in cookie and "Domain" not in cookie
    finally:
        served.close()


def test_without_the_extra_the_remedy_names_it(homed):
    code = "import sys; sys.modules['uvicorn'] = None; from sealwright.cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "web", "--home", str(homed.home)],
        capture_output=True, text=True, check=False, timeout=LONG,
    )  # fmt: skip
    assert ran.returncode == 2 and "not installed" in ran.stderr and ".[web]" in ran.stderr


def test_names_are_ordered_as_people_count():
    line = lines(["car-10", "Car-2", "bus", "car-2", "9"])
    assert [one.name for one in sorted(line, key=SORTS["name"])][:3] == ["9", "bus", "Car-2"]
    assert [one.name for one in sorted(line, key=SORTS["name"])][-1] == "car-10"
    assert [one.name for one in sorted(line, key=by_name)][2] == "car-10"


def lines(names):
    rest = ("provisioned", "", (), 0, "", None, "", None, None, "", 0, 0, "", False, "")
    return [Line(f"{n:064x}", name, *rest) for n, name in enumerate(names)]
