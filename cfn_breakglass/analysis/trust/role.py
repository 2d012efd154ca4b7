"""The role that the templates make: its trust policy, beside somebody who asks for it, and whom they grant it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cfn_breakglass.analysis.iam.conditions import iter_conditions, parse_operator
from cfn_breakglass.analysis.iam.policy import Request, as_list, match_statements, parse_policy, statements, verdict
from cfn_breakglass.analysis.iam.principals import is_account, not_an_account, principals_of
from cfn_breakglass.analysis.template.files import main
from cfn_breakglass.analysis.template.reader import resolve
from cfn_breakglass.errors import MissingRoleError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cfn_breakglass.analysis.iam.caller import Caller
    from cfn_breakglass.analysis.iam.policy import StatementMatch
    from cfn_breakglass.analysis.template.reader import Resource, Stack

_HOUR = 3600
# The property that says which users a policy is of.
_OF_USERS = {"AWS::IAM::ManagedPolicy": "Users", "AWS::IAM::Policy": "Users", "AWS::IAM::UserPolicy": "UserName"}


class Trusted(NamedTuple):
    """A role and the stack that makes it; ``example`` if the templates would go to any account."""

    stack: Stack
    role: Resource
    document: Mapping[str, Any]
    example: bool

    @property
    def longest(self) -> int:
        """How long a session may last, in seconds; an hour where the template does not say."""
        given = str(self.role.properties.get("MaxSessionDuration", _HOUR))
        if not given.isdigit():
            raise TemplateError(f"the MaxSessionDuration of the role is a number of seconds, not {given!r}")
        return int(given)


class Judgement(NamedTuple):
    """Whether the trust policy lets a caller in (None: cannot tell), and the call and statements that decide."""

    answer: bool | None
    action: str
    weighed: list[StatementMatch]


def trusted(folder: Path, account: str = "") -> Trusted:
    """Read the role and its trust policy from the main region's template; TemplateError if it makes no role."""
    if account and not is_account(account):
        raise TemplateError(not_an_account(account))
    plan = main(folder)
    home = account or plan.coverage.any_account
    stack = resolve(plan.template, account=home, region=plan.coverage.main_region, file=plan.file)
    arn = str(stack.outputs.get("RoleArn", ""))
    role = next((one for one in stack.of_type("AWS::IAM::Role") if one.arn == arn), None)
    if role is None:
        raise MissingRoleError(plan.file, arn.rpartition("/")[2])
    example = not (account or plan.coverage.account)
    return Trusted(stack, role, parse_policy(role.properties.get("AssumeRolePolicyDocument", "")), example)


def problems(document: Mapping[str, Any]) -> list[str]:
    """Why each statement of a trust policy cannot be judged, in their order; empty where it can."""
    return [_problem(statement) for statement in as_list(document.get("Statement", []))]


def _problem(statement: Any) -> str:
    if isinstance(statement, dict) and "NotPrincipal" in statement:
        return "it has NotPrincipal"
    try:
        (one,) = statements({"Statement": [statement]})
        principals_of(one)
        for operator, _, _ in iter_conditions(one.get("Condition", {})):
            parse_operator(operator)
    except TemplateError as error:
        return str(error)
    fits = "Principal" in one and not {"Resource", "NotResource"} & one.keys()
    return "" if fits else "a statement of a trust policy has a Principal and no Resource"


def judge(role: Trusted, caller: Caller) -> Judgement:
    """Whether STS would let ``caller`` in, as far as the trust policy goes; TemplateError where it cannot be judged."""
    for number, problem in enumerate(problems(role.document), 1):
        if problem:
            raise TemplateError(f"cannot tell: statement {number} of the trust policy is not judged here: {problem}")
    service = caller.arn if caller.kind == "service" else None
    found = []
    for action in caller.actions:
        weighed = match_statements(
            role.document, Request(action, role.role.arn, caller.keys, service, caller.is_absent)
        )
        found.append(Judgement(verdict(weighed), action, weighed))
    refusing = [one for one in found if one.answer is False]
    return next(iter([*refusing, *(one for one in found if one.answer is None), *found]))


def needs_own(role: Trusted, caller: Caller, entry: str) -> bool:
    """Whether the caller's own policies must allow the call too, as the trust policy means them by ``entry``.

    One that names a user or role of the account itself is enough; one that names an account leaves it to that
    account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    if caller.is_federated or caller.kind == "service":
        return False
    return entry != caller.arn or caller.account != role.stack.account


def granted(role: Trusted, user: str, actions: Sequence[str]) -> tuple[str, ...]:
    """The policies with which the templates let a user of the account make these calls; none if they do not."""
    found = [
        policy
        for policy in _policies(role)
        if user.lower() in (str(one).lower() for one in as_list(policy.properties.get(_OF_USERS[policy.type], [])))
    ]
    return _names(found) if _allow(found, role, {"aws:username": user}, actions) else ()


def to_attach(role: Trusted, actions: Sequence[str]) -> tuple[str, ...]:
    """The managed policies of the templates that let whomever they are attached to make these calls."""
    managed = [policy for policy in _policies(role) if policy.type == "AWS::IAM::ManagedPolicy"]
    return _names([policy for policy in managed if _allow([policy], role, {}, actions)])


def _policies(role: Trusted) -> list[Resource]:
    return [one for one in role.stack.resources.values() if one.type in _OF_USERS]


def _names(policies: Sequence[Resource]) -> tuple[str, ...]:
    return tuple(policy.properties.get("PolicyName") or policy.name for policy in policies)


def _allow(
    policies: Sequence[Resource], role: Trusted, keys: Mapping[str, str | list[str]], actions: Sequence[str]
) -> bool:
    def answer(action: str) -> bool | None:
        # What is not in the template about the call nobody knows.
        request = Request(action, role.role.arn, keys, absent=lambda _: False)
        found = [policy.properties.get("PolicyDocument", "") for policy in policies]
        return verdict([one for document in found for one in match_statements(document, request)])

    return all(answer(action) is True for action in actions)


def users_granted(role: Trusted) -> dict[str, tuple[str, ...]]:
    """The users that the templates grant sts:AssumeRole on the role, and by which policies."""
    users = [
        str(user) for policy in _policies(role) for user in as_list(policy.properties.get(_OF_USERS[policy.type], []))
    ]
    return {user: by for user in dict.fromkeys(users) if (by := granted(role, user, ["sts:AssumeRole"]))}
