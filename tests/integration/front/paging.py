"""Lists in pages: tokens that nobody can read, and that are refused when they are made up."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from .wire import AwsError

Item = TypeVar("Item")
_MARK = b"front page "


def page(items: Sequence[Item], token: str | None, size: int, code: str) -> tuple[list[Item], str | None]:
    """(the page's items, the next page's token); `code` is the error of a token that is none."""
    start = _offset(token, code) if token is not None else 0
    end = start + size
    following = base64.b64encode(_MARK + str(end).encode()).decode() if end < len(items) else None
    return list(items[start:end]), following


def _offset(token: str, code: str) -> int:
    try:
        text = base64.b64decode(token, validate=True)
    except ValueError:
        text = b""
    if not text.startswith(_MARK):
        raise AwsError(code, "Invalid token")
    return int(text.removeprefix(_MARK))
