"""Any text at all is a config, or is rejected with every problem in it, and quickly."""

from __future__ import annotations

import contextlib
import re
import time
from datetime import timedelta
from typing import Any

import paths
import pytest
import yaml
from extent import examples
from hypothesis import example, given, settings, strategies as st
from strategies import configs

from cfn_breakglass.config.loader import config_of, load_config, parse_config
from cfn_breakglass.config.model import DETECTIONS, Config, config_keys
from cfn_breakglass.errors import ConfigError

STARTER = paths.STARTER.read_text(encoding="utf-8")
BASE = "main_region: us-east-1\nusernames: [alice]\n"
MANY = settings(examples(50, 300), deadline=timedelta(seconds=10))

WORDS = sorted({word for key in config_keys() for word in key.split(".")} | set(DETECTIONS))
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("us-east-1", "cn-north-1", "*", "alice", "off", "yes", "~", "365", "1e3", "0x1f", "<principal>", "<"),
            *("arn:aws:iam::111122223333:role/ops/Chief", "arn:aws:events:us-east-1:111122223333:event-bus/bus"),
            *("444455556666", "+15550100", "ops@example.com", "https://example.com/x", "Allow", "s3:Get*", "/ops/"),
        ]
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), TEXTS)
KEYS = st.one_of(
    st.sampled_from([*WORDS, "Effect", "Action", "Resource", "Condition", "StringEquals", "<<", "Null"]),
    SCALARS,
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)
STATEMENTS = st.dictionaries(
    st.sampled_from(["Sid", "Effect", "Action", "NotAction", "Resource", "Condition", "Principal", "action"]),
    st.one_of(st.sampled_from(["Allow", "s3:GetObject", "*", "arn:aws:s3:::bucket"]), TREES),
)


@st.composite
def nearly(draw: st.DrawFn) -> dict[Any, Any]:
    """Trees in the shape of a config, with anything in the place of values."""
    tree: dict[Any, Any] = {"main_region": "us-east-1", "usernames": ["alice"]}
    for key in draw(st.lists(st.sampled_from(config_keys()), max_size=6, unique=True)):
        *sections, last = key.split(".")
        within = tree
        for section in sections:
            inner = within.get(section)
            within[section] = within = inner if isinstance(inner, dict) else {}
        within[last] = draw(TREES)
    if draw(st.booleans()):
        tree["role"] = {"policy_statements": draw(st.lists(STATEMENTS, max_size=3))}
    return tree


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The starter file after some accidents."""
    lines = STARTER.splitlines()
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(lines) - 1))
        accident = draw(st.sampled_from(["drop", "double", "uncomment", "shift", "change", "swap"]))
        if accident == "drop":
            lines[at] = ""
        elif accident == "double":
            lines.insert(at, lines[at])
        elif accident == "uncomment":
            lines[at] = lines[at].replace("# ", "", 1)
        elif accident == "shift":
            lines[at] = draw(st.sampled_from(["  ", "\t", "- ", "? ", "&a ", "*a", "!x ", "| ", "'"])) + lines[at]
        elif accident == "swap":
            lines[at], lines[0] = lines[0], lines[at]
        else:
            column = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:column] + draw(st.text(max_size=3)) + lines[at][column + 1 :]
    return "\n".join(lines)


def parsed(text: str) -> Config | None:
    """The config in ``text``, or None if it is rejected as it should be: in text that a terminal can show."""
    rejection = None
    try:
        return parse_config(text)[0]
    except ConfigError as error:
        rejection = error
    assert rejection.problems
    assert all(problem.text and problem.line <= len(text.splitlines()) + 1 for problem in rejection.problems)
    assert all(line.isprintable() for line in str(rejection).encode().decode().split("\n"))
    return None


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return [f"{problem.line}: {problem.text}" for problem in caught.value.problems]


@MANY
@given(TREES)
def test_any_tree(tree: Any) -> None:
    parsed(yaml.safe_dump(tree, allow_unicode=True))


@MANY
@given(nearly())
@example({"main_region": "us-east-1", "regions": 1, "usernames": ["alice"]})
@example({"main_region": None, "usernames": ["alice"], "organization": {"id": None}})
@example({"main_region": "us-east-1", "usernames": ["alice"], "retention_days": int("9" * 4_000)})
def test_anything_in_the_place_of_a_value(tree: dict[Any, Any]) -> None:
    parsed(yaml.safe_dump(tree, sort_keys=False))


@MANY
@given(mutated())
def test_accidents_to_the_starter(text: str) -> None:
    parsed(text)


@MANY
@given(st.one_of(st.text(), st.text(alphabet="[]{}&*!|>'\"%@`-?:, #a\n\t")))
def test_any_text(text: str) -> None:
    parsed(text)
    parsed(BASE + text)


@MANY
@given(st.binary())
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    with contextlib.suppress(ConfigError):
        load_config(path)


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "brackets": "name: " + "[" * 100_000,
        "closed brackets": "name: " + "[" * 100_000 + "]" * 100_000,
        "braces": "name: " + "{a: " * 50_000,
        "hyphens": "- " * 100_000,
        "question marks": "? " * 100_000,
        "indented": "\n".join(" " * depth + "a:" for depth in range(600)),
        "aliases of aliases": "".join(
            f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" if n else "a0: &a0 x\n" for n in range(50)
        ),
        "chained aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [[[[*a{n - 1}]]]]\n" for n in range(1, 500)),
        "in itself": "role: &a\n  policy_statements: [*a]\n",
        "key in itself": "? &a [*a]\n: x\n",
        "unknown keys": "".join(f"{n:x}a:\n" for n in range(4_000)),
        "wrong users": "usernames:\n" + "- a b\n" * 5_000,
        "many users": "main_region: us-east-1\nusernames:\n" + "".join(f"- u{n}\n" for n in range(5_000)),
        "the same user": "usernames:\n" + "- a\n" * 5_000,
        "too long": "#" * 300_000,
        "no end of dots": "alerts: {https: ['https://" + "a." * 60_000 + " ']}\n",
        "surrogate": "name: \ud800\n",
    }.items(),
    ids=lambda value: value if len(value) < 30 else "",
)
def test_hostile_text_is_parsed_quickly(name: str, text: str) -> None:
    begun = time.process_time()
    config = parsed(text)
    assert time.process_time() - begun < 10
    assert (config is not None) == (name == "many users")


@settings(examples(10, 50))
@given(configs())
def test_a_config_says_the_same_however_it_is_written(settings_tree: dict[str, Any]) -> None:
    try:
        config, reported = config_of(settings_tree), set()
    except ConfigError as error:
        config, reported = None, {problem.text for problem in error.problems}
    for style in (False, True):
        text = yaml.safe_dump(settings_tree, default_flow_style=style, sort_keys=style)
        assert parsed(text) == config
        assert {line.partition(": ")[2] for line in reported and problems(text)} == reported
    if config:
        assert (
            config_of(settings_tree | {"tags": settings_tree.get("tags"), "alerts": settings_tree.get("alerts")})
            == config
        )


def test_lines_are_those_of_the_keys() -> None:
    text = "\ufeff# a\n\nmain_region: us-east-1\nusernames:\n  - alice\n  - bob\nrole:\n  path: /\n  grant:\nname:\n"
    lines = parse_config(text)[1]
    assert lines == {"main_region": 3, "usernames": 4, "usernames[0]": 5, "usernames[1]": 6, "role": 7, "role.path": 8}


@pytest.mark.parametrize("key", config_keys())
def test_an_empty_value_is_the_default(key: str) -> None:
    nested = "".join(f"\n{'  ' * depth}{word}:" for depth, word in enumerate(key.split(".")))
    base = "".join(line + "\n" for line in BASE.splitlines() if not line.startswith(f"{key}:"))
    if key in ("main_region", "usernames"):
        assert len(problems(base + nested)) == 1
    elif key.startswith("organization"):
        assert any(f" {key} is " in problem for problem in problems(base + nested))
    else:
        assert parsed(base + nested) == parsed(BASE)


def test_a_detection_without_a_level_has_its_default() -> None:
    assert parsed(f"{BASE}detections:\n  RoleActions:\n") == parsed(BASE)


@pytest.mark.parametrize("word", ["off", "Off", "no", "false"])
def test_off_is_a_word_if_it_is_among_the_words(word: str) -> None:
    text = f"{BASE}detections: {{RoleActions: {word}}}\n"
    if word == "off":
        config = parsed(text)
        assert config is not None
        assert config.detections["RoleActions"] == "off"
    else:
        assert problems(text) == [f"3: detections.RoleActions is {word}"]


@pytest.mark.parametrize(("word", "flag"), {"on": True, "Yes": True, "TRUE": True, "no": False, "off": False}.items())
def test_every_word_of_yaml_for_yes_and_no(word: str, *, flag: bool) -> None:
    config = parsed(f"{BASE}alerts: {{log: {word}}}\n")
    assert config is not None
    assert config.alerts.log is flag


def test_aliases_are_followed() -> None:
    text = "alerts:\n  emails: &people [ops@example.com]\n  sms: *people\n"
    assert problems(BASE + text) == ["4: alerts.sms[0] is 'ops@example.com', which is not a phone number in E.164 form"]
    config = parsed(BASE + text.replace("sms: *people", "message: &m x\ntags: {note: *m}"))
    assert config is not None
    assert config.tags == {"note": "x"}


@pytest.mark.parametrize(
    ("text", "cause"),
    {
        "a: *nobody": "YAML reads a value that begins with \\*",
        "a: {x": "a { that starts here",
        "- a\nb: c": "this line does not continue",
        "main_region: us-east-1\nusernames": "a setting that starts here has no colon",
        "%FOO\n": "",
        "x: |1x": "",
        "a: 'b' c": "",
    }.items(),
)
def test_text_that_is_not_yaml(text: str, cause: str) -> None:
    (problem,) = problems(text)
    assert re.match(rf"\d+: this is not valid YAML: {cause}", problem)


def test_settings_are_checked_as_a_file_is() -> None:
    shared = ["s3:GetObject"]
    statements = [{"Effect": effect, "Action": shared, "Resource": "*"} for effect in ("Allow", "Deny")]
    tree = {"main_region": "us-east-1", "usernames": ("alice",), "role": {"policy_statements": statements}}
    assert config_of(tree).role.policy_statements == tuple(statements)
    with pytest.raises(ConfigError) as caught:
        config_of({**tree, "nam": "x", "usernames": [1]})
    assert str(caught.value) == (
        "settings: 2 problems\n\n"
        '  usernames[0] is the number 1, but it has to be text\n    put quotes around it: "1"\n\n'
        "  nam is not a setting\n    did you mean name?"
    )


def test_settings_that_no_file_can_hold() -> None:
    with pytest.raises(ConfigError, match="a config file cannot contain"):
        config_of({"main_region": "us-east-1", "usernames": [object()]})
