"""Where each part of a template stands in its file, so that a finding can name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# JSON that is not YAML: escapes of half a surrogate pair, tabs between values, and characters that YAML has no use for.
_ONLY_JSON: Final = re.compile(
    r"(?P<backslash>\\\\)|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
    "|[^\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)

Path = tuple[str | int, ...]


class LineNumbers:
    """The lines of a template's text, YAML or JSON, which ``reader.parse`` could read; the first line is 1.

    ``{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}`` has a line for the paths ``("Resources",)``,
    ``("Resources", "Topic")`` and ``("Resources", "Topic", "Type")``. The elements of a list are counted from 0.
    """

    def __init__(self, text: str) -> None:
        node = yaml.compose(_ONLY_JSON.sub(lambda match: match["backslash"] or " ", text), Loader=_LOADER)
        self._lines: dict[Path, int] = dict(_lines(node, ())) if node else {}

    def line_of(self, *path: str | int) -> int:
        """The line of the key or list element at ``path``, or of the nearest part around it that is in the file."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def _lines(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            yield from _lines(value, (*path, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for index, element in enumerate(node.value):
            yield (*path, index), element.start_mark.line + 1
            yield from _lines(element, (*path, index))
