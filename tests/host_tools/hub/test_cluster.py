"""A hub of a cluster: who may do what at its servers, a real board through them, and what the files refuse."""

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from sealwright import emulator
from sealwright.errors import Unreachable, Usage
from sealwright.home import Home
from sealwright.home.entry import DONE, Registered
from sealwright.hub.accounts import Accounts
from sealwright.hub.cluster import streams
from sealwright.hub.cluster.config import ADMIN, VERIFY, Cluster, settler
from sealwright.hub.cluster.handing_out import hand_out
from sealwright.hub.cluster.joint import ClusterJoint
from sealwright.hub.cluster.keeping import reload
from sealwright.hub.cluster.link import Link
from sealwright.hub.cluster.sinks import KnownStream
from sealwright.hub.cluster.standing import consumers_now
from sealwright.hub.settings import Settings
from sealwright.link.broker import Broker
from sealwright.link.broker.trust import context
from sealwright.operate.renewing import revoke
from sealwright.taken_along import plain_files

from .cluster_site import ClusterSite, needs_servers
from .site import Site
from .test_broker import NAMES, Guest, board, point  # noqa: F401

WAIT = 60.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A site and the three servers of its cluster."""
    needs_servers()
    site = Site(tmp_path_factory.mktemp("site"))
    cluster = ClusterSite(site.home).ready()
    yield site, cluster
    cluster.close()


@pytest.fixture
def site(made):
    return made[0]


@pytest.fixture
def cluster(made):
    yield made[1]
    for one in made[1].parts.values():
        one.end()


def until(condition, *, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def let_in(site, label):
    """A device in the register, with an account."""
    device = site.device(label)
    where = (label, device.id.hex(), "tcp:127.0.0.1:1", "board", 2, DONE, device.certificate.digest.hex())
    site.home.register(Registered(*where, int(time.time())))
    return device, Accounts(site.home).issue(device.id, test=False)


def at(cluster, account, number):
    """A device's broker, at a server of the cluster."""
    one = cluster.cluster.servers[number]
    return Broker(one.host, one.mqtt, account.user, account.password, cluster.cluster.authority)


def acknowledged(site):
    """The number up to which the board was let to forget; intake asks it too, so it may have no time."""
    with suppress(Unreachable), emulator.resolve(site.home, "emulated:roof") as client:
        return client.info().raw["acknowledged"]
    return 0


def waiting(cluster, link):
    """The subjects of what waits for verifiers, which is taken out."""
    found = []
    for number in range(cluster.cluster.partitions):
        taken = link.pull(streams.MQTT, streams.verifier(number), 100)
        link.done(taken)
        found += [one.subject for one in taken]
    return found


def test_a_device_speaks_under_its_own_id_alone_and_is_out_at_every_server_once_it_is_revoked(site, cluster):
    device, account = let_in(site, "meter")
    other, _ = let_in(site, "other")
    cluster.write_accounts()
    assert all(reload(cluster.cluster.server_folder(name)) for name in cluster.servers)

    def enters(number):
        guest = Guest(at(cluster, account, number), account.user, account.password, f"guest-{number}")
        guest.close()
        return guest.reason == "Success"

    until(lambda: all(map(enters, range(3))))
    network = f"sealwright/{site.home.network_id().hex()[:16]}"
    mine, others = f"{network}/{device.id.hex()}", f"{network}/{other.id.hex()}"
    thief = Guest(at(cluster, account, 1), account.user, account.password, "thief")
    wanted = ["#", "sealwright/#", "$MQTT/#", "$MQTT/sub/#", "$SYS/#", "$JS/#", f"{others}/command", f"{mine}/readings"]
    wanted += [f"{network}/0/{other.id.hex()}/readings", "sealwright/checked/#", "sealwright/known/#"]
    assert [topic for topic in wanted for qos in (0, 1) if thief.subscribe(topic, qos)] == []
    assert thief.subscribe(f"{mine}/command", 1)
    kid, n = device.id.hex()[:16], cluster.cluster.partitions
    forged = [f"{others}/{name}" for name in (*NAMES, "money")] + [
        f"{network}/{p}/{other.id.hex()}/readings" for p in range(n)
    ]
    forged += [
        f"sealwright/known/{kid}",
        "sealwright/checked/readings/0",
        "sealwright/checked/money/0",
        "sealwright/safe",
    ]
    forged += [f"$MQTT/msgs/{others}/readings", "$JS/API/STREAM/PURGE/SEALWRIGHT_MONEY", "$JS/API/INFO", "$KV/x/y"]
    for topic in (*forged, f"{mine}/readings"):
        thief.publish(topic, b"forged")
    link = Link(cluster.cluster, ADMIN)
    try:
        found = []
        until(lambda: found.extend(waiting(cluster, link)) or found)
        assert {one.rpartition(".")[0].rpartition(".")[2] for one in found} == {device.id.hex()}
        for name in (streams.CHECKED_READINGS, streams.CHECKED_MONEY, streams.KNOWN, streams.SAFE):
            assert link.request(f"STREAM.INFO.{name}")["state"]["messages"] == 0, name
    finally:
        link.close()
        thief.close()
    revoke(site.home, site.home.find(device.id), "lost")
    cluster.write_accounts()
    for name in cluster.servers:
        reload(cluster.cluster.server_folder(name))
    until(lambda: not any(map(enters, range(3))))


def test_the_account_of_a_part_may_do_its_own_work_alone(cluster):
    allowed = asyncio.run(refused(cluster, VERIFY, [streams.readings_subject(1), streams.money_subject(0)]))
    assert allowed == 0, "what it does all day"
    api, next_of = "$JS.API", "$JS.API.CONSUMER.MSG.NEXT"
    of_settlers = [f"{next_of}.{streams.CHECKED_MONEY}.settle-0", f"$JS.ACK.{streams.CHECKED_MONEY}.settle-0.1.1.1.1.1"]
    changes = [f"{api}.STREAM.{what}.{streams.CHECKED_MONEY}" for what in ("DELETE", "PURGE", "UPDATE", "MSG.DELETE")]
    beyond = [*of_settlers, *changes, streams.later_subject(0, "00"), f"{api}.CONSUMER.DELETE.{streams.MQTT}.verify-0"]
    beyond += ["$MQTT.msgs.sealwright.x.0.y.readings", "sealwright.x.y.command"]
    assert asyncio.run(refused(cluster, VERIFY, beyond)) == len(beyond)
    beyond = [streams.readings_subject(0), streams.known_subject("00" * 8), streams.SAFE_SUBJECT, *changes]
    beyond += [f"{next_of}.{streams.MQTT}.verify-0", f"{next_of}.{streams.CHECKED_READINGS}.readings"]
    assert asyncio.run(refused(cluster, settler(0), beyond)) == len(beyond)


async def refused(cluster, account, subjects):
    """At how many of these subjects a server does not let the account publish."""
    import nats

    errors, own = [], cluster.cluster

    async def note(error):
        errors.append(str(error))

    one = own.servers[0]
    tls = context(Broker(one.host, one.client, authority=own.authority))
    login = {"user": account, "password": own.password(account), "tls": tls, "error_cb": note}
    client = await nats.connect(f"tls://{one.host}:{one.client}", **login)
    for subject in subjects:
        await client.publish(subject, b"{}")
    await client.flush()
    await asyncio.sleep(0.2)
    await client.close()
    return sum("permissions violation for publish" in error.lower() for error in errors)


def test_a_boards_readings_come_through_any_server_and_are_acknowledged(site, cluster, board):  # noqa: F811
    for name in ("broker", "verify", "readings"):
        cluster.part(name, "--allow-test")
    device, _ = point(site, board, None)
    entry = site.home.find(device)
    site.home.register(replace(entry, url="tcp:127.0.0.1:1", urls=()))  # so intake has no way but the servers
    cluster.part("intake", "--allow-test")
    until(lambda: len(site.readings()) >= 3)
    until(lambda: acknowledged(site) >= 1)
    cluster.servers["server-1"].kill()  # the one that the board knows; two are left
    until(lambda: "verify" in site.states())
    cluster.servers["server-1"].start()
    before = len(site.readings())
    until(lambda: len(site.readings()) > before)
    board.kill()
    revoke(site.home, site.home.find(device), "lost")
    with closing(Link(cluster.cluster, ADMIN)) as link:
        until(lambda: KnownStream(link).of([device[:8]])[device[:8]][-1] in site.home.revocations())
    # what a verifier could not hand on while a server was gone comes again after some seconds
    until(lambda: site.numbers() == list(range(1, site.numbers()[-1] + 1)))


def test_a_verifiers_machine_gets_no_key_and_no_other_account(site, cluster, tmp_path):
    hand_out(site.home, VERIFY, tmp_path / "there")
    there = Home.open(tmp_path / "there")
    assert not list(there.folder.rglob("*.key")) and there.roots() == site.home.roots()
    assert list(Cluster.read(there.folder).accounts) == [VERIFY]
    Link(Cluster.read(there.folder), VERIFY).close()
    with pytest.raises(Usage) as error:
        Link(Cluster.read(there.folder), ADMIN)
    assert error.value.code == "no_account" and "hand-out" in error.value.remedy
    with pytest.raises(Usage):
        hand_out(site.home, settler(0), tmp_path / "elsewhere")
    kept = {name for name, _ in plain_files(site.home.folder)}
    assert {"hub/cluster/cluster.json", "hub/cluster/servers/server-1/server.conf"} <= kept, "a backup takes it along"
    assert not [name for name in kept if "/store/" in name]


def test_what_a_settler_took_comes_again_until_it_is_in_the_ledger(site, cluster):
    car, shed = site.device("car"), site.device("shed")
    channel = site.open(car, shed, 1000, "held")
    money = [site.deposit(car, 5000), channel, car.voucher(channel, 700, seq=1)]

    def taken():
        with suppress(Unreachable):  # a server that a test before this one killed is coming back
            found = next(one for one in consumers_now(cluster.cluster) if one["consumer"] == "settle-0")
            return found["taken"], found["waiting"]
        return None

    until(taken)
    with closing(sqlite3.connect(site.home.ledger_path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with closing(ClusterJoint(site.home, Settings(), "intake")) as joint:
            joint.sink().add([car.certificate.raw, shed.certificate.raw, *(one.raw for one in money)], {})
        with site.parts("settle"):
            until(lambda: (now := taken()) is not None and now[0] > 0 and now[1] == 0)
            held = taken()
            time.sleep(1)  # a settler that is wrong has said that it is done by then
            assert taken() in (held, None)
            holder.execute("ROLLBACK")
            until(lambda: taken() == (0, 0))
    assert (channel.digest, 700) in [(digest, paid) for digest, _, paid, *_ in site.sums()[1]]
