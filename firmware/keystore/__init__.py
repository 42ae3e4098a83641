"""Key custody and nothing else. Each module keeps private keys in one kind of place behind the port KeyStore.

Keys are slots: `sign(slot, digest)`. No module has a getter for a private key.
"""
