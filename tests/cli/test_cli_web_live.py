"""Events of the page as they happen, for programs and for many at a time."""

import json

import pytest
from sealwright.home import Home
from sealwright.hub.fleet import Fleet
from sealwright.hub.folder import HubFolder

from tests.cli.webbed import Served


@pytest.fixture
def served(stock, tmp_path):
    made = Served(stock(tmp_path))
    yield made
    made.close()


def told(stream, kind):
    """The next event of a kind."""
    lines = stream.iter_lines()
    for line in lines:
        if line == f"event: {kind}":
            return json.loads(next(lines).removeprefix("data: "))
    raise AssertionError(f"no event {kind} came")


def begun(stream):
    assert stream.status_code == 200 and stream.headers["content-type"].startswith("text/event-stream")
    return stream


def test_a_fault_is_told_once_and_to_whom_it_is_of_alone(served):
    home = served.cli.home
    solar, charger = (bytes.fromhex(Home.open(home).resolve(name).device) for name in ("solar", "charger"))
    with (
        served.client(headers={"authorization": f"Bearer {served.token('one')}"}) as client,
        client.stream("GET", "/api/v1/events") as everything,
        client.stream("GET", f"/api/v1/events?device={solar.hex()}") as of_solar,
    ):
        begun(everything), begun(of_solar)
        with Fleet(HubFolder(home).fleet, write=True) as noticed:
            noticed.note_fault(charger, "first", "of the charger")
            noticed.note_fault(solar, "second", "of solar")
        both = iter(everything.iter_lines())
        codes = []
        for line in both:
            if line == "event: fault":
                codes.append(json.loads(next(both).removeprefix("data: "))["code"])
            if len(codes) == 2:
                break
        assert codes == ["first", "second"]
        assert told(of_solar, "fault")["code"] == "second"


def test_a_reading_is_told_as_it_was_signed(served, fleet, tmp_path):
    station = Home.open(served.cli.home).resolve("station").device
    bundle = tmp_path / "later.bundle"
    fleet.ok("collect", "--device", "emulated:station", "--out", bundle)
    with served.client("viewer") as client, client.stream("GET", f"/api/v1/events?device={station}") as stream:
        begun(stream)
        served.cli.ok("readings", "import", bundle, "--allow-test")
        reading = told(stream, "reading")
    with served.client("viewer") as client:
        kept = client.get(f"/api/v1/devices/{station}/readings?from={reading['seq']}&limit=1").json()["items"]
    assert kept == [reading]


def test_listeners_are_bounded_and_make_room_when_they_go(served):
    headers = {"authorization": f"Bearer {served.token('many')}"}
    with served.client(headers=headers) as client:
        streams = [client.stream("GET", "/api/v1/events") for _ in range(8)]
        for one in streams:
            begun(one.__enter__())
        assert client.get("/api/v1/events").status_code == 503
        for one in streams:
            one.__exit__(None, None, None)
        # who has gone is noticed as the connection closes
        while client.head("/metrics").status_code == 200 and "listeners 0" not in client.get("/metrics").text:
            pass
        with client.stream("GET", "/api/v1/events") as again:
            begun(again)
