"""Functions run in a process of their own, which may be killed, limited or stripped of its rights."""

import os
import pickle
import signal
import traceback


class Child:
    """Runs `work(tell)` in a forked process; `tell(value)` sends a value to the parent at once.

    The parent must have no ledger open: SQLite's locks do not survive a fork.
    """

    def __init__(self, work):
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.close(self._read)
                work(lambda value: _send(write, value))
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)  # nothing of the test runner may run twice
        os.close(write)

    def next(self):
        """The next value it tells, waited for."""
        size = int.from_bytes(os.read(self._read, 4), "big")
        return pickle.loads(os.read(self._read, size))

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self):
        """All values printed until it ended, and its wait status."""
        data = b""
        while part := os.read(self._read, 65536):
            data += part
        os.close(self._read)
        _, status = os.waitpid(self.pid, 0)
        values = []
        while len(data) >= 4 and len(data) >= 4 + (size := int.from_bytes(data[:4], "big")):
            values.append(pickle.loads(data[4 : 4 + size]))
            data = data[4 + size :]
        return values, status


def _send(write, value):
    data = pickle.dumps(value)
    os.write(write, len(data).to_bytes(4, "big") + data)


def output_of(work):
    """The values that `work` printed in a process that ended well."""
    values, status = Child(work).wait()
    assert status == 0
    return values


def stripped(work):
    """`work` as a user who is not root: root may write to what is read-only."""

    def without(tell):
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        work(tell)

    return without


def without_rights(work):
    """As `output_of`, as a user who is not root."""
    return output_of(stripped(work))
