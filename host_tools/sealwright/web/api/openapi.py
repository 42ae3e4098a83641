"""The API's own description: OpenAPI 3.1, made from a table of what there is."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

from ..views.device import SPANS
from ..views.fleet import STATES
from .asked import LIMIT, LONGEST_TEXT, MOST

TEXT: Final = {"type": "string"}
MAYBE_TEXT: Final = {"type": ["string", "null"]}
NUMBER: Final = {"type": "integer"}
MAYBE_NUMBER: Final = {"type": ["integer", "null"]}
EXACT: Final = {"type": ["integer", "string"], "description": "a number; text where JavaScript would round it"}
MAYBE_EXACT: Final = {"type": ["integer", "string", "null"]}
FLAG: Final = {"type": "boolean"}
AMOUNT: Final = {"type": "string", "pattern": "^-?[0-9]+$", "description": "in the asset's smallest unit"}
HEX: Final = {"type": "string", "pattern": "^[0-9a-f]+$"}
MAYBE_HEX: Final = {"type": ["string", "null"], "pattern": "^[0-9a-f]+$"}
COUNTS: Final = {"type": "object", "additionalProperties": EXACT}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_LINE: Final = {
    **{"device": HEX, "name": TEXT, "state": TEXT, "model": TEXT, "groups": _list(TEXT), "custody": NUMBER},
    **{"firmware": MAYBE_TEXT, "seen": MAYBE_NUMBER, "how": MAYBE_TEXT, "clock": MAYBE_NUMBER},
    **{"battery": MAYBE_TEXT, "battery_unit": MAYBE_TEXT, "readings": EXACT, "faults": NUMBER, "fault": MAYBE_TEXT},
    **{"test": FLAG, "url": TEXT},
}
_MEASURED: Final = _object(name=TEXT, unit=MAYBE_TEXT, at=MAYBE_TEXT, value={"type": ["string", "boolean", "null"]})
_SCHEMAS: Final[dict[str, Any]] = {
    "Error": _object(ok={"const": False}, code=TEXT, error=TEXT) | {"additionalProperties": True},
    "Line": _object(**_LINE),
    "Device": _object(
        **_LINE,
        did=MAYBE_TEXT,
        flaws=_list(TEXT),
        quantities=_list(_object(name=TEXT, unit=TEXT)),
        balances=_list(_ref("Balance")),
        channels=_list(_ref("Channel")),
        fault_log=_list(_object(at=NUMBER, code=TEXT, text=TEXT)),
    ),
    "Reading": _object(
        **{"device": HEX, "seq": EXACT, "at": EXACT, "clock": NUMBER, "firmware": TEXT, "digest": HEX},
        prev=MAYBE_HEX,
        values=_list(_MEASURED),
    ),
    "Series": _object(name=TEXT, unit=TEXT, at=_list({"type": "number"}), values=_list({"type": ["number", "null"]})),
    "Channel": _object(
        **{"channel": HEX, "payer": HEX, "payee": HEX, "asset": TEXT, "capacity": AMOUNT, "paid": AMOUNT},
        **{"refunded": AMOUNT, "remaining": AMOUNT, "claimable_until": EXACT, "state": TEXT},
    ),
    "Balance": _object(device=HEX, asset=TEXT, amount=AMOUNT, shown=TEXT),
    "Flow": _object(payer=HEX, payee=HEX, asset=TEXT, amount=AMOUNT, channels=NUMBER),
    "Offer": _object(
        **{"seller": HEX, "seen": NUMBER, "asset": TEXT, "unit": TEXT, "price": AMOUNT, "not_after": EXACT},
        **{"address": MAYBE_TEXT, "left": MAYBE_TEXT, "over": FLAG},
    ),
    "Part": _object(
        **{"part": TEXT, "runs": FLAG, "held": FLAG, "backlog": MAYBE_EXACT, "text": TEXT},
        **{"started": MAYBE_NUMBER, "at": MAYBE_NUMBER, "counts": COUNTS},
    ),
}
_CONTRADICTION: Final = _object(where=TEXT, kind=TEXT, first=TEXT, second=TEXT, device=MAYBE_HEX)
_DEVICE: Final = ("device", "path", {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "the device's id")
_LIMIT: Final = ("limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}, "how many")
_CURSOR: Final = ("cursor", "query", TEXT, "the `next` of the answer before")
_PAGED: Final = (_LIMIT, _CURSOR)


class _Resource(NamedTuple):
    path: str
    summary: str
    answer: dict[str, Any]
    parameters: tuple[tuple[str, str, dict[str, Any], str], ...] = ()


def _paged(name: str, **more: Any) -> dict[str, Any]:
    return _object(items=_list(_ref(name)), next=MAYBE_TEXT, **more)


RESOURCES: Final = (
    _Resource(
        "/devices",
        "The fleet, by name",
        _paged("Line"),
        (
            *_PAGED,
            (
                "q",
                "query",
                {"type": "string", "maxLength": LONGEST_TEXT},
                "a part of a name or model, or an id's beginning",
            ),
            ("group", "query", {"type": "string", "maxLength": LONGEST_TEXT}, "devices of this group"),
            ("state", "query", {"type": "string", "enum": list(STATES)}, "devices in this state"),
        ),
    ),
    _Resource("/devices/{device}", "One device", _ref("Device"), (_DEVICE,)),
    _Resource(
        "/devices/{device}/readings",
        "A device's readings by number, as they were signed",
        _paged("Reading"),
        (_DEVICE, *_PAGED, ("from", "query", {"type": "integer", "minimum": 0}, "the first number")),
    ),
    _Resource(
        "/devices/{device}/series",
        "A device's quantities as points to draw; null where readings are missing",
        _object(span=TEXT, series=_list(_ref("Series"))),
        (_DEVICE, ("span", "query", {"type": "string", "enum": list(SPANS)}, "how far back")),
    ),
    _Resource("/channels", "Channels, in the order in which they were opened", _paged("Channel"), _PAGED),
    _Resource("/balances", "What devices hold, by asset and id", _paged("Balance"), _PAGED),
    _Resource("/flows", "Who paid whom, the largest first; the 1,000 largest", _paged("Flow", at=NUMBER)),
    _Resource("/offers", "Offers seen, the latest first", _paged("Offer")),
    _Resource("/verdicts", "How many verdicts of each code the hub gave", _object(verdicts=COUNTS)),
    _Resource(
        "/audit",
        "The ledger's head, and contradictions",
        _object(
            head={"anyOf": [_object(rows=EXACT, hash=HEX), {"type": "null"}]},
            grown={"type": ["boolean", "null"]},
            readings=MAYBE_EXACT,
            contradictions=_list(_CONTRADICTION),
        ),
    ),
    _Resource(
        "/hub",
        "How the hub's parts are",
        _object(parts=_list(_ref("Part")), inbox=NUMBER, spool=NUMBER, held=FLAG, now=NUMBER),
    ),
    _Resource("/roots", "This network's roots: COSE certificates", _object(roots=_list(HEX), test_roots=_list(HEX))),
)


def document() -> dict[str, Any]:
    """The description, as JSON values."""
    try:
        number = version("sealwright")
    except PackageNotFoundError:
        number = "0"
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sealwright hub", "version": number, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {one.path: {"get": _operation(one)} for one in RESOURCES},
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: _Resource) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": place, "required": place == "path", "schema": schema, "description": text}
        for name, place, schema, text in one.parameters
    ]
    refusal = {"content": {"application/json": {"schema": _ref("Error")}}}
    refusals = {
        "400": "the query is none of these",
        "401": "nobody is signed in",
        "404": "there is none",
        "405": "GET and HEAD are all there is",
        "414": "the address is too long",
        "429": "too often",
        "503": "a file of the home cannot be read now",
    }
    found = {"description": "found", "content": {"application/json": {"schema": one.answer}}}
    return {
        "summary": one.summary,
        "operationId": one.path.strip("/").replace("/", "_").replace("{device}", "one"),
        "parameters": parameters,
        "responses": {"200": found, **{status: {"description": text, **refusal} for status, text in refusals.items()}},
    }
