"""The tables of the README, made from what they are about; ``make golden`` writes them there."""

from __future__ import annotations

import re
from dataclasses import MISSING, is_dataclass
from typing import Any

from cfn_breakglass.config.collection_types import keys
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS, Config
from cfn_breakglass.detections.catalog import detections
from cfn_breakglass.names import Names


def config_table() -> str:
    rows = [f"| `{key}` | {default(field)} | {field.metadata['about']} |" for key, field in keys(Config)]
    return "\n".join(["| Key | Default | What it is |", "|---|---|---|", *rows])


def default(field: Any) -> str:
    """A default as YAML spells it; nothing for a section, whose keys have defaults of their own."""
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if value is MISSING:
        return "required"
    if is_dataclass(value) or value is DETECTIONS or value is None:
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(repr, value))}]`".replace("'", '"')
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def detection_table() -> str:
    config = config_of(
        {"main_region": "us-east-1", "usernames": ["alice"], "detections": dict.fromkeys(DETECTIONS, "log")}
    )
    summaries = {one.id: one.summary for one in reversed(detections(config, Names.of(config))) if one.id in DETECTIONS}
    rows = [f"| {one} | {summaries[one]} | {level} |" for one, level in DETECTIONS.items()]
    return "\n".join(["| Detection | Told of | Default |", "|---|---|---|", *rows])


def field_table() -> str:
    rows = [f"| `<{name}>` | {field.about} |" for name, field in FIELDS.items()]
    return "\n".join(["| Field | What it is |", "|---|---|", *rows])


TABLES = {"config": config_table, "detections": detection_table, "fields": field_table}


def with_tables(readme: str) -> str:
    """The README with its tables as they have to be."""
    for name, table in TABLES.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        readme, found = place.subn(rf"\g<1>\n{table()}\n\n\g<2>", readme)
        assert found == 1, f"README.md has no place for the table {name}"
    return readme
