"""Would this policy let that call through? For the policies our templates hold, and no others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cfn_breakglass.analysis.iam.conditions import ConditionResult, all_of, evaluate
from cfn_breakglass.analysis.iam.principals import PrincipalMatch, match_principal
from cfn_breakglass.analysis.iam.request_context import RequestContext, matches_wildcard
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_POLICY_KEYS = {"Version", "Id", "Statement"}
_STATEMENT_KEYS = {
    *("Sid", "Effect", "Principal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
# Only the newer version has policy variables; without one AWS reads the older.
_VERSIONS = {"2012-10-17": True, "2008-10-17": False}


class Request(NamedTuple):
    """A call: of a service, or of whom the keys tell; ``absent`` as in ``Context``."""

    action: str
    resource: str
    keys: Mapping[str, str | list[str]]
    service: str | None = None
    absent: Callable[[str], bool] | None = None


def allows(
    document: Mapping[str, Any] | str,
    *,
    action: str,
    resource: str,
    principal_service: str | None = None,
    context: Mapping[str, str | list[str]],
) -> bool:
    """Whether one policy, a document or its JSON text, allows ``action`` on ``resource``.

    Without ``principal_service`` the caller is who the context says: ``aws:PrincipalArn`` (of the role,
    for a session) or ``aws:FederatedProvider``. TemplateError for anything in the policy that is not known.
    """
    return allowed([document], action=action, resource=resource, principal_service=principal_service, context=context)


def allowed(
    documents: Iterable[Mapping[str, Any] | str],
    *,
    action: str,
    resource: str,
    principal_service: str | None = None,
    context: Mapping[str, str | list[str]],
) -> bool:
    """Whether policies that count together allow it: one allows, and none denies."""
    request = Request(action, resource, context, principal_service)
    answer = verdict([one for document in documents for one in match_statements(document, request)])
    if answer is None:
        raise TemplateError(f"cannot tell whether a policy allows {action} on {resource}")
    return answer


def parse_policy(document: Mapping[str, Any] | str) -> dict[str, Any]:
    """Read a policy document, a mapping or JSON text of one."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError as error:
        raise TemplateError(f"a policy is not JSON: {error}") from error
    if not isinstance(policy, dict) or not policy.keys() <= _POLICY_KEYS:
        raise TemplateError(f"not a policy: {policy!r}")
    if str(policy.get("Version", "2008-10-17")) not in _VERSIONS:
        raise TemplateError(f"a policy cannot have the version {policy['Version']!r}")
    return policy


def statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the statements of a policy; TemplateError for one that holds anything not known here."""
    found = as_list(policy.get("Statement", []))
    for statement in found:
        if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT_KEYS:
            raise TemplateError(f"cannot judge the statement {statement!r}")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise TemplateError(f"the effect of a statement is Allow or Deny: {statement!r}")
        if ("Action" in statement) == ("NotAction" in statement):
            raise TemplateError(f"a statement has one of Action and NotAction: {statement!r}")
    return found


def as_list(value: Any) -> list[Any]:
    """One or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


class StatementMatch(NamedTuple):
    """A statement, counted from 1, and what a request makes of each part of it."""

    number: int
    effect: str
    covers: bool
    principal: PrincipalMatch
    conditions: list[ConditionResult]

    @property
    def applies(self) -> bool | None:
        """Whether it has a say; None where that cannot be told."""
        return all_of([self.covers, self.principal.holds, *(test.holds for test in self.conditions)])


def match_statements(document: Mapping[str, Any] | str, request: Request) -> list[StatementMatch]:
    """Every statement of a policy beside a request; TemplateError for anything in the policy that is not known."""
    policy = parse_policy(document)
    variables = _VERSIONS[policy.get("Version", "2008-10-17")]
    keys = RequestContext(request.keys, variables=variables, absent=request.absent)
    # Every part is looked at, whatever the others say: what is not known must not hide behind a mismatch.
    return [
        StatementMatch(
            number,
            statement["Effect"],
            _covers(statement, "Action", request.action.lower(), keys)
            and _covers(statement, "Resource", request.resource, keys),
            match_principal(statement, request.service, keys),
            evaluate(statement.get("Condition", {}), keys),
        )
        for number, statement in enumerate(statements(policy), 1)
    ]


def verdict(weighed: Iterable[StatementMatch]) -> bool | None:
    """Whether statements that count together let a request through: one allows, none denies; None: cannot tell.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    says = {(one.effect, one.applies) for one in weighed}
    if ("Deny", True) in says or not says & {("Allow", True), ("Allow", None)}:
        return False
    return None if ("Deny", None) in says or ("Allow", True) not in says else True


def _covers(
    statement: Mapping[str, Any], element: Literal["Action", "Resource"], value: str, keys: RequestContext
) -> bool:
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            patterns = [str(item) for item in as_list(statement[name])]
            lower = [item.lower() for item in patterns] if element == "Action" else patterns
            return any(matches_wildcard(item, value, keys) for item in lower) == wanted
    return True
