"""The pins of the Raspberry Pi Pico W. README.md has the picture."""

from drivers.bme280 import BME280
from drivers.sensors import count_energy
from drivers.ina219 import INA219
from keystore.finding import atecc608

I2C_BUS = 0
SDA = 4
SCL = 5
UART = 1
TX = 8  # to the RX of another device, and its TX to ours
RX = 9
DRIVE = None  # several devices on one wire (RS-485): the pin to their transceiver's DE and /RE, such as 7
BUTTON = 15  # to ground, pressed to agree
BATTERY = None  # GP29, which has VSYS, is the radio's clock
ON_I2C = [BME280, count_energy(INA219)]
ELEMENTS_ON_I2C = [atecc608]  # keeps the keys, where it answers
