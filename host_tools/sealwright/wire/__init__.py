"""The wire: strict CBOR, the signed envelope, keys, every message of the schema, certificates and bundles.

Source: firmware/schema/sealwright.cddl. Reads and builds messages; judges nothing but form. Imports `errors` alone.
"""
