"""Sealwright on the host: read, check and settle what small machines sign."""
