"""The settings of a config: each with its type, what it is for, and its default."""
# ruff: noqa: RUF009 - setting() returns a dataclass field, which is a safe default

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.aws.partitions import Partition, partition_of
from cfn_breakglass.config import aws_types
from cfn_breakglass.config.collection_types import (
    DetectionLevels,
    JsonValue,
    ListOf,
    OptionalSection,
    PolicyStatements,
    Section,
    StringMap,
    section_keys,
    setting,
)
from cfn_breakglass.config.iam_statements import STATEMENT_SCHEMA, check_statement
from cfn_breakglass.config.trust_settings import USERNAMES, TaggedUsers, Trust
from cfn_breakglass.config.types import Boolean, Choice, Integer

ALERT, CHAT, LOG, OFF = "alert", "chat", "log", "off"
CUSTOMER_KEY, NONE = "customer-key", "none"
CREATE, EXISTING = "create", "existing"
HOURLY, DAILY = "hourly", "daily"
CONSOLE, MANAGED = "console", "managed"
TEXT, JSON, EVENT = "text", "json", "event"

DETECTIONS: Final = {
    "RoleAssumed": ALERT,
    "RoleDenied": ALERT,
    "ConsoleSignIn": ALERT,
    "RoleChained": ALERT,
    "RolePassed": ALERT,
    "RoleActions": LOG,
    "BackdoorCreated": ALERT,
    "EntranceChanged": ALERT,
    "MonitoringTampered": ALERT,
    "UserSignIn": OFF,
    "RootUsed": OFF,
    "DeliveryFailing": ALERT,
}
"""Every detection, with the level that it has unless the config says otherwise."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Role:
    """The break-glass role: the stack creates it, or it exists already."""

    existing: str | None = setting(
        aws_types.EXISTING_ROLE,
        "Watch this existing role, by its ARN or by its name with its path; the stack creates none then",
        default=None,
    )
    permission_set: str | None = setting(
        aws_types.PERMISSION_SET, "Watch the role that Identity Center creates for this permission set", default=None
    )
    manage: bool = setting(Boolean(), "With existing: the stack puts policy_statements on that role", default=False)
    managed_policies: tuple[str, ...] = setting(
        ListOf(aws_types.MANAGED_POLICY),
        "What the role may do: AWS's managed policies by name (with path), others by ARN",
        default=(),
    )
    policy_statements: tuple[Mapping[str, Any], ...] = setting(
        PolicyStatements(ListOf(JsonValue(check_statement, STATEMENT_SCHEMA))),
        "What the role may do: statements in IAM's JSON, or a whole policy document",
        default=(),
    )
    permissions_boundary: str | None = setting(
        aws_types.POLICY_ARN, "The most that the role may do: the ARN of a managed policy", default=None
    )
    path: str = setting(aws_types.ROLE_PATH, "The path of the role", default="/")
    max_session_hours: int = setting(
        Integer("hours", *limits.SESSION_HOURS), "How many hours a session may last", default=1
    )
    trust: Trust = setting(Section(Trust), "Who may assume the role, and under which conditions", default=Trust())
    grant: str | None = setting(
        Choice(("users", "none")),
        "users: usernames get a policy to assume the role (default if the stack creates it); none: no policy",
        default=None,
    )

    @property
    def created(self) -> bool:
        return not (self.existing or self.permission_set)


@dataclass(frozen=True, kw_only=True)
class SlackChannel:
    """A channel in Slack, by the IDs that Slack has for it."""

    workspace: str = setting(aws_types.SLACK_WORKSPACE, "The ID of the workspace", example="workspace: T07EA123LEP")
    channel: str = setting(aws_types.SLACK_CHANNEL, "The ID of the channel", example="channel: C07EZ1ABC23")


@dataclass(frozen=True, kw_only=True)
class TeamsChannel:
    """A channel in Microsoft Teams, by the IDs in the link to it."""

    tenant: str = setting(aws_types.UUID, "The ID of the tenant", example=f"tenant: {aws_types.UUID_EXAMPLE}")
    team: str = setting(aws_types.UUID, "The ID of the team", example=f"team: {aws_types.UUID_EXAMPLE}")
    channel: str = setting(
        aws_types.TEAMS_CHANNEL, "The ID of the channel", example=f"channel: {aws_types.TEAMS_CHANNEL_EXAMPLE}"
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Alerts:
    """Who is notified, and what the message says."""

    emails: tuple[str, ...] = setting(
        ListOf(aws_types.EMAIL), "E-mail addresses; each has to confirm its subscription", default=()
    )
    sms: tuple[str, ...] = setting(ListOf(aws_types.PHONE), "Phone numbers for text messages", default=())
    https: tuple[str, ...] = setting(
        ListOf(aws_types.HTTPS), "HTTPS endpoints; each has to confirm its subscription", default=()
    )
    sqs: tuple[str, ...] = setting(ListOf(aws_types.QUEUE), "SQS queues", default=())
    lambda_: tuple[str, ...] = setting(ListOf(aws_types.FUNCTION), "Lambda functions", default=())
    application: tuple[str, ...] = setting(ListOf(aws_types.PUSH), "Mobile push endpoints", default=())
    topic: str | None = setting(
        aws_types.TOPIC,
        "Send alerts to this existing topic, by its ARN, and make none; of this account or another, in the main region",
        default=None,
    )
    slack: tuple[SlackChannel, ...] = setting(
        ListOf(Section(SlackChannel)), "Slack channels, each as {workspace: ID, channel: ID}", default=()
    )
    teams: tuple[TeamsChannel, ...] = setting(
        ListOf(Section(TeamsChannel)),
        "Microsoft Teams channels, each as {tenant: ID, team: ID, channel: ID}",
        default=(),
    )
    log: bool = setting(Boolean(), "Keep everything that alerts in a log group too", default=True)
    format: str = setting(
        Choice((TEXT, JSON, EVENT)),
        "What an alert is. text: sentences for people; json: an object of all fields; event: EventBridge's own event",
        default=JSON,
    )
    runbook: str | None = setting(
        aws_types.RUNBOOK, "The address of what to do in an emergency; each alert ends with it", default=None
    )
    message: str | None = setting(
        aws_types.MESSAGE, "A text of your own for each alert, instead of format", default=None
    )
    fallback: tuple[str, ...] = setting(
        ListOf(aws_types.ENDPOINT),
        "Who is notified, without EventBridge, when alerts fail: e-mail, phone numbers, https endpoints and queues",
        default=(),
    )

    @property
    def has_subscribers(self) -> bool:
        """Whether alerts go to anybody but chat channels: to subscribers of ours, or to a topic that exists."""
        return bool(self.endpoints or self.topic)

    @property
    def chats(self) -> bool:
        """Whether there is a chat channel."""
        return bool(self.slack or self.teams)

    @property
    def fallback_endpoints(self) -> tuple[tuple[str, str], ...]:
        """Every subscription of the fallback topic: SNS's protocol, and the endpoint."""
        return tuple((aws_types.protocol(endpoint), endpoint) for endpoint in self.fallback)

    @property
    def endpoints(self) -> tuple[tuple[str, str], ...]:
        """Every subscription of the topic: SNS's protocol, and the endpoint."""
        by_protocol = {
            "email": self.emails,
            "sms": self.sms,
            "https": self.https,
            "sqs": self.sqs,
            "lambda": self.lambda_,
            "application": self.application,
        }
        return tuple((protocol, endpoint) for protocol, endpoints in by_protocol.items() for endpoint in endpoints)


@dataclass(frozen=True, kw_only=True, repr=False)
class Actions:
    """The log of everything done in the role."""

    log: str = setting(Choice(("all", "read", "write", "none")), "Which calls to log", default="all")
    services: tuple[str, ...] = setting(
        ListOf(aws_types.SERVICE),
        "Log only the calls of these services, by the first word of their event source: s3 for s3.amazonaws.com",
        default=(),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class EventBus:
    """The central bus of the main region, and the role that forwards to it."""

    name: str | None = setting(aws_types.BUS_NAME, "The name of the central bus; name is the default", default=None)
    existing: str | None = setting(
        aws_types.EXISTING_BUS, "Use this existing event bus in the main region, by name or ARN", default=None
    )
    forwarder_role: str | None = setting(
        aws_types.ROLE_ARN,
        "The ARN of an existing role that forwards the events; otherwise the stack creates one",
        default=None,
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Protection:
    """What protects the monitoring from changes."""

    deny: bool = setting(Boolean(), "Deny the role every change of the monitoring and of itself", default=True)
    exempt: tuple[str, ...] = setting(
        ListOf(aws_types.EXEMPT), "Roles and users that the guard SCP exempts: ARNs, with or without *", default=()
    )
    responders: tuple[str, ...] = setting(
        ListOf(aws_types.EXEMPT),
        "Roles and users that may end the role's sessions under the guard SCP, by an inline policy of the role",
        default=(),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Deployer:
    """The role or user that may deploy the templates, and do nothing else."""

    role: str | None = setting(aws_types.PRINCIPAL_NAME, "The name of the role that deploys", default=None)
    user: str | None = setting(aws_types.PRINCIPAL_NAME, "The name of the IAM user that deploys", default=None)
    existing: bool = setting(Boolean(), "That role or user exists already", default=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class Organization:
    """The accounts of an organization that have the role, and the one that is notified of all of them."""

    id: str = setting(aws_types.ORGANIZATION, "The ID of the organization", example="id: o-a1b2c3d4e5")
    hub: str = setting(
        aws_types.ACCOUNT,
        "The account of the users, the buses, the topic and the logs, which is in one of the units",
        example='hub: "111122223333"',
    )
    units: tuple[str, ...] = setting(
        ListOf(aws_types.ORGANIZATIONAL_UNIT),
        "The organizational units, or the root, whose accounts have the role; those below them too",
        example=f"units: [ou-ab12-11111111]; {aws_types.LIST_UNITS}",
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Config:
    """Everything in a config file."""

    name: str = setting(
        aws_types.NAME, "The name of the role, and the start of every other name", default="break-glass"
    )
    main_region: str = setting(
        aws_types.REGION, "The region of the central bus, the topic and the logs", example="main_region: us-east-1"
    )
    account_: str | None = setting(
        aws_types.ACCOUNT,
        "The account that the templates are for; elsewhere they refuse to be deployed. ARNs of IAM show it too",
        default=None,
    )
    regions: tuple[str, ...] = setting(
        ListOf(aws_types.REGIONS, everything="*"),
        'The other regions to watch; "*" is every region that is enabled by default',
        default=("*",),
    )
    new_regions: tuple[str, ...] = setting(
        ListOf(aws_types.NEW_REGION),
        "Other regions to watch that are newer than this release, which takes their names at your word",
        default=(),
    )
    organization: Organization | None = setting(
        Section(Organization),
        "The role in every account of these units; main-region.yaml is for the hub then, whose users may assume it",
        default=None,
    )
    usernames: tuple[str, ...] | TaggedUsers = setting(
        USERNAMES,
        "The IAM users who may assume the role: a list of names, or {principal_tag: {key: value}}",
        default=(),
    )
    role: Role = setting(Section(Role), "The role: the stack creates it, or it exists already", default=Role())
    alerts: Alerts = setting(Section(Alerts), "Who is notified, and what the message says", default=Alerts())
    detections: Mapping[str, str] = setting(
        DetectionLevels(DETECTIONS, Choice((ALERT, CHAT, LOG, OFF))),
        "The level of each detection: alert (people, chat and log), chat (chat and log), log (only the log) or off",
        default=DETECTIONS,
    )
    actions: Actions = setting(Section(Actions), "The log of everything done in the role", default=Actions())
    retention_days: int = setting(
        Integer("days", 1, 3_653, limits.RETENTION_DAYS, "CloudWatch Logs"),
        "How many days the log groups keep their events",
        default=365,
    )
    logs_policy: str = setting(
        Choice((CREATE, EXISTING)),
        "create: the stack lets EventBridge write the logs, by one of the ten resource policies of CloudWatch Logs in a"
        " region; existing: a policy of yours does",
        default=CREATE,
    )
    encryption: str = setting(
        aws_types.ENCRYPTION,
        "customer-key: the stack creates a KMS key for topic, logs and trail; none: AWS's encryption; or a key's ARN",
        default=CUSTOMER_KEY,
    )
    trail: str = setting(
        Choice((EXISTING, CREATE)),
        "existing: a CloudTrail trail records every region already; create: the stack creates one, with a bucket",
        default=EXISTING,
    )
    trail_lock_days: int | None = setting(
        Integer("days", 1, 36_500), "With trail: create: for how many days nobody can delete its files", default=None
    )
    heartbeat_: str | None = setting(
        Choice((HOURLY, DAILY, OFF)),
        "How often each region proves that its events arrive; an alarm reports a region without a heartbeat. The"
        " default is hourly, with an organization daily",
        default=None,
    )
    protection: Protection = setting(
        Section(Protection), "What protects the monitoring from changes", default=Protection()
    )
    deployer: Deployer | None = setting(
        OptionalSection(Deployer),
        "true, or settings: one more template, for a role or user that can deploy the templates and do nothing else",
        default=None,
    )
    rollout: str = setting(
        Choice((CONSOLE, MANAGED)),
        "console: you upload stackset.yaml as a StackSet; managed: main-region.yaml contains the StackSet",
        default=CONSOLE,
    )
    stackset_roles: str | None = setting(
        Choice((CREATE, EXISTING)),
        "The two roles of the StackSet. existing: those with AWS's default names; create: roles that can do only what"
        " this StackSet needs, the default with a deployer or rollout: managed",
        default=None,
    )
    event_bus: EventBus = setting(
        Section(EventBus),
        "The central event bus of the main region, and the role that forwards to it",
        default=EventBus(),
    )
    tags: Mapping[str, str] = setting(
        StringMap(aws_types.TAG_KEY, aws_types.TAG_VALUE, 50), "Tags for every resource that can have tags", default={}
    )

    @property
    def partition(self) -> Partition:
        return partition_of(self.main_region)

    @property
    def heartbeat(self) -> str:
        """How often each region proves that its events arrive."""
        return self.heartbeat_ or (DAILY if self.organization else HOURLY)

    @property
    def forwards(self) -> bool:
        """Whether rules forward events to central buses: of other regions, or of other accounts."""
        return bool(self.secondary_regions or self.organization)

    @property
    def secondary_regions(self) -> tuple[str, ...]:
        """Every watched region except the main one, sorted."""
        regions = {region for region in self.regions if region != "*"}
        default_regions = self.partition.default if "*" in self.regions else ()
        return tuple(sorted(regions.union(default_regions, self.new_regions) - {self.main_region}))

    @property
    def opted_in_regions(self) -> tuple[str, ...]:
        """The secondary regions that an account has to opt in to; every new region is one."""
        return tuple(region for region in self.secondary_regions if region not in self.partition.default)

    @property
    def central_bus(self) -> str:
        """The name of the central bus."""
        bus = self.event_bus
        return bus.name or (bus.existing or "").rpartition("event-bus/")[2] or self.name

    @property
    def action_bus(self) -> str:
        """The name of the bus for actions in the role."""
        return f"{self.name}-actions"

    @property
    def monitoring_bus(self) -> str:
        """The name of the bus for what happens to the monitoring, and for sign-ins."""
        return f"{self.name}-monitoring"

    @property
    def entrance_bus(self) -> str:
        """The name of the bus for changes of who gets in: the central one, unless others use that as well."""
        return f"{self.name}-entrance" if self.event_bus.existing else self.central_bus

    @property
    def same_account_arns(self) -> dict[str, tuple[str, ...]]:
        """The ARNs of everything that has to be in the account of the role, by key."""
        role, bus = self.role, self.event_bus
        single_arns = {
            "role.existing": role.existing,
            "role.permissions_boundary": role.permissions_boundary,
            "role.trust.oidc_provider": role.trust.oidc_provider,
            "event_bus.existing": bus.existing,
            "event_bus.forwarder_role": bus.forwarder_role,
            "encryption": self.encryption if parse_arn(self.encryption) else None,
        }
        return {
            **{key: (value,) for key, value in single_arns.items() if value},
            "role.trust.saml_provider": role.trust.saml_providers,
            "role.managed_policies": role.managed_policies,
            "alerts.lambda": self.alerts.lambda_,
        }

    @property
    def account(self) -> str | None:
        """The account of main-region.yaml, if the config says it or an ARN of IAM shows it.

        A key, a bus or a function may belong to another account, so their ARNs do not show it.
        """
        if self.organization:
            return self.organization.hub
        arns = (parse_arn(value) for values in self.same_account_arns.values() for value in values)
        of_iam = (arn.account for arn in arns if arn and arn.service == "iam" and arn.account.isdecimal())
        return self.account_ or next(of_iam, None)

    @property
    def users(self) -> tuple[str, ...]:
        """The IAM users that the config lists by name."""
        return () if self.role.trust.names_by else self._usernames

    @property
    def user_tags(self) -> dict[str, str]:
        """The tags by which the config selects IAM users instead."""
        return dict(self.usernames.tags) if isinstance(self.usernames, TaggedUsers) else {}

    def names_of(self, provider: str) -> tuple[str, ...]:
        """The users of a provider who may assume the role: session names for ``saml``, subjects for ``oidc``."""
        names = {"saml": self.role.trust.saml_names, "oidc": self.role.trust.oidc_subjects}[provider]
        return self._usernames if self.role.trust.names_by == provider else names

    @property
    def _usernames(self) -> tuple[str, ...]:
        return () if isinstance(self.usernames, TaggedUsers) else self.usernames

    @property
    def grants(self) -> bool:
        """Whether the stack has a policy that allows to assume the role: attached to users, or for you to attach."""
        grant = self.role.grant or ("users" if self.role.created else "none")
        permission_sets = [name for name in self.role.trust.permission_sets if "/" not in name]
        return grant == "users" and bool(self.users or self.user_tags or permission_sets)

    def alerts_on(self, detection: str) -> bool:
        """Whether a detection notifies subscribers."""
        return self.alerts.has_subscribers and self.detections[detection] == ALERT

    def chats_on(self, detection: str) -> bool:
        """Whether a detection notifies chat channels."""
        return self.alerts.chats and self.detections[detection] in (ALERT, CHAT)

    def alerts_or_logs(self, detection: str) -> bool:
        """Whether a detection notifies somebody or is kept in the login log."""
        is_logged = self.alerts.log and self.detections[detection] != OFF
        return self.alerts_on(detection) or self.chats_on(detection) or is_logged

    @property
    def rolls_out(self) -> bool:
        """Whether main-region.yaml contains the StackSet."""
        return self.rollout == MANAGED and self.forwards

    @property
    def makes_stackset_roles(self) -> bool:
        """Whether the StackSet has roles of our own, which can do only what it needs."""
        roles = self.stackset_roles or (CREATE if self.deployer or self.rollout == MANAGED else EXISTING)
        return roles == CREATE and bool(self.secondary_regions) and not self.organization

    @property
    def grants_users(self) -> bool:
        """Whether the stack attaches that policy to users itself."""
        return self.grants and bool(self.users)


def config_keys() -> list[str]:
    """Every key of a config, dotted, in the order of the file."""
    return [key for key, _ in section_keys(Config)]
