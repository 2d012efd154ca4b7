"""What the pages say about money is counted in the templates."""

from __future__ import annotations

import re
from typing import Any

import pytest
from costs import PRICES, QUOTAS, bill, dollars, one_account, organization, price, total
from manual import read
from paths import ROOT

COSTS = ROOT / "docs" / "costs.md"


@pytest.mark.parametrize("figure", [*PRICES.values(), *QUOTAS.values()], ids=str)
def test_every_figure_has_a_page_of_aws_and_a_date(figure: dict[str, Any]) -> None:
    assert re.match(r"https://(docs\.)?aws\.amazon\.com/", figure["page"])
    assert figure["read"].year >= 2026


@pytest.mark.parametrize("name", PRICES)
def test_every_price_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = total(one_account())
    monkeypatch.setitem(PRICES[name], "price", PRICES[name]["price"] * 1_000)
    assert total(one_account()) > before


def test_alarms_are_counted_where_they_are() -> None:
    parts = bill(organization(100))
    # One of each region of each account, and one of the hub's own queue.
    assert parts["Alarms of the dead-letter queues"] == pytest.approx(0.10 * (100 * 17 + 1))
    assert parts["Alarms of the heartbeats"] == pytest.approx(0.10 * 17)


def test_the_default_covers_as_many_regions_as_the_tables_say() -> None:
    assert len(one_account().config.secondary_regions) + 1 == 17


def test_a_heartbeat_is_scheduled_put_and_forwarded() -> None:
    heartbeats = bill(organization(1_000))["Heartbeats: schedules, events and log"]
    days = 730 / 24
    assert heartbeats == pytest.approx(1_000 * 17 * days * 3 / 1_000_000, rel=0.1)


def amounts(text: str, pattern: str) -> list[str]:
    return re.findall(pattern, " ".join(text.split()))


def test_the_readme_says_what_the_default_costs() -> None:
    assert amounts(read(ROOT / "README.md"), r"\[about \$([\d,]+) a month\]") == [f"{total(one_account()):.0f}"]


def test_the_page_says_what_an_organization_costs() -> None:
    costs = read(COSTS)
    hundred = organization(100)
    assert amounts(costs, r"about (\$[\d,]+) a month for 100 accounts") == [dollars(total(hundred))]
    assert amounts(costs, r"about (\$[\d.]+) an account") == [dollars(total(hundred) / 100)]
    every_heartbeat = 100 * 17 * (price("alarm") + price("metric"))
    assert amounts(costs, r"would cost (\$[\d,]+) more") == [dollars(every_heartbeat)]
    assert total(hundred) < every_heartbeat / 3
