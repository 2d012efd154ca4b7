"""The JSON Schema of a config file, for completion in editors.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import json

from cfn_breakglass.config.collection_types import Section
from cfn_breakglass.config.model import Config


def schema_text() -> str:
    """The schema as JSON text."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "cfn-breakglass config"}
    return json.dumps(head | Section(Config).schema(), indent=2) + "\n"
