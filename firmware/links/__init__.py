"""The links of boards. One kind per file."""
