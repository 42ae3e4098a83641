"""Money as people write it: a home's assets with their scale and symbol, amounts and prices, exact both ways.

On the wire and in every --json an amount is a whole number of the asset's smallest unit. Here is the one place that
turns what people type into that number, and that number into what people read. Imports nothing of `home` or above.
"""

from .amounts import MOST, Amount, read_number
from .asset import Asset, check_name
from .assets import FILE, Assets, declare, withdraw_declaration
from .prices import Price, parse_price, show_price

__all__ = [
    "FILE",
    "MOST",
    "Amount",
    "Asset",
    "Assets",
    "Price",
    "check_name",
    "declare",
    "parse_price",
    "read_number",
    "show_price",
    "withdraw_declaration",
]
