"""What the page and the API show, as plain values: `sources` opens what a home has, the others put it together.

No function here writes, and none opens a private key.
"""
