"""Would this policy let that call through? For the policies our templates hold, and no others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from cfn_breakglass.emitted.conditions import Context, matches, satisfied
from cfn_breakglass.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_POLICY_KEYS = {"Version", "Id", "Statement"}
_STATEMENT_KEYS = {
    *("Sid", "Effect", "Principal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}
# Only the newer version has policy variables; without one AWS reads the older.
_VERSIONS = {"2012-10-17": True, "2008-10-17": False}


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
    effects: set[str] = set()
    for document in documents:
        policy = read(document)
        keys = Context(context, variables=_VERSIONS[policy.get("Version", "2008-10-17")])
        for statement in statements(policy):
            if _applies(statement, action, resource, principal_service, keys):
                effects.add(statement["Effect"])
    return effects == {"Allow"}


def read(document: Mapping[str, Any] | str) -> dict[str, Any]:
    """Read a policy document, a mapping or JSON text of one."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError as error:
        raise TemplateError(f"a policy is not JSON: {error}") from error
    if not isinstance(policy, dict) or not policy.keys() <= _POLICY_KEYS:
        raise TemplateError(f"not a policy: {policy!r}")
    if policy.get("Version", "2008-10-17") not in _VERSIONS:
        raise TemplateError(f"a policy cannot have the version {policy['Version']!r}")
    return policy


def statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the statements of a policy; TemplateError for one that holds anything not known here."""
    found = listed(policy.get("Statement", []))
    for statement in found:
        if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT_KEYS:
            raise TemplateError(f"cannot judge the statement {statement!r}")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise TemplateError(f"the effect of a statement is Allow or Deny: {statement!r}")
        if ("Action" in statement) == ("NotAction" in statement):
            raise TemplateError(f"a statement has one of Action and NotAction: {statement!r}")
    return found


def listed(value: Any) -> list[Any]:
    """One or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def _applies(statement: Mapping[str, Any], action: str, resource: str, service: str | None, keys: Context) -> bool:
    # Every part is looked at, whatever the others say: what is not known must not hide behind a mismatch.
    return all(
        [
            _principal(statement, service, keys),
            _covers(statement, "Action", action.lower(), keys),
            _covers(statement, "Resource", resource, keys),
            satisfied(statement.get("Condition", {}), keys),
        ]
    )


def _covers(statement: Mapping[str, Any], element: Literal["Action", "Resource"], value: str, keys: Context) -> bool:
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            patterns = [str(item) for item in listed(statement[name])]
            lower = [item.lower() for item in patterns] if element == "Action" else patterns
            return any(matches(item, value, keys) for item in lower) == wanted
    return True


def _principal(statement: Mapping[str, Any], service: str | None, keys: Context) -> bool:
    principal = statement.get("Principal", "*")
    if principal == "*":
        return True
    if not isinstance(principal, dict) or principal.keys() - {"AWS", "Service", "Federated"}:
        raise TemplateError(f"cannot judge the principal {principal!r}")
    named = {kind: listed(names) for kind, names in principal.items()}
    if service is not None:
        return service in named.get("Service", []) or "*" in named.get("AWS", [])
    return _is_caller(named.get("AWS", []), keys.one("aws:PrincipalArn")) or (
        keys.one("aws:FederatedProvider") in named.get("Federated", [])
    )


def _is_caller(named: list[str], caller: str | None) -> bool:
    if "*" in named:
        return True
    if caller is None:
        return False
    account = caller.split(":")[4]
    return any(name in (caller, account) or name.endswith(f":iam::{account}:root") for name in named)
