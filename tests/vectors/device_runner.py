"""Answers questions to the device's codec, envelope and curve, under whichever interpreter it is started with.

`micropython device_runner.py QUESTIONS`: a file with one JSON array a line, byte strings in hexadecimal:

    ["decode", item]                                what it means and its encoding
    ["parse", envelope]                             its digest
    ["structure", protected, payload]               the Sig_structure
    ["verify", public, protected, payload, sig]     whether the key signed this
    ["hss", public, message, sig]                   whether the HSS key signed this
    ["hss-bytes", public, message, sig]             how many signatures verify that differ from this in one bit of one
                                                    byte, each byte once, or end before their end
    ["hss-key", public]                             whether it is one

Prints one JSON array a line: ["ok", ...] or [name of the SealError].
"""

import json
import sys
from binascii import unhexlify

from diagnostic import hexadecimal, show
from seal import cbor, cose, lms, p256
from seal.compat import sha256
from seal.errors import SealError


def _decode(raw):
    value = cbor.decode(raw)
    return [show(value), hexadecimal(cbor.encode(value))]


def _verify(public, protected, payload, signature):
    return [p256.verify(public, sha256(cose.sig_structure(protected, payload)), signature)]


def _bytes_that_do_not_count(public, message, signature):
    verified = 0
    for at in range(len(signature)):
        changed = bytearray(signature)
        changed[at] ^= 1 << at % 8
        verified += lms.verify(public, message, bytes(changed))
        verified += lms.verify(public, message, signature[:at])
    return [verified]


QUESTIONS = {
    "decode": _decode,
    "parse": lambda raw: [hexadecimal(cose.parse(raw).digest)],
    "structure": lambda protected, payload: [hexadecimal(cose.sig_structure(protected, payload))],
    "verify": _verify,
    "hss": lambda public, message, signature: [lms.verify(public, message, signature)],
    "hss-bytes": _bytes_that_do_not_count,
    "hss-key": lambda public: [lms.check_public(public)],
}


def answer(question, *arguments):
    try:
        return ["ok"] + QUESTIONS[question](*[unhexlify(argument) for argument in arguments])
    except SealError as error:
        return [type(error).__name__]


def main(path):
    with open(path) as questions:
        while True:
            line = questions.readline()
            if not line:
                break
            print(json.dumps(answer(*json.loads(line))))


main(sys.argv[1])
