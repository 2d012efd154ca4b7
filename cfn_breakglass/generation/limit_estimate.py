"""A rough upper bound of the sizes in a template, to tell at once that no limit of AWS is near.

To measure exactly, references have to be resolved, and for that the reading half has to be imported. Nearly every
template is far below every limit, so that an estimate is enough. It may take a small template for a large one, and then
everything is measured; it never takes a large one for a small one.

A worked example. The event pattern of a rule, as JSON without blanks, is

    {"detail":{"requestParameters":{"keyId":[{"suffix":{"Ref":"Key"}}]}}}

These are 69 characters with one reference. In a pattern a reference stands for an ID, which has at most 40 characters.
So the pattern has at most 69 + 40 = 109 characters, and AWS allows 2,048. Elsewhere a reference may stand for an ARN
and counts 300: the policy

    {"Resource":{"Fn::Sub":"${AlertTopic}"}}

counts 40 + 300 = 340 characters, and a PolicyDocument may have at least 5,120. A text from a mapping of the
template counts as much as the longest one there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cfn_breakglass.aws import limits

# The lowest limit that applies to what a property holds, in one type or in any. Every other property is held to the
# limit of a pattern, the lowest of all.
_LIMITS: Final = {
    "AWS::IAM::ManagedPolicy.PolicyDocument": limits.MANAGED_POLICY,
    "PolicyDocument": limits.LOGS_RESOURCE_POLICY,
    "Policies": limits.INLINE_POLICIES,
    "Targets": limits.INPUT_TEMPLATE,
    "TemplateBody": limits.TEMPLATE_BODY,
}
# A reference to a resource may stand for more characters than it takes to write. A pseudo parameter, AWS::..., never
# does, and ${! is no reference.
_REFERENCE: Final = re.compile(r'"Ref":"(?!AWS::)|"Fn::GetAtt"|\$\{(?!!|AWS::)')
_ID, _ARN = 40, 300
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode  # one for all: json.dumps makes one each time


def has_room(data: Mapping[str, Any], text: str) -> bool:
    """Whether everything in a template, given as plain data and as text, is certainly below the limits of AWS."""
    resources = data["Resources"].values()
    longest_text = len(_ENCODE(data.get("Mappings", {})))
    return (
        len(text.encode()) <= limits.TEMPLATE.maximum
        and len(resources) <= min(limits.RULES.maximum, limits.RESOURCES.maximum)
        and _most_rules_of_a_bus(resources) <= limits.WILDCARD_RULES.maximum
        and all(
            largest_size(name, value, longest_text) <= _maximum(resource["Type"], name)
            for resource in resources
            for name, value in resource["Properties"].items()
        )
    )


def _most_rules_of_a_bus(resources: Iterable[Mapping[str, Any]]) -> int:
    """How many rules the bus with the most has; the default bus has those that name none."""
    rules = (resource["Properties"] for resource in resources if resource["Type"] == "AWS::Events::Rule")
    return max(Counter(_ENCODE(rule.get("EventBusName")) for rule in rules).values(), default=0)


def _maximum(kind: str, name: str) -> int:
    return (_LIMITS.get(f"{kind}.{name}") or _LIMITS.get(name, limits.PATTERN)).maximum


def largest_size(name: str, value: Any, longest_text: int = 0) -> int:
    """The most characters that the property ``name`` can have once its references are resolved.

    ``longest_text`` is the length of the longest text in the template's mappings.
    """
    text = _ENCODE(value)
    references = len(_REFERENCE.findall(text)) * (_ID if name == "EventPattern" else _ARN)
    return len(text) + references + text.count('"Fn::FindInMap"') * longest_text
