"""What each type of setting reads, and the problems that it reports."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_breakglass.aws.arns import Arn, parse_arn
from cfn_breakglass.aws.limits import INLINE_POLICIES, INPUT_PATHS, OUTPUTS, PATTERN, TRUST_POLICY
from cfn_breakglass.config.collection_types import ListOf
from cfn_breakglass.config.loader import parse_config
from cfn_breakglass.config.model import Config
from cfn_breakglass.config.problems import Problems
from cfn_breakglass.config.types import INVALID, Boolean, Choice, Integer, SettingType, String, read_setting
from cfn_breakglass.config.yaml_parser import compose_yaml
from cfn_breakglass.errors import ConfigError, Problem
from cfn_breakglass.generation.limit_problems import problem

WORD = String("a word", "[a-z]+", "write letters", max_length=5)
HOURS = Integer("hours", 1, 12)
STEPS = Integer("days", 1, 9, (3, 5, 9), "Somebody")
AS_BOOLEAN = "YAML reads as true or false"
WHOLE_HOURS = "it has to be a whole number of hours | write it in digits, such as 1"
COLOUR = Choice(("red", "off"))


def read(setting_type: SettingType, text: str) -> tuple[Any, list[str]]:
    """The value of ``text`` by its type, and the problems that are reported."""
    node, problems = compose_yaml(text), Problems()
    assert node is not None
    value = read_setting(setting_type, node, "key", problems)
    return value, [f"{problem.text} | {problem.fix}" for problem in problems.reported]


def case_id(value: object) -> str:
    """A value in the name of a test. A type has its class there, because its repr differs between processes."""
    return type(value).__name__ if hasattr(value, "schema") else repr(value)


@pytest.mark.parametrize(
    ("setting_type", "text", "value"),
    [
        (WORD, "abc", "abc"),
        (WORD, "!!str abc", "abc"),
        (COLOUR, "red", "red"),
        (COLOUR, "off", "off"),
        (COLOUR, "'off'", "off"),
        (Boolean(), "True", True),
        (Boolean(), "off", False),
        (HOURS, "1", 1),
        (HOURS, "+12", 12),
        (STEPS, "5", 5),
        (ListOf(WORD), "[]", ()),
        (ListOf(WORD), "- a\n- b", ("a", "b")),
    ],
    ids=case_id,
)
def test_reads(setting_type: SettingType, text: str, value: Any) -> None:
    assert read(setting_type, text) == (value, [])


@pytest.mark.parametrize(
    ("setting_type", "text", "problem"),
    [
        (WORD, "'5'", "key is '5', which is not a word | write letters"),
        (WORD, "abcdef", "key has 6 characters; a word has at most 5 | shorten it"),
        (WORD, "''", "key is empty | write a word"),
        (WORD, "~", "key is empty | write a word"),
        (WORD, "5", "key is the number 5, but it has to be text | write letters"),
        (WORD, "no", f'key is no, which {AS_BOOLEAN}, but it has to be text | put quotes around it: "no"'),
        (WORD, "[a]", "key is a list, but it has to be text | write letters"),
        (WORD, "!Sub a", "key has the YAML tag !Sub | write the value itself, without a tag"),
        (WORD, "!!binary a", "key has the YAML tag !!binary | write the value itself, without a tag"),
        (WORD, "!!map a", "key has the YAML tag !!map | write the value itself, without a tag"),
        (COLOUR, "on", "key is on | write one of: red, off"),
        (COLOUR, "blue", "key is 'blue' | write one of: red, off"),
        (COLOUR, "1", "key is the number 1 | write one of: red, off"),
        (Boolean(), "'yes'", "key is 'yes' | write true or false, without quotes"),
        (Boolean(), "!!bool x", "key is x, which YAML reads as true or false | write true or false, without quotes"),
        (Boolean(), "{}", "key is a mapping | write true or false, without quotes"),
        (HOURS, "0", "key is 0 | write a number of hours from 1 to 12"),
        (HOURS, "-1", "key is -1 | write a number of hours from 1 to 12"),
        (HOURS, "010", f"key is the number 010, but {WHOLE_HOURS}"),
        (HOURS, "0x1", f"key is the number 0x1, but {WHOLE_HOURS}"),
        (HOURS, "1e1", f"key is '1e1', but {WHOLE_HOURS}"),
        (HOURS, "'2'", "key is '2', but it has to be a number | remove the quotes: 2"),
        (HOURS, "[2]", f"key is a list, but {WHOLE_HOURS}"),
        (STEPS, "1", "key is 1, which Somebody does not offer | write the nearest that it offers: 3"),
        (STEPS, "4", "key is 4, which Somebody does not offer | write the nearest that it offers: 3 or 5"),
        (STEPS, "90", "key is 90, which Somebody does not offer | write the nearest that it offers: 9"),
        (ListOf(WORD), "a", "key is 'a', but it has to be a list | put brackets around it: [a]"),
        (ListOf(WORD), "'*, b'", "key is '*, b', but it has to be a list | put brackets around it: [\"*\", b]"),
    ],
    ids=case_id,
)  # fmt: skip
def test_reports(setting_type: SettingType, text: str, problem: str) -> None:
    assert read(setting_type, text) == (INVALID, [problem])


def test_a_list_that_is_very_long_text() -> None:
    _, (problem,) = read(ListOf(WORD), "a " * 100)
    assert problem.endswith("| write [one, another], or each on a line of its own after a hyphen")
    assert len(problem) < 200


def test_a_list_keeps_the_valid_items_and_their_positions() -> None:
    node, problems = compose_yaml("[a, 5, b, a, c]"), Problems()
    assert node is not None
    assert ListOf(WORD).read(node, "key", problems) == ("a", "b", "c")
    assert [problems.key_of_item("key", position) for position in range(3)] == ["key[0]", "key[2]", "key[4]"]
    assert not problems.is_valid("key")
    assert problems.is_valid("ke", "key[0]")


def test_problems_of_a_line_are_in_its_order() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("main_region: us-east-1\nusernames: [a#, 7, A, a, b b]\n")
    assert [problem.text.partition(" ")[0] for problem in caught.value.problems] == [
        f"usernames[{index}]" for index in (0, 1, 3, 4)
    ]


def test_a_problem_of_a_value_is_no_problem_of_others() -> None:
    text = """
    main_region: us-moon-1
    regions: [cn-north-1]
    role: {existing: [x], manage: true, path: /very/long/path/of/more/than/sixty/four/characters/to/the/role/}
    usernames: 5
    event_bus: {existing: arn:aws:events:eu-west-1:111122223333:event-bus/bus}
    detections: {UserSignIn: alert}
    """
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert [problem.text.partition(" ")[0] for problem in caught.value.problems] == [
        "main_region",
        "role.existing",
        "usernames",
    ]


def test_any_principal_that_may_assume_the_role_is_enough() -> None:
    oidc = "role: {trust: {oidc_provider: 'arn:aws:iam::111122223333:oidc-provider/idp.example.com'}}"
    for setting in (
        "role: {existing: x}",
        "role: {permission_set: x}",
        "role: {trust: {principals: ['444455556666']}}",
    ):
        assert isinstance(parse_config(f"main_region: us-east-1\n{setting}\n")[0], Config)
    subjects = parse_config(f"main_region: us-east-1\nusernames: ['repo:x/y:*', Repo, repo]\n{oidc}\n")[0].usernames
    assert subjects == ("repo:x/y:*", "Repo", "repo")


@pytest.mark.parametrize(
    ("text", "arn"),
    {
        "arn:aws:iam::111122223333:role/a/b": Arn("aws", "iam", "", "111122223333", "role/a/b"),
        "arn:aws-cn:iam::aws:policy/X": Arn("aws-cn", "iam", "", "aws", "policy/X"),
        "arn:aws:s3:::bucket": Arn("aws", "s3", "", "", "bucket"),
        "arn:aws:iam::1:role/x": None,
        "role/x": None,
        "arn:aws:iam::\N{ARABIC-INDIC DIGIT ONE}11122223333:role/x": None,
    }.items(),
)
def test_arns(text: str, arn: Arn | None) -> None:
    assert parse_arn(text) == arn


@pytest.mark.parametrize(
    ("limit", "logical_id", "lines", "line", "begins"),
    [
        (TRUST_POLICY, "Role", {"usernames": 4}, 4, "usernames: the trust policy of Role would have 9,000 characters"),
        (INLINE_POLICIES, "Role", {"role": 2}, 2, "role.policy_statements: the inline policies of a role would"),
        (PATTERN, "ForwardRoleActions", {"actions.services": 3}, 3, "actions.services: the event pattern of RoleAc"),
        (PATTERN, "ForwardRoleDenied", {"name": 2}, 2, "name: the event pattern of ForwardRoleDenied would have"),
        (PATTERN, "Assume", {"role": 2, "role.path": 3}, 3, "role.path: the event pattern of Assume would have"),
        (INPUT_PATHS, "RoleAssumed", {"name": 1}, 1, "name: the input paths of a target would have 9,000 paths"),
        (OUTPUTS, "", {}, 0, "name: the outputs of a template would have"),
    ],
    ids=case_id,
)
def test_a_limit_of_aws_becomes_a_problem_of_a_key(
    limit: Any, logical_id: str, lines: dict[str, int], line: int, begins: str
) -> None:
    exceeded = problem(limit, logical_id, 9_000, lines)
    assert (exceeded.line, exceeded.text[: len(begins)]) == (line, begins)
    assert exceeded.fix


def test_a_problem_is_two_lines_at_most() -> None:
    assert str(Problem(3, "wrong", "mend it")) == "  line 3: wrong\n    mend it"
    assert str(Problem(0, "wrong")) == "  wrong"
