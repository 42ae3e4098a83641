"""What a power cut may never break, in one place: the promises of a device to those whom it has told something.

    a number is never repeated      a reading's, a voucher's and a command's number stands for one content
    an amount never falls           what was promised, taken, revealed to an owner or counted on a day
    locked is never zero            after a cut the device is whole: it opens, locked if it was, and nothing is lost
    provisioned is never blank      the key and the identity stay, once evidence or a grant was answered
    one update slot is in use       and its pointer names a whole slot, old or new
    half-done resumes               the same requests once more, and all is as if the power had never gone

`Told` is what left the device; `check` holds a device that has just started to it. The last promise is the scenario's:
see `cuts.run`.
"""

from check import raises
from seal import channel, cose, labels, messages, rollback, voucher
from seal.device import BLANK, DAMAGED, KEYED, PROVISIONED, WIPED
from seal.errors import Replay
from seal.owner import Owner
from seal.reading import RESERVE
from seal.records import OWNER_RECORD, OWNER_SEQ


class Violation(Exception):
    """A promise was broken."""


def hold(is_kept, what):
    if not is_kept:
        raise Violation(what)


class Told:
    """What left the device so far, so that it must stay true."""

    def __init__(self):
        self.public = None  # once evidence showed it
        self.is_provisioned = False  # once a grant was answered
        self.is_wiping = False  # a wipe was asked for: it may have happened
        self.is_wiped = False
        self.is_locked = False
        self.readings = {}  # seq -> digest
        self.acknowledged = 0
        self.vouchers = {}  # (channel, seq) -> (digest, amount)
        self.receipts = {}  # channel -> amount
        self.forgetting = set()  # channels that the owner let the device forget
        self.command = None  # the last that was answered
        self.commands = 0  # its number
        self.other = {}  # files of the other party, whose power stays

    def copy(self):
        other = Told()
        for name, value in self.__dict__.items():
            setattr(other, name, value.copy() if hasattr(value, "copy") else value)
        return other

    def reading(self, raw):
        """A reading was shown."""
        message = cose.parse(raw)
        seq = message.header[labels.CWT_CLAIMS][labels.SEQ]
        hold(self.readings.get(seq, message.digest) == message.digest, "reading %d was given twice" % seq)
        self.readings[seq] = message.digest

    def voucher(self, raw):
        """A voucher was sent."""
        message = messages.parse(raw, labels.VOUCHER)
        claims = message.payload
        key = claims[voucher.CHANNEL], claims[voucher.SEQ]
        hold(self.vouchers.get(key, (message.digest,))[0] == message.digest, "voucher %d was made twice" % key[1])
        before = [amount for (digest, seq), (_, amount) in self.vouchers.items() if digest == key[0] and seq < key[1]]
        hold(claims[voucher.AMOUNT] >= max(before + [0]), "an amount fell")
        self.vouchers[key] = message.digest, claims[voucher.AMOUNT]

    def receipt(self, digest, amount):
        """A voucher was acknowledged."""
        self.receipts[digest] = max(amount, self.receipts.get(digest, 0))

    def done(self, raw, number):
        """An owner's command was answered."""
        self.command, self.commands = raw, number


def check(device, told):
    """Raise Violation unless a device that has just started keeps what it told."""
    hold(device.state != DAMAGED, "a cut was taken for damage: %s" % device.fault)
    if told.is_wiped or (told.is_wiping and device.state == WIPED):
        hold(device.state == WIPED and not device.board.keystore.has(0), "a wiped device is something again")
        return
    if told.public is not None:
        hold(device.state != BLANK and device.public == told.public, "the key is another one")
    if told.is_provisioned:
        hold(device.state == PROVISIONED, "provisioned and now %d" % device.state)
    if device.state != PROVISIONED:
        hold(device.state in (BLANK, KEYED), "a state of its own: %d" % device.state)
        return
    hold(rollback.is_locked(device.journal) >= told.is_locked, "the lock is open")
    device.journal.check()
    _check_readings(device, told)
    _check_vouchers(device, told)
    _check_receipts(device, told)
    _check_commands(device, told)


def _check_readings(device, told):
    held = {}
    for raw in device.log.since(0, 1000):
        message = cose.parse(raw)
        seq = message.header[labels.CWT_CLAIMS][labels.SEQ]
        hold(seq not in held, "reading %d is there twice" % seq)
        held[seq] = message.digest
    for seq, digest in told.readings.items():
        hold(held.get(seq, seq <= told.acknowledged and digest) == digest, "reading %d is lost, or another" % seq)
    last = max(list(told.readings) + [0])
    hold(last <= device.log.seq <= last + 3 * RESERVE + 8, "the number after %d is %d" % (last, device.log.seq + 1))


def _check_vouchers(device, told):
    records = {record[channel.DIGEST]: record for _, record in device.payer.records()}
    most = {}
    for (digest, seq), (voucher_digest, amount) in told.vouchers.items():
        most[digest] = max(amount, most.get(digest, 0))
        if digest not in records:
            hold(digest in told.forgetting, "a channel that was paid in is forgotten")
            continue
        record = records[digest]
        hold(record[channel.SEQ] >= seq and record[channel.AMOUNT] >= amount, "voucher %d is forgotten" % seq)
        if record[channel.SEQ] == seq:
            again = device.payer.sign_last(channel.terms(record[channel.OPEN]))[1]
            hold(again == voucher_digest, "voucher %d would be another one" % seq)
    spent = device.payer.spent.today("nEUR")
    hold(spent >= sum(most.values()), "%d was promised, and %d counts today" % (sum(most.values()), spent))


def _check_receipts(device, told):
    records = {record[channel.DIGEST]: record for _, record in device.payee.records()}
    for digest, amount in told.receipts.items():
        if digest not in records:
            hold(digest in told.forgetting, "a channel that was paid in is forgotten")
        else:
            hold(device.payee.paid(digest) >= amount, "a voucher is lost after its receipt")


def _check_commands(device, told):
    if told.command is None:
        return
    hold(device.owner_record()[OWNER_SEQ] >= told.commands, "command %d is forgotten" % told.commands)
    before = device.journal.generation(OWNER_RECORD)
    raises(Replay, Owner(device).command, told.command)
    hold(device.journal.generation(OWNER_RECORD) == before, "a command that was refused is noted")
