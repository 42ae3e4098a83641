"""RP2 boards in an emulated Pico: what each `make()` gives is held against the contract of tests/boards.

All are compiled for the RP2040, which is what can be emulated: what another chip has elsewhere reads as it may. The
image has no radio, so a board's way to a broker is left out.
"""

from pathlib import Path

import pytest
from sealwright.link.frames import Frame, FrameReader, pack

from tests.boards import contract, made

from .rig import Pico, image
from .whole import compiled_firmware, noisy

build = contract.build
BOARDS = [path for path in contract.board_json.folders() if contract.board_json.read(path)["port"] == "rp2"]
UF2 = image()

RUN = """
for name in ("board", "wiring"):
    sys.modules.pop(name, None)
sys.path.insert(0, {folder!r})
import board, made
one = board.make()
one.uplink = None
made.check(one, {ports!r}, {description!r})
sys.path.pop(0)
print("a board")
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The firmware and all boards."""
    if UF2 is None:
        pytest.skip("no MicroPython image for the Pico: name one in SEALWRIGHT_PICO_UF2")
    files = compiled_firmware("armv6m")
    out = tmp_path_factory.mktemp("boards")
    for board in BOARDS:
        for name in ("board", "wiring"):
            target = out / f"{name}.mpy"
            build.compile_module(board / f"{name}.py", target, "armv6m", f"{name}.py")
            files[f"{board.name}/{name}.mpy"] = target.read_bytes()
    build.compile_module(Path(made.__file__), out / "made.mpy", "armv6m", "made.py")
    files["made.mpy"] = (out / "made.mpy").read_bytes()
    return files


def switched_on(files: dict[str, bytes]) -> Pico:
    pico = noisy(Pico(UF2))
    pico.mount(files)
    return pico


@pytest.fixture(scope="module")
def pico(files: dict[str, bytes]) -> Pico:
    """A Pico for the contract alone, which makes one board after the other."""
    return switched_on(files)


@pytest.fixture
def fresh(files: dict[str, bytes]) -> Pico:
    """A Pico whose heap nobody has used, with the first board first on its path."""
    pico = switched_on(files)
    pico.run(f"sys.path.insert(0, '/rig/{BOARDS[0].name}')")
    return pico


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_made(pico: Pico, board: Path) -> None:
    description = contract.board_json.read(board)
    script = RUN.format(folder=f"/rig/{board.name}", ports=contract.ports(), description=description)
    assert pico.run(script).splitlines()[-1] == "a board"


SERVE = """
import gc, micropython
micropython.kbd_intr(-1)
gc.threshold(16384)  # while modules load, as in main.py
import board
from seal import app
gc.threshold(-1)
try:
    app.run(board.make())
except SystemExit:
    print("let go")
"""
INFO = 1


def test_the_usb_console_is_the_command_link(fresh: Pico) -> None:
    """Frames in and out of the real image's USB driver; Ctrl-C inside them is data, and mpremote's knock lets go."""
    fresh.start(SERVE)
    for identifier in (3, 0x0303):  # Ctrl-C's byte
        said = fresh.say(
            b"\0" + pack(Frame(identifier, INFO, None)), lambda out: out.count(b"\0") >= 2 and out[-1:] == b"\0"
        )
        (frame,) = FrameReader().feed(said)
        assert (frame.id, frame.kind) == (identifier, 0) and frame.item["state"] == "blank"  # type: ignore[index,call-overload]
    assert b"let go" in fresh.say(b"\r\x03", lambda out: b"let go" in out)


BUS = """
import asyncio, gc, wiring
gc.threshold(16384)
wiring.DRIVE = 7
import board
from links.bus import BusPort
from machine import UART
print(board.make().peer_links[0].address[:4])
driven = []
port = BusPort(UART(wiring.UART), b"chip", driven.append)
async def talk():
    port.send(bytes(4), b"hello")
    while len(driven) < 2:
        await asyncio.sleep(0.01)
asyncio.run(talk())
print(driven)
"""


def test_a_driver_pin_makes_the_uart_a_bus(fresh: Pico) -> None:
    """The image's own UART: it waits for a frame's last bit, then the driver lets go of the wire."""
    assert fresh.run(BUS) == "bus:\n[1, 0]\n"
