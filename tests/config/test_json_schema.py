"""The JSON Schema says of a config what the parser says of it, as far as a schema can."""

from __future__ import annotations

import json
import re
from typing import Any

import paths
import pytest
import yaml
from extent import examples
from hypothesis import assume, example, given, settings, strategies as st
from jsonschema import Draft202012Validator

from cfn_breakglass.aws import limits
from cfn_breakglass.config.collection_types import Section
from cfn_breakglass.config.json_schema import schema_text
from cfn_breakglass.config.loader import parse_config
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS, Config, config_keys
from cfn_breakglass.config.problems import Problems
from cfn_breakglass.config.types import read_setting
from cfn_breakglass.config.yaml_parser import compose_yaml

STARTER = paths.STARTER.read_text(encoding="utf-8")
SCHEMA = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)
BASE: dict[str, Any] = {"main_region": "us-east-1"}
ARN = "arn:aws:iam::111122223333:"


class Core(yaml.SafeLoader):
    """YAML 1.2, as editors read it: off and dates are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the base class has it so


Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:~|null|Null|NULL|)$"), None)
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), None)
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^[-+]?[0-9]+$"), None)


def accepted(text: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.load(text, Loader=Core)))  # noqa: S506 - it is a safe loader


def parsed(tree: Any) -> bool:
    """Whether the parser accepts each setting of ``tree`` by itself."""
    problems = Problems(config_keys())
    node = compose_yaml(yaml.safe_dump(tree, sort_keys=False))
    assert node is not None
    read_setting(Section(Config), node, "", problems)
    return not problems.reported


def nested(key: str, value: Any) -> dict[str, Any]:
    """A config in which ``key``, dotted, is ``value``."""
    for word in reversed(key.split(".")):
        value = {word: value}
    config: dict[str, Any] = BASE | value
    return config


def starter_blocks() -> dict[str, tuple[list[int], bool]]:
    """Key -> the lines of the starter that set it, or would without their comment sign, and whether they have one."""
    blocks: dict[str, tuple[list[int], bool]] = {}
    sections: list[tuple[int, str]] = []
    lines = STARTER.splitlines()
    for number, line in enumerate(lines):
        match = re.match(r"( *)(# )?([a-z_]+|[A-Z]\w+):(?= |$)", line)
        if not match:
            continue
        sections = [section for section in sections if section[0] < len(match[1])]
        key = ".".join([*(name for _, name in sections), match[3]])
        if key in config_keys():
            begun = len(match[1]) + len(match[2] or "")
            more = re.compile(rf" {{{len(match[1])}}}# {{3,}}\S" if match[2] else rf" {{{begun + 1},}}[^ #]")
            count = next((n for n, rest in enumerate(lines[number + 1 :]) if not more.match(rest)), 0)
            blocks[key] = list(range(number, number + 1 + count)), bool(match[2])
            sections.append((len(match[1]), match[3]))
    return blocks


BLOCKS = starter_blocks()
COMMENTED = [key for key, (_, commented) in BLOCKS.items() if commented]
IN_ORGANIZATION = ("organization.id", "organization.hub", "organization.units")
CONTRADICTING = {
    "organization",
    *IN_ORGANIZATION,
    "role.existing",
    "role.permission_set",
    "event_bus.existing",
    "deployer.user",
    "alerts.topic",
}
NEEDED = {
    "role.trust.saml_names": "role.trust.saml_provider",
    "role.trust.oidc_subjects": "role.trust.oidc_provider",
    "role.trust.oidc_audiences": "role.trust.oidc_provider",
    "role.trust.oidc_claims": "role.trust.oidc_provider",
    "role.trust.organization": "role.trust.principals",
    "role.trust.external_id": "role.trust.principals",
    "trail_lock_days": "trail",
    "deployer.existing": "deployer.role",
}
"""Keys that need another one."""


def uncommented(*keys: str) -> str:
    lines = STARTER.splitlines()
    for key in keys:
        for number in BLOCKS[key][0]:
            lines[number] = lines[number].replace("# ", "", 1)
    return "\n".join(lines) + "\n"


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_setting_is_in_the_starter() -> None:
    assert sorted(BLOCKS) == sorted(config_keys())


def test_every_detection_is_in_the_starter() -> None:
    assert list(yaml.safe_load(STARTER)["detections"]) == list(DETECTIONS)


def test_the_starter_is_a_config() -> None:
    parse_config(STARTER)
    assert accepted(STARTER)


@pytest.mark.parametrize("key", COMMENTED)
def test_a_setting_that_the_starter_comments_out_is_valid(key: str) -> None:
    keys = [NEEDED[key], key] if key in NEEDED else [key]
    keys = [*IN_ORGANIZATION] if key in ("organization", *IN_ORGANIZATION) else keys
    sections_in_comments = ["organization", "event_bus", "protection", "deployer", "role.trust.account_access"]
    starter = yaml.load(uncommented(*dict.fromkeys([*sections_in_comments, *keys])), Loader=Core)  # noqa: S506 - it is a safe loader
    tree: dict[str, Any] = dict(BASE, usernames=["alice"])
    for key_path in keys:
        example, inside = starter, tree
        *sections, last = key_path.split(".")
        for word in sections:
            example, inside = example[word], inside.setdefault(word, {})
        inside[last] = example[last]
    assert VALIDATOR.is_valid(tree)
    parse_config(yaml.safe_dump(tree))


def test_everything_that_the_starter_comments_out_is_valid_together() -> None:
    text = uncommented(*(key for key in COMMENTED if key not in CONTRADICTING))
    parse_config(text)
    assert accepted(text)
    keys = set(parse_config(text)[1])
    assert set(config_keys()) - CONTRADICTING <= keys


def test_the_starter_comments_out_the_defaults() -> None:
    scalars = [key for key in COMMENTED if key in ("role.path", "role.max_session_hours", "role.manage", "role.grant")]
    assert parse_config(uncommented(*scalars))[0].grants_users
    without_grant = [key for key in scalars if key != "role.grant"]
    assert parse_config(uncommented(*without_grant))[0] == parse_config(STARTER)[0]


@pytest.mark.parametrize("key", ["", "role", "role.trust", "alerts", "detections", "actions", "event_bus"])
def test_a_key_that_is_no_setting(key: str) -> None:
    tree = nested(f"{key}.nonsense".strip("."), "x")
    assert not VALIDATOR.is_valid(tree)
    assert not parsed(tree)


NEVER_EMPTY = ("main_region", "organization", *IN_ORGANIZATION)


@pytest.mark.parametrize("key", [key for key in config_keys() if key not in NEVER_EMPTY])
def test_nothing_is_the_default(key: str) -> None:
    assert VALIDATOR.is_valid(nested(key, None))
    assert parsed(nested(key, None))


@pytest.mark.parametrize("key", NEVER_EMPTY)
def test_what_somebody_forgot_is_not_the_default(key: str) -> None:
    """An organization whose settings are still comments would be one account."""
    assert not VALIDATOR.is_valid(nested(key, None))
    assert not parsed(nested(key, None))


def test_only_the_main_region_is_required() -> None:
    assert VALIDATOR.is_valid(BASE)
    assert not VALIDATOR.is_valid({})
    assert not VALIDATOR.is_valid({"main_region": None})


@pytest.mark.parametrize("key", IN_ORGANIZATION)
def test_everything_of_an_organization_is_required(key: str) -> None:
    whole = {"id": "o-a1b2c3d4e5", "hub": "111122223333", "units": ["r-ab12"]}
    for settings_tree, valid in ((whole, True), (whole | {key.rpartition(".")[2]: None}, False)):
        tree = nested("organization", settings_tree)
        assert (VALIDATOR.is_valid(tree), parsed(tree)) == (valid, valid)


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12),
    st.sampled_from(
        [
            *("", "us-east-1", "us-moon-1", "*", "alice", "off", "alert", "log", "all", "read", "none", "users", "any"),
            *("+15550100", "15550100", "ops@example.com", "ops@example", "https://example.com/x", "http://example.com"),
            *("444455556666", f"{ARN}role/ops/Chief", f"{ARN}user/ann", f"{ARN}root", f"{ARN}policy/ops/Reading"),
            *(f"{ARN}saml-provider/Corp", f"{ARN}oidc-provider/idp.example.com", "arn:aws:iam::1:role/x", "arn:x"),
            *("arn:aws:iam::aws:policy/ReadOnlyAccess", "job-function/ViewOnlyAccess", "/", "/ops/", "ops", "/o p/"),
            *("arn:aws:sqs:us-east-1:111122223333:alerts", "arn:aws:sqs:us-east-1:111122223333:alerts.fifo"),
            *("arn:aws:lambda:us-east-1:111122223333:function:alert:live", "arn:aws:sns:x:111122223333:endpoint/a/b/c"),
            *("arn:aws:events:us-east-1:111122223333:event-bus/bus", "a/b", "s3", "s3.amazonaws.com", "S3"),
            *("<principal>", "<nobody>", "1 < 2", "<principal> took <role> on\n", "aws:team", "aWs:team", "x" * 256),
            *("n" * 32, "n" * 33, "n" * 64, "n" * 65, "n" * 128, "n" * 129, f"/{'p' * 510}/", f"/{'p' * 511}/"),
            *("by $ip", "by {x} for $5", "https://user:word@example.com", "https://user@example.com:443?x"),
            *("203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "203.0.113", "2031-03-03T00:00:00Z", "2031-03-03"),
            *("o-a1b2c3d4e5", "o-1", "444455556666/OnCall", "a/OnCall", "repo:example/ops:*", "*?", "x y", "a"),
            *("Allow", "Deny", "s3:GetObject", "Get", "arn:aws:s3:::bucket/a b", "true", "365", "\xe9quipe"),
        ]
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(max_value=10**11),
    st.sampled_from([*limits.RETENTION_DAYS, 0, 1, 12, 13, 2160, 2161]),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
MAPPINGS = st.one_of(TEXTS.filter(bool), st.sampled_from([*DETECTIONS, "cost"]))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(MAPPINGS, inner, max_size=3)),
    max_leaves=6,
)
OPERATORS = st.sampled_from(["StringEquals", "Null", "ForAnyValue:StringLikeIfExists", "NullIfExists", "Equals"])
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny", "Deny ", None])},
    optional={
        **dict.fromkeys(("Action", "Resource"), st.one_of(st.sampled_from(["*", "s3:Get*", "arn:aws:s3:::b"]), TREES)),
        **dict.fromkeys(("NotAction", "NotResource", "Sid", "Principal"), TREES),
        "Condition": st.dictionaries(OPERATORS, st.dictionaries(MAPPINGS, TREES, max_size=2), max_size=2),
    },
)


def tags_are_plain(tree: Any) -> bool:
    """Whether the tags have only characters that AWS allows, which the patterns cannot say."""
    tags = tree.get("tags")
    texts = [text for pair in tags.items() for text in pair if isinstance(text, str)] if isinstance(tags, dict) else []
    return all(re.fullmatch(r"[\w .:/=+@-]*", text) for text in texts)


@settings(examples(60, 500))
@given(st.sampled_from(config_keys()), TREES)
@example("role.existing", f"{ARN}role/ops/Chief")
@example("alerts.message", "".join(f"<{name}>" for name in FIELDS))
@example("tags", {"\xe9quipe": "nuit"})
@example("detections", dict.fromkeys(DETECTIONS, "off"))
@example("usernames", {"principal_tag": {"team": "on-call"}})
@example("usernames", {"principal_tag": {"team": "on-call"}, "role": "x"})
@example("usernames", {"principal_tag": {}})
@example("usernames", {"principal_tag": None})
@example("usernames", {})
@example("role.trust.not_after", "2031-03-03T00:00:00+01:00")
def test_the_schema_agrees_with_the_parser(key: str, value: Any) -> None:
    tree = nested(key, value)
    assume(tags_are_plain(tree))
    assert VALIDATOR.is_valid(tree) == parsed(tree)


@settings(examples(50, 400))
@given(st.sampled_from([key for key in config_keys() if "." in key or key in ("regions", "usernames")]), TEXTS)
def test_the_schema_agrees_on_texts(key: str, text: str) -> None:
    for value in (text, [text], [text, text], [text, 1], {text: text}):
        if text:
            tree = nested(key, value)
            assert VALIDATOR.is_valid(tree) == parsed(tree)


@settings(examples(50, 400))
@given(st.lists(STATEMENTS, max_size=2))
@example([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"Null": {"aws:x": True}}}])
@example([{"Effect": "Allow", "NotAction": ["s3:Get*"], "NotResource": ["*"], "Condition": {"Bool": {"aws:x": [1.5]}}}])
def test_the_schema_agrees_on_statements(statements: list[Any]) -> None:
    tree = nested("role.policy_statements", statements)
    assert VALIDATOR.is_valid(tree) == parsed(tree)
