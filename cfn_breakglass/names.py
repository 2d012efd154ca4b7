"""Every ARN, and every name that somebody outside a stack has to spell.

ARNs are text for Fn::Sub: the account and the partition are known only where a template is deployed.
"""

from __future__ import annotations

from typing import NamedTuple

from troposphere import Sub, iam

from cfn_breakglass.arns import parse_arn
from cfn_breakglass.config import Config

ACTIONS = "RoleActions"
"""The one detection with a bus and a log of its own.

What is done in the role may be a sign-in or a chained role as well. On one bus, the copies that two rules of a region
forward of one event would each be taken by both rules there, and everybody told twice.
"""


def _arn(service: str, resource: str, region: str = "") -> str:
    return "arn:${AWS::Partition}:" + f"{service}:{region}:" + "${AWS::AccountId}:" + resource


class RoleNames(NamedTuple):
    """How the watched role is spelled in CloudTrail records, all text for Fn::Sub.

    ``arns`` are whole ARNs, ``arn_wildcards`` EventBridge wildcards for those not known whole; either may stand
    in requestParameters.roleArn and sessionIssuer.arn. ``sessions`` is what the ARN of every session begins with;
    AWS leaves the path out of it. ``label`` is for people. ``path_and_name`` is what the console's switch takes,
    empty where nobody can switch.
    """

    label: str
    sessions: str
    arns: tuple[str, ...] = ()
    arn_wildcards: tuple[str, ...] = ()
    path_and_name: str = ""

    @classmethod
    def of(cls, config: Config) -> RoleNames:
        role = config.role
        if role.permission_set:
            return cls._of_permission_set(role.permission_set)
        if not role.existing:
            return cls._of_path(role.path, config.name)
        arn = parse_arn(role.existing)
        spelled = arn.resource.removeprefix("role") if arn else role.existing
        path, _, name = spelled.rpartition("/")
        names = cls._of_path(f"/{path.strip('/')}/".replace("//", "/"), name)
        if arn or path:
            return names
        # A bare name may be that of a role under a path. Names are unique in an account whatever the path.
        return names._replace(arn_wildcards=(_arn("iam", f"role/*/{name}"),))

    @classmethod
    def of_resource(cls, role: iam.Role) -> RoleNames:
        """The names of a role in the same template, which may leave its name to CloudFormation."""
        arn = "${" + role.title + ".Arn}"
        return cls(arn, _arn("sts", "assumed-role/${" + role.title + "}/"), (arn,))

    @classmethod
    def _of_path(cls, path: str, name: str) -> RoleNames:
        arn = _arn("iam", f"role{path}{name}")
        return cls(arn, _arn("sts", f"assumed-role/{name}/"), (arn,), path_and_name=f"{path}{name}".lstrip("/"))

    @classmethod
    def _of_permission_set(cls, name: str) -> RoleNames:
        # A region stands in the path unless Identity Center's home is us-east-1; the suffix is not known.
        role = f"AWSReservedSSO_{name}_"
        arn = _arn("iam", f"role/aws-reserved/sso.amazonaws.com/*{role}*")
        return cls(f"permission set {name}", _arn("sts", f"assumed-role/{role}"), (), (arn,))


class Names(NamedTuple):
    """The names of one config's resources; everything both templates must agree on."""

    prefix: str
    main_region: str
    bus: str
    action_bus: str
    role: RoleNames
    forwarder_role_arn: str

    @classmethod
    def of(cls, config: Config, role: RoleNames | None = None) -> Names:
        return cls(
            prefix=config.name,
            main_region=config.main_region,
            bus=config.central_bus,
            action_bus=config.action_bus,
            role=role or RoleNames.of(config),
            forwarder_role_arn=config.event_bus.forwarder_role or _arn("iam", f"role/{config.name}-forwarder"),
        )

    @property
    def forwarder_role(self) -> str:
        return f"{self.prefix}-forwarder"

    @property
    def grant(self) -> str:
        return f"{self.prefix}-grant"

    def bus_name(self, detection: str) -> str:
        """The central bus that a detection is forwarded to."""
        return self.action_bus if detection == ACTIONS else self.bus

    def bus_arn(self, name: str) -> str:
        return _arn("events", f"event-bus/{name}", self.main_region)

    @property
    def topic(self) -> str:
        return f"{self.prefix}-alerts"

    @property
    def dead_letters(self) -> str:
        return f"{self.prefix}-dead-letters"

    @property
    def login_log(self) -> str:
        return f"/aws/events/{self.prefix}/login"

    @property
    def action_log(self) -> str:
        return f"/aws/events/{self.prefix}/actions"

    def rule(self, rule_id: str) -> str:
        return f"{self.prefix}-{rule_id}"

    def rule_arn(self, rule_id: str, bus: str | None = None, region: str = "${AWS::Region}") -> str:
        """A rule's ARN; EventBridge leaves the default bus (None) out of it."""
        return _arn("events", "/".join(filter(None, ("rule", bus, self.rule(rule_id)))), region)


def log_group_arn(name: str) -> str:
    """A log group's ARN as a rule's target takes it, without the ``:*`` that GetAtt has."""
    return _arn("logs", f"log-group:{name}", "${AWS::Region}")


def root_arn() -> str:
    return _arn("iam", "root")


def managed_policy_arn(name: str) -> str:
    """The ARN of a managed policy given by AWS's name, path included, or by its ARN already."""
    return name if parse_arn(name) else "arn:${AWS::Partition}:iam::aws:policy/" + name


def principal_arn(principal: str) -> str:
    """The ARN of a trusted principal given as an account ID or an ARN."""
    return principal if parse_arn(principal) else "arn:${AWS::Partition}:iam::" + principal + ":root"


def mfa_arn(user: str) -> str:
    return _arn("iam", f"mfa/{user}")


def sub(text: str) -> Sub | str:
    """``text`` with its pseudo parameters resolved where the template is deployed."""
    return Sub(text) if "${" in text else text
