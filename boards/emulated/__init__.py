"""Peripherals as models, for boards that are processes: an I2C bus, chips on it, flash that loses power.

They follow their data sheets, so that the drivers, key stores and file systems above them run
unchanged.
"""
