"""What a month costs, and how near an organization is to AWS's quotas: counted in the templates of a config.

Prices and quotas are those of docs/prices-and-quotas.yaml. A bill is of us-east-1, as an upper bound: without the free
tier, and with every query alarm as an alarm on one metric.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import yaml
from paths import ROOT

from cfn_breakglass import config_of
from cfn_breakglass.aws import limits
from cfn_breakglass.config.model import Config
from cfn_breakglass.plan import make_plan
from cfn_breakglass.templates import make_templates

FIGURES: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docs" / "prices-and-quotas.yaml").read_text(encoding="utf-8"))
PRICES: Final[dict[str, dict[str, Any]]] = FIGURES["prices"]
QUOTAS: Final[dict[str, dict[str, Any]]] = FIGURES["quotas"]

ONE_ACCOUNT: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "usernames": ["alice", "bob"],
    "alerts": {"emails": ["ops@example.com"]},
}
ORGANIZATION: Final[dict[str, Any]] = {
    **ONE_ACCOUNT,
    "organization": {"id": "o-a1b2c3d4e5", "hub": "999999999999", "units": ["r-ab12"]},
}
SIZES: Final = (10, 100, 1_000)

ONE_ACCOUNT_COLUMNS: Final[dict[str, dict[str, Any]]] = {
    "17 regions, hourly": {},
    "17 regions, daily": {"heartbeat": "daily"},
    "17 regions, no heartbeat": {"heartbeat": "off"},
    "main region only, hourly": {"regions": []},
}
ORGANIZATION_COLUMNS: Final = tuple(f"{size:,} accounts" for size in SIZES)
CHEAPER_OR_DEARER: Final[dict[str, dict[str, Any]]] = {
    "with `heartbeat: hourly`": {"heartbeat": "hourly"},
    "with `heartbeat: off`": {"heartbeat": "off"},
    "with three regions": {"regions": ["eu-west-1", "us-west-2"]},
}

_HOURS: Final = 730  # of a month
# What happens in an account in a month, where nobody knows: events of a trail are about so large.
CHANGES: Final = 1_000
ALERTS: Final = 10
_EVENT: Final = 2_000
_GB: Final = 1_000_000_000
_LOGS_OVERHEAD: Final = 26
"""Bytes that CloudWatch Logs counts for each event: AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html."""


class Placed(NamedTuple):
    """A resource of a template, and in how many accounts and regions it is."""

    properties: dict[str, Any]
    type: str
    copies: int


@dataclass(frozen=True)
class Deployment:
    """The templates of a config, deployed to ``accounts``; of these one is the hub, if it is an organization."""

    config: Config
    accounts: int = 1

    @property
    def stacks(self) -> int:
        """How many stacks the larger stack set has."""
        others = len(self.config.secondary_regions)
        return self.accounts * (others + 1) if self.config.organization else others

    @cached_property
    def resources(self) -> list[Placed]:
        templates = make_templates(make_plan(self.config))
        placed = ((templates.main_region, 1), (templates.accounts, self.accounts), (templates.stackset, self.stacks))
        return [
            Placed(resource.get("Properties", {}), resource["Type"], copies)
            for template, copies in placed
            if template
            for resource in template.to_dict()["Resources"].values()
        ]

    def of_type(self, name: str) -> Iterator[Placed]:
        return (resource for resource in self.resources if resource.type == f"AWS::{name}")

    def alarms(self, namespace: str | None) -> int:
        """The alarms on a metric of ``namespace``, and those on a query for None."""
        alarms = self.of_type("CloudWatch::Alarm")
        return sum(alarm.copies for alarm in alarms if alarm.properties.get("Namespace") == namespace)

    @property
    def heartbeats(self) -> float:
        """How many heartbeats of a month there are."""
        schedules = self.of_type("Scheduler::Schedule")
        return sum(schedule.copies * _HOURS / _hours_between(schedule) for schedule in schedules)

    @property
    def share_of_month(self) -> float:
        """For which share of the hours of a month a region's metric of heartbeats is reported."""
        return max((1 / _hours_between(schedule) for schedule in self.of_type("Scheduler::Schedule")), default=0)


def _hours_between(schedule: Placed) -> int:
    return {"rate(1 hour)": 1, "rate(1 day)": 24}[schedule.properties["ScheduleExpression"]]


def one_account(**settings: Any) -> Deployment:
    """The templates of one account, with these settings beside the fewest."""
    return Deployment(config_of({**ONE_ACCOUNT, **settings}))


def organization(accounts: int, **settings: Any) -> Deployment:
    """The templates of an organization, with these settings beside the fewest."""
    return Deployment(config_of({**ORGANIZATION, **settings}), accounts)


def price(name: str) -> float:
    """The price of one unit."""
    return float(PRICES[name]["price"]) / int(PRICES[name].get("units", 1))


def _logged(events: float, size: int) -> float:
    """What it costs to log events of ``size`` bytes, and to keep them for a month."""
    return events * (size + _LOGS_OVERHEAD) / _GB * (price("ingested") + price("stored"))


def bill(deployed: Deployment) -> dict[str, float]:
    """What each part costs a month, in US dollars."""
    config = deployed.config
    heartbeat_alarms = deployed.alarms(config.name)
    hops = 2 if config.forwards else 1  # onto the default bus, and to another bus
    by_hand = deployed.alarms(None) + deployed.alarms("AWS/SNS")
    alerts = ALERTS * deployed.accounts
    return {
        "Alarms of the dead-letter queues": deployed.alarms("AWS/SQS") * price("alarm"),
        "Alarms of the heartbeats": heartbeat_alarms * price("alarm"),
        "Other alarms": by_hand * price("alarm"),
        "Metrics of the heartbeats": heartbeat_alarms * deployed.share_of_month * price("metric"),
        "Heartbeats: schedules, events and log": deployed.heartbeats * (price("schedule") + hops * price("event"))
        + _logged(deployed.heartbeats, _heartbeat_size(config)),
        "Customer key": len([*deployed.of_type("KMS::Key")]) * price("key"),
        f"{CHANGES:,} changes in IAM in each account, forwarded": CHANGES
        * deployed.accounts
        * (hops - 1)
        * price("event"),
        f"{ALERTS} alerts in each account, forwarded, logged, and sent to a mailbox": alerts
        * ((hops - 1) * price("event") + price("published") + price("mail"))
        + _logged(alerts, _EVENT),
    }


def _heartbeat_size(config: Config) -> int:
    """How many bytes of JSON a heartbeat has that EventBridge delivers."""
    event = {
        "version": "0",
        "id": "9b3ac04f-1d3c-46b5-a3d2-8f1a2a1f1c33",
        "detail-type": "Heartbeat",
        "source": f"cfn-breakglass.{config.name}",
        "account": "999999999999",
        "time": "2025-03-14T03:07:12Z",
        "region": "ap-northeast-1",
        "resources": [],
        "detail": {},
    }
    return len(json.dumps(event))


def total(deployed: Deployment) -> float:
    return sum(bill(deployed).values())


def dollars(amount: float) -> str:
    """As people write it: cents as long as there are few dollars."""
    if amount and amount < 0.01:
        return "under $0.01"
    return f"${amount:.2f}" if amount < 100 else f"${amount:,.0f}"


def cost_rows() -> Iterator[tuple[str, ...]]:
    """Part, and what it costs in one account."""
    return _bill_rows(one_account(**settings) for settings in ONE_ACCOUNT_COLUMNS.values())


def organization_cost_rows() -> Iterator[tuple[str, ...]]:
    """Part, and what it costs in organizations; and all of it with other settings."""
    yield from _bill_rows(organization(size) for size in SIZES)
    for words, settings in CHEAPER_OR_DEARER.items():
        yield f"All of it {words}", *(dollars(total(organization(size, **settings))) for size in SIZES)


def _bill_rows(deployments: Iterable[Deployment]) -> Iterator[tuple[str, ...]]:
    bills = [bill(deployed) for deployed in deployments]
    for part in bills[0]:
        yield part, *(dollars(parts[part]) for parts in bills)
    yield "**All of it**", *(f"**{dollars(sum(parts.values()))}**" for parts in bills)


def price_rows() -> Iterator[tuple[str, ...]]:
    for figure in PRICES.values():
        units = int(figure.get("units", 1))
        what = figure["for"] if units == 1 else f"{units:,} {figure['for']}"
        yield f"${figure['price']:.2f}", what, f"[AWS]({figure['page']}), {figure['read']}"


def quota_rows() -> Iterator[tuple[str, ...]]:
    """Quota, AWS's maximum, ours with 1,000 accounts, page."""
    deployed = organization(SIZES[-1])
    for name, ours in _use_of_quotas(deployed).items():
        quota = QUOTAS[name]
        yield quota["of"], f"{quota['most']:,}", ours, f"[AWS]({quota['page']}), {quota['read']}"
    rules = Counter(_bus_of(rule) for rule in deployed.of_type("Events::Rule"))
    yield limits.RULES.subject, f"{limits.RULES.maximum:,}", f"{max(rules.values())}", f"[AWS]({limits.RULES.source})"
    units = limits.UNITS_OF_STACK_SET
    yield units.subject, f"{units.maximum:,}", "as many as `organization.units` has", f"[AWS]({units.source})"


def _use_of_quotas(deployed: Deployment) -> dict[str, str]:
    at_once = sum(schedule.copies for schedule in deployed.of_type("Scheduler::Schedule"))
    policies = [bus.properties["Policy"] for bus in deployed.of_type("Events::EventBus")]
    # The hub's main region has the alarm of every other region too.
    alarms = sum(1 for _ in deployed.of_type("CloudWatch::Alarm"))
    return {
        "invocations": f"{at_once:,} heartbeats a day, if all came in one second",
        "bus_policy": f"{max(len(json.dumps(policy)) for policy in policies):,}, however many accounts there are",
        "stack_instances": f"{deployed.stacks:,}",
        "operations": f"{deployed.accounts:,}",
        "alarms": f"{alarms} in the hub's main region, 1 elsewhere",
        "logs_policies": f"{sum(1 for _ in deployed.of_type('Logs::ResourcePolicy'))} in the hub's main region",
        "mails": "as many alerts as there are in a second",
    }


def _bus_of(rule: Placed) -> str:
    return json.dumps(rule.properties.get("EventBusName"))
