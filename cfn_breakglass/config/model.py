"""What a config holds: every setting with its kind, meaning and default."""
# ruff: noqa: RUF009 - setting() makes a dataclass field, which is what a default may be made by

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.aws.partitions import Partition, partition_of
from cfn_breakglass.config import aws_types
from cfn_breakglass.config.collection_types import Data, Listing, Section, Switchable, Switches, Table, keys, setting
from cfn_breakglass.config.iam_statements import SCHEMA as STATEMENT_SCHEMA, statement
from cfn_breakglass.config.trust_settings import USERNAMES, Tagged, Trust
from cfn_breakglass.config.types import Choice, Flag, Whole

ALERT, LOG, OFF = "alert", "log", "off"
CUSTOMER_KEY, NONE = "customer-key", "none"
CREATE, EXISTING = "create", "existing"
HOURLY, DAILY = "hourly", "daily"
CONSOLE, MANAGED = "console", "managed"

DETECTIONS: Final = {
    "RoleAssumed": ALERT,
    "RoleRefused": ALERT,
    "ConsoleSignIn": ALERT,
    "RoleChained": ALERT,
    "RoleActions": LOG,
    "BackdoorCreated": ALERT,
    "MonitoringTampered": ALERT,
    "UserSignIn": OFF,
    "RootSignIn": OFF,
    "DeliveryFailing": ALERT,
}
"""How loud each detection is unless the config says otherwise."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Role:
    """The role, created or there already."""

    existing: str | None = setting(
        aws_types.EXISTING_ROLE, "Watch this role, by name or ARN, path included; none is created then", default=None
    )
    permission_set: str | None = setting(
        aws_types.PERMISSION_SET, "Watch the role that Identity Center makes of this permission set", default=None
    )
    manage: bool = setting(Flag(), "With existing: put policy_statements on the role", default=False)
    managed_policies: tuple[str, ...] = setting(
        Listing(aws_types.MANAGED_POLICY),
        "What it may do: AWS managed policies by path and name, any by ARN",
        default=(),
    )
    policy_statements: tuple[Mapping[str, Any], ...] = setting(
        Listing(Data(statement, STATEMENT_SCHEMA)), "What it may do: statements in IAM's JSON", default=()
    )
    permissions_boundary: str | None = setting(
        aws_types.POLICY_ARN, "The most it may do: a managed policy's ARN", default=None
    )
    path: str = setting(aws_types.ROLE_PATH, "The role's path", default="/")
    max_session_hours: int = setting(Whole("hours", *limits.SESSION_HOURS), "The longest session, in hours", default=1)
    trust: Trust = setting(Section(Trust), "Who may take it on, and how", default=Trust())
    grant: str | None = setting(
        Choice(("users", "none")),
        "users: give usernames the right to take the role on; the default for a role that is created",
        default=None,
    )

    @property
    def created(self) -> bool:
        return not (self.existing or self.permission_set)


@dataclass(frozen=True, kw_only=True, repr=False)
class Alerts:
    """Who is told, and what they read."""

    emails: tuple[str, ...] = setting(Listing(aws_types.EMAIL), "E-mail addresses; each has to confirm", default=())
    sms: tuple[str, ...] = setting(Listing(aws_types.PHONE), "Phone numbers for text messages", default=())
    https: tuple[str, ...] = setting(Listing(aws_types.HTTPS), "Web addresses; each has to confirm", default=())
    sqs: tuple[str, ...] = setting(Listing(aws_types.QUEUE), "SQS queues", default=())
    lambda_: tuple[str, ...] = setting(Listing(aws_types.FUNCTION), "Lambda functions", default=())
    application: tuple[str, ...] = setting(Listing(aws_types.PUSH), "Mobile push endpoints", default=())
    log: bool = setting(Flag(), "Keep a log group of everything that alerts", default=True)
    message: str | None = setting(
        aws_types.MESSAGE, "The text of an alert; without it, JSON of all fields", default=None
    )
    fallback: tuple[str, ...] = setting(
        Listing(aws_types.ENDPOINT),
        "Who is told, without EventBridge, that alerts are failing: e-mail, phone, https and queues in one list",
        default=(),
    )

    @property
    def fallback_endpoints(self) -> tuple[tuple[str, str], ...]:
        """Every subscription of the fallback topic as SNS's protocol and endpoint."""
        return tuple((aws_types.protocol(endpoint), endpoint) for endpoint in self.fallback)

    @property
    def endpoints(self) -> tuple[tuple[str, str], ...]:
        """Every subscription as SNS's protocol and endpoint."""
        by_protocol = {
            "email": self.emails,
            "sms": self.sms,
            "https": self.https,
            "sqs": self.sqs,
            "lambda": self.lambda_,
            "application": self.application,
        }
        return tuple((protocol, endpoint) for protocol, each in by_protocol.items() for endpoint in each)


@dataclass(frozen=True, kw_only=True, repr=False)
class Actions:
    """The log of what is done in the role."""

    log: str = setting(Choice(("all", "read", "write", "none")), "Which calls to keep", default="all")
    services: tuple[str, ...] = setting(
        Listing(aws_types.SERVICE), "Only these services; s3 is s3.amazonaws.com exactly", default=()
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class EventBus:
    """The central bus of the main region, and the role that forwards to it."""

    name: str | None = setting(aws_types.BUS_NAME, "The name of the central bus; the default is name", default=None)
    existing: str | None = setting(
        aws_types.EXISTING_BUS, "Use this custom event bus of the main region, by name or ARN", default=None
    )
    forwarder_role: str | None = setting(
        aws_types.ROLE_ARN, "Forward with this role instead of creating one: an ARN", default=None
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Protection:
    """What keeps the monitoring from being changed."""

    deny: bool = setting(Flag(), "Deny the role to change the monitoring and itself", default=True)
    exempt: tuple[str, ...] = setting(
        Listing(aws_types.EXEMPT), "Roles and users whom the guard SCP spares: ARNs, which may hold *", default=()
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Deployer:
    """Who may deploy the templates, and nothing else."""

    role: str | None = setting(aws_types.PRINCIPAL_NAME, "The deployer is a role of this name", default=None)
    user: str | None = setting(aws_types.PRINCIPAL_NAME, "The deployer is an IAM user of this name", default=None)
    existing: bool = setting(Flag(), "That role or user is there already", default=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class Config:
    """A whole config file."""

    name: str = setting(aws_types.NAME, "The first part of every name, and the name of the role", default="break-glass")
    main_region: str = setting(
        aws_types.REGION, "Where the central bus, the topic and the logs are", example="main_region: us-east-1"
    )
    regions: tuple[str, ...] = setting(
        Listing(aws_types.REGIONS),
        'The other regions to watch; "*" is every region of the partition that is on by default',
        default=("*",),
    )
    usernames: tuple[str, ...] | Tagged = setting(
        USERNAMES, "The IAM users who may take the role on; or {principal_tag: {key: value}}", default=()
    )
    role: Role = setting(Section(Role), "The role, created or there already", default=Role())
    alerts: Alerts = setting(Section(Alerts), "Who is told, and what they read", default=Alerts())
    detections: Mapping[str, str] = setting(
        Switches(DETECTIONS, Choice((ALERT, LOG, OFF))), "What to watch for, and how loud to be", default=DETECTIONS
    )
    actions: Actions = setting(Section(Actions), "The log of what is done in the role", default=Actions())
    retention_days: int = setting(
        Whole("days", 1, 3_653, limits.RETENTION_DAYS, "CloudWatch Logs"),
        "How long the log groups keep their events",
        default=365,
    )
    encryption: str = setting(
        aws_types.ENCRYPTION,
        "customer-key: the stack makes a key for topic, logs and trail; none; or the ARN of a key",
        default=CUSTOMER_KEY,
    )
    trail: str = setting(
        Choice((EXISTING, CREATE)),
        "existing: a CloudTrail trail covers every region already; create: the stack makes one, with a bucket",
        default=EXISTING,
    )
    trail_lock_days: int | None = setting(
        Whole("days", 1, 36_500), "With trail: create: how long nobody can delete what it recorded", default=None
    )
    heartbeat: str = setting(
        Choice((HOURLY, DAILY, OFF)), "How often every region proves that its events arrive", default=HOURLY
    )
    protection: Protection = setting(
        Section(Protection), "What keeps the monitoring from being changed", default=Protection()
    )
    deployer: Deployer | None = setting(
        Switchable(Deployer),
        "true, or role or user: who may deploy the templates and nothing else, by one more template; false: nobody",
        default=None,
    )
    rollout: str = setting(
        Choice((CONSOLE, MANAGED)),
        "console: stackset.yaml is rolled out by hand; managed: main-region.yaml rolls it out",
        default=CONSOLE,
    )
    stackset_roles: str | None = setting(
        Choice((CREATE, EXISTING)),
        "The roles of StackSets: existing ones, under AWS's names, or created ones that can do no more than this takes;"
        " created is the default with a deployer or rollout: managed",
        default=None,
    )
    event_bus: EventBus = setting(
        Section(EventBus), "The central bus of the main region, and the role that forwards to it", default=EventBus()
    )
    tags: Mapping[str, str] = setting(
        Table(aws_types.TAG_KEY, aws_types.TAG_VALUE, 50), "Tags for everything that takes tags", default={}
    )

    @property
    def partition(self) -> Partition:
        return partition_of(self.main_region)

    @property
    def secondary_regions(self) -> tuple[str, ...]:
        """Every region but the main one that is watched, sorted."""
        named = {region for region in self.regions if region != "*"}
        default = self.partition.default if "*" in self.regions else ()
        return tuple(sorted(named.union(default) - {self.main_region}))

    @property
    def central_bus(self) -> str:
        """The name of the central bus."""
        bus = self.event_bus
        return bus.name or (bus.existing or "").rpartition("event-bus/")[2] or self.name

    @property
    def action_bus(self) -> str:
        """The name of the bus for what is done in the role."""
        return f"{self.name}-actions"

    @property
    def home_arns(self) -> dict[str, tuple[str, ...]]:
        """The ARNs of what has to be in the account of the role, by key."""
        role, bus = self.role, self.event_bus
        alone = {
            "role.existing": role.existing,
            "role.permissions_boundary": role.permissions_boundary,
            "role.trust.saml_provider": role.trust.saml_provider,
            "role.trust.oidc_provider": role.trust.oidc_provider,
            "event_bus.existing": bus.existing,
            "event_bus.forwarder_role": bus.forwarder_role,
            "encryption": self.encryption if parse_arn(self.encryption) else None,
        }
        return {
            **{key: (value,) for key, value in alone.items() if value},
            "role.managed_policies": role.managed_policies,
            "alerts.lambda": self.alerts.lambda_,
        }

    @property
    def account(self) -> str | None:
        """The account that the config's own ARNs fix, if there are any."""
        arns = (parse_arn(value) for values in self.home_arns.values() for value in values)
        return next((arn.account for arn in arns if arn and arn.account.isdecimal()), None)

    @property
    def users(self) -> tuple[str, ...]:
        """The IAM users whose names the config gives."""
        return () if self.role.trust.names_by else self._usernames

    @property
    def user_tags(self) -> dict[str, str]:
        """The tags by which the config means IAM users instead."""
        return dict(self.usernames.tags) if isinstance(self.usernames, Tagged) else {}

    def names_of(self, provider: str) -> tuple[str, ...]:
        """Whom a provider, saml or oidc, may send: session names or subjects."""
        own = {"saml": self.role.trust.saml_names, "oidc": self.role.trust.oidc_subjects}[provider]
        return self._usernames if self.role.trust.names_by == provider else own

    @property
    def _usernames(self) -> tuple[str, ...]:
        return () if isinstance(self.usernames, Tagged) else self.usernames

    @property
    def grants(self) -> bool:
        """Whether the stack has a policy with the right to take the role on, given to users or to be attached."""
        wanted = self.role.grant or ("users" if self.role.created else "none")
        sets_of_account = [one for one in self.role.trust.permission_sets if "/" not in one]
        return wanted == "users" and bool(self.users or self.user_tags or sets_of_account)

    def alerts_on(self, detection: str) -> bool:
        """Whether subscribers are told of a detection."""
        return bool(self.alerts.endpoints) and self.detections[detection] == ALERT

    def hears_of(self, detection: str) -> bool:
        """Whether a subscriber or the login log is told of a detection of theirs."""
        return self.alerts_on(detection) or (self.alerts.log and self.detections[detection] != OFF)

    @property
    def rolls_out(self) -> bool:
        """Whether main-region.yaml holds the stack set."""
        return self.rollout == MANAGED and bool(self.secondary_regions)

    @property
    def makes_stackset_roles(self) -> bool:
        wanted = self.stackset_roles or (CREATE if self.deployer or self.rollout == MANAGED else EXISTING)
        return wanted == CREATE and bool(self.secondary_regions)

    @property
    def grants_users(self) -> bool:
        return self.grants and bool(self.users)


def config_keys() -> list[str]:
    """Every key a config may hold, dotted, in the order of the file."""
    return [key for key, _ in keys(Config)]
