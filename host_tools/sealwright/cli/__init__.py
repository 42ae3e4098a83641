"""The `sealwright` command: thin commands over the public library, one file for each group."""
