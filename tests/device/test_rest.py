"""When a device sleeps, what keeps it awake, and how long it was awake: by ticks that the test moves."""

from rig import Board, Issuer, provision
from seal import batch, order, rpc
from seal import rest as rest_module
from seal.device import Device
from seal.owner import Owner
from seal.records import ORDER_RECORD
from seal.rest import MOST_WINDOWS, Rest
from seal.sampling import NAP_MS, Sampler

PASS_MS = 200  # as `Sampler.run` sleeps


class Ticks:
    ms = 0

    def __call__(self):
        return self.ms


class Bed:
    """Port Sleeper: time passes, and the clock goes on. `wakes`: at these ticks somebody wakes the board."""

    def __init__(self, board, ticks):
        self.board, self.ticks = board, ticks
        self.wakes = []
        self.naps = self.rises = 0

    def light(self, ms):
        self.naps += 1
        self.ticks.ms += ms
        if self.wakes and self.ticks.ms >= self.wakes[0]:
            self.wakes.pop(0)
            return True
        return False

    def rise(self):
        self.rises += 1


class Night:
    """A provisioned device with this pace, its sampler, and its time."""

    def __init__(self, pace):
        self.issuer, self.ticks = Issuer(), Ticks()
        board = Board()
        self.device = Device(board)
        self.device.load()
        provision(self.device, self.issuer)
        board.sleeper = self.bed = Bed(board, self.ticks)
        self.device.batch = batch.Batch(self.ticks)
        self.device.rest = self.rest = Rest(self.device, self.ticks)
        self.tell(pace)
        self.sampler = Sampler(self.device, ticks=self.ticks)

    def tell(self, pace):
        Owner(self.device).command(self.issuer.command(self.device, "interval", pace))

    def pass_by(self, seconds):
        """Passes of the loop until so much time has gone."""
        end = self.ticks.ms + seconds * 1000
        while self.ticks.ms < end:
            self.sampler.step()
            self.ticks.ms += PASS_MS
        self.rest.is_due()  # counts up to now

    @property
    def awake_ms(self):
        return self.rest.uptime_ms - self.rest.asleep_ms


def test_device_never_sleeps_unless_its_owner_says_so():
    night = Night(60)
    night.pass_by(600)
    assert night.bed.naps == 0 and night.rest.asleep_ms == 0 and night.awake_ms >= 600_000
    assert night.device.log.seq == 10


def test_device_is_awake_for_a_window_after_each_reading():
    night = Night({1: 600, 3: 30})
    night.pass_by(3600)
    assert 6 <= night.device.log.seq <= 7
    # the first reading is due at boot, and 30 s follow each
    assert 6 * 30_000 <= night.awake_ms <= 7 * (30_000 + 2 * PASS_MS)
    assert night.rest.uptime_ms - night.rest.asleep_ms == night.awake_ms
    assert night.bed.rises == night.device.log.seq - 1
    assert night.bed.naps <= 3600_000 // NAP_MS


def test_samples_of_a_batch_and_looks_at_the_meter_open_no_window():
    night = Night({1: 300, 2: 6, 3: 10})
    reads = []
    read = night.device.board.meter.read
    night.device.board.meter.read = lambda: reads.append(night.ticks.ms) or read()
    night.pass_by(5000)
    assert night.device.log.seq == 3  # at 1500, 3300 and 5100 s: it slept until the third
    assert night.awake_ms <= 3 * (10_000 + 2 * PASS_MS)  # after boot and two readings
    gaps = [after - before for before, after in zip(reads, reads[1:])]
    assert max(gaps) <= 60_000 + NAP_MS, "the meter would count a guess"


def test_button_and_links_wake_it_for_a_window():
    night = Night({1: 3600, 3: 20})
    night.bed.wakes = [1_000_000]
    night.pass_by(1000)
    assert night.bed.rises == 1 and 1_000_000 <= night.ticks.ms < 1_001_000
    naps = night.bed.naps
    night.pass_by(18)
    assert night.bed.naps == naps
    night.pass_by(10)
    assert night.bed.naps > naps


def test_owner_in_the_window_turns_sleep_off():
    night = Night({1: 600, 3: 5})
    night.pass_by(60)
    assert night.bed.naps
    night.tell(600)
    naps = night.bed.naps
    night.pass_by(3600)
    assert night.bed.naps == naps


def test_requests_keep_it_awake_and_strangers_not_for_long():
    assert (MOST_WINDOWS - 1) * 10 <= _seconds_to_sleep(rpc.INFO, True) <= MOST_WINDOWS * 10 + 1
    assert _seconds_to_sleep(rpc.COMMAND, False) <= MOST_WINDOWS * 10 + 1
    assert _seconds_to_sleep(rpc.COMMAND, True) == _seconds_to_sleep(rpc.PAY, True) == 100


def test_readings_give_a_stranger_no_more_time():
    night = Night({1: 16, 3: 10})
    for _ in range(200):
        night.rest.heard(rpc.INFO, True)
        night.pass_by(1)
    # of every second 16 s it sleeps 6
    assert night.rest.asleep_ms >= 4 * 6000


def _seconds_to_sleep(kind, is_accepted):
    """How long a request a second keeps a device awake whose window is ten seconds; 100 s at most."""
    night = Night({1: 3600, 3: 10})
    for second in range(100):
        night.rest.heard(kind, is_accepted)
        night.pass_by(1)
        if night.bed.naps:
            return second
    return 100


class Uplink:
    roused = 0

    def __init__(self, works):
        self.works = works

    def rouse(self):
        self.roused += 1

    def has_work(self):
        return self.works


class Trial:
    on_trial = True
    feeds = 0

    def feed(self):
        self.feeds += 1


def test_work_keeps_it_awake():
    night = Night({1: 3600, 3: 5})
    device, rest = night.device, night.rest
    device.journal.put(ORDER_RECORD, {order.STATUS: order.ACTIVE, 3: "EUR", 4: "J", 5: 9})
    night.pass_by(60)
    device.journal.put(ORDER_RECORD, {order.STATUS: order.DONE, 3: "EUR", 4: "J", 5: 9})
    device.seller = object()
    night.pass_by(60)
    device.seller, device.uplink = None, Uplink(True)
    night.pass_by(60)
    device.uplink, rest.slots = Uplink(False), Trial()
    night.pass_by(60)
    assert night.bed.naps == 0
    rest.slots.on_trial = False
    night.pass_by(60)
    night.bed.wakes = [night.ticks.ms + 1]
    night.pass_by(2)
    assert device.uplink.roused == 1
    # a watchdog that ran in the trial runs on
    assert night.bed.naps == rest.slots.feeds > 0


class Restless:
    rises = 0

    def light(self, ms):
        raise ValueError("sleep too long")

    def rise(self):
        self.rises += 1


class Slots:
    starts = 0

    def restart(self):
        self.starts += 1


def test_order_that_finds_no_room_starts_the_board_anew():
    night = Night(60)
    rest, slots = night.rest, Slots()
    rest.slots = slots
    for _ in range(2 * rest_module.TRIES):
        rest.lack_memory()
    assert slots.starts == 0, "it was started a moment ago"
    rest.uptime_ms = 61_000
    rest.has_memory()
    for n in range(rest_module.TRIES):
        assert slots.starts == 0, n
        rest.lack_memory()
    assert slots.starts == 1


def test_board_that_cannot_sleep_still_measures():
    night = Night({1: 60, 3: 5})
    night.device.board.sleeper = Restless()
    night.pass_by(600)
    assert night.device.log.seq == 10 and night.rest.asleep_ms == 0


def test_a_day_of_a_reading_an_hour():
    night = Night({1: 360, 2: 10, 3: 30})
    night.pass_by(86_400 - 3600)
    assert night.device.log.seq == 24 and 23.8 < night.rest.uptime_ms / 3_600_000 < 24
    # boot and 23 readings; the 24th has just been signed
    assert 24 * 30_000 <= night.awake_ms <= 24 * (30_000 + 2 * PASS_MS)
