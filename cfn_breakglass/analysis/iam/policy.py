"""Whether policies allow a request. It supports the policy elements that our templates use, and no others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cfn_breakglass.analysis.iam.conditions import ConditionResult, all_of, evaluate
from cfn_breakglass.analysis.iam.principals import PrincipalMatch, match_principal
from cfn_breakglass.analysis.iam.request_context import RequestContext, as_list, matches_wildcard
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_POLICY_KEYS = {"Version", "Id", "Statement"}
_STATEMENT_KEYS = {
    *("Sid", "Effect", "Principal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
_HAS_VARIABLES = {"2012-10-17": True, "2008-10-17": False}
"""Whether a version of the policy language has policy variables. A policy without a version has the older one."""
_DEFAULT_VERSION = "2008-10-17"


class Request(NamedTuple):
    """A call by a service, or by the principal in the condition keys; ``absent`` as in ``RequestContext``."""

    action: str
    resource: str
    keys: Mapping[str, str | list[str]]
    service: str | None = None
    absent: Callable[[str], bool] | None = None


def allowed(
    documents: Iterable[Mapping[str, Any] | str],
    *,
    action: str,
    resource: str,
    principal_service: str | None = None,
    context: Mapping[str, str | list[str]],
) -> bool:
    """Whether ``documents``, evaluated together, allow ``action`` on ``resource``: one allows it and none denies it.

    A document is a policy or its JSON text. Without ``principal_service`` the context names the caller in
    ``aws:PrincipalArn`` (of the role, for a session) or ``aws:FederatedProvider``. TemplateError for an element that
    is not supported, and if the answer depends on something unknown.
    """
    request = Request(action, resource, context, principal_service)
    is_allowed = verdict(chain.from_iterable(match_statements(document, request) for document in documents))
    if is_allowed is None:
        raise TemplateError(f"cannot tell whether a policy allows {action} on {resource}")
    return is_allowed


def parse_policy(document: Mapping[str, Any] | str) -> dict[str, Any]:
    """Check a policy document, a mapping or its JSON text."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError as error:
        raise TemplateError(f"a policy is not JSON: {error}") from error
    if not isinstance(policy, dict) or not policy.keys() <= _POLICY_KEYS:
        raise TemplateError(f"not a policy: {policy!r}")
    if str(policy.get("Version", _DEFAULT_VERSION)) not in _HAS_VARIABLES:
        raise TemplateError(f"a policy cannot have the version {policy['Version']!r}")
    return policy


def statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy; TemplateError for a statement with an element that is not supported."""
    policy_statements = as_list(policy.get("Statement", []))
    for statement in policy_statements:
        if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT_KEYS:
            raise TemplateError(f"cannot evaluate the statement {statement!r}")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise TemplateError(f"the effect of a statement is Allow or Deny: {statement!r}")
        if ("Action" in statement) == ("NotAction" in statement):
            raise TemplateError(f"a statement has one of Action and NotAction: {statement!r}")
    return policy_statements


class StatementMatch(NamedTuple):
    """A statement, counted from 1, and whether each of its elements matches a request."""

    number: int
    effect: str
    covers: bool
    principal: PrincipalMatch
    conditions: list[ConditionResult]

    @property
    def applies(self) -> bool | None:
        """Whether the statement applies to the request; None if unknown."""
        return all_of([self.covers, self.principal.holds, *(condition.holds for condition in self.conditions)])


def match_statements(document: Mapping[str, Any] | str, request: Request) -> list[StatementMatch]:
    """Match every statement of a policy with a request; TemplateError for an element that is not supported."""
    policy = parse_policy(document)
    has_variables = _HAS_VARIABLES[policy.get("Version", _DEFAULT_VERSION)]
    context = RequestContext(request.keys, variables=has_variables, absent=request.absent)
    # Every element is evaluated, whatever the others say, so that an unsupported one is always found.
    return [
        StatementMatch(
            number,
            statement["Effect"],
            _covers(statement, "Action", request.action.lower(), context)
            and _covers(statement, "Resource", request.resource, context),
            match_principal(statement, request.service, context),
            evaluate(statement.get("Condition", {}), context),
        )
        for number, statement in enumerate(statements(policy), 1)
    ]


def verdict(matches: Iterable[StatementMatch]) -> bool | None:
    """Whether statements, evaluated together, allow a request: one allows it and none denies it; None if unknown.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    effects = {(match.effect, match.applies) for match in matches}
    if ("Deny", True) in effects or not effects & {("Allow", True), ("Allow", None)}:
        return False
    return None if ("Deny", None) in effects or ("Allow", True) not in effects else True


def _covers(
    statement: Mapping[str, Any], element: Literal["Action", "Resource"], value: str, context: RequestContext
) -> bool:
    for name, covers_matches in ((element, True), (f"Not{element}", False)):
        if name in statement:
            patterns = [str(pattern) for pattern in as_list(statement[name])]
            patterns = [pattern.lower() for pattern in patterns] if element == "Action" else patterns
            return any(matches_wildcard(pattern, value, context) for pattern in patterns) == covers_matches
    return True
