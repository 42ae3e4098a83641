"""Assertions for device tests, on both interpreters."""


def raises(exception, call, *args, **kwargs):
    """Call and return the `exception` it raises; fail when it raises none."""
    try:
        call(*args, **kwargs)
    except exception as caught:
        return caught
    raise AssertionError("%s was not raised" % exception.__name__)
