"""`make bench-device`: what the firmware costs on an emulated Pico, to build/bench-device.json.

    SEALWRIGHT_PICO_UF2=IMAGE python -m tests.pico.bench [--out build/bench-device.json] [ENGINE ...]

One module a topic: `bench_curve`, `heap`. A topic gives figures, which go into the file side by side, and prints
a table of its own.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.pico import bench_curve, guest, heap
from tests.pico.rig import IMAGE, image


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the firmware on an emulated Pico")
    parser.add_argument("engine", nargs="*", help="by default " + " ".join(bench_curve.ENGINES))
    parser.add_argument("--out", type=Path, default=guest.ROOT / "build" / "bench-device.json")
    arguments = parser.parse_args()
    uf2 = image()
    if uf2 is None:
        print(f"set {IMAGE} to a MicroPython image for the Pico, as RPI_PICO-*.uf2 of micropython.org", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        figures = bench_curve.figures(uf2, Path(folder), arguments.engine or bench_curve.ENGINES)
    if not arguments.engine:
        figures["firmware"] = heap.figures(uf2, guest.ROOT / "boards" / "pico")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"wrote {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
