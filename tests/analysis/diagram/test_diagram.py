"""The picture of emitted templates: what it shows, and that it can be looked at."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from golden_cases import CASES, quickly
from organization_samples import HUB, organization_files
from paths import ROOT
from template_data import read_yaml

from cfn_breakglass import config_of, template_files
from cfn_breakglass.analysis.diagram.canvas import NAME, NOTE, STYLES, TITLE, clip, wrap_to_width
from cfn_breakglass.analysis.diagram.from_templates import picture_of
from cfn_breakglass.analysis.diagram.layout import BUSES, SINKS, WIDTH
from cfn_breakglass.analysis.diagram.mermaid import mermaid
from cfn_breakglass.analysis.diagram.picture import Component, Picture
from cfn_breakglass.analysis.diagram.svg import svg
from cfn_breakglass.analysis.diagram.trust_summary import allowed_principals
from cfn_breakglass.errors import TemplateError

GOLDEN = ROOT / "tests" / "golden"
FOLDERS = [ROOT / "templates", *CASES]
DRAWN_QUICKLY = ("everything", "deployer", "every-way-in", "existing-bus", "told-nobody", "one-region")
SVG = "{http://www.w3.org/2000/svg}"
STYLE_OF = {style.css: style for style in STYLES}
ACCOUNT = "111122223333"

Extent = tuple[float, float, float, float]


@pytest.fixture(
    scope="module", params=quickly("templates", *DRAWN_QUICKLY, cases=FOLDERS, adds="the picture of every golden case")
)
def picture(request: pytest.FixtureRequest) -> Picture:
    return picture_of(request.param)


def tree(picture: Picture) -> ET.Element:
    return ET.fromstring(svg(picture))  # noqa: S314 - our own drawing


def words(picture: Picture) -> str:
    """Every text of the SVG but its description, a line each."""
    return "\n".join(str(text.text) for text in tree(picture).iter(f"{SVG}text"))


def extents(root: ET.Element) -> list[Extent]:
    """Left, top, right and bottom of each text, at most."""
    extents = []
    for text in root.iter(f"{SVG}text"):
        style = STYLE_OF[text.get("class", "")]
        width, x, y = style.width(text.text or ""), float(text.get("x", "")), float(text.get("y", ""))
        left = x - width if text.get("text-anchor") == "end" else x
        extents.append((left, y - style.size, left + width, y + style.size / 4))
    return extents


def boxes(root: ET.Element) -> list[Extent]:
    numbers = [
        [float(element.get(key, "")) for key in ("x", "y", "width", "height")] for element in root.iter(f"{SVG}rect")
    ]
    return [(x, y, x + width, y + height) for x, y, width, height in numbers]


def ways(root: ET.Element) -> list[Extent]:
    """The room each arrow takes."""
    extents = []
    for path in root.iter(f"{SVG}path"):
        if path.get("class") == "arrow":
            x, y = 0.0, 0.0
            points = []
            for command, numbers in re.findall(r"([MCHVQ])([-\d.,]+)", path.get("d", "")):
                coordinates = [float(number) for number in numbers.split(",")]
                x = coordinates[-2] if command in "MCQ" else coordinates[0] if command == "H" else x
                y = coordinates[-1] if command != "H" else y
                points.append((x, y))
            xs, ys = zip(*points, strict=True)
            extents.append((min(xs), min(ys), max(xs), max(ys)))
    return extents


def overlap(left: Extent, right: Extent) -> bool:
    return left[0] < right[2] and right[0] < left[2] and left[1] < right[3] and right[1] < left[3]


def inside(inner: Extent, outer: Extent) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def test_the_svg_is_xml_and_says_what_it_shows(picture: Picture) -> None:
    assert svg(picture) == svg(picture)
    root = tree(picture)
    assert [root.get("role"), root.get("aria-labelledby"), root.get("width")] == ["img", "title desc", str(WIDTH)]
    assert root.findtext(f"{SVG}title") == picture.title
    assert root.findtext(f"{SVG}desc") == picture.description


def test_no_text_leaves_its_box(picture: Picture) -> None:
    root = tree(picture)
    for text in extents(root):
        x, y = text[0], text[3]
        around = min(
            (box for box in boxes(root) if box[0] <= x <= box[2] and box[1] <= y <= box[3]),
            key=lambda box: (box[2] - box[0]) * (box[3] - box[1]),
        )
        assert inside(text, around)


def test_nothing_lies_over_a_text(picture: Picture) -> None:
    root = tree(picture)
    texts = extents(root)
    assert not [(text, way) for text in texts for way in ways(root) if overlap(text, way)]
    assert not [(left, right) for index, left in enumerate(texts) for right in texts[:index] if overlap(left, right)]


def test_the_page_holds_all(picture: Picture) -> None:
    root = tree(picture)
    page = (0.0, 0.0, float(WIDTH), float(root.get("height", "")))
    assert all(inside(box, page) for box in [*boxes(root), *extents(root), *ways(root)])


def test_alarms_point_at_the_topic_that_they_tell_without_a_bus() -> None:
    picture = picture_of(ROOT / "templates")
    (alarms,) = (bus for bus in picture.alert_sources if bus.contents == "alarms")
    (watch,) = alarms.groups
    assert picture.target_names(watch) == "break-glass-fallback"
    buses = ("invocations", "invocations-actions", "invocations-monitoring")
    assert watch.names == ("dead-letters", *buses, "notifications", "heartbeat-* (17)")
    assert "alarms dead-letters, invocations" in picture.description
    assert not [
        bus for bus in picture_of(GOLDEN / "hub-account").alert_sources if bus.contents == "alarms"
    ]  # they tell nobody


def test_the_mermaid_text_is_a_flowchart(picture: Picture) -> None:
    drawn = mermaid(picture)
    assert drawn == mermaid(picture)
    first, title, description, *rest = drawn.splitlines()
    assert [first, title] == ["flowchart LR", f"    accTitle: {picture.title}"]
    assert re.fullmatch(r"    accDescr \{ [^{}]+ \}", description)
    node = re.compile(r' +(\w+)\["([^"`*]*)"\]')
    nodes = {match[1]: match[2] for line in rest if (match := node.fullmatch(line))}
    for label in nodes.values():
        assert not re.search(r"<(?!/?b>|br/>)|#(?!\w+;)", label)
    for line in rest:
        if edge := re.fullmatch(r" +(\w+) (?:-->|-\. CloudTrail \.->) (\w+)", line):
            assert {edge[1], edge[2]} <= nodes.keys()
        else:
            assert node.fullmatch(line) or re.fullmatch(r' +subgraph area\d+\["[\w, -]+"\]| +end', line)
    assert drawn.count("subgraph") == len(re.findall(r"(?m)^ +end$", drawn)) == len(picture.region_groups)


def test_every_part_is_drawn(picture: Picture) -> None:
    root = tree(picture)
    spread = re.sub(r"\s", "", "".join(str(text.text) for text in root.iter(f"{SVG}text")))
    parts = [picture.role, *picture.forwarders, *picture.sinks, *(bus.component for bus in picture.alert_sources)]
    parts += [queue for area in picture.region_groups for queue in area.queues]
    watches = [watch for area in picture.region_groups for watch in area.rule_groups]
    watches += [watch for bus in picture.alert_sources for watch in bus.groups]
    expected = [part.name for part in parts] + [rule for watch in watches for rule in watch.names]
    expected += [region for area in picture.region_groups for region in area.regions] + list(picture.principals)
    text = mermaid(picture)
    for name in expected:
        assert re.sub(r"\s", "", name) in spread
        assert name.replace("*", "#42;") in text


def test_no_address_is_spelled_out() -> None:
    picture = picture_of(GOLDEN / "everything")
    notes = [sink.notes[0].replace("\u00a0", " ") for sink in picture.sinks if sink.notes]
    assert (
        "notifies 2 \u00d7 email, 1 \u00d7 SMS, 1 \u00d7 HTTPS, 1 \u00d7 SQS, 1 \u00d7 Lambda, 1 \u00d7 mobile push"
        in notes
    )
    for drawn in (svg(picture), mermaid(picture)):
        assert "example.com" not in drawn
        assert "15550100" not in drawn


@pytest.mark.parametrize(
    ("case", "present", "missing"),
    [
        ("one-region", ["a role watched in 1 region", "Main region us-east-1"], ["other region"]),
        ("china", ["Main region cn-north-1", "1 other region", "cn-northwest-1", "UserSignIn"], ["us-east-1"]),
        ("existing-bus", ["security", "ops/Forwarder", "exists already"], ["an IAM role"]),
        ("told-nobody", ["watched in no region", "has no rules", "Nobody is notified"], ["RoleAssumed", "topic"]),
        ("permission-set", ["AWSReservedSSO_BreakGlass_*", "whom its own trust policy lets"], []),
        ("existing-role", ["ops/Emergency", "exists already"], ["Alice"]),
        ("log-only", ["Login log", "keeps events 7 days"], ["topic"]),
        ("oidc", ["OIDC provider token.actions.githubusercontent.com"], []),
    ],
)
def test_what_a_case_shows(case: str, present: list[str], missing: list[str]) -> None:
    description = words(picture_of(GOLDEN / case))
    assert [line for line in present if line not in description] == []
    assert [line for line in missing if line in description] == []


def changed(tmp_path: Path, file: str, change: Any) -> Picture:
    """The picture of templates/ with ``change`` made to the parsed ``file``."""
    folder = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", folder)
    path = folder / f"{file}.yaml"
    template = read_yaml(path.read_text(encoding="utf-8"))
    change(template["Resources"], template)
    path.write_text(json.dumps(template), encoding="utf-8")
    return picture_of(folder)


def test_edge_rules_forward_to_the_buses_of_the_central_rules(tmp_path: Path) -> None:
    picture = picture_of(emitted(tmp_path, alerts={"emails": ["a@example.com"]}))
    buses = {source.component.arn: source for source in picture.alert_sources if source.contents == "central rules"}
    main, others = picture.region_groups
    by_region = [{name for group in regions.rule_groups for name in group.names} for regions in (main, others)]
    assert by_region[0] - by_region[1] == {"TamperingKey"}
    by_bus = {
        buses[bus].component.name: (
            [rule for group in main.rule_groups if group.target_arns == (bus,) for rule in group.names],
            {rule for group in buses[bus].groups for rule in group.names},
        )
        for bus in buses
    }
    assert by_bus["break-glass"] == (["Assume", "Entrance"], {"RoleAssumed", "RoleDenied", "EntranceChanged"})
    sessions = {"ConsoleSignIn", "ConsoleSignIn.Granted", "RoleChained", "RolePassed", "RoleActions"}
    sessions |= {"BackdoorCreated", "BackdoorCreated.Resource"}
    assert by_bus["break-glass-actions"] == (["Session"], sessions)
    edges, central = by_bus["break-glass-monitoring"]
    assert {"TamperingRules", "TamperingTried", "Health"} <= set(edges)
    assert {"MonitoringTampered", "MonitoringTampered.Log", "DeliveryFailing", "Heartbeat"} <= central
    assert sum(line == "central rules:" for line in words(picture).splitlines()) >= len(buses) == 3
    assert words(picture).splitlines().count("edge rules to break-glass:") == 2


@pytest.mark.parametrize(
    ("settings", "rules", "sink"),
    [
        ({"alerts": {"emails": ["a@example.com"], "fallback": ["b@example.com"]}}, "MonitoringTampered.Fallback", -1),
        ({"regions": [], "alerts": {"emails": ["a@example.com"]}}, "RoleAssumed", 0),
    ],
    ids=["to the fallback topic", "in a single region"],
)
def test_a_rule_that_notifies_from_the_default_bus_is_drawn_with_its_arrows(
    tmp_path: Path, settings: dict[str, Any], rules: str, sink: int
) -> None:
    picture = picture_of(emitted(tmp_path, **settings))
    (direct,) = (source for source in picture.alert_sources if source.contents == "rules")
    (group,) = (group for group in direct.groups if rules in group.names)
    assert group.target_arns[0] == picture.sinks[sink].arn
    drawn = mermaid(picture).splitlines()
    number = picture.alert_sources.index(direct)
    assert f"    default0 --> bus{number}" in drawn
    assert f"    rules{number}_{direct.groups.index(group)} --> sink{picture.sinks.index(picture.sinks[sink])}" in drawn
    arrows = sum(len(group.target_arns) for source in picture.alert_sources for group in source.groups)
    ends = [way for way in ways(tree(picture)) if way[2] == SINKS[0]]
    assert len(ends) == arrows + 1  # one to CloudTrail, above


def emitted(tmp_path: Path, **settings: Any) -> Path:
    """A folder with the templates for these settings, and a few users."""
    for name, text in template_files(
        config_of({"main_region": "us-east-1", "usernames": ["alice"], "regions": ["eu-west-1"], **settings})
    ).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_rule_that_is_gone_is_gone_from_the_picture(tmp_path: Path) -> None:
    def without(resources: Any, _: Any) -> None:
        del resources["RoleChained"], resources["ForwardSession"]

    picture = changed(tmp_path, "main-region", without)
    assert words(picture).splitlines().count("Session") == 1  # that of the other regions
    assert mermaid(picture).count("<br/>Session") == 1
    assert "RoleChained" not in words(picture)
    assert "RoleChained" not in mermaid(picture)
    before = words(picture_of(ROOT / "templates")).splitlines()
    assert (before.count("Session"), before.count("RoleChained")) == (2, 1)


def test_regions_that_differ_are_drawn_apart(tmp_path: Path) -> None:
    def only_in_ohio(resources: Any, template: Any) -> None:
        template["Conditions"] = {"Ohio": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-2"]}}
        resources["ForwardSignIn"]["Condition"] = "Ohio"

    picture = changed(tmp_path, "stackset", only_in_ohio)
    assert [len(area.regions) for area in picture.region_groups] == [1, 15, 1]
    rules = [{rule for group in area.rule_groups for rule in group.names} for area in picture.region_groups]
    assert ["SignIn" in names for names in rules] == [True, False, True]
    assert ["15 other regions" in words(picture), "1 other region" in words(picture)] == [True, True]


def test_what_somebody_changed_by_hand(tmp_path: Path) -> None:
    def change(resources: Any, template: Any) -> None:
        resources["RoleAssumed"]["Properties"]["State"] = "DISABLED"
        del resources["LoginLog"]["Properties"]["RetentionInDays"]
        del resources["SubscriptionEmailOpsExampleComc12a6e33"]
        targets = resources["RootUsed"]["Properties"]["Targets"]
        targets[0]["Arn"] = f"arn:aws:sns:us-east-1:{ACCOUNT}:elsewhere"
        del targets[0]["InputTransformer"]
        del template["Outputs"]["ForwarderRoleArn"]
        resources["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] = []

    picture = changed(tmp_path, "main-region", change)
    description = words(picture)
    for line in ("RoleAssumed (disabled)", "keeps events for ever", "has no subscriber", "elsewhere", "\u2022 nobody"):
        assert line in description.splitlines()
    assert [forwarder.name for forwarder in picture.forwarders] == ["break-glass-forwarder"]


def test_nobody_knows_the_role(tmp_path: Path) -> None:
    def change(resources: Any, template: Any) -> None:
        del template["Outputs"]["RoleArn"]
        for name in [name for name, resource in resources.items() if resource["Type"] == "AWS::Events::Rule"]:
            del resources[name]

    assert changed(tmp_path, "main-region", change).role == Component("Break-glass role", "", "", ("exists already",))


def test_there_must_be_templates(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="there is no such file"):
        picture_of(tmp_path)


ROOT_USER = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
PRINCIPALS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nobody": ({"Effect": "Allow", "Action": "sts:TagSession", "Principal": ROOT_USER}, []),
    "anybody": ({"Principal": "*"}, ["anybody"]),
    "anybody with a name": ({"Principal": "*", "Condition": {"StringEquals": {"aws:username": "al"}}}, ["al"]),
    "all actions but some": ({"NotAction": "sts:TagSession", "Principal": {"Service": "a.b"}}, ["a.b"]),
    "denied": ({"Effect": "Deny", "Principal": ROOT_USER}, ["never: whom IAM lets in this account"]),
    "an account by number": ({"Principal": {"AWS": "444455556666"}}, ["whom IAM lets in account 444455556666"]),
    "many": (
        {"Principal": ROOT_USER, "Condition": {"StringLike": {"aws:username": list("abcde")}}},
        ["IAM users a, b, c and 2 more"],
    ),
    "users of another account": (
        {"Principal": {"AWS": "444455556666"}, "Condition": {"StringLike": {"aws:username": "al"}}},
        ["IAM user al of account 444455556666"],
    ),
    "the other way round": (
        {"Principal": ROOT_USER, "Condition": {"StringNotEquals": {"aws:username": "al"}}},
        ["whom IAM lets in this account, under a condition on aws:username (StringNotEquals)"],
    ),
    "without MFA": (
        {"Principal": ROOT_USER, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
        ["whom IAM lets in this account, under a condition on aws:MultiFactorAuthPresent"],
    ),
    "a provider for all": (
        {
            "Action": "sts:AssumeRoleWithSAML",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"},
            "Condition": {"StringEquals": {"SAML:aud": "https://x"}},
        },
        ["SAML provider Corp: all"],
    ),
}


@pytest.mark.parametrize(("statement", "expected"), PRINCIPALS.values(), ids=PRINCIPALS)
def test_who_may_assume_the_role(statement: dict[str, Any], expected: list[str]) -> None:
    actions = {} if "NotAction" in statement else {"Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **actions, **statement}]}
    assert list(allowed_principals(document, ACCOUNT)) == expected


def test_many_principals_are_counted() -> None:
    few = picture_of(ROOT / "templates")
    many = Picture(**{**vars(few), "principals": tuple(f"role {index}" for index in range(9))})
    assert many.first_principals[-2:] == ("role 5", "and 3 more")


@pytest.mark.parametrize("style", [TITLE, NAME, NOTE], ids=lambda style: style.css)
def test_text_is_broken_to_fit(style: Any) -> None:
    for text in ("x" * 90, "/aws/events/a-very-long-name-of-a-log-group/login", "a few words of one line and more"):
        lines = wrap_to_width(text, style, 120)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(style.width(line) <= 120 for line in lines)


def test_a_title_is_cut_to_fit() -> None:
    assert clip("break-glass", TITLE, 500) == "break-glass"
    assert clip("break-glass", TITLE, 60).endswith("\u2026")


@pytest.fixture(scope="module", params=["customer-key", "none"])
def organization(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """The picture of an organization, with a rule that only the main region of the hub has, and without any."""
    folder = tmp_path_factory.mktemp("templates")
    names = ("main-region", "stackset", "accounts")
    changes = {"regions": ["eu-west-1"], "encryption": request.param, "alerts": {"emails": ["ops@example.com"]}}
    for name, text in zip(names, organization_files(**changes), strict=True):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return picture_of(folder)


def test_an_organization_is_every_account_and_the_hub(organization: Picture) -> None:
    hub, *others = organization.region_groups
    assert organization.hub == HUB
    assert [group.regions for group in others] == [("us-east-1", "eu-west-1")]
    assert organization.title == "break-glass: a role of every account, watched in 2 regions"
    assert organization.principals == (f"IAM users alice, bob of account {HUB}, with MFA",)
    assert [role.name for role in organization.forwarders] == ["break-glass-forwarder", "break-glass-forwarder-2"]
    drawn = words(organization)
    assert f"Hub {HUB}, main region us-east-1\n" in drawn
    assert "Every account, the hub too, in 2 regions\n" in drawn
    assert "exists already" not in drawn
    for template in ("stackset", "main-region"):
        assert f"{template} template" in drawn
    for group in (hub, *others):
        assert [queue.name.removeprefix("break-glass-") for queue in group.queues] == [
            "hub-dead-letters" if group == hub else "dead-letters"
        ]


def test_each_forwarder_of_an_organization_leads_to_its_buses(organization: Picture) -> None:
    names = {part.arn: part.name for part in organization.forwarders}
    names |= {source.component.arn: source.component.name for source in organization.alert_sources}
    routes = [(names[role], names[bus]) for role, bus in organization.routes]
    assert {bus for role, bus in routes if role == "break-glass-forwarder"} == {
        *("break-glass", "break-glass-actions", "break-glass-monitoring")
    }
    assert [bus for role, bus in routes if role == "break-glass-forwarder-2"] == ["break-glass-monitoring"]
    root = tree(organization)
    # Each ends at a bus. In the hub, the default bus has an arrow of its own.
    to_buses = [way for way in ways(root) if way[2] == BUSES[0]]
    assert len(to_buses) == len(routes) + organization.region_groups[0].is_watched + 1


def test_the_hub_has_no_empty_default_bus(organization: Picture) -> None:
    count = 2 if organization.region_groups[0].is_watched else 1
    assert words(organization).splitlines().count("Default bus") == count
    assert len(re.findall(r'default\d\["', mermaid(organization))) == count


@pytest.mark.parametrize("check", [test_no_text_leaves_its_box, test_nothing_lies_over_a_text, test_the_page_holds_all])
def test_the_drawing_of_an_organization(organization: Picture, check: Callable[[Picture], None]) -> None:
    check(organization)


def test_the_mermaid_text_of_an_organization(organization: Picture) -> None:
    drawn = mermaid(organization)
    assert f'subgraph area0["Hub {HUB}, main region us-east-1"]' in drawn
    every_account = drawn.partition('subgraph area1["Every account, the hub too, in 2 regions"]')[2].partition("end\n")[
        0
    ]
    for node in ("default1", "forwarder0", "forwarder1", "queue1_0"):
        assert f'{node}["' in every_account
    assert "forwarder1 --> bus2" in drawn
    assert "forwarder1 --> bus0" not in drawn
