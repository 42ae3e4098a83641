"""`sealwright readings import`: readings of bundles into the home's store, those that hold."""

from ..verify import Policy
from ..verify.policy import EACH
from . import options
from .commands import command
from .options import BundlesArgument, ProofOption, TestOption
from .readings_asked import store_of
from .readings_taking import Taking
from .rooted import AtOption, CustodyOption, RootOption, home_roots
from .session import Session


@command(
    "import",
    "Take the readings of bundles that hold.",
    """
    sealwright readings import day.bundle
    sealwright readings import monday.bundle tuesday.bundle --proof chained
    sealwright collect --all --out - | sealwright readings import - --allow-test
    """,
)
def import_readings(
    session: Session,
    *,
    bundle: BundlesArgument,
    root: RootOption = None,
    custody: CustodyOption = 0,
    at: AtOption = None,
    allow_test: TestOption = False,
    proof: ProofOption = EACH,
) -> int:
    """Check bundles as `verify` does, and keep in the home each reading that holds, with what proves its signer.

    A reading that is there already changes nothing: a bundle may come again, bundles may come in any order, and after
    a kill the same command goes on. Of two readings of one device with one number the first stays; both are kept, the
    device's rows are marked from there on, and the exit code is 1, as for each message that does not hold. With --proof
    chained a later reading's signature may prove a reading; its row says so.
    """
    roots = options.roots(root) if root else home_roots(session)
    moment = None if at is None else options.moment(at)
    policy = Policy(custody_floor=custody, at=moment, allow_test=allow_test, proof=proof)
    with store_of(session) as store:
        run = Taking(session, store, roots, policy)
        for source in bundle:
            run.take(source, several=len(bundle) > 1)
        return run.finish(len(bundle) > 1)
