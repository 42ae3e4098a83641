"""Field arithmetic for the viper emitter. Made by tools/make_viper_field.py; do not edit.

`run(0, work, program, registers)`: see `points` for what a program is. `work` is 96 bytes, its content of no use
after. Limbs: w[0..15] one operand, then the result; w[16..31] the sum's upper half; w[32..47] its lower half, then
the quotient. One function, unrolled: a call costs 500 cycles on a Cortex-M0+ and a loop doubles the work.
"""

# ruff: noqa
# fmt: off
# mypy: ignore-errors
import micropython


@micropython.viper
def run(x: uint, w: ptr16, program, registers):
    p = ptr8(program)
    base = uint(ptr8(registers))
    s = 0
    while True:
        op = p[3]
        d = ptr16(base + ((p[0] & 31) << 5))
        a = ptr16(base + ((p[2] & 31) << 5))
        b = ptr16(base + ((p[4] & 31) << 5))
        p = ptr8(uint(p) + 6)
        if op == 42:  # *
            w[0] = b[0]; w[1] = b[1]; w[2] = b[2]; w[3] = b[3]
            w[4] = b[4]; w[5] = b[5]; w[6] = b[6]; w[7] = b[7]
            w[8] = b[8]; w[9] = b[9]; w[10] = b[10]; w[11] = b[11]
            w[12] = b[12]; w[13] = b[13]; w[14] = b[14]; w[15] = b[15]
            w[16] = 0; w[17] = 0; w[18] = 0; w[19] = 0
            w[20] = 0; w[21] = 0; w[22] = 0; w[23] = 0
            w[24] = 0; w[25] = 0; w[26] = 0; w[27] = 0
            w[28] = 0; w[29] = 0; w[30] = 0; w[31] = 0
            i = 0
            while i < 16:
                y = uint(a[i])
                x = uint(w[0]) * y + uint(w[16]); w[32 + i] = x
                x >>= 16; x = uint(w[1]) * y + x + uint(w[17]); w[16] = x
                x >>= 16; x = uint(w[2]) * y + x + uint(w[18]); w[17] = x
                x >>= 16; x = uint(w[3]) * y + x + uint(w[19]); w[18] = x
                x >>= 16; x = uint(w[4]) * y + x + uint(w[20]); w[19] = x
                x >>= 16; x = uint(w[5]) * y + x + uint(w[21]); w[20] = x
                x >>= 16; x = uint(w[6]) * y + x + uint(w[22]); w[21] = x
                x >>= 16; x = uint(w[7]) * y + x + uint(w[23]); w[22] = x
                x >>= 16; x = uint(w[8]) * y + x + uint(w[24]); w[23] = x
                x >>= 16; x = uint(w[9]) * y + x + uint(w[25]); w[24] = x
                x >>= 16; x = uint(w[10]) * y + x + uint(w[26]); w[25] = x
                x >>= 16; x = uint(w[11]) * y + x + uint(w[27]); w[26] = x
                x >>= 16; x = uint(w[12]) * y + x + uint(w[28]); w[27] = x
                x >>= 16; x = uint(w[13]) * y + x + uint(w[29]); w[28] = x
                x >>= 16; x = uint(w[14]) * y + x + uint(w[30]); w[29] = x
                x >>= 16; x = uint(w[15]) * y + x + uint(w[31]); w[30] = x
                w[31] = x >> 16; i += 1
            s = int(w[38]) + int(w[32]); w[38] = s
            s >>= 16; s = int(w[39]) + s + int(w[33]); w[39] = s
            s >>= 16; s = int(w[40]) + s + int(w[34]); w[40] = s
            s >>= 16; s = int(w[41]) + s + int(w[35]); w[41] = s
            s >>= 16; s = int(w[42]) + s + int(w[36]); w[42] = s
            s >>= 16; s = int(w[43]) + s + int(w[37]); w[43] = s
            s >>= 16; s = int(w[44]) + s + int(w[38]) + int(w[32]); w[44] = s
            s >>= 16; s = int(w[45]) + s + int(w[39]) + int(w[33]); w[45] = s
            s >>= 16; s = int(w[46]) + s + int(w[40]) + int(w[34]) - int(w[32]); w[46] = s
            s >>= 16; s = int(w[47]) + s + int(w[41]) + int(w[35]) - int(w[33]); w[47] = s
            s >>= 16; s = int(w[16]) + s + int(w[42]) + int(w[36]) + int(w[32]) - int(w[34]) + 1; w[0] = s
            s >>= 16; s = int(w[17]) + s + int(w[43]) + int(w[37]) + int(w[33]) - int(w[35]); w[1] = s
            s >>= 16; s = int(w[18]) + s + int(w[44]) + int(w[38]) + int(w[34]) - int(w[36]); w[2] = s
            s >>= 16; s = int(w[19]) + s + int(w[45]) + int(w[39]) + int(w[35]) - int(w[37]); w[3] = s
            s >>= 16; s = int(w[20]) + s + int(w[46]) + int(w[40]) + int(w[36]) - int(w[38]); w[4] = s
            s >>= 16; s = int(w[21]) + s + int(w[47]) + int(w[41]) + int(w[37]) - int(w[39]); w[5] = s
            s >>= 16; s = int(w[22]) + s + int(w[42]) + int(w[38]) - int(w[40]) - 1; w[6] = s
            s >>= 16; s = int(w[23]) + s + int(w[43]) + int(w[39]) - int(w[41]); w[7] = s
            s >>= 16; s = int(w[24]) + s + int(w[44]) + int(w[40]) - int(w[42]); w[8] = s
            s >>= 16; s = int(w[25]) + s + int(w[45]) + int(w[41]) - int(w[43]); w[9] = s
            s >>= 16; s = int(w[26]) + s + int(w[46]) + int(w[42]) - int(w[44]); w[10] = s
            s >>= 16; s = int(w[27]) + s + int(w[47]) + int(w[43]) - int(w[45]); w[11] = s
            s >>= 16; s = int(w[28]) + s + int(w[44]) - int(w[46]) - 1; w[12] = s
            s >>= 16; s = int(w[29]) + s + int(w[45]) - int(w[47]); w[13] = s
            s >>= 16; s = int(w[30]) + s + int(w[46]) + 1; w[14] = s
            s >>= 16; s = int(w[31]) + s + int(w[47]); w[15] = s
            s = (s >> 16) - 1
        elif op == 43:  # +
            s = int(a[0]) + int(b[0]) + 1; w[0] = s
            s >>= 16; s = int(a[1]) + s + int(b[1]); w[1] = s
            s >>= 16; s = int(a[2]) + s + int(b[2]); w[2] = s
            s >>= 16; s = int(a[3]) + s + int(b[3]); w[3] = s
            s >>= 16; s = int(a[4]) + s + int(b[4]); w[4] = s
            s >>= 16; s = int(a[5]) + s + int(b[5]); w[5] = s
            s >>= 16; s = int(a[6]) + s + int(b[6]) - 1; w[6] = s
            s >>= 16; s = int(a[7]) + s + int(b[7]); w[7] = s
            s >>= 16; s = int(a[8]) + s + int(b[8]); w[8] = s
            s >>= 16; s = int(a[9]) + s + int(b[9]); w[9] = s
            s >>= 16; s = int(a[10]) + s + int(b[10]); w[10] = s
            s >>= 16; s = int(a[11]) + s + int(b[11]); w[11] = s
            s >>= 16; s = int(a[12]) + s + int(b[12]) - 1; w[12] = s
            s >>= 16; s = int(a[13]) + s + int(b[13]); w[13] = s
            s >>= 16; s = int(a[14]) + s + int(b[14]) + 1; w[14] = s
            s >>= 16; s = int(a[15]) + s + int(b[15]); w[15] = s
            s = (s >> 16) - 1
        elif op == 45:  # -
            s = int(a[0]) - int(b[0]); w[0] = s
            s >>= 16; s = int(a[1]) + s - int(b[1]); w[1] = s
            s >>= 16; s = int(a[2]) + s - int(b[2]); w[2] = s
            s >>= 16; s = int(a[3]) + s - int(b[3]); w[3] = s
            s >>= 16; s = int(a[4]) + s - int(b[4]); w[4] = s
            s >>= 16; s = int(a[5]) + s - int(b[5]); w[5] = s
            s >>= 16; s = int(a[6]) + s - int(b[6]); w[6] = s
            s >>= 16; s = int(a[7]) + s - int(b[7]); w[7] = s
            s >>= 16; s = int(a[8]) + s - int(b[8]); w[8] = s
            s >>= 16; s = int(a[9]) + s - int(b[9]); w[9] = s
            s >>= 16; s = int(a[10]) + s - int(b[10]); w[10] = s
            s >>= 16; s = int(a[11]) + s - int(b[11]); w[11] = s
            s >>= 16; s = int(a[12]) + s - int(b[12]); w[12] = s
            s >>= 16; s = int(a[13]) + s - int(b[13]); w[13] = s
            s >>= 16; s = int(a[14]) + s - int(b[14]); w[14] = s
            s >>= 16; s = int(a[15]) + s - int(b[15]); w[15] = s
            s >>= 16
        else:
            return
        y = uint(s & 0xFFFF)
        x = uint(w[0]) + y; d[0] = x
        x >>= 16; x = uint(w[1]) + x + y; d[1] = x
        x >>= 16; x = uint(w[2]) + x + y; d[2] = x
        x >>= 16; x = uint(w[3]) + x + y; d[3] = x
        x >>= 16; x = uint(w[4]) + x + y; d[4] = x
        x >>= 16; x = uint(w[5]) + x + y; d[5] = x
        x >>= 16; x = uint(w[6]) + x; d[6] = x
        x >>= 16; x = uint(w[7]) + x; d[7] = x
        x >>= 16; x = uint(w[8]) + x; d[8] = x
        x >>= 16; x = uint(w[9]) + x; d[9] = x
        x >>= 16; x = uint(w[10]) + x; d[10] = x
        x >>= 16; x = uint(w[11]) + x; d[11] = x
        x >>= 16; x = uint(w[12]) + x + (y & 1); d[12] = x
        x >>= 16; x = uint(w[13]) + x; d[13] = x
        x >>= 16; x = uint(w[14]) + x + y; d[14] = x
        x >>= 16; x = uint(w[15]) + x + y; d[15] = x
