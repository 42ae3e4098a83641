"""Links a board can have: how bytes get in and out. One kind per file."""
