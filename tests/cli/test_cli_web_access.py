"""Who may see the page, and what is asked of a request before anything is looked up."""

import socket
import threading

import httpx
import pytest
from sealwright.home import Home
from sealwright.web import serving

from tests.cli.webbed import PAGES, RESOURCES, kinds, raw


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


def test_clients_that_never_ask_keep_nobody_out(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE", 0.5)
    monkeypatch.setattr(serving, "CONNECTIONS", 4)
    home, stop, ready, ports = Home.init(tmp_path / "home", "slow"), threading.Event(), threading.Event(), []

    def began(_, port):
        ports.append(port)
        ready.set()

    server = threading.Thread(target=serving.run, args=(home, {"port": 0}, stop), kwargs={"ready": began})
    server.start()
    try:
        assert ready.wait(30)
        silent = [socket.create_connection(("127.0.0.1", ports[0]), 30) for _ in range(5)]
        for one in silent:
            one.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert [one.recv(100) for one in silent] == [b""] * 5
        assert httpx.get(f"http://127.0.0.1:{ports[0]}/", trust_env=False).status_code == 401
    finally:
        stop.set()
        server.join()
