"""Check a bundle of signed messages offline, and add up what each device promised to pay.

    python verify_bundle.py day.bundle root.pem
    python verify_bundle.py day.bundle test-root.pem --allow-test     emulated boards

Prints the faults, then a line for each channel. The exit code is 1 where a message was rejected.
"""

import argparse
import sys

from sealwright import ChannelOpen, Policy, SealwrightError, Voucher, load_roots, verify_bundle


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a bundle of signed messages offline.")
    parser.add_argument("bundle")
    parser.add_argument("root", help="PEM file with the certificate to trust")
    parser.add_argument("--allow-test", action="store_true", help="accept the test root of emulated boards")
    given = parser.parse_args()
    opened: dict[bytes, ChannelOpen] = {}
    promised: dict[bytes, dict[int, int]] = {}  # channel: lane: the highest amount
    rejected = count = 0
    for verdict in verify_bundle(given.bundle, load_roots(given.root), Policy(allow_test=given.allow_test)):
        count += 1
        if not verdict.ok:
            rejected += 1
            print(f"message {verdict.n}: {verdict.code}: {verdict.why}")
            continue
        assert verdict.message is not None and verdict.digest is not None
        match verdict.message.body:
            case ChannelOpen() as body:
                opened[verdict.digest] = body
            case Voucher() as body:
                lanes = promised.setdefault(body.channel, {})
                lanes[body.lane] = max(body.amount, lanes.get(body.lane, 0))
    for channel, body in opened.items():
        amount = min(body.capacity, sum(promised.get(channel, {}).values()))
        print(f"{body.payer.hex()[:16]} owes {body.payee.hex()[:16]} {amount} {body.asset}")
    print(f"{count} messages, {rejected} rejected")
    return 1 if rejected else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SealwrightError as error:
        sys.exit(f"{error}\n{error.remedy}")
