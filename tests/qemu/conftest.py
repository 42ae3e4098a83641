"""SEALWRIGHT_RV32_ELF and SEALWRIGHT_M33_ELF name QEMU's images; tests of these skip without. Xtensa needs none."""
