"""The JavaScript verifier beside the Python one: run both over the same bytes, and say where they differ."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from sealwright.verify import BundleMemory, Policy, ReceiptFile, ReceiptVerdict, Verifier
from sealwright.verify.readings import Head
from sealwright.wire.bundle import read_bundle

NODE = shutil.which("node")
DRIVER = Path(__file__).with_name("driver.mjs")
NAMES = ("index", "digest", "type", "ok", "code", "signer", "device", "mark", "text")
RECEIPT_NAMES = (
    "index", "digest", "type", "ok", "code", "text", "row", "shard", "rows", "ledger", "head", "at", "message"
)  # fmt: skip
FORM = ("malformed", "wrong_type", "not_deterministic")  # said with the names that each language has for fields

needs_node = pytest.mark.skipif(NODE is None, reason="there is no node: apt-get install nodejs, 20 or newer")


@dataclass(frozen=True)
class Job:
    """Bytes to judge, under these roots and this policy. known: messages before the bundle. heads: of earlier ones."""

    bundle: bytes
    roots: tuple
    policy: Policy
    known: tuple = ()
    heads: tuple = ()
    call: str = "judgeBundle"

    def line(self) -> str:
        policy = self.policy
        options = {
            "roots": [root.raw.hex() for root in self.roots],
            "now": policy.now(),
            "allowTest": policy.allow_test,
            "network": policy.network and policy.network.hex(),
            "custody": policy.custody_floor,
            "owners": [key.xy.hex() for key in policy.owners],
            "secrets": [secret.hex() for secret in policy.secrets],
            "ticks": [{"root": root.hex(), "number": number, "value": value.hex()}
                      for root, (number, value) in policy.ticks.items()],
            "leastWindow": policy.least_window,
            "known": [raw.hex() for raw in self.known],
            "heads": [{"device": device.hex(), "seq": str(head.seq), "digest": head.digest.hex(), "at": head.at}
                      for device, head in self.heads],
        }  # fmt: skip
        return json.dumps({"call": self.call, "bytes": self.bundle.hex(), "options": options})

    def expected(self) -> dict:
        """What the Python verifier says, in the form of the other one's answer."""
        if self.call == "verifyReceipt":
            found = ReceiptFile(Verifier(self.roots, self.policy)).run(read_bundle(self.bundle))
            return {"verdicts": [receipt_row(one) if isinstance(one, ReceiptVerdict) else row(one) for one in found]}
        memory = BundleMemory(dict(self.heads))
        before = len(self.known)
        verdicts = [row(one, before) for one in Verifier(self.roots, self.policy, memory).run(self._messages())
                    if one.n >= before]  # fmt: skip
        if self.call == "judgeBundle":
            return {"verdicts": verdicts}
        channels = [
            {"digest": one.terms.digest.hex(), "payer": one.terms.payer.hex(), "payee": one.terms.payee.hex(),
             "asset": one.terms.asset, "capacity": one.terms.capacity, "expires": one.terms.expires,
             "owed": one.owed, "closed": one.closed}
            for one in memory.channels()
        ]  # fmt: skip
        return {"verdicts": sorted(verdicts, key=lambda one: one["index"]), "channels": channels}

    def _messages(self):
        yield from self.known
        yield from read_bundle(self.bundle)


def text(value):
    return value.hex() if isinstance(value, bytes) else value


def row(verdict, before=0) -> dict:
    of = (verdict.n - before, verdict.digest, verdict.type, verdict.ok, verdict.code)
    rest = (verdict.signer, verdict.device, verdict.mark, verdict.why)
    return comparable(dict(zip(NAMES, map(text, (*of, *rest)), strict=True)))


def receipt_row(verdict) -> dict:
    rests = verdict.checkpoint
    of = (verdict.n, verdict.digest, verdict.type, verdict.ok, verdict.code, verdict.why, verdict.row, verdict.shard)
    end = verdict.end
    where = (None,) * 4 if rests is None else (end.rows, rests.ledger, end.head, rests.signed_at)
    what = None if verdict.message is None else verdict.message.type
    return comparable(dict(zip(RECEIPT_NAMES, map(text, (*of, *where, what)), strict=True)))


def comparable(said: dict) -> dict:
    """A row without what may differ; large numbers as they come through JSON."""
    if said["code"] in FORM:
        said = {**said, "text": said["text"].rpartition(". ")[2]}
    return {name: str(one) if type(one) is int and one >= 2**53 else one for name, one in said.items()}


def asked(call) -> dict:
    """What the JavaScript verifier answers to one call as the driver takes it."""
    return json.loads(answered([json.dumps(call)])[0])


def answered(lines) -> list[str]:
    """The answers to the lines of jobs, by Node."""
    given = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([NODE, str(DRIVER)], input=given, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def alike(jobs) -> list[dict]:
    """Hold both verifiers against each other over these jobs; what they say."""
    jobs = list(jobs)
    return compared(jobs, answered([job.line() for job in jobs]))


def compared(jobs, lines) -> list[dict]:
    """Hold the JavaScript verifier's answers against the Python one's; what both say."""
    wanted = [job.expected() for job in jobs]
    for job, line, want in zip(jobs, lines, wanted, strict=True):
        given = json.loads(line)
        assert "error" not in given, (given, job.bundle.hex())
        rows = [comparable(one) for one in given["verdicts"]]
        for one, other in zip(rows, want["verdicts"], strict=False):
            assert one == other, job.bundle.hex()
        assert len(rows) == len(want["verdicts"]), job.bundle.hex()
        if "channels" in want:
            channels = [comparable({**one, "code": ""}) for one in given["summary"]["channels"]]
            assert channels == [comparable({**one, "code": ""}) for one in want["channels"]], job.bundle.hex()
    return wanted


def head(reading) -> tuple:
    """A device's newest reading of an earlier bundle."""
    body = reading.body
    return Head(body.seq, reading.digest, body.sampled_at if body.clock_quality > 1 else None)
