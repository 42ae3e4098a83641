"""Print firmware/package.json: the sources that `mpremote mip install` of this folder puts on a board.

    python firmware/tools/make_package.py > firmware/package.json

That is the device package as a library, for other programs. `sealwright deploy` instead puts compiled files, the
loader and the board's modules on a board that will be provisioned.
"""

import json
import sys

from build import FIRMWARE, PACKAGES


def main() -> str:
    version = (FIRMWARE / "seal" / "__init__.py").read_text().partition('__version__ = "')[2].partition('"')[0]
    names = [str(path.relative_to(FIRMWARE)) for package in PACKAGES for path in (FIRMWARE / package).rglob("*.py")]
    rows = ",\n".join(f"    {json.dumps([name, name])}" for name in sorted(names))
    return f'{{\n  "version": {json.dumps(version)},\n  "urls": [\n{rows}\n  ],\n  "deps": []\n}}\n'


if __name__ == "__main__":
    sys.stdout.write(main())
