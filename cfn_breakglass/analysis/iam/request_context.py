"""The condition keys of a request, and the wildcards and variables of the values in a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\$\{[^}]*\}|\*|\?|[^*?$]+|\$")
_WILDCARD_OR_VARIABLE = re.compile(r"[*?$]")
_ESCAPES = {"${*}": "*", "${?}": "?", "${$}": "$"}


def as_list(value: Any) -> list[Any]:
    """A value, or a list of values, as a list."""
    return value if isinstance(value, list) else [value]


class RequestContext:
    """The condition keys of a request, whose names ignore case, and whether the policy has variables.

    ``absent`` tells whether the request surely lacks a key that is not in ``keys``; if not, its value is unknown.
    Without ``absent`` the request lacks every such key.
    """

    def __init__(
        self,
        keys: Mapping[str, str | list[str]],
        *,
        variables: bool,
        absent: Callable[[str], bool] | None = None,
    ) -> None:
        self._keys = {key.lower(): as_list(value) for key, value in keys.items()}
        self._variables = variables
        self._absent = absent

    def values(self, key: str) -> list[str]:
        return self._keys.get(key.lower(), [])

    def first(self, key: str) -> str | None:
        return next(iter(self.values(key)), None)

    def is_known(self, key: str) -> bool:
        """Whether the value of ``key`` is known, or the request is known to lack it."""
        return key.lower() in self._keys or self._absent is None or self._absent(key.lower())

    def missing(self, pattern: str) -> list[str]:
        """The condition keys of the variables in ``pattern`` that have no value and no default."""
        tokens = [token for token in _TOKEN.findall(pattern) if self._variables and token.startswith("${")]
        return [token[2:-1].strip() for token in tokens if self._variable(token) is None]

    def tokens(self, pattern: str) -> list[tuple[str, bool]] | None:
        """``pattern`` split into texts, each with whether it is a wildcard; None if a variable has no value.

        ``a*${aws:username}`` is ``[("a", False), ("*", True), ("alice", False)]``. The value of a variable is never a
        wildcard.
        """
        tokens = []
        for token in _TOKEN.findall(pattern):
            value = self._variable(token) if self._variables and token.startswith("${") else token
            if value is None:
                return None
            tokens.append((value, token in ("*", "?")))
        return tokens

    def _variable(self, token: str) -> str | None:
        if token in _ESCAPES:
            return _ESCAPES[token]
        name, comma, default = token[2:-1].partition(",")
        return self.first(name.strip()) or (default.strip().strip("'") if comma else None)


def matches_wildcard(pattern: str, value: str, context: RequestContext) -> bool:
    """Whether ``value`` matches ``pattern``, in which ``*`` and ``?`` are wildcards."""
    if not _WILDCARD_OR_VARIABLE.search(pattern):
        return pattern == value
    tokens = context.tokens(pattern)
    if tokens is None:
        return False
    wild = {"*": ".*", "?": "."}
    regex = "".join(wild[text] if is_wild else re.escape(text) for text, is_wild in tokens)
    return re.fullmatch(regex, value, re.DOTALL) is not None
