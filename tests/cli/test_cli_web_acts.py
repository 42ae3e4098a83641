"""Acts on the page: prepared by an operator, shown and carried out by the agent; the page itself never signs."""

import re

import pytest
from sealwright.home import Home

from tests.cli.agents import OnTerminal
from tests.cli.webbed import Served


@pytest.fixture(scope="module")
def served(stock, tmp_path_factory):
    made = Served(stock(tmp_path_factory.mktemp("acts")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def device(served):
    return Home.open(served.cli.home).resolve("charger").device


def post(served, client, device, **fields):
    return client.post(f"/devices/{device}/acts", data={"token": served.form_token(client), **fields})


def test_without_an_agent_the_page_shows_the_command(served, device):
    with served.client("operator") as client:
        assert "Ask the agent" in client.get(f"/devices/{device}").text
        shown = post(served, client, device, kind="withdraw", amount="20000 nEUR", reference="a b").text
        assert "No agent answers" in shown
        command = "sealwright ledger withdraw charger --asset nEUR --amount 20000 --reference &#39;a b&#39;"
        assert command in shown
        shown = post(served, client, device, kind="revoke", reason="lost").text
        assert "sealwright revoke charger --reason lost" in shown
        assert "No agent answers" in client.get("/acts").text
        assert post(served, client, device, kind="sign", amount="1").status_code == 400
        assert post(served, client, "ab" * 32, kind="renew").status_code == 400
        assert post(served, client, "nobody", kind="renew").status_code == 400
    assert Home.open(served.cli.home).revocations() == []


def test_a_viewer_and_a_foreign_form_ask_for_nothing(served, device):
    with served.client("viewer") as client:
        assert "Ask the agent" not in client.get(f"/devices/{device}").text
        assert post(served, client, device, kind="revoke", reason="lost").status_code == 403
        assert client.get("/acts").status_code == 403
    with served.client("operator") as client:
        data = {"kind": "revoke", "reason": "lost"}
        assert client.post(f"/devices/{device}/acts", data=data).status_code == 403
        data["token"] = served.form_token(client)
        headers = {"Origin": "https://elsewhere.example"}
        assert client.post(f"/devices/{device}/acts", data=data, headers=headers).status_code == 403


def test_an_act_waits_for_the_agent_and_is_done_after_a_yes(served, device):
    at = OnTerminal(served.cli)
    try:
        at.until("waits at")
        with served.client("operator") as client:
            shown = post(served, client, device, kind="revoke", reason="misused").text
            assert "Waiting for the agent" in shown and Home.open(served.cli.home).revocations() == []
            (place,) = set(re.findall(r'hx-get="(/acts/\w+)"', shown))
            assert "misused" in at.until("Type yes")
            assert "Waiting for the agent" in client.get(place).text
            at.type("yes")
            at.until("revoke: done")
            assert "charger is revoked" in client.get(place).text
            listed = client.get("/acts").text
            assert place in listed and "charger" in listed
        assert len(Home.open(served.cli.home).revocations()) == 1
    finally:
        at.end()
    with served.client("operator") as client:
        assert "No agent answers" in client.get(place).text
