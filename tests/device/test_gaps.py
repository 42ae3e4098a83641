"""A sensor that fails: a signed reading says that there is no value, never an old one; and a count goes on."""

from check import raises
from rig import Board, Counter, Issuer, RamStore, Thermometer, policy, provision
from seal import batch, labels, senml
from seal.device import Device
from seal.errors import SensorFailed
from seal.records import METER_RECORD, OWNER_BATCH, OWNER_RECORD
from seal.sampling import Sampler


class Weather(Thermometer):
    model = "weather"
    fails = False

    def read(self):
        if self.fails:
            raise SensorFailed("nothing answers")
        return [("humidity", "%RH", 0, 50)]


class Power(Counter):
    fails = False

    def read(self):
        if self.fails:
            raise SensorFailed("nothing answers")
        return [("energy", "J", 0, self.joules)]


def device_with(sensors, meter, store=None):
    board = Board(store or RamStore())
    board.sensors, board.meter = sensors, meter
    device = Device(board)
    device.load()
    return device


def made(*sensors):
    meter = [sensor for sensor in sensors if isinstance(sensor, Power)]
    device = device_with(list(sensors), meter[0] if meter else None)
    provision(device, Issuer(), policy())
    return device


def passed(device):
    """The records of the reading that one pass of the sampler signs."""
    before = device.log.seq
    Sampler(device).step()
    assert device.log.seq == before + 1
    return device.log.last_message().payload


GAP = {labels.SENML_NAME: "weather", labels.SENML_STRING: "no value"}


def test_a_failed_sensor_is_signed_as_no_value_beside_the_others():
    weather, power = Weather(), Power(70)
    device = made(weather, power)
    passed(device)
    weather.fails = True
    assert passed(device) == [GAP, {labels.SENML_NAME: "energy", labels.SENML_UNIT: "J", labels.SENML_VALUE: 70}]
    assert device.sensor_fault == device.missing == SensorFailed.code
    weather.fails = False
    assert passed(device)[0][labels.SENML_VALUE] == 50 and device.sensor_fault is None


def test_a_board_whose_only_sensor_fails_signs_that():
    weather = Weather()
    weather.fails = True
    device = made(weather)
    assert passed(device) == [GAP] and device.sensor_fault == SensorFailed.code


def test_what_is_sold_has_no_gap():
    weather = Weather()
    weather.fails = True
    for sensors in ((weather,), (weather, Power())):
        device = made(*sensors)
        if len(sensors) == 1:
            raises(SensorFailed, device.sample)
        else:
            assert all(labels.SENML_STRING not in record for record in device.measure() and passed_rows(device))


def passed_rows(device):
    device.sample()
    return device.log.last_message().payload


def test_a_count_continues_over_a_reset_behind_readings_without_one():
    weather, power = Weather(), Power(70)
    device = made(weather, power)
    passed(device)
    power.fails, power.joules = True, 90
    records = passed(device)
    assert {record[labels.SENML_NAME] for record in records} == {"humidity", "counter"}
    assert senml.count(device.log.last_message(), "J") is None
    writes = device.journal.generation(METER_RECORD)
    passed(device)
    assert device.journal.generation(METER_RECORD) == writes == 1, "noted once"
    meter = Power()
    device_with([weather, meter], meter, device.board.store)
    assert meter.joules == 70


def test_gaps_in_a_reading_of_several_samples():
    weather, power = Weather(), Power(70)
    device = made(weather, power)
    record = device.owner_record()
    record[OWNER_BATCH] = 3
    device.journal.put(OWNER_RECORD, record)
    sampler = Sampler(device)
    for weather.fails in (False, True, True):
        sampler._sampled = None
        sampler.step()
    records = device.log.last_message().payload
    assert records[0][labels.SENML_BASE_NAME] == "weather" and records[0][labels.SENML_STRING] == senml.NO_VALUE
    gaps = [record for record in records if record.get(labels.SENML_STRING) == senml.NO_VALUE]
    values = [record for record in records if record.get(labels.SENML_VALUE) == 50]
    assert len(gaps) == 2 and len(values) == 1 and labels.SENML_TIME in values[0], records
    assert senml.count(device.log.last_message(), "J") == 70
    assert batch.size([senml.no_value("weather")]) > 0
