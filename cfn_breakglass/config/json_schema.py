"""JSON Schemas: of a config file, for completion in editors, and of an alert, for those who parse it.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import json
from typing import Any

from cfn_breakglass.config.collection_types import Section
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS, Config


def schema_text() -> str:
    """The schema of a config as JSON text."""
    return _text("config", Section(Config).schema())


def alert_schema_text() -> str:
    """The schema of an alert of the format json, as JSON text. A field that an event lacks is an empty string."""
    properties: dict[str, Any] = {
        name: {"type": field.json_types[0] if len(field.json_types) == 1 else [*field.json_types]}
        | {"description": field.about}
        for name, field in FIELDS.items()
    }
    properties["detection"]["enum"] = [*DETECTIONS]
    schema = {"type": "object", "properties": properties, "required": [*FIELDS], "additionalProperties": False}
    return _text("alert", schema)


def _text(subject: str, schema: dict[str, Any]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"cfn-breakglass {subject}"}
    return json.dumps(head | schema, indent=2) + "\n"
