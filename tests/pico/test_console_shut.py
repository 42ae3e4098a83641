"""The console of a Pico while it boots, against a host that presses Ctrl-C in every USB packet."""

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.emulator.pico.launcher import FLASH

from tests.pico.conftest import NO_IMAGE
from tests.pico.flood import KEYS, flooded
from tests.pico.preload import preload
from tests.pico.prompts import has_prompt
from tests.pico.rig import image

LATE = b"import time\ntime.sleep_ms(30)\n"


@pytest.fixture(scope="module")
def loader():
    if image() is None:
        pytest.skip(NO_IMAGE)
    return boards.compile_for(boards.find("pico")).loader


@pytest.fixture
def said(home, tmp_path, loader):
    """callable(files, keys) -> what a board with the loader and these files says to that host. Provisioned, as far as
    main.py can tell; there is no firmware to run, so it resets again and again."""
    board = emulator.create(home, "pico", "one")
    folder = tmp_path / "files"
    (folder / "state").mkdir(parents=True)
    (folder / "state" / "j-identity").write_bytes(b"somebody")

    def say(files, keys):
        for name, data in {**loader, **files}.items():
            (folder / name).write_bytes(data)
        preload(board, folder)
        return flooded(board.folder / FLASH, tmp_path / FLASH, keys)

    return say


@pytest.mark.parametrize("keys", KEYS)
def test_no_key_gives_a_prompt_while_it_boots(said, keys):
    assert not has_prompt(said({}, keys))


def test_it_would_if_main_shut_ctrl_c_out_later(said, loader):
    """USB comes up after boot.py: there it may be late, but nothing shows as soon as main.py is."""
    assert not has_prompt(said({"boot.py": LATE + loader["boot.py"]}, b"\x03"))
    assert has_prompt(said({"boot.py": loader["boot.py"], "main.py": LATE + loader["main.py"]}, b"\x03"))
