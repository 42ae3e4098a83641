"""What a file is that was handed in as a bundle and is none, and how to get the bundle out of it.

Looks at the beginning of the file alone, so a guess may be wrong: it is for people, and nothing is decided by it.
"""

import base64
import binascii
import re
from typing import Final, NamedTuple

HEAD_BYTES: Final = 65536  # as many are looked at
MESSAGE: Final = b"\xd2\x84"  # how every message begins: tag 18, an array of four

_NEW: Final = "NEW.bundle"
_AGAIN: Final = "Collect or transfer the bundle again, as a binary file."


class Foreign(NamedTuple):
    """What it is, with its article, and what to do about it. pipe: the shell commands that bring out what is in it,
    each reading what the one before it writes; none where there are none."""

    what: str
    remedy: str
    pipe: tuple[str, ...] = ()


_MAGIC: Final = (
    (b"\x1f\x8b", "gzip data", "gzip -d"),
    (b"BZh", "bzip2 data", "bzip2 -d"),
    (b"\xfd7zXZ\0", "xz data", "xz -d"),
    (b"\x28\xb5\x2f\xfd", "zstd data", "zstd -d"),
)
_ZIP: Final = Foreign("a zip archive", "Unpack it with `unzip FILE`, and give the bundle that was in it.")
_SQLITE: Final = Foreign(
    "an SQLite database, as a ledger is",
    "`sealwright ledger audit` checks the ledger of a home; to check messages, give the bundles that were settled.",
)
_PAGE: Final = Foreign(
    "a web page (HTML)", "The server gave a page and not the file, often to log in: download the file itself."
)
_MARKDOWN: Final = Foreign(
    "Markdown text",
    f"Messages are binary. If it quotes them in hexadecimal or base64, save that part alone and decode it. {_AGAIN}",
)
_JSON: Final = Foreign(
    "JSON text", f"JSON tells about messages, and a bundle has the signed messages themselves. {_AGAIN}"
)
_TEXT: Final = Foreign("plain text", _AGAIN)
_PDF: Final = Foreign("a PDF document", _AGAIN)

_LONG: Final = 64  # characters: no word is longer
_DUMP: Final = re.compile(rb"[0-9a-f]{8}:? +[0-9a-f]{2,4} ")
_HEXADECIMAL: Final = re.compile(rb"(0x)?[0-9a-fA-F\s:]+")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/=\s]+|[A-Za-z0-9_\-=\s]+")
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_MARKS: Final = re.compile(rb"^(#{1,6} \S|```|[*-] \S|\|.*\|\s*$)|\]\(\S+\)|\*\*\S", re.MULTILINE)


def recognise(head: bytes) -> Foreign | None:
    """What a file with this beginning is; None for what is not known here. head: its first HEAD_BYTES bytes."""
    packed = _packed(head)
    if packed is not None:
        return packed
    if head.startswith(b"PK\x03\x04"):
        return _ZIP
    if head.startswith(b"SQLite format 3\0"):
        return _SQLITE
    if head.startswith(b"%PDF-"):
        return _PDF
    return _wide(head) or _text(head.removeprefix(b"\xef\xbb\xbf"))


def _packed(head: bytes) -> Foreign | None:
    return next((_piped(what, pipe) for magic, what, pipe in _MAGIC if head.startswith(magic)), None)


def _piped(what: str, *pipe: str) -> Foreign:
    first, *rest = pipe
    return Foreign(what, f"Undo it: `{' | '.join((f'{first} < FILE', *rest))} > {_NEW}`.", pipe)


def _wide(head: bytes) -> Foreign | None:
    """UTF-16, with its byte order mark or, for text of this alphabet, without."""
    codec = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(head[:2])
    if codec is None and len(head) >= 4 and 0 in (head[0], head[1]):
        codec = "utf-16-le" if head[1] == 0 else "utf-16-be"
        odd = head[1::2] if codec == "utf-16-le" else head[::2]
        codec = None if any(odd) else codec
    if codec is None:
        return None
    name = "UTF-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else codec.upper().replace("16-", "16")
    inner = _text(head.decode(codec, "ignore").lstrip("\ufeff").encode())
    if inner is not None and inner.pipe:
        return _piped(f"UTF-16 text, and in it {inner.what}", f"iconv -f {name} -t ASCII", *inner.pipe)
    remedy = "Windows PowerShell's > turns bytes into UTF-16 text, and loses some: write it with --out FILE."
    return Foreign("UTF-16 text", remedy)


def _text(head: bytes) -> Foreign | None:
    """What a text is; None where it is no text at all."""
    try:
        head[:-4].decode()  # a character may be cut at the end
    except UnicodeDecodeError:
        return None
    text = head.strip()
    if not text or any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in text):
        return None
    return _pem(text) or _encoded(text) or _prose(text)


def _pem(text: bytes) -> Foreign | None:
    found = _PEM.search(text)
    if found is None:
        return None
    label = found[1].decode()
    if label.endswith("PRIVATE KEY"):
        return Foreign(f"PEM text: a {label}", "Keep it secret, and give the bundle instead.")
    return Foreign(
        f"PEM text: a {label}", "Give a root with --root and an owner's key with --owner, beside the bundle."
    )


def _encoded(text: bytes) -> Foreign | None:
    if _DUMP.match(text):
        return _piped("a dump of bytes in hexadecimal, with offsets", "xxd -r")
    if _HEXADECIMAL.fullmatch(text) and len(text) > 3:
        return _piped("hexadecimal text", *(["tr -d ': '"] if b":" in text else []), "xxd -r -p")
    return _base64(text) if _BASE64.fullmatch(text) else None


def _base64(text: bytes) -> Foreign | None:
    is_url = b"-" in text or b"_" in text
    compact = b"".join(text.split())
    try:
        inner = base64.b64decode(compact[: len(compact) // 4 * 4], b"-_" if is_url else None, validate=True)
    except binascii.Error:
        return None
    decode = ("tr -- '-_' '+/'", "base64 -d") if is_url else ("base64 -d",)
    nested = None if inner.startswith(MESSAGE) else _packed(inner)
    if nested is not None:
        return _piped(f"base64 text, and in it {nested.what}", *decode, *nested.pipe)
    if inner.startswith(MESSAGE) or (len(compact) >= _LONG and b" " not in text):
        return _piped("base64 text", *decode)
    return None  # words, rather


def _prose(text: bytes) -> Foreign:
    if re.match(rb"<(!doctype html|html|head|body|\?xml|!--)", text, re.IGNORECASE):
        return _PAGE
    if text[:1] in (b"{", b"["):
        return _JSON
    return _MARKDOWN if _MARKS.search(text) else _TEXT
