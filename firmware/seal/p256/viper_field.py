"""Arithmetic modulo P and N for the viper emitter. Made by tools/make_viper_field.py; do not edit.

`run(0, area, program, registers)`: see `points` for what a program is. The area is a modulus's, in limbs: w[0..15] one
factor; w[16..31] the sum's upper half, then the result; w[32..47] zeros; w[48..63] the lower half, then the quotient;
w[64..73] zeros; w[74..89] the modulus; w[90] what `Modulus` calls negative.
"""

# ruff: noqa
# fmt: off
# mypy: ignore-errors
import micropython


@micropython.viper
def run(x: uint, p: ptr16, program, registers):
    w = p
    code = ptr8(program)
    base = uint(ptr8(registers))
    while code[0]:
        d = ptr16(base + ((code[0] & 31) << 5))
        a = ptr16(base + ((code[2] & 31) << 5))
        b = ptr16(base + ((code[4] & 31) << 5))
        j = code[3] - 42  # 0 for *, 1 for +, 3 for -
        code = ptr8(uint(code) + 6)
        p = w
        if j:
            s = 0
            if j > 1:
                i = 8
                while i:
                    s += int(a[0]) - int(b[0]); p[16] = s; s >>= 16
                    s += int(a[1]) - int(b[1]); p[17] = s; s >>= 16
                    a = ptr16(uint(a) + 4)
                    b = ptr16(uint(b) + 4)
                    p = ptr16(uint(p) + 4)
                    i -= 1
            else:
                i = 8
                while i:
                    s += int(a[0]) + int(b[0]) - int(p[74]); p[16] = s; s >>= 16
                    s += int(a[1]) + int(b[1]) - int(p[75]); p[17] = s; s >>= 16
                    a = ptr16(uint(a) + 4)
                    b = ptr16(uint(b) + 4)
                    p = ptr16(uint(p) + 4)
                    i -= 1
        else:
            i = 8
            while i:
                p[0] = b[0]; p[16] = 0
                p[1] = b[1]; p[17] = 0
                p = ptr16(uint(p) + 4)
                b = ptr16(uint(b) + 4)
                i -= 1
            s = 0
            while True:
                t = ptr16(uint(w) + 96)
                i = 16
                while i:
                    p = w
                    if j:
                        y = (uint(p[16]) * uint(p[90])) & 0xFFFF
                        s += int(t[0])
                    else:
                        y = uint(a[0])
                    x = uint(p[0]) * y + uint(p[16]); t[0] = x; x >>= 16
                    x = uint(p[1]) * y + x + uint(p[17]); p[16] = x; x >>= 16
                    x = uint(p[2]) * y + x + uint(p[18]); p[17] = x; x >>= 16
                    x = uint(p[3]) * y + x + uint(p[19]); p[18] = x; x >>= 16
                    x = uint(p[4]) * y + x + uint(p[20]); p[19] = x; x >>= 16
                    x = uint(p[5]) * y + x + uint(p[21]); p[20] = x; x >>= 16
                    x = uint(p[6]) * y + x + uint(p[22]); p[21] = x; x >>= 16
                    x = uint(p[7]) * y + x + uint(p[23]); p[22] = x; x >>= 16
                    x = uint(p[8]) * y + x + uint(p[24]); p[23] = x; x >>= 16
                    x = uint(p[9]) * y + x + uint(p[25]); p[24] = x; x >>= 16
                    x = uint(p[10]) * y + x + uint(p[26]); p[25] = x; x >>= 16
                    x = uint(p[11]) * y + x + uint(p[27]); p[26] = x; x >>= 16
                    x = uint(p[12]) * y + x + uint(p[28]); p[27] = x; x >>= 16
                    x = uint(p[13]) * y + x + uint(p[29]); p[28] = x; x >>= 16
                    x = uint(p[14]) * y + x + uint(p[30]); p[29] = x; x >>= 16
                    x = uint(p[15]) * y + x + uint(p[31]); p[30] = x; x >>= 16
                    s += int(x); p[31] = s; s >>= 16
                    a = ptr16(uint(a) + 2)
                    t = ptr16(uint(t) + 2)
                    i -= 1
                p = w
                if j or int(p[90]) == 1:
                    break
                j = 1
                i = 16
                while i:
                    x = uint(p[16]); p[16] = p[48]; p[48] = x; p[0] = p[74]
                    p = ptr16(uint(p) + 2)
                    i -= 1
            if j:
                j = s
                s = 0
                i = 16
                while i:
                    s += int(p[16]) - int(p[74]); p[16] = s; s >>= 16
                    p = ptr16(uint(p) + 2)
                    i -= 1
                s += j
            else:
                p = ptr16(uint(p) + 64)
                i = 8
                while i:
                    s += int(p[10]) + int(p[4]) - int(p[2]) + int(p[16]); p[16] = s; s >>= 16
                    s += int(p[11]) + int(p[5]) - int(p[3]) + int(p[17]); p[17] = s; s >>= 16
                    p = ptr16(uint(p) + 4)
                    i -= 1
                t = ptr16(uint(w) + 32)
                i = 8
                while i:
                    s += int(p[10]) + int(p[4]) - int(p[2]) + int(p[0]) + int(t[0]) - int(t[58]); t[0] = s; s >>= 16
                    s += int(p[11]) + int(p[5]) - int(p[3]) + int(p[1]) + int(t[1]) - int(t[59]); t[1] = s; s >>= 16
                    p = ptr16(uint(p) + 4)
                    t = ptr16(uint(t) + 4)
                    i -= 1
        y = uint(s & 0xFFFF)
        x = uint(0)
        p = w
        i = 8
        while i:
            x = (uint(p[74]) & y) + x + uint(p[16]); d[0] = x; x >>= 16
            x = (uint(p[75]) & y) + x + uint(p[17]); d[1] = x; x >>= 16
            p = ptr16(uint(p) + 4)
            d = ptr16(uint(d) + 4)
            i -= 1


@micropython.viper
def scan(v: ptr32, t: ptr32, digits: ptr8, at: int):
    """Slots V, W of the register file v = the point of the comb's table t that digits[at] chooses; reads all of t."""
    want = digits[at] & 31
    t = ptr32(uint(t) + ((at & 1) << 11))
    v = ptr32(uint(v) + (22 << 5))
    i = 16
    while i:
        i -= 1
        v[i] = 0
    i = 32
    while i:
        i -= 1
        mask = (((31 - i) ^ want) - 1) >> 31
        k = 4
        while k:
            v[0] = (t[0] & mask) | v[0]
            v[1] = (t[1] & mask) | v[1]
            v[2] = (t[2] & mask) | v[2]
            v[3] = (t[3] & mask) | v[3]
            v = ptr32(uint(v) + 16)
            t = ptr32(uint(t) + 16)
            k -= 1
        v = ptr32(uint(v) - 64)
