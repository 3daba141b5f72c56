"""Where the members of a JSON object stand in its text, so that bytes can be kept as they were sent."""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]

_SPACE = " \t\r\n"
_decoder = json.JSONDecoder()


def members(text: str) -> list[tuple[str, str]]:
    """The (key, value's own text) pairs of the object that `text` is, in order. The text is known to be valid."""
    at = _skip(text, 0)
    assert text[at] == "{", "not an object"
    at = _skip(text, at + 1)
    pairs: list[tuple[str, str]] = []
    while text[at] != "}":
        key, at = scanstring(text, at + 1, True)
        at = _skip(text, at)
        assert text[at] == ":"
        start = _skip(text, at + 1)
        _, at = _decoder.raw_decode(text, start)
        pairs.append((key, text[start:at]))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return pairs


def build(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
