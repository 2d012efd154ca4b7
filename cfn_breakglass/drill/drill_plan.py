"""What a drill will do: who calls what in which regions, how many alerts that sets off, where the events are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final, NamedTuple

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import ASSUME
from cfn_breakglass.errors import BreakglassError, UnknownRoleError
from cfn_breakglass.names import part_arn, resolve_pseudo_parameters
from cfn_breakglass.plan import Plan
from cfn_breakglass.text_layout import count_of

ALLOWED: Final = "allowed"
DENIED: Final = "denied"
ERROR: Final = "error"
DETECTION_OF: Final[Mapping[str, str]] = {ALLOWED: "RoleAssumed", DENIED: "RoleDenied"}
"""What STS's answer to AssumeRole raises."""
SESSION_SECONDS: Final = 900
"""The shortest session of a role that AWS makes: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
_DEFAULT_BUS: Final = "default"
EVERY_ACCOUNT: Final = "*"
"""In a policy, where the config does not say the account."""
_MOST_ROLES: Final = 20
"""Before the others are only counted."""


class CannotDrillError(BreakglassError):
    """The config leaves nothing to send, or nothing in which it could be seen."""


class DrillTarget(NamedTuple):
    """A call: AssumeRole of ``role_arn``, a role of ``account``, at the STS endpoint of ``region``."""

    account: str
    role_arn: str
    region: str


@dataclass(frozen=True, kw_only=True, eq=False)
class DrillPlan:
    """What a drill will do. ``deployed`` is the plan of the templates, ``account`` the one that they are deployed in.

    ``expected`` is the answer that the calls should get: ``ALLOWED``, or ``DENIED`` for a caller who is not allowed.
    ``parameters`` are those of AssumeRole that the trust policy asks for.
    """

    deployed: Plan
    account: str
    expected: str
    targets: tuple[DrillTarget, ...]
    parameters: Mapping[str, Any]

    @property
    def main_region(self) -> str:
        return self.deployed.config.main_region

    @property
    def detection(self) -> str:
        """The detection that the calls raise."""
        return DETECTION_OF[self.expected]

    @property
    def alerts(self) -> int:
        """How many alerts there will be."""
        return len(self.targets) if self.deployed.alerts_on(self.detection) else 0

    @property
    def logged(self) -> frozenset[str]:
        """The detections that the login log keeps."""
        return frozenset(detection.id for detection in self.deployed.destinations.login_log)

    @property
    def log_group(self) -> str:
        return self.deployed.names.login_log

    @property
    def log_group_arn(self) -> str:
        return self.resolve(part_arn("logs", f"log-group:{self.log_group}", self.main_region))

    @property
    def role_arns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(target.role_arn for target in self.targets))

    def listed_roles(self, form: Callable[[str], str]) -> tuple[str, ...]:
        """The ARNs of the first roles, each as ``form`` writes it, and how many others there are."""
        others = self.role_arns[_MOST_ROLES:]
        counted = [f"and {count_of(len(others), 'other role')}"] if others else []
        return (*map(form, self.role_arns[:_MOST_ROLES]), *counted)

    @property
    def members(self) -> tuple[str, ...]:
        """The accounts, other than that of the caller, whose roles are called."""
        return tuple(dict.fromkeys(target.account for target in self.targets if target.account != self.account))

    @property
    def assumable_arns(self) -> tuple[str, ...]:
        """The roles that the caller has to be allowed to assume."""
        return self.role_arns if self.expected == ALLOWED else ()

    @property
    def source_identity_arns(self) -> tuple[str, ...]:
        """The roles for which the caller has to be allowed to set a source identity."""
        return self.assumable_arns if "SourceIdentity" in self.parameters else ()

    @property
    def key_arns(self) -> tuple[str, ...]:
        """The key of the log: its ARN, or all keys where AWS makes up the ID; none for AWS's own encryption."""
        encryption = self.deployed.encryption
        if encryption.existing_arn:
            return (encryption.existing_arn,)
        every_key = part_arn("kms", "key/*", self.main_region)
        return (self.resolve(every_key),) if encryption.logical_id else ()

    @cached_property
    def topic_arns(self) -> tuple[str, ...]:
        """The topics whose subscribers are notified."""
        names, config = self.deployed.names, self.deployed.config
        topics = [names.topic_arn] if self.deployed.destinations.topic else []
        topics += [names.fallback_topic_arn] if config.alerts.fallback_endpoints else []
        return tuple(map(self.resolve, topics))

    @property
    def stack_sets(self) -> tuple[str, ...]:
        """The names of the stack sets; none where there are no other regions or accounts."""
        return tuple(self.deployed.names.stack_sets) if self.deployed.config.forwards else ()

    @property
    def stack_set_arns(self) -> tuple[str, ...]:
        return tuple(map(self.resolve, self.deployed.names.stack_set_arns)) if self.stack_sets else ()

    def stacks_of(self, stack_set: str) -> list[tuple[str, str]]:
        """Account and region of every stack that a stack set has to have for the targets."""
        config, names = self.deployed.config, self.deployed.names
        regions = self.deployed.regions if config.organization else config.secondary_regions
        if config.organization and stack_set == names.accounts_stack_set:
            regions = (self.main_region,)
        accounts = dict.fromkeys(target.account for target in self.targets)
        return [(account, region) for account in accounts for region in regions]

    @property
    def guarded(self) -> tuple[str, ...]:
        """What the guard SCP is for: the account, or the units of the organization."""
        organization = self.deployed.config.organization
        return organization.units if organization else (self.account,)

    @property
    def path_on_bus(self) -> frozenset[str]:
        """The rules on the default bus of a region, and the bus, that the event of a call goes through."""
        names = [edge.id for edge in self.deployed.edges_of(ASSUME)]
        names += [] if self.deployed.buses else [self._detection.rule_id]
        return frozenset((_DEFAULT_BUS, *map(self.deployed.names.default_bus_rule, names)))

    @property
    def path_on_central_bus(self) -> frozenset[str]:
        """The rule on the central bus, and the bus."""
        if not self.deployed.buses:
            return frozenset()
        rule = self.deployed.names.central_rule(self._detection.rule_id)
        return frozenset((self.deployed.bus_of(ASSUME).name, rule))

    @property
    def _detection(self) -> Detection:
        return next(detection for detection in self.deployed.detections if detection.id == self.detection)

    def recorded_in(self, target: DrillTarget, answer: str) -> str:
        """The account whose CloudTrail records the call: for a denied call that of the caller alone.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
        """
        return self.account if answer == DENIED else target.account

    def resolve(self, arn: str) -> str:
        """``arn`` in the account that the templates are deployed in."""
        return resolve_pseudo_parameters(arn, self.deployed.config, self.account)

    def lines(self, caller: str, *, mfa_serial: str | None) -> Iterator[str]:
        """What the drill will do, in sentences for the person who has to agree."""
        regions = tuple(dict.fromkeys(target.region for target in self.targets))
        yield f"As {caller}, this will"
        if mfa_serial:
            yield f"  call GetSessionToken once, with a code of {mfa_serial};"
        yield f"  call AssumeRole at the STS endpoints of {count_of(len(regions), 'region')}, of"
        yield from (f"    {role}" for role in self.listed_roles(str))
        yield "  in"
        yield f"    {', '.join(regions)};"
        yield f"  {_DISPOSAL[self.expected]};"
        yield f"  look for the requests in the log group {self.log_group} in {self.main_region};"
        yield "  look at trails, rules, alarms, subscriptions, stack instances and SCPs, and change nothing."
        if self.alerts:
            alerts = count_of(self.alerts, "alert")
            yield f"It sets off {alerts}, {self.detection}. Tell those who get them before you start."
        else:
            yield f"It sets off no alert: the config only logs {self.detection}."


_DISPOSAL: Final[Mapping[str, str]] = {
    ALLOWED: f"drop the credentials at once, of sessions that last {SESSION_SECONDS} seconds",
    DENIED: "expect to be denied in every one of them",
}


def make_drill_plan(
    deployed: Plan,
    account: str,
    caller_arn: str,
    *,
    knock: bool,
    accounts: Sequence[str] = (),
    role_arn: str | None = None,
) -> DrillPlan:
    """The plan of a drill by ``caller_arn``. Raises CannotDrillError where it could show nothing.

    ``accounts`` are those of an organization whose roles are called, if not only that of the caller. ``role_arn`` is
    for configs that do not say the whole ARN: of a permission set, or of an existing role by name.
    """
    config = deployed.config
    if config.role.permission_set and not knock:
        raise CannotDrillError(
            "only Identity Center can assume the role of a permission set; a drill can have it denied in every region"
        )
    role_accounts = accounts or (account,)
    if role_arn:
        _check_role_arn(deployed, role_arn, role_accounts)
    roles = {role_account: role_arn or _role_arn(deployed, role_account) for role_account in role_accounts}
    drill = DrillPlan(
        deployed=deployed,
        account=account,
        expected=DENIED if knock else ALLOWED,
        targets=tuple(DrillTarget(*role, region) for role in roles.items() for region in deployed.regions),
        parameters={"DurationSeconds": SESSION_SECONDS, **dict(_trusted_parameters(config, caller_arn))},
    )
    _check(drill)
    return drill


def _role_arn(deployed: Plan, account: str) -> str:
    role = deployed.names.role
    if role.arn_wildcards:
        raise UnknownRoleError
    return resolve_pseudo_parameters(role.arns[0], deployed.config, account)


def _check_role_arn(deployed: Plan, role_arn: str, accounts: Iterable[str]) -> None:
    """Raise CannotDrillError if it is not what the config says of the role in each of ``accounts``."""
    arn, role = parse_arn(role_arn), deployed.names.role
    for account in accounts:
        of_account = "" if account == EVERY_ACCOUNT else f" of the account {account}"
        is_role = arn is not None and (arn.service, arn.resource.partition("/")[0]) == ("iam", "role")
        if not is_role or (arn and account not in (arn.account, EVERY_ACCOUNT)):
            raise CannotDrillError(f"{role_arn} is no ARN of a role{of_account}")
        names = [
            resolve_pseudo_parameters(name, deployed.config, account) for name in (*role.arns, *role.arn_wildcards)
        ]
        if not any(fnmatchcase(role_arn.lower(), name.lower()) for name in names):
            label = resolve_pseudo_parameters(role.label, deployed.config, account)
            raise CannotDrillError(f"{role_arn} is not the role of the config, {label}")


def require_organization(config: Config) -> None:
    """Raise CannotDrillError if the config is for one account alone."""
    if not config.organization:
        raise CannotDrillError("the config has no organization, so there is no other account to call a role of")


def _check(drill: DrillPlan) -> None:
    config = drill.deployed.config
    if any(target.account != drill.account for target in drill.targets):
        require_organization(config)
    if config.account and drill.account != config.account:
        raise CannotDrillError(f"the caller is of the account {drill.account}, and the config is for {config.account}")
    if drill.detection not in drill.logged:
        raise CannotDrillError(
            f"the config keeps no {drill.detection} in a log, so nothing could be seen;"
            f" it needs alerts.log: true and detections.{drill.detection}: log or alert"
        )


def _trusted_parameters(config: Config, caller_arn: str) -> Iterator[tuple[str, str]]:
    """What the trust policy may ask of the call: the caller's name for the session, the external ID.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    arn, trust = parse_arn(caller_arn), config.role.trust
    name = arn.resource.rpartition("/")[2] if arn else ""
    yield "RoleSessionName", name
    if trust.source_identity:
        yield "SourceIdentity", name
    if trust.external_id:
        yield "ExternalId", trust.external_id
