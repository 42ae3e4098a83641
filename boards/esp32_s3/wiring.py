"""The pins of the ESP32-S3-DevKitC-1. README.md has the picture."""

from drivers.bme280 import BME280
from drivers.sensors import count_energy
from drivers.ina219 import INA219
from keystore.finding import atecc608

I2C_BUS = 0
SDA = 8
SCL = 9
BUTTON = 10  # to ground, pressed to agree; not BOOT, which the host's serial port can press
BATTERY = None  # or (4, 2, 1): a divider of two equal resistors, see README.md
ON_I2C = [BME280, count_energy(INA219)]
ELEMENTS_ON_I2C = [atecc608]  # keeps the keys, where it answers
