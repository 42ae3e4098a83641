"""`sealwright web`: what people and programs see of a home, and who may."""

import json
import signal
import socket
import time

import httpx
import pytest
from sealwright.home import Home

from tests.cli.runner import LONG
from tests.cli.webbed import Served, kinds, swarm

PAGES = ("/", "/money", "/market", "/audit", "/hub", "/bundles", "/qr")
RESOURCES = ("devices", "channels", "balances", "flows", "offers", "verdicts", "audit", "hub", "roots", "openapi.json")


@pytest.fixture(scope="module")
def viewer(shown):
    with shown.client("viewer") as client:
        yield client


@pytest.fixture(scope="module")
def operator(shown):
    with shown.client("operator") as client:
        yield client


@pytest.fixture
def solar(shown):
    return Home.open(shown.cli.home).resolve("solar").device


def raw(shown, request):
    """What the server answers to these bytes, to the end of the connection, which the request or an error ends."""
    with socket.create_connection(("127.0.0.1", shown.port), LONG) as line:
        line.sendall(request)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode("latin-1")


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


def test_strangers_see_nothing(shown, solar):
    with shown.client() as stranger:
        for path in (*PAGES, f"/devices/{solar}", *(f"/api/v1/{name}" for name in (*RESOURCES, "events")), "/metrics"):
            answer = stranger.get(path)
            assert answer.status_code == 401 and "solar" not in answer.text, path
        assert stranger.get("/static/page.css").status_code == 200
        for path in (
            "/static/../site.py",
            "/static/%2e%2e/site.py",
            "/static//etc/passwd",
            "/devices/..%2f..%2fhome.json",
        ):
            assert stranger.get(path).status_code in (401, 404), path


def test_a_link_signs_in_once_and_never_by_a_head(shown):
    link = shown.link().removeprefix(shown.url)
    with shown.client() as first, shown.client() as second:
        assert first.head(link).status_code == 401
        answer = first.get(link)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Secure" not in cookie
        assert first.get("/").status_code == 200
        assert second.get(link).status_code == 401 and second.get("/").status_code == 401
        assert first.post("/sign-out", data={"token": shown.form_token(first)}).status_code == 303
        assert first.get("/").status_code == 401


def test_signing_out_ends_the_session_not_only_the_cookie(shown):
    with shown.client("viewer") as client:
        (kept,) = client.cookies.jar
        client.post("/sign-out", data={"token": shown.form_token(client)})
        again = httpx.get(f"{shown.url}/", cookies={kept.name: kept.value}, trust_env=False)
        assert again.status_code == 401


def test_a_token_reads_until_it_is_revoked_and_only_its_hash_is_kept(shown):
    text = shown.token("meter")
    kept = list((shown.cli.home / "web").rglob("*.json"))
    assert kept and not any(text in path.read_text() for path in kept)
    with shown.client(headers={"authorization": f"Bearer {text}"}) as client:
        assert client.get("/api/v1/devices").status_code == 200
        metrics = client.get("/metrics")
        assert metrics.status_code == 200 and "sealwright_devices 3\n" in metrics.text
        assert 'sealwright_part_held{part="intake"} 1' in metrics.text and "sealwright_money_up 1" in metrics.text
        assert 'sealwright_verdicts_total{code="gap"} 1' in metrics.text
        assert shown.cli("web", "token", "--name", "meter").code == 2
        assert "meter" in shown.cli.ok("web", "tokens").out
        shown.cli.ok("web", "revoke", "meter")
        assert client.get("/api/v1/devices").status_code == 401
    assert shown.cli("web", "revoke", "meter").code == 2


def test_metrics_want_a_token_even_from_this_machine(viewer):
    assert viewer.get("/metrics").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1:{port}.evil.example"])
def test_another_host_is_refused_before_anything(shown, host):
    request = f"GET / HTTP/1.1\r\nHost: {host.format(port=shown.port)}\r\nConnection: close\r\n\r\n".encode()
    assert kinds(raw(shown, request)) == [421] and "solar" not in raw(shown, request)


def test_requests_that_are_none_are_refused(shown):
    host = f"Host: 127.0.0.1:{shown.port}\r\nConnection: close\r\n".encode()
    requests = {
        b"GET / HTTP/1.1\r\n\r\n": {400},
        b"GET / HTTP/1.1\r\n" + host + host + b"\r\n": {400, 421},
        b"TRACE / HTTP/1.1\r\n" + host + b"\r\n": {405},
        b"PUT /bundles HTTP/1.1\r\n" + host + b"Content-Length: 0\r\n\r\n": {405},
        b"GET /?" + b"a" * 3000 + b" HTTP/1.1\r\n" + host + b"\r\n": {414},
        b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 70_000 + b"\r\n\r\n": {400, 431},
        b"POST /bundles HTTP/1.1\r\n" + host + b"Content-Length: 99999999999\r\n\r\n": {413},
        b"POST /sign-out HTTP/1.1\r\n" + host + b"Content-Length: 70000\r\n\r\n": {413},
        b"GET /\xff\xfe HTTP/1.1\r\n" + host + b"\r\n": {400, 401, 404},
    }
    for request, allowed in requests.items():
        statuses = kinds(raw(shown, request))
        assert statuses and set(statuses) <= allowed, (request[:60], statuses)


def test_no_header_is_made_of_what_was_asked(shown):
    head = f"Host: 127.0.0.1:{shown.port}\r\nConnection: close\r\n\r\n"
    answer = raw(shown, f"GET /sign-in?link=%0d%0aset-cookie:%20a=b HTTP/1.1\r\n{head}".encode())
    assert "a=b" not in answer.partition("\r\n\r\n")[0]


def test_every_answer_says_what_browsers_may_do_with_it(shown, viewer):
    for client in (viewer, shown.client()):
        for path in ("/", "/nope", "/api/v1/hub", "/static/page.css", "/metrics"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


def test_a_bundle_gets_the_verdicts_of_verify(shown, viewer, traded):
    data = {"token": shown.form_token(viewer), "test": "yes"}
    page = viewer.post("/bundles", data=data, files={"bundle": traded.read_bytes()})
    told = [one["code"] for one in shown.cli("verify", traded, "--allow-test", "--json").json if "n" in one]
    assert page.status_code == 200 and f"{len(told)} messages" in page.text
    for code in set(told):
        assert f"<b>{told.count(code)}</b> <span>{code}</span>" in page.text
    refused = viewer.post("/bundles", data={"token": data["token"]}, files={"bundle": traded.read_bytes()})
    assert "test_root" in refused.text
    assert "Hand it in" not in page.text and not (shown.cli.home / "web" / "uploads").exists()


def test_what_is_no_bundle_is_told_so(shown, viewer):
    token = shown.form_token(viewer)
    page = viewer.post("/bundles", data={"token": token}, files={"bundle": b"no bundle <b>at all</b>"})
    assert page.status_code == 200 and "malformed" in page.text and "<b>at all" not in page.text
    assert viewer.post("/bundles", data={"token": token}, files={"bundle": b""}).status_code == 400
    assert viewer.post("/bundles", data={"token": token}).status_code == 400


def test_an_operator_hands_a_bundle_in_and_a_viewer_cannot(shown, operator, traded):
    token = shown.form_token(operator)
    page = operator.post("/bundles", data={"token": token, "test": "yes"}, files={"bundle": traded.read_bytes()})
    path = page.text.split('action="/bundles/')[1].split('"')[0]
    with shown.client("viewer") as other:
        denied = other.post(f"/bundles/{path}", data={"token": shown.form_token(other)})
        assert denied.status_code == 403 and "only an operator" in denied.text.lower()
    inbox = shown.cli.home / "hub" / "inbox"
    assert not list(inbox.glob("*.bundle"))
    assert operator.post(f"/bundles/{path}", data={"token": "0" * 64}).status_code == 403
    assert (
        operator.post(f"/bundles/{path}", data={"token": token}, headers={"origin": "http://evil.example"}).status_code
        == 403
    )
    assert (
        operator.post(f"/bundles/{path}", data={"token": token}, headers={"sec-fetch-site": "cross-site"}).status_code
        == 403
    )
    assert not list(inbox.glob("*.bundle"))
    assert operator.post(f"/bundles/{path}", data={"token": token}).status_code == 200
    (handed,) = inbox.glob("*.bundle")
    assert handed.read_bytes() == traded.read_bytes()
    handed.unlink()
    assert operator.post(f"/bundles/{path}", data={"token": token}).status_code == 400
    for digest in ("..%2f..%2fhome.json", "0" * 64, "x"):
        assert operator.post(f"/bundles/{digest}/hand-in", data={"token": token}).status_code in (400, 404)


def test_a_form_of_somebody_else_is_refused(shown, viewer, operator):
    token = shown.form_token(viewer)
    assert operator.post("/sign-out", data={"token": token}).status_code == 403
    assert operator.post("/sign-out").status_code == 403
    text = shown.token("poster", "operator")
    with shown.client(headers={"authorization": f"Bearer {text}"}) as program:
        assert program.post("/sign-out", data={"token": token}).status_code == 403


def test_a_bundle_that_is_too_large_is_refused_as_it_comes(shown, viewer):
    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="bundle"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield b"x" * 2**20

    boundary = {"content-type": "multipart/form-data; boundary=b"}
    try:
        status = viewer.post("/bundles", content=endless(), headers=boundary).status_code
    except (httpx.WriteError, httpx.RemoteProtocolError):  # the server did not wait for the rest
        status = 413
    assert status == 413


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
