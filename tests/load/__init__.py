"""A load generator: signs what a fleet of devices would sign. `python -m tests.load -h`."""
