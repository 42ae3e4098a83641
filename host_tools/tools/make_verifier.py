"""Make sealwright-verify.js, the one file that others take: the host's schema as tables, then the sources in order.

Its tables are made from the message classes that the host reads with, so there is no second schema to keep.
`--check` writes nothing, and says whether the file is current.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sealwright.verify import aside, bundle_memory, channels, lines, memory, ownership, readings, signers, ticks
from sealwright.verify.codes import LEDGER_CODES, REMEDIES
from sealwright.wire import cbor, certificates, foreign, labels, log_receipt, sequence
from sealwright.wire.messages import BODIES, asset, claims, cose_key, embedded, factory, message, row, schema

ROOT: Final = Path(__file__).resolve().parents[2]
WEB: Final = ROOT / "host_tools" / "sealwright" / "web"
TARGET: Final = WEB / "static" / "sealwright-verify.js"
SOURCES: Final = (
    "bytes", "sha256", "cbor", "sequence", "keys", "schema", "messages", "certificates", "lines", "memory", "signers",
    "channels", "logs", "owners", "authority", "judge", "verifier", "receipts", "receipt_files", "api",
)  # fmt: skip
_HEAD: Final = """\
// SPDX-License-Identifier: Apache-2.0
// Sealwright's verifier for browsers and Node 20 and later: bundles of signed messages and COSE Receipts, offline.
// No packages; signatures by WebCrypto. Its verdicts are those of `sealwright verify`.
//
//   import { verifyBundle } from "./sealwright-verify.js";
//   const { verdicts, summary } = await verifyBundle(bundle, { roots: [rootPem], now: Date.now() / 1000 });
//
// Made by host_tools/tools/make_verifier.py from web/verifier/: do not edit.
"""
_BIG: Final[Mapping[str, int]] = {  # what is compared with numbers of messages: BigInts
    "ALG": labels.ALG,
    "KID": labels.KID,
    "TYP": labels.TYP,
    "SHARD": labels.SHARD,
    "ROLE_LEDGER": labels.ROLE_LEDGER,
    "ELEMENT": labels.ELEMENT,
    "CLOCK_SKEW": certificates.CLOCK_SKEW,
    "CLOCK_SET": readings.CLOCK_SET,
    "MAX_LANES": channels.MAX_LANES,
    "MAX_WINDOW": channels.MAX_WINDOW,
    "LEAST_WINDOW": channels.LEAST_WINDOW,
    "MAX_TICKS": ticks.MAX_TICKS,
    "FAR": memory.FAR,
    "MOST_ROTATIONS": lines.MOST,
    "MOST_TRANSFERS": ownership.MOST_TRANSFERS,
}
_SMALL: Final[Mapping[str, Any]] = {
    "MAX_DEPTH": cbor.MAX_DEPTH,
    "MAX_SIZE": cbor.MAX_SIZE,
    "TAGS": sorted(cbor.TAGS),
    "DECIMAL_FRACTION_TAG": labels.DECIMAL_FRACTION_TAG,
    "MAX_NESTING": sequence.MAX_NESTING,
    "HEAD_BYTES": foreign.HEAD_BYTES,
    "TEST_MODEL": certificates.TEST_MODEL,
    "MOST_STEPS": bundle_memory._MOST_STEPS,
    "MOST_HASHES": log_receipt._MOST_HASHES,
    "ROUNDS": aside._ROUNDS,
    "IDLE": aside._IDLE,
    "LASTING": sorted(signers._LASTING),
    "WAITING": sorted(channels.WAITING),
    "REMEDIES": {code: text for code, text in REMEDIES.items() if code not in LEDGER_CODES},
}


def camel(name: str) -> str:
    """sampled_at as sampledAt."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def fields_of(cls: type[Any]) -> list[Any]:
    """Name, map key, rule, and whether required, of each field that has a map key."""
    return [[camel(name), Big(label), rule_of(rule), required] for name, label, rule, required in schema.table(cls)]


class Big(int):
    """An integer that is a BigInt there."""


# by exact type, so that a rule which is new here is noticed
_RULES: Final[Mapping[type[schema.Rule], Callable[[Any], list[Any]]]] = {
    schema.Rule: lambda _: ["any"],
    schema.Unsigned: lambda rule: ["uint", Big(rule.low), Big(rule.high)],
    schema.Text: lambda _: ["text"],
    asset.Asset: lambda _: ["asset"],
    asset.FirstVersionAsset: lambda _: ["text"],
    schema.Bytes: lambda rule: ["bytes", rule.size],
    schema.Boolean: lambda _: ["bool"],
    schema.Nullable: lambda rule: ["nullable", rule_of(rule.rule)],
    schema.NumberRule: lambda _: ["number"],
    schema.ListOf: lambda rule: ["list", rule_of(rule.rule)],
    schema.Pair: lambda rule: ["pair", rule_of(rule.rule)],
    schema.MapOf: lambda rule: ["map", rule_of(rule.rule)],
    schema.Struct: lambda rule: ["struct", fields_of(rule.cls)],
    row.Row: lambda rule: ["row", [camel(name) for name in rule.cls._fields], [rule_of(one) for one in rule.rules]],
    cose_key.KeyRule: lambda _: ["key"],
    cose_key.Confirmation: lambda _: ["confirmation"],
    embedded.EmbeddedCertificate: lambda _: ["certificate"],
    claims.ClaimsRule: lambda _: ["claims", labels.MAX_CLAIMS, rule_of(claims._CLAIM)],
    factory._Outcome: lambda _: ["outcome", rule_of(factory._CODE)],
}


def rule_of(rule: schema.Rule) -> list[Any]:
    """A rule as the sources read it: its kind, then what it needs. Raises KeyError for a rule that they do not have."""
    return _RULES[type(rule)](rule)


def script(value: Any) -> str:
    """A value as JavaScript, in one line."""
    if isinstance(value, Big):
        return f"{int(value)}n"
    if isinstance(value, list):
        return f"[{', '.join(map(script, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _tables() -> str:
    parts = [f"const {name} = {number}n;" for name, number in _BIG.items()]
    for name, value in _SMALL.items():
        parts.append(f"const {name} = {json.dumps(value, indent=2) if isinstance(value, dict) else script(value)};")
    named = {"UINT": schema.UINT, "HASH": schema.HASH, "RECORDS": message._RECORDS}
    parts += [f"const {name} = {script(rule_of(rule))};" for name, rule in named.items()]
    headers = {"HEADER": message._Header, "READING_HEADER": message._ReadingHeader}
    parts += [f"const {name} = {script(fields_of(cls))};" for name, cls in headers.items()]
    parts.append("const MESSAGES = [ // type number, name, fields: name, map key, rule, and whether required")
    for cls in BODIES:
        rows = "".join(f"    {script(field)},\n" for field in fields_of(cls))
        parts.append(f"  [{cls.TYPE}n, {script(cls.NAME)}, [\n{rows}  ]],")
    return "\n".join([*parts, "];"])


def whole() -> str:
    """The file."""
    sources = [(WEB / "verifier" / f"{name}.js").read_text(encoding="utf-8") for name in SOURCES]
    return "\n".join([_HEAD, f"{_tables()}\n", *sources])


def main() -> int:
    """Write the file; with --check only compare. The exit code: 1 where it was not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    made, current = whole(), TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if not parser.parse_args().check:
        TARGET.write_text(made, encoding="utf-8")
        return 0
    if made != current:
        print(f"{TARGET.relative_to(ROOT)} is not current: run {Path(__file__).relative_to(ROOT)}", file=sys.stderr)
    return int(made != current)


if __name__ == "__main__":
    sys.exit(main())
