"""Messages as the book takes them: what each asks for in plain values, and what was revealed with it.

Limits: says nothing on whether a message holds; that is the notary's, before.
"""

from hashlib import sha256

from ..errors import Malformed
from ..verify import Policy
from ..wire.messages import Body, Certificate, ChannelClose, ChannelOpen, Command, Message, Voucher
from ..wire.messages.schema import AMOUNT, TEXT
from . import book
from .posting import Posting
from .proof import Proof

DEPOSIT = "deposit"  # the op of the command that brings money in; its arguments are {1: asset, 2: amount}


def belongs(body: Body) -> bool:
    """Whether such a message is kept in the log when it holds."""
    if isinstance(body, Command):
        return body.op == DEPOSIT
    return isinstance(body, Certificate | ChannelOpen | Voucher | ChannelClose)


def posting_of(message: Message[Body], signer: bytes, policy: Policy) -> Posting | None:
    """What the message asks of the ledger, or None for one that the ledger has no part in.

    Args:
        message: one whose verdict is ok, or that is in the log already.
        signer: the device id of the key that signed it.
        policy: its time, and the ticks revealed.

    Raises:
        book.Refusal: `bad_deposit`, for a deposit whose arguments are not an asset and an amount.
    """
    body, digest = message.body, message.digest
    match body:
        case Certificate():
            return Posting(digest, message.type, kid=body.key.kid)
        case ChannelOpen():
            terms = (body.payer, body.payee, body.asset, body.capacity, body.expires)
            return Posting(digest, message.type, book.Channel(digest, *terms))
        case Voucher():
            return Posting(digest, message.type, voucher_of(body, digest, policy))
        case ChannelClose():
            return Posting(digest, message.type, book.Close(body.channel, signer, policy.now()))
        case Command() if belongs(body):
            return Posting(digest, message.type, _deposit(body, signer))
    return None


def voucher_of(body: Voucher, digest: bytes, policy: Policy) -> book.Voucher:
    """A voucher with the ticks that the policy says are revealed."""
    worth = promised = body.amount
    if body.ticks is not None:
        worth += body.ticks.value * policy.ticks.get(body.ticks.root, (0, b""))[0]
        promised += body.ticks.value * body.ticks.count
    where = (body.channel, body.lane, body.seq)
    return book.Voucher(digest, *where, body.amount, worth, promised, body.merges or ())


def proof_of(message: Message[Body], policy: Policy) -> Proof:
    """What the policy reveals that this message calls for."""
    body = message.body
    if not isinstance(body, Voucher):
        return Proof()
    secrets = (secret for secret in policy.secrets if sha256(secret).digest() == body.hash_lock)
    tick = policy.ticks.get(body.ticks.root) if body.ticks is not None else None
    return Proof(next(secrets, None), tick)


def _deposit(body: Command, owner: bytes) -> book.Deposit:
    arguments = body.arguments
    try:
        if not isinstance(arguments, dict) or arguments.keys() != {1, 2}:
            raise Malformed("not a map of 1 and 2")
        asset, amount = TEXT.parse(arguments[1]), AMOUNT.parse(arguments[2])
    except Malformed as error:
        why = f"its arguments are not {{1: asset, 2: amount}}: {error}; sign it anew"
        raise book.Refusal("bad_deposit", why) from error
    return book.Deposit(owner, body.device, body.seq, asset, amount)
