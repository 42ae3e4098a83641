"""What Microchip's library computes, for a host, of a chip's attestation: the functions atcah_* of its atca_host.c,
which its Python package leaves out. They know nothing of our model; structures as in atca_host.h.
"""

import ctypes
from typing import Any

from cryptoauthlib import library

_DEVICE = 3  # ATECC608
_BYTES = ctypes.POINTER(ctypes.c_uint8)


class _TempKey(ctypes.Structure):
    _fields_ = [
        ("value", ctypes.c_uint8 * 64),
        ("key_id", ctypes.c_uint, 4),
        ("source_flag", ctypes.c_uint, 1),
        ("gen_dig_data", ctypes.c_uint, 1),
        ("gen_key_data", ctypes.c_uint, 1),
        ("no_mac_flag", ctypes.c_uint, 1),
        ("valid", ctypes.c_uint, 1),
        ("is_64", ctypes.c_uint8),
    ]


class _GenDig(ctypes.Structure):
    _fields_ = [
        ("zone", ctypes.c_uint8),
        ("key_id", ctypes.c_uint16),
        ("slot_conf", ctypes.c_uint16),
        ("key_conf", ctypes.c_uint16),
        ("slot_locked", ctypes.c_uint8),
        ("counter", ctypes.c_uint32),
        ("is_key_nomac", ctypes.c_bool),
        ("sn", _BYTES),
        ("stored_value", _BYTES),
        ("other_data", _BYTES),
        ("temp_key", ctypes.POINTER(_TempKey)),
    ]


class _GenKey(ctypes.Structure):
    _fields_ = [
        ("mode", ctypes.c_uint8),
        ("key_id", ctypes.c_uint16),
        ("public_key", _BYTES),
        ("public_key_size", ctypes.c_size_t),
        ("other_data", _BYTES),
        ("sn", _BYTES),
        ("temp_key", ctypes.POINTER(_TempKey)),
    ]


class _SignInternal(ctypes.Structure):
    _fields_ = [
        ("mode", ctypes.c_uint8),
        ("key_id", ctypes.c_uint16),
        ("slot_config", ctypes.c_uint16),
        ("key_config", ctypes.c_uint16),
        ("use_flag", ctypes.c_uint8),
        ("update_count", ctypes.c_uint8),
        ("is_slot_locked", ctypes.c_bool),
        ("for_invalidate", ctypes.c_bool),
        ("sn", _BYTES),
        ("temp_key", ctypes.POINTER(_TempKey)),
        ("message", _BYTES),
        ("verify_other_data", _BYTES),
        ("digest", _BYTES),
    ]


def _array(data: bytes) -> Any:
    return (ctypes.c_uint8 * len(data))(*data)


def _call(name: str, *arguments: Any) -> None:
    function = getattr(library.get_cryptoauthlib(), name)
    function.restype = ctypes.c_int
    assert function(*arguments) == 0, name


def message_of(nonce: bytes, config: bytes, place: int, public: bytes, blocks: int = 4) -> tuple[bytes, bytes]:
    """(message of 55 bytes, its digest) that Sign(internal, with the serial number) by slot 7 covers, after a nonce
    from outside, GenDig of so many blocks of the configuration, and GenKey's digest of the key in slot `place`."""
    serial, key = _array(config[0:4] + config[8:13]), _TempKey()
    key.value[:32] = list(nonce)
    key.valid, key.source_flag = 1, 1
    for block in range(blocks):
        stored = _array(config[32 * block : 32 * block + 32])
        mix = _GenDig(zone=0, key_id=block, sn=serial, stored_value=stored, temp_key=ctypes.pointer(key))
        _call("atcah_gen_dig", ctypes.byref(mix))
    digest = _GenKey(8, place, _array(public), len(public), None, serial, ctypes.pointer(key))
    _call("atcah_gen_key_msg", ctypes.byref(digest))
    message, summary = _array(bytes(55)), _array(bytes(32))
    sign = _SignInternal(mode=0x40, key_id=7, sn=serial, temp_key=ctypes.pointer(key), message=message, digest=summary)
    _call("atcah_config_to_sign_internal", _DEVICE, ctypes.byref(sign), _array(config))
    _call("atcah_sign_internal_msg", _DEVICE, ctypes.byref(sign))
    return bytes(message), bytes(summary)
