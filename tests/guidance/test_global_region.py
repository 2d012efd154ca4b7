"""Whoever leaves out the region in which AWS records IAM and the global sign-in is warned of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rejections import generate

SETTINGS: dict[str, Any] = {"usernames": ["alice"], "alerts": {"emails": ["ops@example.com"]}}


# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
@pytest.mark.parametrize(
    ("main_region", "regions", "warned"),
    [
        ("us-east-1", [], False),
        ("eu-west-1", ["us-east-1"], False),
        ("eu-west-1", ["*"], False),
        ("eu-west-1", ["us-east-2", "us-west-2"], True),
        ("us-east-2", [], True),
        ("cn-north-1", [], False),
    ],
)
def test_the_global_region_is_missed(tmp_path: Path, main_region: str, regions: list[str], *, warned: bool) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(SETTINGS | {"main_region": main_region, "regions": regions}), encoding="utf-8")
    warnings = generate(tmp_path, config).stderr
    assert ("us-east-1" in warnings) == warned
