"""Every policy of a template, as AWS would get it: whatever property holds one, as data or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfn_breakglass.analysis.template.reader import Resource, resolve
from cfn_breakglass.analysis.template.template_files import TemplateFile


def policies_of(plan: TemplateFile) -> dict[str, str]:
    """The policies of ``plan`` in each region that it goes to, as JSON by where they are."""
    found = {}
    for region in plan.regions:
        stack = resolve(plan.template, account=plan.coverage.account_or_example, region=region, file=plan.file)
        for resource in stack.resources.values():
            for where, policy in _within(resource.properties, f"{resource.type} {resource.logical_id}"):
                found[f"{plan.file} {region}: {where}"] = json.dumps(_explicit(policy, resource))
    return found


def policies_beside(folder: Path) -> dict[str, str]:
    """The policies in ``folder`` that are files of their own."""
    texts = {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    return {file: text for file, text in texts.items() if "Statement" in json.loads(text)}


def statements_in(text: str) -> int:
    """How many statements the policy has that ``text`` is."""
    return len(_listed(json.loads(text)))


def _within(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, str) and '"Statement"' in node:
        node = json.loads(node)
    if isinstance(node, dict) and "Statement" in node:
        yield where, node
    elif isinstance(node, dict | list):
        for key, held in node.items() if isinstance(node, dict) else enumerate(node):
            if key != "TemplateBody":  # that is the template of stackset, whose policies are asked for there
                yield from _within(held, f"{where}.{key}")


def _explicit(policy: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """The policy; that of a role's trust with the role as its resource, which it need not say but to parliament."""
    if resource.type != "AWS::IAM::Role":
        return policy
    return {**policy, "Statement": [{"Resource": resource.arn} | one for one in _listed(policy)]}


def _listed(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements = policy["Statement"]
    return statements if isinstance(statements, list) else [statements]
