"""QEMU's images are named by SEALWRIGHT_RV32_ELF and SEALWRIGHT_M33_ELF; without them these tests skip."""
