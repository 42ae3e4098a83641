"""One answer to which device a text means."""

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from urllib.parse import quote

import pytest
from sealwright.errors import AmbiguousDevice, UnknownDevice, Usage
from sealwright.home import RETIRED, Home
from sealwright.home import register as module

from tests.host_tools.home.fleets import CAR, ROOF, SHED, entry, old_entry, someone


@pytest.fixture
def home(tmp_path):
    return Home.init(tmp_path / "home", "net")


@pytest.fixture
def fleet(home):
    home.register(entry("Roof", ROOF, url="serial:/dev/ttyACM0"))
    home.register(entry("café", CAR, url="tcp:192.0.2.7:4242", urls=["mqtts://h:1/café", "serial:COM3"]))
    return home


def test_of_commands_that_take_one_name_at_a_time_one_gets_it(fleet):
    def take(number):
        start.wait()
        try:
            Home.open(fleet.folder).register(entry("barn", f"{number:064x}"))
        except Usage as error:
            assert error.code == "name_taken"
            return 0
        return 1

    start = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1
    assert [one.name for one in fleet.active()].count("barn") == 1
    barn = fleet.resolve("barn")
    fleet.register(replace(barn, commands=7))  # it keeps its name
    fleet.retire(barn)
    fleet.register(entry("barn", SHED))
    with pytest.raises(Usage, match="another device is called barn"):
        fleet.register(barn)


def test_every_way_to_name_a_device(fleet):
    for text in (
        "Roof",
        "roof",
        "ROOF",
        "b251c",
        "B251CC07",
        ROOF,
        ROOF.upper(),
        "serial:/dev/ttyACM0",
        "/dev/ttyACM0",
    ):
        assert fleet.resolve(text).device == ROOF, text
    for text in (
        *("café", unicodedata.normalize("NFD", "CAFÉ"), "b251d", "tcp:192.0.2.7:4242", "COM3"),
        *("mqtts://broker:8883/café", f"mqtts://u@b/{quote('café')}", "mqtts://b/b251dd", f"mqtts://b/{CAR}"),
    ):
        assert fleet.resolve(text).device == CAR, text
    fleet.register(entry("lamp #2?", SHED))
    assert fleet.resolve("mqtts://h:1/lamp #2?").device == fleet.resolve("mqtts://h/LAMP%20%232%3F").device == SHED
    device, did = someone()
    fleet.register(entry("keyed", device))
    assert fleet.resolve(did).name == "keyed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "b25",
        "b251ff",
        "0" * 64,
        "tcp:192.0.2.7:1",
        "serial:",
        "emulated:Roof",
        "did:key:zzz",
        "mqtts://h/",
    ]
    + ["mqtts://h:1/#", "/dev/ttyACM1", "emulated:../x", "emulated:\0", "\0", "\ud800", "Roof ", "usb:1"],
)
def test_what_names_nothing(fleet, text):
    with pytest.raises(UnknownDevice) as caught:
        fleet.resolve(text)
    assert caught.value.exit_code == 2 and caught.value.remedy


def test_a_slip_gets_a_hint(fleet):
    with pytest.raises(UnknownDevice) as caught:
        fleet.resolve("rof")
    assert caught.value.remedy.endswith("Did you mean Roof?")
    with pytest.raises(UnknownDevice) as caught:
        fleet.resolve("ttyUSB0")
    assert caught.value.remedy.endswith("Did you mean /dev/ttyUSB0?")
    with pytest.raises(UnknownDevice, match="no device is named"):
        fleet.resolve("mqtts://127.0.0.1:1/")
    with pytest.raises(UnknownDevice, match="no device at tcp:h:1"):
        fleet.resolve("tcp:h:1")


def test_what_several_fit_is_refused_with_their_names(fleet):
    with pytest.raises(AmbiguousDevice, match="Roof .b251cc07.* or café .b251dd08") as caught:
        fleet.resolve("b251")
    assert caught.value.code == "ambiguous_device" and len(caught.value.candidates) == 2
    fleet.register(entry("second", SHED, url="serial:/dev/ttyACM0", registered_at=1_790_000_001))
    with pytest.raises(AmbiguousDevice, match="Roof.*second"):
        fleet.resolve("/dev/ttyACM0")
    assert [one.name for one in fleet.at("serial:/dev/ttyACM0")] == ["Roof", "second"], "the latest comes last"
    fleet.register(replace(fleet.find(bytes.fromhex(ROOF)), urls=["serial:/dev/ttyACM0"]))
    assert fleet.resolve("/dev/ttyACM0").name == "Roof", "the owner named it there"


def test_a_device_that_is_no_more_is_not_meant(fleet):
    fleet.retire(fleet.resolve("Roof"))
    for text in ("Roof", "b251cc07", ROOF, "/dev/ttyACM0"):
        with pytest.raises(UnknownDevice):
            fleet.resolve(text)
    with pytest.raises(UnknownDevice, match=r"Roof .retired b251cc07") as caught:
        fleet.identify(ROOF)
    assert caught.value.code == "retired" and "adopt" in caught.value.remedy
    assert fleet.identify(ROOF, retired=True) == fleet.identify("b251cc07", retired=True) == bytes.fromhex(ROOF)
    with pytest.raises(UnknownDevice):
        fleet.identify("Roof", retired=True)
    fleet.register(entry("roof", SHED))
    assert fleet.resolve("Roof").device == SHED and fleet.identify("Roof", retired=True).hex() == SHED
    assert (
        fleet.names()[bytes.fromhex(ROOF)] == "Roof (retired b251cc07)" and fleet.names()[bytes.fromhex(SHED)] == "roof"
    )


def test_a_whole_id_is_itself(fleet):
    device, did = someone()
    assert fleet.identify(device).hex() == device and fleet.identify(did).hex() == device
    old_entry(fleet, device, SHED)  # a name that an earlier version took
    assert fleet.identify(device).hex() == device, "a name is never read as an id"
    with pytest.raises(UnknownDevice):
        fleet.resolve(device)


def test_an_old_register_loads(home):
    old_entry(home, "beef", ROOF)
    old_entry(home, unicodedata.normalize("NFC", "café"), CAR)
    old_entry(home, unicodedata.normalize("NFD", "café"), SHED, state=RETIRED)
    assert [home.resolve(text).device for text in ("beef", "CAFÉ", CAR[:8])] == [ROOF, CAR, CAR]
    old_entry(home, unicodedata.normalize("NFD", "café"), SHED)
    with pytest.raises(AmbiguousDevice, match="00ff00ff"):
        home.resolve("café")
    assert {home.names()[bytes.fromhex(one)] for one in (CAR, SHED)} == {"café (b251dd08)", "cafe\u0301 (00ff00ff)"}
    other = "beef" + "0" * 60
    old_entry(home, "other", other)
    with pytest.raises(AmbiguousDevice):
        home.resolve("beef")  # a name of one, the beginning of the other's id


def test_an_emulated_board_has_one_register_entry_at_all_its_urls(home):
    folder = home.board("roof")
    folder.mkdir()
    (folder / "hardware.json").write_text(json.dumps({"board": "unix", "command": ["127.0.0.1", 4242]}))
    (home.board("broken")).mkdir()
    (home.board("broken") / "hardware.json").write_text("{")
    home.register(entry("roof", ROOF, url="tcp:127.0.0.1:4242"))
    for url in ("emulated:roof", "tcp:127.0.0.1:4242", f"serial:{folder / 'tty'}", str(folder / "tty")):
        assert home.resolve(url).device == ROOF


def test_damaged_entries_are_named(home):
    for content in ("", "[]", "{", '{"name": 1}', json.dumps({"name": "x", "device": ROOF})):
        (home.folder / "devices" / f"{ROOF}.json").write_text(content)
        with pytest.raises(Usage, match=f"{ROOF}.json is damaged"):
            home.resolve("x")
    wrong = [("registered_at", "x"), ("urls", "x"), ("commands", None), ("model", None), ("groups", [1]), ("x", 1)]
    for field, value in wrong:
        old_entry(home, "a", ROOF, **{field: value})
        with pytest.raises(Usage, match=f"{ROOF}.json is damaged"):
            home.names()
    old_entry(home, "a", ROOF)
    (home.folder / "devices" / f"{ROOF}.json").rename(home.folder / "devices" / "copy.json")
    with pytest.raises(Usage, match=r"copy.json is damaged"):
        home.resolve("a")


def test_what_another_process_writes_is_seen(home):
    other = Home.open(home.folder)
    for number in range(20):
        other.register(entry(f"n{number}", ROOF))
        assert home.resolve(f"N{number}").device == ROOF
        with pytest.raises(UnknownDevice):
            home.resolve(f"n{number - 1}")
    (home.folder / "devices" / f"{ROOF}.json").unlink()
    with pytest.raises(UnknownDevice):
        home.resolve("n19")


def test_resolving_a_fleet_reads_each_entry_once(home, monkeypatch):
    parsed = []
    monkeypatch.setattr(
        module, "parse_entry", lambda path, whole=module.parse_entry: parsed.append(path) or whole(path)
    )
    for number in range(200):
        home.register(entry(f"device-{number}"))
    for number in range(200):
        assert home.resolve(f"Device-{number}").name == f"device-{number}"
    assert len(parsed) == 200
