"""Every ARN, and every name that somebody outside a stack has to spell.

ARNs are text for Fn::Sub: the account and the partition are known only where a template is deployed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from troposphere import Sub, iam

from cfn_breakglass.aws.arns import STACK_SETS_ROLE, parse_arn
from cfn_breakglass.config.model import Config

ACTIONS = "RoleActions"
"""The one detection with a log of its own."""
WATCHERS = ("TamperingRules", "MonitoringTampered.Rules")
"""The rules that watch every other rule, where events are forwarded and where they are not.

Their names begin in another way, so that their patterns leave themselves out: disabled, they could not report that.
"""


def _arn(service: str, resource: str, region: str = "", account: str = "${AWS::AccountId}") -> str:
    return f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}"


class RoleNames(NamedTuple):
    """How the watched role is spelled in CloudTrail records, all text for Fn::Sub.

    ``arns`` are complete ARNs, ``arn_wildcards`` EventBridge wildcards where an ARN is not known completely; either may
    stand in requestParameters.roleArn and sessionIssuer.arn. The ARN of every session begins with ``sessions``; AWS
    leaves the path out of it. ``name`` is the name of the role, or its beginning if ``name_is_prefix``. ``label`` is
    for people. ``path_and_name`` is what the console needs to switch to the role, empty if nobody can switch.
    ``in_any_account``: every account of an organization has a role of that name.
    """

    label: str
    sessions: str
    name: str
    arns: tuple[str, ...] = ()
    arn_wildcards: tuple[str, ...] = ()
    path_and_name: str = ""
    name_is_prefix: bool = False
    in_any_account: bool = False

    @classmethod
    def of(cls, config: Config) -> RoleNames:
        return cls._of_role(config)._replace(in_any_account=bool(config.organization))

    @classmethod
    def _of_role(cls, config: Config) -> RoleNames:
        role = config.role
        if role.permission_set:
            return cls._of_permission_set(role.permission_set)
        if not role.existing:
            return cls._of_path(role.path, config.name)
        arn = parse_arn(role.existing)
        path_and_name = arn.resource.removeprefix("role") if arn else role.existing
        path, _, name = path_and_name.rpartition("/")
        names = cls._of_path(f"/{path.strip('/')}/".replace("//", "/"), name)
        if arn or path:
            return names
        # A bare name may belong to a role under a path. Names are unique in an account, whatever the path.
        return names._replace(arn_wildcards=(_arn("iam", f"role/*/{name}"),))

    @property
    def arns_in_accounts(self) -> tuple[str, ...]:
        """The ARNs as IAM's wildcards, of every account that has the role."""
        arns = (*self.arns, *self.arn_wildcards)
        return tuple(arn.replace("${AWS::AccountId}", "*") for arn in arns) if self.in_any_account else arns

    @classmethod
    def of_resource(cls, role: iam.Role) -> RoleNames:
        """The names of a role in the same template, which may leave its name to CloudFormation."""
        arn = "${" + role.title + ".Arn}"
        name = "${" + role.title + "}"
        return cls(arn, _arn("sts", f"assumed-role/{name}/"), name, (arn,))

    @classmethod
    def _of_path(cls, path: str, name: str) -> RoleNames:
        arn = _arn("iam", f"role{path}{name}")
        return cls(arn, _arn("sts", f"assumed-role/{name}/"), name, (arn,), path_and_name=f"{path}{name}".lstrip("/"))

    @classmethod
    def _of_permission_set(cls, name: str) -> RoleNames:
        # The path has a region unless Identity Center's home is us-east-1. The suffix is not known.
        role = f"AWSReservedSSO_{name}_"
        arn = _arn("iam", f"role/aws-reserved/sso.amazonaws.com/*{role}*")
        return cls(f"permission set {name}", _arn("sts", f"assumed-role/{role}"), role, (), (arn,), name_is_prefix=True)


class Names(NamedTuple):
    """The names of one config's resources; everything both templates must agree on."""

    prefix: str
    main_region: str
    bus: str
    entrance_bus: str
    action_bus: str
    monitoring_bus: str
    role: RoleNames
    forwarder_role_arn: str
    topic_arn: str
    administration_role: str
    execution_role: str
    hub: str = ""

    @classmethod
    def of(cls, config: Config, role: RoleNames | None = None) -> Names:
        return cls(
            prefix=config.name,
            main_region=config.main_region,
            bus=config.central_bus,
            entrance_bus=config.entrance_bus,
            action_bus=config.action_bus,
            monitoring_bus=config.monitoring_bus,
            role=role or RoleNames.of(config),
            forwarder_role_arn=config.event_bus.forwarder_role or _arn("iam", f"role/{config.name}-forwarder"),
            topic_arn=config.alerts.topic or _arn("sns", f"{config.name}-alerts", config.main_region),
            administration_role=_stackset_role(config, "administration"),
            execution_role=_stackset_role(config, "execution"),
            hub=config.organization.hub if config.organization else "",
        )

    @property
    def forwarder_role(self) -> str:
        return f"{self.prefix}-forwarder"

    @property
    def second_forwarder_role(self) -> str:
        """The role that forwards changes of the forwarder role from an account of an organization."""
        return f"{self.prefix}-forwarder-2"

    @property
    def second_forwarder_role_arn(self) -> str:
        return _arn("iam", f"role/{self.second_forwarder_role}")

    @property
    def grant(self) -> str:
        return f"{self.prefix}-grant"

    @property
    def grant_arn(self) -> str:
        return _arn("iam", f"policy/{self.grant}")

    @property
    def protection(self) -> str:
        """The inline policy that denies the role to change the monitoring and itself."""
        return f"{self.prefix}-protection"

    def bus_arn(self, name: str) -> str:
        return _arn("events", f"event-bus/{name}", self.main_region, self.hub or "${AWS::AccountId}")

    @property
    def topic(self) -> str:
        return self.topic_arn.rpartition(":")[2]

    @property
    def own_topic(self) -> str:
        """The name of the alert topic that the stack makes unless one exists."""
        return f"{self.prefix}-alerts"

    @property
    def publisher_role(self) -> str:
        """The role that publishes alerts to a topic of another account."""
        return f"{self.prefix}-publisher"

    @property
    def publisher_role_arn(self) -> str:
        return _arn("iam", f"role/{self.publisher_role}")

    @property
    def fallback_topic(self) -> str:
        return f"{self.prefix}-fallback"

    @property
    def fallback_topic_arn(self) -> str:
        return _arn("sns", self.fallback_topic, self.main_region)

    @property
    def chat(self) -> str:
        """The name of the topic for chat channels, and of the role that the channels have to have."""
        return f"{self.prefix}-chat"

    @property
    def chat_role_arn(self) -> str:
        return _arn("iam", f"role/{self.chat}")

    @property
    def chat_channels(self) -> str:
        """What the names of the configurations of chat channels begin with."""
        return f"{self.chat}-"

    @property
    def chat_channel_arns(self) -> str:
        """The ARNs of the configurations of chat channels, as a wildcard."""
        return _arn("chatbot", f"chat-configuration/*/{self.chat_channels}*")

    @property
    def dead_letters(self) -> str:
        """The queue of the rules on the default bus of a region."""
        return f"{self.prefix}-dead-letters"

    @property
    def hub_dead_letters(self) -> str:
        """The queue of the central rules of a hub, whose main region has the other queue too."""
        return f"{self.prefix}-hub-dead-letters"

    @property
    def queues(self) -> list[str]:
        """The names of all queues."""
        return [self.dead_letters, *([self.hub_dead_letters] if self.hub else [])]

    @property
    def accounts_stack_set(self) -> str:
        """The stack set of what every account of an organization has once."""
        return f"{self.prefix}-accounts"

    @property
    def management_stack_set(self) -> str:
        """The stack set of the regions of the management account, which is made there by hand.

        The stack sets that a hub makes are in that account too, where a name is good for one in a region:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
        """
        return f"{self.prefix}-management"

    @property
    def stack_sets(self) -> list[str]:
        """The names of the stack sets that are rolled out from the account of ``main-region.yaml``."""
        return [self.prefix, *([self.accounts_stack_set] if self.hub else [])]

    @property
    def watched_stack_sets(self) -> list[str]:
        """The names of all stack sets."""
        return [*self.stack_sets, *([self.management_stack_set] if self.hub else [])]

    @property
    def stack_set_arns(self) -> list[str]:
        """The ARNs of ``stack_sets``, as wildcards."""
        return self._of_stack_sets("stackset", self.main_region)

    @property
    def stack_set_target_arns(self) -> list[str]:
        """The ARNs of the targets of ``stack_sets``, as wildcards."""
        return self._of_stack_sets("stackset-target", "*")

    def _of_stack_sets(self, kind: str, region: str) -> list[str]:
        account = "*" if self.hub else "${AWS::AccountId}"  # those of an organization are in the management account
        return [_arn("cloudformation", f"{kind}/{name}:*", region, account) for name in self.stack_sets]

    @property
    def alarms(self) -> str:
        """What the names of the alarms begin with."""
        return f"{self.prefix}-failing-"

    @property
    def alarm_arns(self) -> str:
        """The ARNs of all alarms of a region, as a wildcard."""
        return _arn("cloudwatch", f"alarm:{self.alarms}*", "${AWS::Region}")

    @property
    def log_groups(self) -> str:
        """What the names of the log groups begin with."""
        return f"/aws/events/{self.prefix}/"

    @property
    def login_log(self) -> str:
        return f"{self.log_groups}login"

    @property
    def action_log(self) -> str:
        return f"{self.log_groups}actions"

    @property
    def heartbeat_log(self) -> str:
        return f"{self.log_groups}heartbeat"

    @property
    def saved_queries(self) -> str:
        """What the names of the saved queries begin with: their folder in the console."""
        return f"{self.prefix}/"

    @property
    def heartbeat(self) -> str:
        """The name of the schedule of every region, and of the one role of all schedules."""
        return f"{self.prefix}-heartbeat"

    @property
    def heartbeat_role_arn(self) -> str:
        return _arn("iam", f"role/{self.heartbeat}")

    @property
    def heartbeat_source(self) -> str:
        """The source of the test events; what begins with aws. is AWS's alone."""
        return f"cfn-breakglass.{self.prefix}"

    @property
    def key_alias(self) -> str:
        return f"alias/{self.prefix}"

    @property
    def trail(self) -> str:
        return f"{self.prefix}-trail"

    @property
    def trail_arn(self) -> str:
        return _arn("cloudtrail", f"trail/{self.trail}", self.main_region)

    @property
    def trail_bucket(self) -> str:
        """The name of a bucket is in lower case and unique in the world."""
        return f"{self.prefix.lower()}-${{AWS::AccountId}}-{self.main_region}"

    @property
    def deployer(self) -> str:
        """The name of the deployer unless the config gives one, and of the policy that lets it deploy."""
        return f"{self.prefix}-deployer"

    @property
    def service_role(self) -> str:
        return f"{self.prefix}-cloudformation"

    @property
    def service_role_arn(self) -> str:
        return _arn("iam", f"role/{self.service_role}")

    @property
    def boundary(self) -> str:
        return f"{self.prefix}-boundary"

    @property
    def boundary_arn(self) -> str:
        return _arn("iam", f"policy/{self.boundary}")

    def buses(self, config: Config) -> list[str]:
        """The names of the buses that are ours alone, as an existing one is not; none where nothing is forwarded."""
        if not config.forwards:
            return []
        return [self.entrance_bus, self.action_bus, self.monitoring_bus]

    def roles(self, config: Config) -> list[str]:
        """The names of our roles beside the watched one."""
        deployer = config.deployer
        forwarder = config.event_bus.forwarder_role
        return [
            forwarder.rpartition("/")[2] if forwarder else self.forwarder_role,
            *([self.second_forwarder_role] if config.organization else []),
            self.heartbeat,
            *([self.chat] if config.alerts.chats else []),
            *([self.publisher_role] if config.alerts.topic else []),
            *([self.service_role] if deployer else []),
            *([deployer.role or self.deployer] if deployer and not (deployer.user or deployer.existing) else []),
            *([self.administration_role, self.execution_role] if config.makes_stackset_roles else []),
        ]

    def policies(self, config: Config) -> list[str]:
        """The names of our managed policies."""
        return [self.grant, *([self.service_role, self.boundary, self.deployer] if config.deployer else [])]

    def deploying_arns(self, config: Config) -> list[str]:
        """The ARNs of our roles and policies that exist only to deploy the templates."""
        deployer = config.deployer
        roles = [self.service_role] if deployer else []
        if deployer and not (deployer.user or deployer.existing):
            roles.append(deployer.role or self.deployer)
        if config.makes_stackset_roles:
            roles += [self.administration_role, self.execution_role]
        policies = [self.service_role, self.boundary, self.deployer] if deployer else []
        parts = [*(f"role/{name}" for name in roles), *(f"policy/{name}" for name in policies)]
        return [_arn("iam", part) for part in parts]

    @property
    def administration_role_arn(self) -> str:
        return _arn("iam", f"role/{self.administration_role}")

    @property
    def execution_role_arn(self) -> str:
        return _arn("iam", f"role/{self.execution_role}")

    def central_rule(self, rule_id: str) -> str:
        """The name of a rule on a central bus."""
        return f"{self.prefix}-{rule_id}"

    @property
    def default_bus_rules(self) -> str:
        """What the names of all rules on the default bus begin with, but of those in ``WATCHERS``.

        No name of a config has a dot, so that no rule of another config begins so.
        """
        return f"{self.prefix}."

    def default_bus_rule(self, rule_id: str) -> str:
        """The name of a rule on the default bus."""
        return f"{self.prefix}-{rule_id}" if rule_id in WATCHERS else f"{self.default_bus_rules}{rule_id}"

    def rule_arns(self, bus: str | None = None, region: str = "${AWS::Region}") -> list[str]:
        """The ARNs of our rules on a bus as IAM's wildcards; EventBridge leaves the default bus (None) out of them."""
        # All of WATCHERS end like this.
        names = [f"{bus}/{self.prefix}-*"] if bus else [f"{self.default_bus_rules}*", f"{self.prefix}-*Rules"]
        return [_arn("events", f"rule/{name}", region) for name in names]


def _stackset_role(config: Config, purpose: str) -> str:
    """A role of the stack set: our own, or the role with the name that AWS uses by default."""
    if config.makes_stackset_roles:
        return f"{config.name}-stackset-{purpose}"
    return f"AWSCloudFormationStackSet{purpose.capitalize()}Role"


def log_group_arn(name: str) -> str:
    """A log group's ARN as a rule's target takes it, without the ``:*`` that GetAtt has."""
    return _arn("logs", f"log-group:{name}", "${AWS::Region}")


def default_bus_arn(region: str = "${AWS::Region}") -> str:
    return _arn("events", "event-bus/default", region)


def schedule_group_arn(region: str = "${AWS::Region}") -> str:
    """The group of schedules that name none; AWS passes on no more of a schedule's ARN when it assumes a role."""
    return _arn("scheduler", "schedule-group/default", region)


def part_arn(service: str, resource: str, region: str = "*") -> str:
    """The ARN of a resource of this account, in every region unless one is given."""
    return _arn(service, resource, region)


def entity_arns(kind: str, name: str) -> list[str]:
    """The ARNs that a user, group or role of this name may have, under any path."""
    return [_arn("iam", f"{kind}/{path}{name}") for path in ("", "*/")]


def user_arn(name: str, account: str) -> str:
    """The ARN of a user of another account as a wildcard: the path is not known, and there may be none."""
    return _arn("iam", f"user*/{name}", account=account)


def stack_sets_role_arn() -> str:
    """The role by which stack sets of an organization act in an account, as a wildcard.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-activate-trusted-access.html
    """
    return _arn("iam", f"role/{STACK_SETS_ROLE}*")


def in_every_account(arn: str, config: Config) -> str:
    """The ARN of something of IAM that every account of an organization has under the name that it has in the hub."""
    return arn.replace(f":{config.organization.hub}:", ":${AWS::AccountId}:") if config.organization else arn


def type_arn(kind: str) -> str:
    """The ARN of a resource type, to which stack sets may be limited; AWS's own types have no account."""
    return "arn:${AWS::Partition}:cloudformation:*:*:type/resource/" + kind.replace("::", "-")


def bucket_arn(name: str) -> str:
    """The ARN of a bucket, or of everything in it if ``/*`` follows the name."""
    return "arn:${AWS::Partition}:s3:::" + name


def after_account(arn: str) -> str:
    """The end of an ARN, from the colon after the account: what is the same in every account."""
    _, _, _, _, _, resource = re.sub(r"\$\{AWS::\w+\}", "", arn).split(":", 5)
    return f":{resource}"


def resolve_pseudo_parameters(arn: str, config: Config, unknown_account: str = "*") -> str:
    """``arn`` for use outside of CloudFormation, with ``unknown_account`` unless the config fixes the account."""
    account = unknown_account if config.organization else config.account or unknown_account
    return arn.replace("${AWS::Partition}", config.partition.name).replace("${AWS::AccountId}", account)


def keys_beside(arn: str) -> str:
    """The ARNs of all keys of the account and region of a resource, as a wildcard."""
    partition, _, region, account = arn.split(":")[1:5]
    return f"arn:{partition}:kms:{region}:{account}:key/*"


def root_arn() -> str:
    return _arn("iam", "root")


def managed_policy_arn(name: str) -> str:
    """The ARN of a managed policy, given by AWS's name with its path or by its ARN."""
    return name if parse_arn(name) else "arn:${AWS::Partition}:iam::aws:policy/" + name


def principal_arn(principal: str) -> str:
    """The ARN of a trusted principal given as an account ID or an ARN."""
    return principal if parse_arn(principal) else "arn:${AWS::Partition}:iam::" + principal + ":root"


def permission_set_arns(name: str) -> tuple[str, str, str]:
    """The account of a permission set, a wildcard for the ARN of its role, and one for those of other sets.

    ``name`` is name or account/name; without an account, it is this one and the first result is empty. The first
    wildcard also matches a longer name, which is that of another set.
    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    account, _, set_name = name.rpartition("/")
    root = principal_arn(account) if account else root_arn()
    role = root.removesuffix("root") + f"role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{set_name}_*"
    return account, role, f"arn:*:iam::*:role/*AWSReservedSSO_{set_name}_*_*"


def mfa_arn(user: str, account: str = "") -> str:
    return _arn("iam", f"mfa/{user}", account=account or "${AWS::AccountId}")


def sub(text: str) -> Sub | str:
    """``text`` with its pseudo parameters resolved where the template is deployed."""
    return Sub(text) if "${" in text else text
