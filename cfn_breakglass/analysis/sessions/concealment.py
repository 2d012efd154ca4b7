"""Texts of a record without the credentials that may stand in them.

CloudTrail leaves most credentials out. A session token stands in the answers of STS, which nothing here reads, and
whatever callers put into a name, a user agent or a parameter stands in the record as they wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cfn_breakglass.text_layout import shorten

CONCEALED: Final = "(not shown)"
_MOST_CHARACTERS: Final = 300
_MOST_PARAMETERS: Final = 12
_SHORTEST_CREDENTIAL: Final = 20
# How session tokens begin; a secret access key; anything else that is as long as only a token is; and who signs in to
# an address.
_CREDENTIAL: Final = re.compile(
    r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|FQoDYXdz|AQoDYXdz|AQoEXAMPLE)[\w+/=%.-]*"
    r"|(?<![\w+.-])(?=[\w+/]{0,39}[a-z])(?=[\w+/]{0,39}[A-Z])(?=[\w+/]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![\w+/=.-])"
    r"|[A-Za-z0-9+/=_%-]{120,}"
    r"|(?<=://)[^\s/:@]{0,100}:[^\s/@]{1,200}(?=@)"
)
_SECRET_NAME: Final = re.compile(
    r"(?:secret|password|passwd|passphrase|token|credential|assertion|private_?key|signature|authorization|api_?key"
    r"|authentication_?code|connection_?string|\blogins\b)"
    r"(?!.*(?:id|arn|name)$)",
    re.IGNORECASE,
)
# As an array of names and values, or an object; beside a service's own settings its names are in capitals.
_ENVIRONMENT_VARIABLE: Final = re.compile(
    r"environment(?:\.|_)?(?:variables)?(?:\[[0-9]+\]\.value$|(?<=variables)\.|\.(?-i:[A-Z0-9_]+$))", re.IGNORECASE
)
# The members of a pair, such as a parameter of a stack or a tag.
_PAIR_NAME: Final = re.compile(r"(?:name|key)$", re.IGNORECASE)
_PAIR_VALUE: Final = re.compile(r"value$", re.IGNORECASE)


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
        is_secret = _SECRET_NAME.search(name) or _ENVIRONMENT_VARIABLE.search(name)
        parts.append(f"{name}={CONCEALED if is_secret else conceal(_text(value))}")
    return shorten(", ".join(parts), _MOST_CHARACTERS)


def _text(value: Any) -> str:
    """A value as CloudTrail writes it, a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every value that is neither an object nor an array, with its path; of a secret pair ``CONCEALED``."""
    if isinstance(value, Mapping):
        is_secret = _is_secret_pair(value)
        for key, member in value.items():
            shown = CONCEALED if is_secret and _PAIR_VALUE.search(str(key)) else member
            yield from _leaves(shown, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _leaves(member, f"{name}[{index}]")
    elif value is not None:
        yield name, value


def _is_secret_pair(members: Mapping[str, Any]) -> bool:
    """Whether a member says that the value beside it is a secret: ``parameterKey`` is MasterPassword."""
    labels = (label for key, label in members.items() if isinstance(label, str) and _PAIR_NAME.search(str(key)))
    return any(_SECRET_NAME.search(conceal(label)) for label in labels)
