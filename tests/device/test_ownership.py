"""Transfers of ownership and delegations: who commands a device, also after a power cut at any write."""

from check import raises
from persons import Person
from rig import NOW, Issuer, PowerCut, RamStore, policy, provision, provisioned, restarted
from seal import cose, identity, labels, ownership, rpc
from seal.errors import (
    BadKey,
    BadSignature,
    DelegationEnded,
    FormerOwner,
    Malformed,
    NotAParty,
    NotDelegated,
    PolicyRefused,
    Refused,
    Replay,
    SealError,
    Unlimited,
    WrongType,
)
from seal.owner import Owner
from seal.records import OWNER_IS_PAUSED, OWNER_SEQ
from seal.renewal import renew
from seal.service import Service
from updates import FILES, boot, manifest, new_root, remove, words


def world(**parts):
    """A device, its first owner, and somebody else."""
    issuer = Issuer()
    device = provisioned(issuer, policy(), **parts)
    return device, Person(issuer.owner, issuer.owner_public), Person(), issuer


def hand_over(device, old, new, number=1):
    Owner(device).command(new.order(device, "take", old.transfer(device, new, number)))


def is_paused(device):
    return device.owner_record()[OWNER_IS_PAUSED]


def test_a_transfer_makes_the_new_owner_and_ends_the_old_one():
    device, old, new, _ = world()
    owner = Owner(device)
    owner.command(old.order(device, "pause"))
    before = device.owner_record()
    hand_over(device, old, new)  # a paused device changes hands too, and stays paused
    for now in (device, restarted(device)):
        assert is_paused(now) and now.owner_record()[3] == before[3], "the policy stays"
        raises(FormerOwner, Owner(now).command, old.order(now, "resume"))
        raises(BadSignature, Owner(now).command, Person().order(now, "resume"))
        info = Service(now).info(bytes(32))
        assert info["owner"] == new.id and info["transfers"] == 1
        assert cose.parse(info["status"]).payload[5] == [1, new.id]
        Owner(now).command(new.order(now, "resume"))
        assert not is_paused(now)


def test_a_device_that_was_never_transferred_says_so():
    device, old, _, _ = world()
    info = Service(device).info(bytes(32))
    assert info["owner"] == old.id and info["transfers"] == 0 and 5 not in cose.parse(info["status"]).payload
    owners = Service(device).handlers()[rpc.OWNERS]
    assert owners(0) == [0]
    raises(Malformed, owners, None)


def test_the_device_keeps_and_shows_the_chain():
    device, first, second, _ = world()
    third = Person()
    hand_over(device, first, second)
    hand_over(device, second, third, 2)
    again = restarted(device)
    owners = Service(again).handlers()[rpc.OWNERS]
    count, raw = owners(0)
    assert count == 2 and cose.parse(raw).verify(first.public).payload[8] == {1: identity.cose_key(second.public)}
    assert cose.parse(owners(1)[1]).verify(second.public).payload[2] == 2
    assert owners(2) == [2]
    for former in (first, second):
        raises(FormerOwner, Owner(again).command, former.order(again, "pause"))


def test_a_transfer_counts_for_nobody_but_its_new_owner():
    device, old, new, _ = world()
    thief, take, files = Person(), Owner(device).command, dict(device.board.store.files)
    good = old.transfer(device, new)
    raises(BadSignature, take, thief.order(device, "take", good))
    raises(BadSignature, take, old.order(device, "take", good))  # a key that nobody has is not signed in by a slip
    raises(BadSignature, take, thief.order(device, "take", thief.transfer(device, thief)))
    raises(BadSignature, take, thief.order(device, "take", thief.transfer(device, thief, old=old.public)))
    raises(NotAParty, take, new.order(device, "take", old.transfer(device, new, device_id=bytes(32))))
    for number in (2, 2**64 - 1):
        raises(Replay, take, new.order(device, "take", old.transfer(device, new, number)))
    raises(Unlimited, take, new.order(device, "take", good, ends=None))
    raises(Replay, take, _with_seq(new, device, good, 0))
    for value in (None, b"", [good], good[:-1], old.order(device, "pause"), 1):
        raises((Malformed, WrongType), take, new.order(device, "take", value))
    off = old.signer.sign(
        labels.TRANSFER,
        {
            1: device.device_id,
            2: 1,
            3: identity.cose_key(old.public),
            6: NOW,
            8: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}},
        },
    )[0]
    raises(BadKey, take, new.order(device, "take", off))
    assert device.board.store.files == files
    take(new.order(device, "take", good))


def _with_seq(person, device, transfer, seq):
    claims = {1: device.device_id, 2: seq, 3: "take", 4: transfer, 5: NOW + 600}
    return person.signer.sign(labels.COMMAND, claims)[0]


def test_an_old_transfer_does_nothing_once_the_device_has_come_back():
    device, first, second, _ = world()
    kept = first.transfer(device, second)
    Owner(device).command(second.order(device, "take", kept))
    hand_over(device, second, first, 2)
    raises(Replay, Owner(device).command, second.order(device, "take", kept))
    raises(FormerOwner, Owner(device).command, second.order(device, "pause"))
    Owner(device).command(first.order(device, "pause"))  # who was a former owner too
    assert is_paused(device)


def test_an_owner_withdraws_a_transfer_that_was_not_taken():
    device, old, new, _ = world()
    lying_about = old.transfer(device, new)
    hand_over(device, old, old)
    raises(Replay, Owner(device).command, new.order(device, "take", lying_about))
    Owner(device).command(old.order(device, "pause"))
    assert is_paused(device)


def test_nobody_uses_up_the_numbers_of_those_who_come_after():
    device, old, new, _ = world()
    owner, last = Owner(device), device.owner_record()[OWNER_SEQ]
    for seq in (2**64 - 1, 2**63, last + 2**32):
        raises(Malformed, owner.command, old.order(device, "pause", seq=seq))
    owner.command(old.order(device, "pause", seq=last + 2**32 - 1))  # as after a restored home, and more
    kept = old.order(device, "pause", seq=2**40)
    hand_over(device, old, new)
    raises(FormerOwner, owner.command, kept)
    owner.command(new.order(device, "resume"))
    assert not is_paused(device)


def test_sixteen_owners_and_no_more():
    device, owner, _, _ = world()
    for number in range(1, 16):
        new = Person()
        hand_over(device, owner, new, number)
        owner = new
    raises(Refused, Owner(device).command, Person().order(device, "take", owner.transfer(device, Person(), 16)))
    again = restarted(device)
    Owner(again).command(owner.order(again, "pause"))
    assert is_paused(again) and Service(again).info(None)["transfers"] == 15


def test_a_cut_at_any_write_of_a_transfer_leaves_one_owner():
    outcomes = set()
    for second in (False, True):  # of two transfers the second replaces what a cut left of it
        for late in (False, True):
            count = 1
            while True:
                device, first, other, _ = world(store=RamStore())
                old, new, number = first, other, 1
                if second:
                    hand_over(device, first, other)
                    old, new, number = other, Person(), 2
                transfer, is_cut = old.transfer(device, new, number), False
                device.board.store.cut_after(count, late)
                try:
                    Owner(device).command(new.order(device, "take", transfer))
                except PowerCut:
                    is_cut = True
                if not is_cut:
                    break
                after = restarted(device)
                assert after.fault is None
                is_new = after.owner_key == new.public
                outcomes.add(is_new)
                assert is_new or after.owner_key == old.public
                raises(
                    (FormerOwner, BadSignature), Owner(after).command, (old if is_new else new).order(after, "pause")
                )
                assert Service(after).handlers()[rpc.OWNERS](9) == [number if is_new else number - 1]
                if is_new:
                    raises(Replay, Owner(after).command, new.order(after, "take", transfer))
                else:  # the old owner still decides, for another one if it likes
                    new = Person()
                    hand_over(after, old, new, number)
                Owner(after).command(new.order(after, "pause"))
                assert is_paused(restarted(after))
                count += 1
            assert count > 3
    assert outcomes == {False, True}


def test_no_grant_brings_a_former_owner_back():
    device, old, new, issuer = world()
    nonce = bytes(32)
    again = issuer.grant(device.public, nonce)
    hand_over(device, old, new)
    handlers = Service(device).handlers()
    raises(Refused, handlers[rpc.EVIDENCE], nonce)
    raises(Refused, handlers[rpc.GRANT], again)
    raises(Refused, provision, device, issuer)
    status = cose.parse(device.standing.status(bytes(32))).digest
    for key, error in ((new.public, Refused), (Person().public, Refused)):  # grants name the first owner
        issuer.owner_public = key
        raises(error, renew, device, issuer.grant(device.public, status))
    issuer.owner_public = old.public
    renew(device, issuer.grant(device.public, status))
    for now in (device, restarted(device)):
        assert now.owner_key == new.public
        raises(FormerOwner, Owner(now).command, old.order(now, "pause"))


def test_an_operator_does_what_is_delegated_and_nothing_else():
    device, owner, operator, _ = world()
    command = Owner(device).command
    given = owner.delegation(device, operator, ("pause", "interval"))
    command(operator.order(device, "pause", delegation=given))
    assert is_paused(device)
    command(operator.order(device, "interval", 77, delegation=given))
    seq = device.owner_record()[OWNER_SEQ]
    raises(Replay, command, operator.order(device, "pause", seq=seq, delegation=given))
    raises(NotDelegated, command, operator.order(device, "resume", delegation=given))
    raises(BadSignature, command, operator.order(device, "pause"))
    raises(BadSignature, command, Person().order(device, "pause", delegation=given))
    raises(
        BadSignature,
        command,
        operator.order(device, "pause", delegation=Person().delegation(device, operator, ["pause"])),
    )
    raises(NotDelegated, command, operator.order(device, "pause", delegation=given, named=bytes(32)))
    raises(Malformed, command, operator.order(device, "pause", delegation=given, seq=seq + 2**32))
    raises(Malformed, command, operator.order(device, "pause", delegation=given)[0])
    command(owner.order(device, "resume", seq=seq + 1))  # one sequence of numbers
    raises(Replay, command, operator.order(device, "pause", seq=seq + 1, delegation=given))
    command(operator.order(device, "pause", seq=seq + 2, delegation=given))
    assert restarted(device).owner_record()[5] == 77


def test_what_is_the_owners_alone_is_never_delegated():
    device, owner, operator, _ = world()
    files = dict(device.board.store.files)
    cyrillic, spaced, full = "p\u0430use", "pause ", "\uff50ause"
    alone = ("wipe", "take", "rotate", "policy", "protect", "update-key", "undelegate", "clock", "network", "unlock")
    given = owner.delegation(device, operator, alone + (cyrillic, spaced, full, "PAUSE", "withdraw", "delegate", ""))
    values = {"policy": policy(10**9), "clock": NOW - 10**6, "undelegate": 0, "protect": {"credit": 2**62}}
    values["take"] = owner.transfer(device, operator)
    for op in alone + (cyrillic, spaced, full, "PAUSE", "withdraw", "delegate", "pause", ""):
        raises(NotDelegated, Owner(device).command, operator.order(device, op, values.get(op), delegation=given))
    # what an operator passes on counts as little as what a stranger signs
    third = Person()
    passed_on = operator.delegation(device, third, ["pause"])
    raises(BadSignature, Owner(device).command, third.order(device, "pause", delegation=passed_on))
    raises(
        BadSignature,
        Owner(device).command,
        third.order(device, "pause", delegation=owner.delegation(device, operator, ["pause"])),
    )
    assert device.board.store.files == files
    assert set(alone) | set(ownership.DELEGABLE) == set(Owner(device)._ops)


def test_a_delegation_is_for_one_device_and_one_ownership():
    device, owner, operator, _ = world()
    command, given = Owner(device).command, owner.delegation(device, operator, ["pause", "resume"])
    raises(
        NotAParty,
        command,
        operator.order(device, "pause", delegation=owner.delegation(device, operator, ["pause"], device_id=bytes(32))),
    )
    raises(
        DelegationEnded,
        command,
        operator.order(device, "pause", delegation=owner.delegation(device, operator, ["pause"], 1)),
    )
    new = Person()
    hand_over(device, owner, new)
    raises(DelegationEnded, command, operator.order(device, "pause", delegation=given))
    raises(
        BadSignature,
        command,
        operator.order(device, "pause", delegation=owner.delegation(device, operator, ["pause"], 1)),
    )
    command(operator.order(device, "pause", delegation=new.delegation(device, operator, ["pause"], 1)))
    hand_over(device, new, owner, 2)
    raises(DelegationEnded, command, operator.order(device, "resume", delegation=given))  # not even once it came back
    assert is_paused(device)


def test_a_delegation_ends_by_its_time_also_when_the_clock_goes_back():
    device, owner, operator, _ = world()
    clock, given = device.board.clock, owner.delegation(device, operator, ["pause", "resume"], until=NOW + 100)
    clock.unix = NOW + 100
    Owner(device).command(operator.order(device, "pause", delegation=given))
    clock.unix = NOW + 101
    raises(DelegationEnded, Owner(device).command, operator.order(device, "resume", delegation=given))
    device.sample()
    clock.unix = NOW + 50  # a network's time, an hour back at most
    raises(DelegationEnded, Owner(device).command, operator.order(device, "resume", delegation=given))
    after = restarted(device)
    raises(DelegationEnded, Owner(after).command, operator.order(after, "resume", delegation=given))
    after.board.clock.quality = labels.CLOCK_SINCE_BOOT
    code = raises(PolicyRefused, Owner(after).command, operator.order(after, "resume", delegation=given))
    assert code is None or code.code == 47
    assert is_paused(after)


def test_the_owner_ends_delegations_before_their_time():
    device, owner, operator, _ = world()
    command = Owner(device).command
    given = owner.delegation(device, operator, ["pause", "resume"])
    command(operator.order(device, "pause", delegation=given))
    command(owner.order(device, "undelegate", NOW))
    command(owner.order(device, "undelegate", 1))  # never takes one back
    for value in (None, -1, "now", True):
        raises(Malformed, command, owner.order(device, "undelegate", value))
    after = restarted(device)
    raises(DelegationEnded, Owner(after).command, operator.order(after, "resume", delegation=given))
    Owner(after).command(
        operator.order(after, "resume", delegation=owner.delegation(device, operator, ["resume"], at=NOW + 1))
    )
    assert not is_paused(after)


def test_an_update_that_the_former_owner_began_comes_to_nothing():
    issuer, new, root = Issuer(), Person(), new_root()
    try:
        device = provisioned(issuer)
        old = Person(issuer.owner, issuer.owner_public)
        handlers, raw = Service(device, boot(root)[0]).handlers(), manifest(issuer, FILES)
        handlers[rpc.UPDATE_BEGIN](words(raw))
        handlers[rpc.UPDATE_MANIFEST]([0, raw])
        handlers[rpc.COMMAND](new.order(device, "take", old.transfer(device, new)))
        raises(Refused, handlers[rpc.UPDATE_WRITE], [0, 0, FILES[sorted(FILES)[0]]])
        raises(Refused, handlers[rpc.UPDATE_COMMIT], None)
        raises(BadSignature, handlers[rpc.UPDATE_BEGIN], words(raw))
    finally:
        remove(root)


def test_a_changed_byte_anywhere_is_refused():
    device, owner, other, _ = world()
    command, files = Service(device).handlers()[rpc.COMMAND], dict(device.board.store.files)
    taking = other.order(device, "take", owner.transfer(device, other))
    order, given = other.order(device, "pause", delegation=owner.delegation(device, other, ["pause"]))
    for raw, item in (
        (taking, lambda raw: raw),
        (order, lambda raw: [raw, given]),
        (given, lambda raw: [order, raw]),
    ):
        for at in range(0, len(raw), 7):
            changed = raw[:at] + bytes((raw[at] ^ (1 << at % 8),)) + raw[at + 1 :]
            raises(SealError, command, item(changed))
    assert device.board.store.files == files
    command([order, given])
    assert is_paused(device)


def test_hostile_items_change_nothing():
    device, owner, operator, _ = world()
    given = owner.delegation(device, operator, ["pause"])
    raw, _ = operator.order(device, "pause", delegation=given)
    command, files = Service(device).handlers()[rpc.COMMAND], dict(device.board.store.files)
    for item in (None, [], [raw], [raw, None], [raw, given, given], [given, raw], [None, given], [raw, raw], {}, 1, ""):
        raises((Malformed, WrongType, BadSignature), command, item)
    for claims in (
        {3: []},
        {3: "pause"},
        {3: [b"pause"]},
        {2: -1},
        {5: None},
        {8: {}},
        {9: 1},
    ):
        base = {1: device.device_id, 2: 0, 3: ["pause"], 5: NOW + 9, 6: NOW, 8: {1: identity.cose_key(operator.public)}}
        base.update(claims)
        bad = owner.signer.sign(labels.DELEGATION, base)[0]
        raises(Malformed, command, operator.order(device, "pause", delegation=bad))
    assert device.board.store.files == files
    command([raw, given])
