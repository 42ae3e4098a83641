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
def pico(tmp_path_factory: pytest.TempPathFactory) -> Pico:
    """A Pico with the firmware and all boards."""
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
    switched_on = noisy(Pico(UF2))
    switched_on.mount(files)
    return switched_on


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_made(pico: Pico, board: Path) -> None:
    description = contract.board_json.read(board)
    script = RUN.format(folder=f"/rig/{board.name}", ports=contract.ports(), description=description)
    assert pico.run(script).splitlines()[-1] == "a board"


SERVE = """
import micropython
micropython.kbd_intr(-1)
import board
from seal import app
try:
    app.run(board.make())
except SystemExit:
    print("let go")
"""
INFO = 1


def test_the_usb_console_is_the_command_link(pico: Pico) -> None:
    """Frames in and out of the real image's USB driver; Ctrl-C inside them is data, and mpremote's knock lets go."""
    pico.run(f"import sys\nsys.modules.pop('board', None)\nsys.path.insert(0, '/rig/{BOARDS[0].name}')")
    pico.start(SERVE)
    for identifier in (3, 0x0303):  # Ctrl-C's byte
        said = pico.say(
            b"\0" + pack(Frame(identifier, INFO, None)), lambda out: out.count(b"\0") >= 2 and out[-1:] == b"\0"
        )
        (frame,) = FrameReader().feed(said)
        assert (frame.id, frame.kind) == (identifier, 0) and frame.item["state"] == "blank"  # type: ignore[index,call-overload]
    assert b"let go" in pico.say(b"\r\x03", lambda out: b"let go" in out)
