"""Read a device: its state, its certificate and the readings it keeps. Nothing on it is changed.

python read_device.py serial:/dev/ttyACM0
python read_device.py tcp:127.0.0.1:4711      an emulated board: `sealwright emulate` prints its URL
"""

import sys

from sealwright import Reading, SealwrightError, parse_as
from sealwright.link import connect


def main(url: str) -> None:
    with connect(url) as client:
        info = client.info()
        print(f"{info.model}, {info.state}")
        if not info.provisioned:
            return
        certificate = client.chain()[0]
        key = certificate.body.key
        print(f"device {key.device_id.hex()}, custody {certificate.body.custody}")
        for raw in client.readings(0):
            reading = parse_as(raw, Reading)
            signed = "signed" if reading.signed_by(key) else "NOT SIGNED BY THIS DEVICE"
            values = ", ".join(f"{one.name} {one.value} {one.unit}" for one in reading.body.records)
            print(f"{reading.body.seq}: {values} ({signed})")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read_device.py URL")
    try:
        main(sys.argv[1])
    except SealwrightError as error:
        sys.exit(f"{error}\n{error.remedy}")
