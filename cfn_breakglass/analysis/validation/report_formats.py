"""The findings of ``validate`` for people, for scripts (JSON), and for tools that show them in the code (SARIF)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from cfn_breakglass.analysis.validation.cfn_lint import RULE_PAGE
from cfn_breakglass.analysis.validation.finding import Finding
from cfn_breakglass.analysis.validation.finding_rules import FINDING_RULES
from cfn_breakglass.analysis.validation.folder import CheckedFile, Validation

JSON_VERSION: Final = 1
_SARIF_VERSION: Final = "2.1.0"
_SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def text_report(validation: Validation) -> str:
    """Each finding with what to do about it, then a line for each file."""
    lines = [line for finding in validation.findings for line in _finding_lines(finding)]
    counts = Counter(finding.file for finding in validation.findings)
    return "\n".join([*lines, *(_file_line(checked, counts[checked.file]) for checked in validation.files)]) + "\n"


def json_report(validation: Validation) -> str:
    """An object with the version of this format and the findings, each an object."""
    return _json({"version": JSON_VERSION, "findings": [asdict(finding) for finding in validation.findings]})


def sarif_report(validation: Validation, tool_version: str) -> str:
    """SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html."""
    rule_ids = sorted({finding.rule_id for finding in validation.findings})
    driver = {
        "name": "cfn-breakglass",
        "version": tool_version,
        "rules": [_sarif_rule(rule_id) for rule_id in rule_ids],
    }
    results = [_sarif_result(finding, rule_ids.index(finding.rule_id)) for finding in validation.findings]
    run = {"tool": {"driver": driver}, "results": results}
    return _json({"$schema": _SARIF_SCHEMA, "version": _SARIF_VERSION, "runs": [run]})


def _finding_lines(finding: Finding) -> Iterable[str]:
    yield str(finding)
    yield f"  {finding.remedy}"


def _file_line(checked: CheckedFile, findings: int) -> str:
    count = f"{findings} problem{'' if findings == 1 else 's'}"
    if checked.regions is None:
        return f"{checked.file}: {count}"
    if not checked.regions:
        return f"{checked.file}: deployed to no region, so there was nothing to check"
    return f"{checked.file}: {count} in {checked.regions} region{'' if checked.regions == 1 else 's'}"


def _sarif_rule(rule_id: str) -> dict[str, Any]:
    if rule_id in FINDING_RULES:
        rule = FINDING_RULES[rule_id]
        return {"id": rule_id, "shortDescription": {"text": rule.summary}}
    return {
        "id": rule_id,
        "shortDescription": {"text": f"Rule {rule_id} of cfn-lint"},
        "helpUri": f"{RULE_PAGE}{rule_id}",
    }


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": {"startLine": finding.line},
        }
    }
    if finding.logical_id:
        location["logicalLocations"] = [{"name": finding.logical_id, "kind": "resource"}]
    return {
        "ruleId": finding.rule_id,
        "ruleIndex": rule_index,
        "level": finding.level,
        "message": {"text": f"{finding.message} {finding.remedy}"},
        "locations": [location],
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
