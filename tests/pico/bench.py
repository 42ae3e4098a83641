"""`make bench-device`: what the firmware costs on an emulated Pico, to build/bench-device.json.

    SEALWRIGHT_PICO_UF2=IMAGE python -m tests.pico.bench [--out build/bench-device.json] [--topic NAME] [ENGINE ...]

`bench_curve` measures the engines of the curve. Everything else is rows, see `rows`: add a module with a function
`rows`, and name it in TOPICS.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.pico import (
    bench_boot,
    bench_curve,
    bench_element,
    bench_energy,
    bench_flash,
    bench_hostile,
    bench_ticks,
    bench_trade,
    guest,
)
from tests.pico.rig import IMAGE, image
from tests.pico.rows import taken

TOPICS = {
    "boot": bench_boot.rows,
    "trade": bench_trade.rows,
    "ticks": bench_ticks.rows,
    "hostile": bench_hostile.rows,
    "flash": bench_flash.rows,
    "energy": bench_energy.rows,
    "element": bench_element.rows,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the firmware on an emulated Pico")
    parser.add_argument("engine", nargs="*", help="by default " + " ".join(bench_curve.ENGINES))
    parser.add_argument("--topic", choices=TOPICS, help="measure the rows of this topic alone")
    parser.add_argument("--out", type=Path, default=guest.ROOT / "build" / "bench-device.json")
    arguments = parser.parse_args()
    uf2 = image()
    if uf2 is None:
        print(f"set {IMAGE} to a MicroPython image for the Pico, as RPI_PICO-*.uf2 of micropython.org", file=sys.stderr)
        return 2
    figures: dict[str, object] = {}
    if arguments.topic is None:
        with tempfile.TemporaryDirectory() as folder:
            figures = bench_curve.figures(uf2, Path(folder), arguments.engine or bench_curve.ENGINES)
    if not arguments.engine:
        topics = TOPICS if arguments.topic is None else {arguments.topic: TOPICS[arguments.topic]}
        figures["rows"] = [row for topic, rows in topics.items() for row in taken(topic, rows(uf2))]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"wrote {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
