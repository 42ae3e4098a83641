"""Bad air and bare wires between boards: a UDP proxy that loses datagrams, two UARTs back to back."""

import os
import pty
import random
import select
import socket
import threading
import tty


class BadAir:
    """Takes datagrams on a port of its own and carries them to `target() -> (host, port)` and back, but for `lost` in a
    hundred; as many come twice, as many late."""

    def __init__(self, target, lost, seed=1):
        self._target, self._lost, self._random = target, lost, random.Random(seed)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self.address = f"udp:127.0.0.1:{self._front.getsockname()[1]}"
        self._backs: dict[tuple, socket.socket] = {}
        self.carried = self.dropped = 0
        self._on = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while self._on:
            for ready in select.select([self._front, *self._backs.values()], [], [], 0.1)[0]:
                data, sender = ready.recvfrom(65536)
                if ready is self._front:
                    if sender not in self._backs:
                        self._backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    self._carry(self._backs[sender], data, self._target())
                else:
                    self._carry(self._front, data, next(to for to, back in self._backs.items() if back is ready))

    def _carry(self, wire, data, to):
        for _ in range(2 if self._random.randrange(100) < self._lost else 1):
            if self._random.randrange(100) < self._lost:
                self.dropped += 1
                continue
            self.carried += 1
            late = self._random.random() / 10 if self._random.randrange(100) < self._lost else 0
            threading.Timer(late, self._send, (wire, data, to)).start()

    def _send(self, wire, data, to):
        if self._on:
            wire.sendto(data, to)

    def close(self):
        self._on = False


class Wire:
    """Two ttys joined end to end, `paths` for a board each. noise: random bytes that fall on it after so many bytes."""

    def __init__(self, noise=0, seed=1):
        self._ends = [pty.openpty() for _ in range(2)]
        for _, other in self._ends:
            tty.setraw(other)  # both ends stay open here: a board that is killed hangs nobody up
        self.paths = [os.ttyname(other) for _, other in self._ends]
        self._noise, self._random = noise, random.Random(seed)
        self.carried = 0
        self._on = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        near, far = (master for master, _ in self._ends)
        since = 0
        while self._on:
            for ready in select.select([near, far], [], [], 0.1)[0]:
                data = os.read(ready, 64)
                since += len(data)
                self.carried += len(data)
                if self._noise and since > self._noise:
                    since, data = 0, self._random.randbytes(self._random.randrange(1, 40)) + data
                os.write(far if ready == near else near, data)

    def close(self):
        self._on = False
