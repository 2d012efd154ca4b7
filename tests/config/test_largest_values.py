"""Each number and length of a config: as much as AWS takes is accepted, and one more is an error that names the key."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass import config_of
from cfn_breakglass.errors import ConfigError

ACCOUNT = "111122223333"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
SETTINGS: dict[str, Any] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}


def with_setting(key: str, value: Any) -> dict[str, Any]:
    """The usual settings, and a value for a dotted key."""
    settings = dict(SETTINGS)
    *sections, last = key.split(".")
    section = settings
    for name in sections:
        section[name] = dict(section.get(name, {}))
        section = section[name]
    section[last] = value
    return settings


def problems(settings: dict[str, Any]) -> str:
    """What is wrong with settings, empty if nothing is."""
    try:
        config_of(settings)
    except ConfigError as error:
        return "\n".join(f"{problem.text}\n{problem.fix}" for problem in error.problems)
    return ""


def policies(count: int) -> list[str]:
    return [f"Policy{number}" for number in range(count)]


def address(length: int) -> str:
    return "a" * (length - len("@example.com")) + "@example.com"


# key: (the most that is taken, one more), or the other way round (the least, one less)
NUMBERS: dict[str, list[tuple[Any, Any]]] = {
    "role.max_session_hours": [(12, 13), (1, 0)],
    "role.trust.mfa_max_age_minutes": [(2_160, 2_161), (1, 0)],
    # CloudWatch Logs offers steps: seven years are 2,557 days.
    "retention_days": [(2_557, 2_558), (3_653, 3_654), (1, 0), (545, 546)],
}
LENGTHS: dict[str, list[tuple[Any, Any]]] = {
    "name": [("n" * 32, "n" * 33)],
    "role.managed_policies": [(policies(10), policies(11))],
    # With the name, and the console switches to at most 64 characters of path and name.
    "role.path": [("/" + "p" * 52 + "/", "/" + "p" * 53 + "/")],
    "role.permission_set": [("p" * 32, "p" * 33)],
    "alerts.sms": [(["+" + "1" * 15], ["+" + "1" * 16]), (["+11"], ["+1"])],
    "alerts.emails": [([address(320)], [address(321)])],
    "alerts.message": [("m" * 6_000, "m" * 6_001)],
    "usernames": [(["u" * 64], ["u" * 65])],
    "role.trust.principals": [
        ([f"arn:aws:iam::{ACCOUNT}:user/" + "u" * 64], [f"arn:aws:iam::{ACCOUNT}:user/" + "u" * 65]),
    ],
    "event_bus.name": [("b" * 256, "b" * 257)],
    "deployer.role": [("d" * 64, "d" * 65)],
    "tags": [
        ({"k" * 128: "v" * 256}, {"k" * 129: "v"}),
        ({"k": "v" * 256}, {"k": "v" * 257}),
        ({f"k{number}": "v" for number in range(50)}, {f"k{number}": "v" for number in range(51)}),
    ],
}
ROWS = [
    pytest.param(key, most, more, id=f"{key} {str(most)[:20]} {len(str(most))}")
    for key, pairs in (NUMBERS | LENGTHS).items()
    for most, more in pairs
]


@pytest.mark.parametrize(("key", "most", "more"), ROWS)
def test_the_most_is_taken_and_one_more_is_an_error(key: str, most: Any, more: Any) -> None:
    settings, beyond = with_setting(key, most), with_setting(key, more)
    if key == "role.permission_set":
        del settings["usernames"], beyond["usernames"]
    assert problems(settings) == ""
    assert key in problems(beyond)


def trusted(**trust: Any) -> dict[str, Any]:
    return SETTINGS | {"role": {"trust": trust}}


PROVIDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "saml_names": (
        trusted(saml_provider=SAML, saml_names=["s" * 64, "ss"]),
        trusted(saml_provider=SAML, saml_names=["s" * 65]),
    ),
    "saml_names of one letter": (trusted(saml_provider=SAML), trusted(saml_provider=SAML, saml_names=["s"])),
    "oidc_subjects": (
        trusted(oidc_provider=OIDC, oidc_subjects=["s" * 255]),
        trusted(oidc_provider=OIDC, oidc_subjects=["s" * 256]),
    ),
    "external_id": (
        trusted(principals=["444455556666"], external_id="e" * 1_224),
        trusted(principals=["444455556666"], external_id="e" * 1_225),
    ),
    "external_id of one letter": (
        trusted(principals=["444455556666"], external_id="ee"),
        trusted(principals=["444455556666"], external_id="e"),
    ),
    "organization": (
        trusted(principals=["444455556666"], organization="o-" + "a" * 32),
        trusted(principals=["444455556666"], organization="o-" + "a" * 33),
    ),
    "permission_sets": (trusted(permission_sets=["p" * 32]), trusted(permission_sets=["p" * 33])),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_longest_name_of_a_way_in_is_taken_and_one_more_is_an_error(name: str) -> None:
    settings, beyond = PROVIDERS[name]
    assert problems(settings) == ""
    assert f"role.trust.{name.partition(' ')[0]}" in problems(beyond)


def test_access_ends_after_it_began() -> None:
    begins = "2031-03-03T00:00:00Z"
    assert problems(trusted(not_before=begins, not_after="2031-03-03T00:00:01Z")) == ""
    for ends in (begins, "2031-03-02T23:59:59Z", "2031-03-03T01:00:00+01:00"):
        assert "role.trust.not_after" in problems(trusted(not_before=begins, not_after=ends)), ends


def named(service: str, resource: str, region: str) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


# What has to be in the main region: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html for the key.
OF_THE_MAIN_REGION = {
    "encryption": ("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    "alerts.lambda": ("lambda", "function:page"),
    "event_bus.existing": ("events", "event-bus/security"),
}


@pytest.mark.parametrize("key", OF_THE_MAIN_REGION)
def test_what_has_to_be_in_the_main_region_is_refused_elsewhere(key: str) -> None:
    def of(region: str) -> dict[str, Any]:
        value: Any = named(*OF_THE_MAIN_REGION[key], region)
        return with_setting(key, [value] if key == "alerts.lambda" else value)

    assert problems(of("us-east-1")) == ""
    assert f"{key}" in problems(of("eu-west-1"))
    assert "main region" in problems(of("eu-west-1"))
