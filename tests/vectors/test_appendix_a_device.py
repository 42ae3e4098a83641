"""RFC 8949 Appendix A against the device's codec, under CPython and under MicroPython."""

import pytest
from diagnostic import show
from interpreters import ALL, ask
from rfc8949_appendix_a import ROWS


@pytest.fixture(params=ALL)
def answers(request, tmp_path):
    """What the device makes of every row, by the row's hexadecimal text."""
    texts = [row[0] for row in ROWS]
    return dict(zip(texts, ask(request.param, [["decode", text] for text in texts], tmp_path), strict=True))


def test_what_the_profile_admits_is_understood_and_encoded_the_same(answers):
    admitted = [(text, value) for text, admitted, value in ROWS if admitted]
    assert len(admitted) == 37
    for text, value in admitted:
        assert answers[text] == ["ok", show(value), text]


def test_the_rest_is_refused(answers):
    refused = [text for text, admitted, _ in ROWS if not admitted]
    assert len(refused) == 44
    for text in refused:
        assert answers[text] in (["Malformed"], ["NotDeterministic"]), text
