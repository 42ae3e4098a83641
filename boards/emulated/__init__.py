"""Peripherals as models, for boards that are processes: an I2C bus, chips on it, flash that loses power.

They answer as their data sheets say, so that drivers, key stores and the file system above them are the real
ones.
"""
