"""The role that the templates create: its trust policy evaluated for a caller, and the policies that grant it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.policy import Request, match_statements, parse_policy, statements, verdict
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account, principals_of
from cfn_breakglass.analysis.iam.request_context import as_list
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.analysis.template.template_files import accounts_template, main_region_template
from cfn_breakglass.errors import MissingRoleError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.iam.policy import StatementMatch
    from cfn_breakglass.analysis.template.reader import Resource, Stack
    from cfn_breakglass.analysis.template.template_files import TemplateFile

_HOUR = 3600
REGION = "aws:RequestedRegion"
"""The condition key that says which region is called."""
# The property that says which users a policy is attached to.
_USERS_PROPERTY = {
    "AWS::IAM::ManagedPolicy": "Users",
    "AWS::IAM::Policy": "Users",
    "AWS::IAM::UserPolicy": "UserName",
}


class TrustedRole(NamedTuple):
    """A role, its trust policy and its stack; ``is_example`` if the templates can be deployed in any account.

    ``hub`` is the stack of the hub, if every account of an organization has the role.
    """

    stack: Stack
    resource: Resource
    document: Mapping[str, Any]
    is_example: bool
    hub: Stack | None = None

    @property
    def granting_stack(self) -> Stack:
        """The stack with the policies of the callers."""
        return self.hub or self.stack

    @property
    def account_of_callers(self) -> str:
        """The account of the users whom the config names."""
        return self.granting_stack.account

    @property
    def arn(self) -> str:
        return self.resource.arn

    @property
    def max_session_seconds(self) -> int:
        """How long a session may last; an hour where the template does not say."""
        seconds = str(self.resource.properties.get("MaxSessionDuration", _HOUR))
        if not seconds.isdigit():
            raise TemplateError(f"the MaxSessionDuration of the role is a number of seconds, not {seconds!r}")
        return int(seconds)


class Evaluation(NamedTuple):
    """Whether the trust policy allows a caller (None: not known), and the action and statements that decide it."""

    allowed: bool | None
    action: str
    statements: list[StatementMatch]


def read_trusted_role(folder: Path, account: str = "") -> TrustedRole:
    """Read the role from the main region's template, or that of the accounts; MissingRoleError if it creates none.

    ``account`` is where the template is deployed; TemplateError if it is no account ID.
    """
    if account and not is_account(account):
        raise TemplateError(not_an_account(account))
    main_region = main_region_template(folder)
    accounts = accounts_template(folder) if main_region.coverage.organization else None
    return role_of_templates(main_region, accounts, account)


def role_of_templates(main_region: TemplateFile, accounts: TemplateFile | None, account: str = "") -> TrustedRole:
    """The role that the main region's template creates, or in an organization that of the accounts, in ``account``."""
    template, hub = main_region, None
    if accounts and (organization := main_region.coverage.organization):
        region = main_region.coverage.main_region
        hub = resolve(main_region.template, account=organization.hub, region=region, file=main_region.file)
        template = accounts
    home = account or template.coverage.account_or_example
    stack = resolve(template.template, account=home, region=template.coverage.main_region, file=template.file)
    return _trusted_role(stack, template.file, is_example=not (account or template.coverage.account), hub=hub)


def _trusted_role(stack: Stack, file: str, *, is_example: bool, hub: Stack | None) -> TrustedRole:
    """The role that a stack of the template ``file`` creates; MissingRoleError if it creates none."""
    arn = str(stack.outputs.get("RoleArn", ""))
    resource = next((role for role in stack.of_type("AWS::IAM::Role") if role.arn == arn), None)
    if resource is None:
        raise MissingRoleError(file, arn.rpartition("/")[2])
    document = parse_policy(resource.properties.get("AssumeRolePolicyDocument", ""))
    return TrustedRole(stack, resource, document, is_example, hub)


def statement_problems(document: Mapping[str, Any]) -> list[str]:
    """Why each statement of a trust policy cannot be evaluated, in their order; empty where it can."""
    return [_problem(statement) for statement in as_list(document.get("Statement", []))]


def _problem(statement: Any) -> str:
    if isinstance(statement, dict) and "NotPrincipal" in statement:
        return "it has NotPrincipal"
    try:
        (checked,) = statements({"Statement": [statement]})
        principals_of(checked)
        for operator, _, _ in iter_conditions(checked.get("Condition", {})):
            parse_operator(operator)
    except TemplateError as error:
        return str(error)
    fits = "Principal" in checked and not {"Resource", "NotResource"} & checked.keys()
    return "" if fits else "a statement of a trust policy has a Principal and no Resource"


def evaluate_caller(role: TrustedRole, caller: Caller) -> Evaluation:
    """Whether the trust policy allows the calls of ``caller``; TemplateError if the policy cannot be evaluated."""
    for number, problem in enumerate(statement_problems(role.document), 1):
        if problem:
            raise TemplateError(f"cannot tell: statement {number} of the trust policy cannot be evaluated: {problem}")
    service = caller.arn if caller.kind == "service" else None
    # A caller who does not say otherwise calls STS of the main region.
    keys = {REGION: role.stack.region, **caller.keys}
    evaluations = []
    for action in caller.actions:
        matches = match_statements(role.document, Request(action, role.arn, keys, service, caller.is_absent))
        evaluations.append(Evaluation(verdict(matches), action, matches))
    # The first call that is denied decides; then the first that is not known.
    return min(evaluations, key=lambda evaluation: (False, None, True).index(evaluation.allowed))


def needs_own_policies(role: TrustedRole, caller: Caller, entry: str) -> bool:
    """Whether the caller's own policies must allow the call too, if ``entry`` is the principal that it matches.

    A principal that is a user or role of the role's own account is enough. One that is an account leaves it to that
    account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    if caller.is_federated or caller.kind == "service":
        return False
    return entry != caller.arn or caller.account != role.stack.account


def granting_policies(role: TrustedRole, user: str, actions: Sequence[str]) -> tuple[str, ...]:
    """The policies with which the templates allow a user these actions; empty if they do not."""
    attached = [
        policy for policy in _policies(role) if user.lower() in (username.lower() for username in _usernames(policy))
    ]
    return _names(attached) if _allow(attached, role, {"aws:username": user}, actions) else ()


def attachable_policies(role: TrustedRole, actions: Sequence[str]) -> tuple[str, ...]:
    """The managed policies of the templates that allow these actions to whoever they are attached to."""
    managed = [policy for policy in _policies(role) if policy.type == "AWS::IAM::ManagedPolicy"]
    return _names([policy for policy in managed if _allow([policy], role, {}, actions)])


def granted_users(role: TrustedRole) -> dict[str, tuple[str, ...]]:
    """The users whom the templates allow sts:AssumeRole on the role, each with the policies that allow it."""
    users = dict.fromkeys(username for policy in _policies(role) for username in _usernames(policy))
    by_user = {user: granting_policies(role, user, ["sts:AssumeRole"]) for user in users}
    return {user: policies for user, policies in by_user.items() if policies}


def _policies(role: TrustedRole) -> list[Resource]:
    return [resource for resource in role.granting_stack.resources.values() if resource.type in _USERS_PROPERTY]


def _usernames(policy: Resource) -> list[str]:
    return [str(username) for username in as_list(policy.properties.get(_USERS_PROPERTY[policy.type], []))]


def _names(policies: Sequence[Resource]) -> tuple[str, ...]:
    return tuple(policy.properties.get("PolicyName") or policy.name for policy in policies)


def _allow(
    policies: Sequence[Resource], role: TrustedRole, keys: Mapping[str, str | list[str]], actions: Sequence[str]
) -> bool:
    """Whether the policies together allow every action, whatever the keys of the call that are not in ``keys`` are."""
    documents = [policy.properties.get("PolicyDocument", "") for policy in policies]
    requests = [Request(action, role.arn, keys, absent=lambda _: False) for action in actions]
    return all(
        verdict([statement for document in documents for statement in match_statements(document, request)]) is True
        for request in requests
    )
