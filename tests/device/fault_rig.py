"""What the rows of `faults` are made of: a device, what came of a step, and whether all it told still holds."""

from keystore.software import SoftwareKeyStore
from promises import Told, check
from rig import Board, Clock, Issuer, RamStore, policy, provision
from seal import cose, errors, labels, p256
from seal.device import PROVISIONED, Device
from seal.errors import SealError
from seal.owner import Owner
from seal.peers import Peers
from seal.records import OWNER_SEQ
from seal.sampling import Sampler

ISSUER = Issuer(engine=None)
STATES = ("blank", "keyed", "provisioned", "wiped", "damaged")


def board_on(store=None, clock=None, joules=1000):
    board = Board(store or RamStore(), clock or Clock(), joules)
    board.keystore = SoftwareKeyStore(board.store)
    return board


def loaded(board):
    device = Device(board)
    device.load()
    device.peers = Peers(device)
    return device


def made(board=None, spending=None):
    """(a provisioned device, what it has told)."""
    device = loaded(board or board_on())
    provision(device, ISSUER, spending or policy())
    told = Told()
    told.public, told.is_provisioned = device.public, True
    return device, told


def name_of(error):
    """An error as the table names it."""
    if isinstance(error, SealError):
        return "`%s`" % type(error).__name__
    return "`%s`" % type(error).__name__ if not isinstance(error, MemoryError) else "`StorageFull`"


def error_named(code):
    for name in dir(errors):
        if getattr(getattr(errors, name), "code", 0) == code:
            return "`%s`" % name
    return "code %d" % code


def ask(device, op, value=None):
    """An owner's command, with the next number."""
    Owner(device).command(ISSUER.command(device, op, value, device.owner_record()[OWNER_SEQ] + 1))


def outcome(call, *arguments):
    """None for a call that was done, or its error as the table names it."""
    try:
        call(*arguments)
    except Exception as error:
        return name_of(error)
    return None


def sampled(device, told):
    """One pass of the sampler, as the app makes it: the signed records, or the error's code."""
    before = device.log.seq
    sampler = Sampler(device)
    sampler.step()
    if device.log.seq == before:
        assert device.sensor_fault is not None
        return device.sensor_fault
    told.reading(device.log.last)
    return device.log.last_message().payload


def values(records):
    """{name: value or text} of a reading's records."""
    found = {}
    for record in records:
        value = record.get(labels.SENML_VALUE, record.get(labels.SENML_STRING))
        found[record[labels.SENML_NAME]] = value.value if hasattr(value, "value") else value
    return found


def hold(device, told, board=None):
    """After a restart: what was told holds, every signature in the log is right, and one more reading follows the last.
    board: the one to start, if not the rig's own on the same flash."""
    device = loaded(board or board_on(device.board.store, device.board.clock))
    check(device, told)
    prev = None
    for raw in device.log.since(0, 1000):
        message = cose.parse(raw)
        message.verify(device.public)
        claims = message.header[labels.CWT_CLAIMS]
        assert prev is None or claims[labels.PREV] == prev, "the log has a gap"
        prev = message.digest
    assert device.state == PROVISIONED
    raw, digest = device.sample()
    told.reading(raw)
    assert p256.verify(device.public, digest, cose.parse(raw).signature), "signed wrongly"
    return device
