"""`sealwright web`: what people and programs see of a home, in pages and by the API."""

import base64
import json
import signal
import socket
import time

import httpx
import pytest
from sealwright.home import Home

from tests.cli.runner import LONG, Cli
from tests.cli.webbed import PAGES, Served, swarm


def test_every_page_is_whole_without_script(shown, viewer, solar):
    for path in (*PAGES, f"/devices/{solar}", f"/devices/{solar}?span=all"):
        page = viewer.get(path)
        assert page.status_code == 200, (path, page.text)
        assert "<h1>" in page.text and "<main" in page.text and 'lang="en"' in page.text
        assert (
            "style=" not in page.text
            and "onclick" not in page.text
            and "http://" not in page.text.replace("http://www.w3.org/2000/svg", "")
        )


def test_the_fleet_shows_what_each_source_knows(viewer):
    page = viewer.get("/").text
    assert "solar" in page and "charger" in page and page.count("0.1.0") == 2 and "network time" in page
    assert "it does not answer &lt;script&gt;" in page and "<script>alert" not in page
    assert "<strong>intake is held</strong>: waits for settle. Devices keep" in page


def test_the_fleet_is_filtered_sorted_and_paged(viewer):
    names = [one["name"] for one in viewer.get("/api/v1/devices").json()["items"]]
    assert names == ["charger", "solar", "station"]
    assert [one["name"] for one in viewer.get("/api/v1/devices?state=faulty").json()["items"]] == ["charger"]
    page = viewer.get("/?q=SOL&sort=-faults").text
    assert "solar" in page and ">charger<" not in page and 'aria-sort="descending"' in page
    assert "page 3 of 3" in viewer.get("/?size=1&page=99").text


def test_a_device_is_drawn_and_told(viewer, solar):
    page = viewer.get(f"/devices/{solar}?span=all").text
    assert '<svg class="plot"' in page and "polyline" in page and "did:key as QR code" in page
    assert "newest reading" in page and "no contradiction" in page and "sealwright prove" in page
    found = viewer.get(f"/api/v1/devices/{solar}").json()
    assert found["did"].startswith("did:key:z") and found["quantities"] and found["channels"]


def test_money_is_what_the_ledger_says(shown, viewer):
    told = {one["name"]: one for one in shown.cli.ok("ledger", "balances", "--json").json if one["kind"] == "device"}
    for one in viewer.get("/api/v1/balances").json()["items"]:
        assert told.pop(shown_name(shown, one["device"]))["amount"] == one["amount"]
    assert not told
    channels = shown.cli.ok("ledger", "channels", "--json").json
    found = viewer.get("/api/v1/channels?limit=1").json()
    assert found["items"][0]["channel"] == channels[0]["channel"] and found["items"][0]["paid"] == channels[0]["paid"]
    page = viewer.get("/money").text
    assert '<svg class="graph"' in page and "claimable until" in page and "charger" in page


def shown_name(shown, device):
    return Home.open(shown.cli.home).names()[bytes.fromhex(device)]


def test_readings_come_page_by_page_and_exact(viewer, solar):
    found, cursor = [], ""
    while cursor is not None:
        answer = viewer.get(f"/api/v1/devices/{solar}/readings?limit=2{cursor and '&cursor=' + cursor}").json()
        found += answer["items"]
        cursor = answer["next"]
    assert [one["seq"] for one in found] == list(range(found[0]["seq"], found[0]["seq"] + len(found))) and len(
        found
    ) > 2
    assert all(later["prev"] == before["digest"] for before, later in zip(found, found[1:], strict=False))
    assert all(isinstance(value["value"], str) for one in found for value in one["values"])
    series = viewer.get(f"/api/v1/devices/{solar}/series?span=all").json()["series"]
    assert all(len(one["at"]) == len(one["values"]) > 0 for one in series)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=501", "cursor=x", "cursor=WzFd", "nope=1", "state=x"])
def test_a_question_that_cannot_be_is_refused_with_a_remedy(viewer, query):
    answer = viewer.get(f"/api/v1/devices?{query}")
    assert answer.status_code == 400 and answer.json()["remedy"]


def test_a_cursor_that_is_no_text_is_refused(viewer):
    half = base64.urlsafe_b64encode(b'["\\ud800", "ab"]').decode().rstrip("=")
    for name in ("balances", "devices"):
        assert viewer.get(f"/api/v1/{name}?cursor={half}").json()["code"] == "bad_cursor"


def test_codes_are_drawn_of_addresses_alone(viewer, solar):
    assert '<svg role="img"' in viewer.get(f"/qr?of={solar}").text
    assert viewer.get("/qr?of=javascript:alert(1)").status_code == 400
    assert viewer.get("/qr", params={"of": "https://a/<script>"}).text.count("<script>") == 0


def test_a_thousand_devices_are_a_page_at_once(stock, tmp_path):
    home = stock(tmp_path)
    swarm(home, 1000)
    served = Served(home)
    try:
        with served.client("viewer") as client:
            assert client.get("/").status_code == 200
            begun = time.monotonic()
            pages = [client.get(f"/?page={n}&sort=-seen&group=row-3").status_code for n in range(1, 11)]
            print(f"10 pages of 1,000 devices in {time.monotonic() - begun:.2f} s")
            assert pages == [200] * 10
            found, cursor = [], ""
            while cursor is not None:
                answer = client.get(f"/api/v1/devices?limit=300{cursor and '&cursor=' + cursor}").json()
                found += [one["name"] for one in answer["items"]]
                cursor = answer["next"]
            assert len(found) == len(set(found)) == 1003 and found == sorted(found, key=str.casefold)
    finally:
        served.close()


def test_it_ends_with_ctrl_c_though_somebody_listens(stock, tmp_path):
    home = stock(tmp_path)
    served = Served(home)
    with served.client("viewer") as client, client.stream("GET", "/api/v1/events") as events:
        assert events.status_code == 200
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(LONG) == 0
    assert not any(b"exceeded" in line for line in served.errors), served.errors  # nobody was cut off
    served.cli.kill_all()


def test_a_port_that_is_taken_is_told(shown):
    ran = shown.cli.process("web", "--port", str(shown.port), "--json")
    assert ran.code == 2 and json.loads(ran.out)["code"] == "port_taken"


def test_a_hub_serves_it_as_its_part(stock, tmp_path):
    cli = Cli(stock(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = cli.start("hub", "--only", "web", "--port", str(port))
    try:
        link = cli.ok("web", "link", "--port", port, "--json").last["link"]
        while True:
            try:
                answer = httpx.get(link, timeout=LONG, trust_env=False)
                break
            except httpx.ConnectError:
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
        assert answer.status_code == 200
        parts = httpx.get(f"http://127.0.0.1:{port}/api/v1/hub", cookies=dict(answer.cookies), trust_env=False).json()
        assert next(one for one in parts["parts"] if one["part"] == "web")["runs"]
        process.terminate()
        assert process.wait(LONG) == 0
    finally:
        cli.kill_all()
