"""Texts of a record without the credentials that may stand in them.

CloudTrail leaves most credentials out. A session token stands in the answers of STS, which nothing here reads, and
whatever callers put into a name, a user agent or a parameter stands in the record as they wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cfn_breakglass.text_layout import shorten

CONCEALED: Final = "(not shown)"
_MOST_CHARACTERS: Final = 300
_MOST_PARAMETERS: Final = 12
_SHORTEST_CREDENTIAL: Final = 20
# How session tokens begin; a secret access key; and anything else that is as long as only a token is.
_CREDENTIAL: Final = re.compile(
    r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|FQoDYXdz|AQoDYXdz|AQoEXAMPLE)[\w+/=%.-]*"
    r"|(?<![\w+.-])(?=[\w+/]{0,39}[a-z])(?=[\w+/]{0,39}[A-Z])(?=[\w+/]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![\w+/=.-])"
    r"|[A-Za-z0-9+/=_%-]{120,}"
)
_SECRET_NAME: Final = re.compile(
    r"(?:secret|password|passwd|passphrase|token|credential|assertion|private_?key|signature|authorization|api_?key)"
    r"(?!.*(?:id|arn|name)$)",
    re.IGNORECASE,
)


def conceal(text: str) -> str:
    """A text of at most a few hundred characters, with ``CONCEALED`` for what looks like a credential."""
    if len(text) >= _SHORTEST_CREDENTIAL:
        text = _CREDENTIAL.sub(CONCEALED, text)
    return shorten(text, _MOST_CHARACTERS)


def describe_parameters(parameters: Any) -> str:
    """The parameters of a call in one line, without secrets: ``userName=mallory, tags[0].key=team``."""
    parts: list[str] = []
    if not isinstance(parameters, Mapping):
        return ""
    for path, value in _leaves(parameters, ""):
        if len(parts) == _MOST_PARAMETERS:
            parts.append("...")
            break
        name = conceal(path)
        parts.append(f"{name}={CONCEALED if _SECRET_NAME.search(name) else conceal(str(value))}")
    return shorten(", ".join(parts), _MOST_CHARACTERS)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every value that is neither an object nor an array, with its path."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _leaves(member, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _leaves(member, f"{name}[{index}]")
    elif value is not None:
        yield name, value
