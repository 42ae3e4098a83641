"""The reference for curve arithmetic: schoolbook affine addition on P-256, and nothing of the engines."""

from seal.p256.curve import GX, GY, P


def to32(number):
    """32 bytes, big-endian."""
    return number.to_bytes(32, "big")


def encode(point):
    """X||Y of an affine point."""
    return to32(point[0]) + to32(point[1])


def plus(a, b):
    """a + b; None is infinity."""
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], P - 2, P)
    else:
        slope = (b[1] - a[1]) * pow((b[0] - a[0]) % P, P - 2, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiple(scalar):
    """scalar * G, for any scalar; a negative one gives the opposite point."""
    if scalar < 0:
        point = multiple(-scalar)
        return point[0], P - point[1]
    total = None
    power = (GX, GY)
    while scalar:
        if scalar & 1:
            total = plus(total, power)
        power = plus(power, power)
        scalar >>= 1
    return total
