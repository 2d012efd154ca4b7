"""What to do next with the generated files, as numbered steps in the console or with the AWS CLI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import indent, wrap
from typing import Any
