"""A query of CloudWatch Logs Insights, answered on paper: as much of the language as our saved queries use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

Row = dict[str, Any]
_TOKEN: Final = re.compile(r"""\s*("[^"]*"|/[^/]*/|[@\w.]+|!=|[=(),])""")


def flatten(node: Any, path: str = "") -> Row:
    """The fields that Insights discovers in a JSON event: dotted paths, without null, and 1 and 0 for true and false.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
    """
    if isinstance(node, Mapping | list):
        items = node.items() if isinstance(node, Mapping) else enumerate(node)
        return {key: value for name, held in items for key, value in flatten(held, f"{path}.{name}").items()}
    return {} if node is None else {path.removeprefix("."): int(node) if isinstance(node, bool) else node}


class Answer(NamedTuple):
    """What a query returns: the columns that people see, and the rows, with every field of theirs."""

    columns: list[str]
    rows: list[Row]


def answer(query: str, events: Iterable[Mapping[str, Any]]) -> Answer:
    """The answer to a query about logged events, whose ``time`` is their time."""
    rows = [flatten(event) | {"@timestamp": event["time"]} for event in events]
    columns: list[str] = []
    for line in query.split("\n| "):
        command, _, rest = line.partition(" ")
        rows, columns = _COMMANDS[command](rows, rest, columns)
    return Answer(columns, rows)


def _fields(rows: list[Row], rest: str, _: list[str]) -> tuple[list[Row], list[str]]:
    columns: list[str] = []
    for expression in re.split(r", (?![^(]*\))", rest):
        source, alias = expression.partition(" as ")[::2]
        columns.append(alias or source)
        for row in rows:
            named = source.removeprefix("coalesce(").removesuffix(")").split(", ")
            values = [row[name] for name in named if name in row]
            row.update({columns[-1]: values[0]} if values else {})
    return rows, columns


def _filter(rows: list[Row], rest: str, columns: list[str]) -> tuple[list[Row], list[str]]:
    return [row for row in rows if _Condition(rest).holds(row)], columns


def _stats(rows: list[Row], rest: str, _: list[str]) -> tuple[list[Row], list[str]]:
    matched = re.fullmatch(r"max\((\S+)\) as (\w+) by (.+)", rest)
    assert matched, rest
    field, alias, keys = matched[1], matched[2], matched[3].split(", ")
    groups: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        group = groups.setdefault(tuple(row.get(key) for key in keys), {key: row.get(key) for key in keys})
        group[alias] = max(group.get(alias, row[field]), row[field])
    return list(groups.values()), [*keys, alias]


def _sort(rows: list[Row], rest: str, columns: list[str]) -> tuple[list[Row], list[str]]:
    field, order = rest.split()
    return sorted(rows, key=lambda row: row[field], reverse={"asc": False, "desc": True}[order]), columns


def _dedup(rows: list[Row], field: str, columns: list[str]) -> tuple[list[Row], list[str]]:
    return list({row[field]: row for row in reversed(rows)}.values())[::-1], columns


_COMMANDS: Final[dict[str, Callable[[list[Row], str, list[str]], tuple[list[Row], list[str]]]]] = {
    "fields": _fields,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "dedup": _dedup,
}


class _Condition:
    """The condition of a filter, read from left to right: or, and, not, then comparisons."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r"\s", "", text), text

    def holds(self, row: Row) -> bool:
        tokens = list(self._tokens)
        result = self._either(tokens, row)
        assert not tokens, tokens
        return result

    def _either(self, tokens: list[str], row: Row) -> bool:
        result = self._both(tokens, row)
        while tokens and tokens[0] == "or":
            tokens.pop(0)
            result = self._both(tokens, row) or result
        return result

    def _both(self, tokens: list[str], row: Row) -> bool:
        result = self._comparison(tokens, row)
        while tokens and tokens[0] == "and":
            tokens.pop(0)
            result = self._comparison(tokens, row) and result
        return result

    def _comparison(self, tokens: list[str], row: Row) -> bool:
        first = tokens.pop(0)
        if first == "not":
            return not self._comparison(tokens, row)
        if first == "(":
            result = self._either(tokens, row)
            assert tokens.pop(0) == ")"
            return result
        if first == "ispresent":
            _, field, _ = tokens.pop(0), tokens.pop(0), tokens.pop(0)
            return field in row
        operator, value = tokens.pop(0), tokens.pop(0)
        return first in row and _compare(str(row[first]), operator, value)


def _compare(field: str, operator: str, value: str) -> bool:
    if operator == "like":
        return bool(re.search(value[1:-1] if value.startswith("/") else re.escape(value[1:-1]), field))
    assert operator == "=", operator
    return field == value.strip('"')
