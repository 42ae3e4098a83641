"""Alerts: what an operator wants to hear of at once, and the ways to tell it.

wanted     what HOME/hub/alerts.toml asks for
finding    what is wrong: silent devices, empty batteries, faults that a hub noticed
repeats    the same again and again, sent once
outbox     alerts that wait until each way has taken them, over restarts
courier    hands them over, each way by itself
sending    the ways: a webhook with signed bodies, a command, e-mail
"""
