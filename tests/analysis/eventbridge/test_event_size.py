"""The largest event that EventBridge takes from an AWS service, and one that is a byte larger."""

from __future__ import annotations

import json

import pytest

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import is_too_large

LARGEST = 256 * 1_024
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html."""


@pytest.mark.parametrize("letter", ["x", "é", "漢", "\U0001f510"])
def test_an_event_of_256_kb_is_taken_and_one_of_a_byte_more_is_not(letter: str) -> None:
    """It counts in bytes of UTF-8, without the blanks that a JSON text may have."""
    room = LARGEST - len(json.dumps({"detail": {"of": ""}}, separators=(",", ":")))
    count, rest = divmod(room, len(letter.encode()))
    text = letter * count + "x" * rest
    assert not is_too_large({"detail": {"of": text}})
    assert is_too_large({"detail": {"of": text + "x"}})
