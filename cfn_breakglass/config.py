"""What a config holds: every setting with its kind, meaning and default."""
# ruff: noqa: RUF009 - setting() makes a dataclass field, which is what a default may be made by

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cfn_breakglass import limits, texts
from cfn_breakglass.arns import parse_arn
from cfn_breakglass.containers import Data, Listing, Switches, Table
from cfn_breakglass.regions import Partition, partition_of
from cfn_breakglass.sections import Section, keys, setting
from cfn_breakglass.settings import Choice, Flag, Whole
from cfn_breakglass.statements import SCHEMA as STATEMENT_SCHEMA, statement

ALERT, LOG, OFF = "alert", "log", "off"

DETECTIONS: Final = {
    "RoleAssumed": ALERT,
    "RoleRefused": ALERT,
    "ConsoleSignIn": ALERT,
    "RoleChained": ALERT,
    "RoleActions": LOG,
    "UserSignIn": OFF,
    "RootSignIn": OFF,
}
"""How loud each detection is unless the config says otherwise."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Trust:
    """Who may take the role on, and how."""

    mfa: bool = setting(Flag(), "Ask IAM users for MFA", default=True)
    mfa_max_age_minutes: int | None = setting(
        Whole("minutes", 1, 2_160), "How long ago they may have given it", default=None
    )
    session_name: str = setting(
        Choice(("any", "username")), "username: the session must bear the IAM user's name", default="any"
    )
    source_identity: bool = setting(
        Flag(),
        "The session must carry the IAM user's name as source identity; no switching in the console then",
        default=False,
    )
    saml_provider: str | None = setting(
        texts.SAML_PROVIDER,
        "Federated users come in by this SAML provider; usernames are then session names",
        default=None,
    )
    oidc_provider: str | None = setting(
        texts.OIDC_PROVIDER,
        "Federated users come in by this OIDC provider; usernames are then the subjects of its tokens",
        default=None,
    )
    principals: tuple[str, ...] = setting(
        Listing(texts.PRINCIPAL), "More who may take it on, of other accounts too: ARNs or account IDs", default=()
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Role:
    """The role, created or there already."""

    existing: str | None = setting(
        texts.EXISTING_ROLE, "Watch this role, by name or ARN, path included; none is created then", default=None
    )
    permission_set: str | None = setting(
        texts.PERMISSION_SET, "Watch the role that Identity Center makes of this permission set", default=None
    )
    manage: bool = setting(Flag(), "With existing: put policy_statements on the role", default=False)
    managed_policies: tuple[str, ...] = setting(
        Listing(texts.MANAGED_POLICY), "What it may do: AWS managed policies by name, any by ARN", default=()
    )
    policy_statements: tuple[Mapping[str, Any], ...] = setting(
        Listing(Data(statement, STATEMENT_SCHEMA)), "What it may do: statements in IAM's JSON", default=()
    )
    permissions_boundary: str | None = setting(
        texts.POLICY_ARN, "The most it may do: a managed policy's ARN", default=None
    )
    path: str = setting(texts.ROLE_PATH, "The role's path", default="/")
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

    emails: tuple[str, ...] = setting(Listing(texts.EMAIL), "E-mail addresses; each has to confirm", default=())
    sms: tuple[str, ...] = setting(Listing(texts.PHONE), "Phone numbers for text messages", default=())
    https: tuple[str, ...] = setting(Listing(texts.HTTPS), "Web addresses; each has to confirm", default=())
    sqs: tuple[str, ...] = setting(Listing(texts.QUEUE), "SQS queues", default=())
    lambda_: tuple[str, ...] = setting(Listing(texts.FUNCTION), "Lambda functions", default=())
    application: tuple[str, ...] = setting(Listing(texts.PUSH), "Mobile push endpoints", default=())
    log: bool = setting(Flag(), "Keep a log group of everything that alerts", default=True)
    message: str | None = setting(texts.MESSAGE, "The text of an alert; without it, JSON of all fields", default=None)

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
        Listing(texts.SERVICE), "Only these services; s3 is s3.amazonaws.com exactly", default=()
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class EventBus:
    """The central bus of the main region, and the role that forwards to it."""

    name: str | None = setting(texts.BUS_NAME, "The name of the central bus; the default is name", default=None)
    existing: str | None = setting(
        texts.EXISTING_BUS, "Use this custom event bus of the main region, by name or ARN", default=None
    )
    forwarder_role: str | None = setting(
        texts.ROLE_ARN, "Forward with this role instead of creating one: an ARN", default=None
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Config:
    """A whole config file."""

    name: str = setting(texts.NAME, "The first part of every name, and the name of the role", default="break-glass")
    main_region: str = setting(
        texts.REGION, "Where the central bus, the topic and the logs are", example="main_region: us-east-1"
    )
    regions: tuple[str, ...] = setting(
        Listing(texts.REGIONS),
        'The other regions to watch; "*" is every region of the partition that is on by default',
        default=("*",),
    )
    usernames: tuple[str, ...] = setting(Listing(texts.USERNAME), "The IAM users who may take the role on", default=())
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
    event_bus: EventBus = setting(
        Section(EventBus), "The central bus of the main region, and the role that forwards to it", default=EventBus()
    )
    tags: Mapping[str, str] = setting(
        Table(texts.TAG_KEY, texts.TAG_VALUE, 50), "Tags for everything that takes tags", default={}
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
    def grants_users(self) -> bool:
        wanted = self.role.grant or ("users" if self.role.created else "none")
        federated = self.role.trust.saml_provider or self.role.trust.oidc_provider
        return wanted == "users" and bool(self.usernames) and not federated


def config_keys() -> list[str]:
    """Every key a config may hold, dotted, in the order of the file."""
    return [key for key, _ in keys(Config)]
