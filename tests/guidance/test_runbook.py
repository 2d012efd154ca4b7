"""The runbook: commands that a shell and the AWS CLI take, addresses of the partition, and what the config says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import click
import pytest
from botocore import xform_name
from golden_cases import CASES as ALL_CASES
from paths import ROOT
from runbooks import CASES, PRINTED, RUNBOOKS, blocks, golden_runbooks, plan, runbook
from samples import ACCOUNT

from cfn_breakglass import config_of
from cfn_breakglass.analysis.iam.policy import Request, match_statements
from cfn_breakglass.cli.app import cli
from cfn_breakglass.config.model import DETECTIONS, Config
from cfn_breakglass.documents.blocks import Code, Heading, Link, Paragraph, Steps, Table
from cfn_breakglass.documents.texts import code
from cfn_breakglass.drill.drill_plan import make_drill_plan
from cfn_breakglass.guidance.lockouts import lockouts
from cfn_breakglass.guidance.runbook.blanks import Blank, RunbookBlock
from cfn_breakglass.guidance.runbook.contents import PRACTICE
from cfn_breakglass.guidance.runbook.formats import html, markdown
from cfn_breakglass.guidance.runbook.make import runbook_blocks
from cfn_breakglass.guidance.runbook.ways_in import wrapped
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import make_plan

every_case = pytest.mark.parametrize("case", CASES)
# Of the AWS CLI alone, and its options for every command.
CLI_ONLY = {
    ("sso", "login"): {"sso-session", "profile"},
    ("logs", "tail"): {"since", "region"},
}
OF_THE_CLI = {"region", "profile", "query", "output"}
NOW = "2026-05-04T03:00:00Z"
MANUAL_PAGE = (ROOT / "docs" / "well-architected.md").read_text(encoding="utf-8")


def blocks_of(settings: dict[str, Any]) -> list[RunbookBlock]:
    return runbook_blocks(make_plan(config_of(settings)), config_file="breakglass.yaml", lines={})


def text_of(found: list[RunbookBlock]) -> str:
    """Every word of a runbook that is no command."""
    texts: list[str] = []
    for block in found:
        match block:
            case Steps(lines):
                texts += lines
            case Table(columns, rows):
                texts += [*columns, *(cell for row in rows for cell in row)]
            case Paragraph(text) | Heading(_, text):
                texts.append(text)
            case _:
                pass
    return "\n".join(texts)


def shell(found: list[RunbookBlock]) -> list[str]:
    """The commands, each on one line."""
    lines = []
    for block in found:
        if isinstance(block, Code) and block.language == "sh":
            joined = re.sub(r" \\\n +", " ", block.text)
            lines += re.split(r"\n(?=aws |cfn-breakglass )", joined)
    inline = re.findall(r"`((?:aws|cfn-breakglass) [^`]+)`", text_of(found))
    return [*lines, *inline]


def words_in_bash(command: str) -> list[str]:
    """The words that a shell makes of a command, at the time ``NOW``; they are printed and not run."""
    script = f'date() {{ echo {NOW}; }}; print() {{ printf "%s\\0" "$@"; }}; print {command}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)  # noqa: S607
    assert not done.stderr
    return done.stdout.split("\0")[:-1]


def words(command: str) -> list[str]:
    """The words of a command, without where its output goes."""
    return words_in_bash(command.partition(" > ")[0])


def options(arguments: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in arguments:
        if word.startswith("--"):
            found[word.removeprefix("--")] = []
        elif found:
            found[list(found)[-1]].append(word)
    return found


@cache
def operations(service: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def sections(case: str) -> dict[str, list[int]]:
    """The title of each section, and the items of the practice beside it."""
    headings = [block for block in blocks(case) if isinstance(block, Heading) and block.level == 2]
    return {
        heading.text: [int(item) for item in heading.note.removeprefix(PRACTICE).split(",")] for heading in headings
    }


# ---- the text ----


def test_the_golden_runbooks_are_what_the_configs_make() -> None:
    for path, text in golden_runbooks().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: make golden"


def test_every_file_in_the_folder_is_a_golden_runbook() -> None:
    assert {path for path in RUNBOOKS.iterdir() if path.is_file()} == golden_runbooks().keys()
    assert set(CASES) <= {case.name for case in ALL_CASES}
    assert set(PRINTED) <= set(CASES)


@every_case
def test_every_point_of_the_practice_that_a_runbook_can_cover_is_beside_a_heading(case: str) -> None:
    assert {item for items in sections(case).values() for item in items} == {*range(1, 18), 21, 22}


def test_the_table_of_the_practice_and_the_headings_say_the_same() -> None:
    """docs/well-architected.md has 25 points; where one names a section of the runbook, that has its number."""
    page = (ROOT / "docs" / "well-architected.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .* \| (?:Covered|With you|Yours) \| (.*) \|$", page, re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, 26)]
    items = {title.partition(".")[0]: numbers for title, numbers in sections("smallest").items()}
    for number, text in rows:
        for match in re.finditer(r"he runbook, (\d+)(?: and (\d+))?", text):
            assert all(int(number) in items[section] for section in match.groups() if section), text


@every_case
def test_the_sections_are_numbered_and_what_refers_to_one_is_right(case: str) -> None:
    numbers = [title.partition(".")[0] for title in sections(case)]
    assert numbers == [str(number) for number in range(1, 11)]
    referred = set(re.findall(r"\(see (\d+)\)|way of (\d+)|those of (\d+)", text_of(blocks(case))))
    assert {number for match in referred for number in match if number} <= set(numbers)


@every_case
def test_the_keys_of_blanks_are_unique(case: str) -> None:
    keys = [block.key for block in blocks(case) if isinstance(block, Blank)]
    assert len(keys) == len(set(keys))
    assert {"emergencies", "contacts", "last-resort", "afterwards", "drills", "custody"} <= set(keys)


@every_case
def test_the_account_is_filled_in_or_a_blank(case: str) -> None:
    keys = {block.key for block in blocks(case) if isinstance(block, Blank)}
    if plan(case).config.organization:
        assert "accounts" in keys
    elif plan(case).config.account:
        assert not keys & {"account", "accounts"}
        assert not re.search(r"\bACCOUNT\b", runbook(case))
    else:
        assert "account" in keys
    assert "${AWS::" not in runbook(case)


# ---- commands ----


@every_case
def test_the_aws_cli_takes_every_command(case: str) -> None:
    commands = [command for command in shell(blocks(case)) if command.startswith("aws ")]
    assert commands
    for command in commands:
        _, service, operation, *arguments = words(command)
        given = options(arguments)
        if (service, operation) in CLI_ONLY:
            assert given.keys() <= CLI_ONLY[service, operation], command
            continue
        shape = operations(service)[operation].input_shape
        members = {xform_name(name, "-"): name for name in (shape.members if shape else ())}
        assert given.keys() - OF_THE_CLI <= members.keys(), command
        required = set(shape.required_members) if shape else set()
        assert required <= {members[option] for option in given if option in members}, command
        assert all(given.values()), command


@every_case
def test_our_commands_are_ours(case: str) -> None:
    commands = [command for command in shell(blocks(case)) if command.startswith("cfn-breakglass ")]
    assert commands
    for text in commands:
        _, name, *arguments = words(text.replace("--account ACCOUNT", f"--account {ACCOUNT}"))
        command = cli.get_command(click.Context(cli), name)
        assert command, text
        command.make_context(name, arguments)  # raises for options and values that it does not have


@every_case
def test_a_drill_of_the_runbook_can_be_made(case: str) -> None:
    drills = [words(command)[2:] for command in shell(blocks(case)) if command.startswith("cfn-breakglass drill")]
    logged = {detection.id for detection in plan(case).destinations.login_log}
    assert bool(drills) == bool({"RoleAssumed", "RoleDenied"} & logged)
    for arguments in drills:
        knocks = "--knock" in arguments
        accounts = ["444455556666"] if "--account" in arguments else []
        # A denied call is recorded in the account of the caller, whichever account it is about. All accounts at once
        # would be more mails than SNS sends to a mailbox, whose subscription it suspends then.
        assert bool(accounts) == bool(plan(case).config.organization and not knocks)
        assert "--all-accounts" not in arguments
        wildcard = plan(case).names.role.arn_wildcards[0] if "--role-arn" in arguments else ""
        role_arn = resolve_pseudo_parameters(wildcard, plan(case).config, ACCOUNT).replace("*", "x") or None
        account = plan(case).config.account or ACCOUNT
        user = f"arn:aws:iam::{account}:user/alice"
        assert make_drill_plan(plan(case), account, user, knock=knocks, accounts=accounts, role_arn=role_arn).targets


def test_who_comes_with_an_assertion_alone_makes_no_drill_but_of_the_denials() -> None:
    saml = {"saml_provider": f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp", "saml_names": ["*"]}
    settings = {"main_region": "us-east-1", "role": {"trust": saml}, "alerts": {"emails": ["ops@example.com"]}}
    drills = [command for command in shell(blocks_of(settings)) if command.startswith("cfn-breakglass drill")]
    assert drills == ["cfn-breakglass drill --knock --output receipts"]


def test_a_drill_asks_for_a_code_where_the_role_does() -> None:
    for mfa in (True, False):
        trust = {"mfa": mfa, "source_ips": ["198.51.100.0/24"]}
        settings = {"main_region": "us-east-1", "usernames": ["alice"], "role": {"trust": trust}}
        drill, knock = (command for command in shell(blocks_of(settings)) if command.startswith("cfn-breakglass drill"))
        assert ("--mfa-serial" in drill) == mfa
        assert "--mfa-serial" not in knock


def test_it_says_who_runs_which_drill() -> None:
    found = blocks("smallest")
    who = {block.text: found[number - 1] for number, block in enumerate(found) if isinstance(block, Code)}
    for command, begins in (
        ("drill --mfa", "As somebody who may get in,"),
        ("drill --knock", "As somebody who may not"),
    ):
        (before,) = (block for text, block in who.items() if text.startswith(f"cfn-breakglass {command}"))
        assert isinstance(before, Paragraph)
        assert before.text.startswith(begins)


def test_a_command_goes_on_in_a_new_line_before_it_is_too_long() -> None:
    option = "--query " + "x" * 40
    assert wrapped(f"aws iam get-role {option} {option}") == f"aws iam get-role {option} \\\n  {option}"
    assert wrapped("aws iam get-role --role-name x") == "aws iam get-role --role-name x"


@every_case
def test_a_command_fits_on_paper(case: str) -> None:
    lines = [line for block in blocks(case) if isinstance(block, Code) for line in block.text.split("\n")]
    names_that_are_long = [line for line in lines if len(line) > 105 and "arn:" not in line]
    assert names_that_are_long == []


@every_case
def test_a_profile_has_the_form_of_the_file(case: str) -> None:
    for block in blocks(case):
        if isinstance(block, Code) and block.language == "ini":
            about, head, *settings = block.text.split("\n")
            assert about.startswith("# ")
            assert re.fullmatch(r"\[profile [\w-]+\]", head)
            assert all(re.fullmatch(r"[a-z_]+ = \S+", line) for line in settings)


# ---- addresses ----

HOSTS = {
    "aws": {"signin.aws.amazon.com", "console.aws.amazon.com"},
    "aws-cn": {"signin.amazonaws.cn", "console.amazonaws.cn"},
    "aws-us-gov": {"signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"},
}


@every_case
def test_the_addresses_are_of_the_partition(case: str) -> None:
    links = [urlsplit(block.url) for block in blocks(case) if isinstance(block, Link)]
    hosts = HOSTS[plan(case).config.partition.name]
    for link in links:
        assert link.scheme == "https"
        assert any(link.netloc == host or link.netloc.endswith(f".{host}") for host in hosts), link
    for link in links:
        if link.path == "/switchrole":
            query = parse_qs(link.query, strict_parsing=True)
            assert query.keys() == {"account", "roleName", "displayName"}
            assert query["roleName"] == [plan(case).names.role.path_and_name]
        elif link.path == "/iam/home":
            assert link.fragment == f"/roles/details/{plan(case).names.role.name}?section=revoke_sessions"
        else:
            assert link.path == "/console"
    assert f"arn:{plan(case).config.partition.name}:" in runbook(case) or plan(case).config.role.permission_set


def test_users_of_an_organization_sign_in_at_the_hub() -> None:
    links = [block.url for block in blocks("organization") if isinstance(block, Link)]
    assert links[0] == "https://999999999999.signin.aws.amazon.com/console"
    assert "account=ACCOUNT&" in links[1]


def test_who_cannot_switch_in_the_console_is_not_told_to() -> None:
    users = {"main_region": "us-east-1", "usernames": ["alice"], "role": {"managed_policies": ["ReadOnlyAccess"]}}
    trusts: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({"source_identity": True}, False),
        ({"source_ips": ["203.0.113.0/24"]}, False),
        ({"source_identity": True, "permission_sets": ["OnCall"]}, False),
    ]
    for trust, can_switch in trusts:
        role = {"managed_policies": ["ReadOnlyAccess"], "trust": trust}
        text = text_of(blocks_of({**users, "role": role}))
        assert ("Sign in as your IAM user" in text) == can_switch, trust


# ---- the end of sessions ----


def policies(found: list[RunbookBlock]) -> list[dict[str, Any]]:
    """The policies in the commands, by the name of their option."""
    documents = []
    for command in shell(found):
        given = options(words(command))
        documents += [json.loads(given[name][0]) for name in ("policy-document", "content") if name in given]
    return documents


ROLES = {
    "smallest": f"arn:aws:iam::{ACCOUNT}:role/break-glass",
    "china": f"arn:aws-cn:iam::{ACCOUNT}:role/break-glass",
    "govcloud": f"arn:aws-us-gov:iam::{ACCOUNT}:role/ops/break-glass",
    "existing-role": f"arn:aws:iam::{ACCOUNT}:role/ops/Emergency",
    "permission-set": (
        f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_BreakGlass_0123456789abcdef"
    ),
    "organization": "arn:aws:iam::444455556666:role/break-glass",
}


ANOTHER = f"arn:aws:iam::{ACCOUNT}:role/break-glass-2"


def is_denied(document: dict[str, Any], principal: str, issued: str) -> bool:
    keys = {"aws:TokenIssueTime": issued, "aws:PrincipalArn": principal}
    request = Request("s3:GetObject", "arn:aws:s3:::any/thing", keys, None, lambda _: False)
    return [(match.effect, match.applies) for match in match_statements(document, request)] == [("Deny", True)]


@pytest.mark.parametrize(("case", "role"), ROLES.items())
def test_sessions_that_began_before_are_denied_everything_and_later_ones_nothing(case: str, role: str) -> None:
    documents = policies(blocks(case))
    assert documents
    for document in documents:
        assert is_denied(document, role, "2026-05-04T02:59:59Z")
        assert not is_denied(document, role, NOW)
        assert not is_denied(document, role, "2026-05-04T03:00:01Z")


@pytest.mark.parametrize("case", ["permission-set", "organization"])
def test_a_policy_of_the_organization_is_about_the_role_alone(case: str) -> None:
    *_, document = policies(blocks(case))
    assert not is_denied(document, ANOTHER, "2026-05-04T02:59:59Z")


def test_sessions_end_in_every_unit_of_an_organization() -> None:
    units = ["ou-ab12-11111111", "ou-ab12-22222222"]
    organization = {"id": "o-a1b2c3d4e5", "hub": ACCOUNT, "units": units}
    commands = shell(blocks_of({"main_region": "us-east-1", "usernames": ["alice"], "organization": organization}))
    targets = [options(words(line))["target-id"] for line in commands if " attach-policy " in line]
    assert targets == [[unit] for unit in units]


def test_who_may_end_sessions_is_as_in_the_config() -> None:
    def sentence(**settings: Any) -> str:
        found = text_of(blocks_of({"main_region": "us-east-1", "usernames": ["alice"], **settings}))
        return next(line for line in found.split("\n") if line.startswith("Who may"))

    assert "nobody: name somebody in `protection.responders`" in sentence()
    responder = {"responders": ["arn:aws:iam::*:role/Responder"], "exempt": ["arn:aws:iam::*:role/Deployer"]}
    assert "only `arn:aws:iam::*:role/Responder`, `arn:aws:iam::*:role/Deployer`." in sentence(protection=responder)
    assert "attached, only the deployer." in sentence(deployer=True)


# ---- what the config says ----


@every_case
def test_the_runbook_says_what_locks_people_out(case: str) -> None:
    text = text_of(blocks(case))
    for sentence in lockouts(plan(case).config):
        assert sentence in text


@every_case
def test_there_is_a_row_for_each_alert_and_none_for_others(case: str) -> None:
    (rows,) = [block.rows for block in blocks(case) if isinstance(block, Table)] or [()]
    named = {re.split(r"[ :]", title)[1] for title, _ in rows}
    assert named == {detection.id for detection in plan(case).destinations.notified}
    asked = {step for _, step in rows}
    assert asked == {detection.next_step for detection in plan(case).destinations.notified}


def test_the_conditions_are_those_of_the_trust_policy_and_what_lets_nobody_in_is_left_out() -> None:
    text = text_of(blocks("organization-everything"))
    user = "IAM users alice or bob of the hub 999999999999 (AssumeRole), if the session's name is the IAM user's name;"
    assert user in text
    assert "nobody, if the region of the call is not af-south-1, eu-west-1, me-west-1, us-east-1 or us-east-2" in text
    assert "(SetSourceIdentity and TagSession)" not in text
    assert "`ReadOnlyAccess`, `arn:aws:iam::ACCOUNT:policy/Incident`, policies of its own" in text


def linked(**alerts: Any) -> bool:
    settings: Config = config_of({"main_region": "us-east-1", "usernames": ["alice"], "alerts": alerts})
    found = runbook_blocks(make_plan(settings), config_file="breakglass.yaml", lines={})
    return "No alert links to this runbook." not in text_of(found)


def test_it_says_where_no_alert_links_to_it() -> None:
    assert not linked(emails=["ops@example.com"])
    assert linked(emails=["ops@example.com"], format="text", runbook="https://wiki.example.com/break-glass")


def test_where_nobody_is_notified_no_alert_could_link_to_it() -> None:
    assert linked()


def test_the_manual_names_the_sections_that_say_so() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| .*$", MANUAL_PAGE, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 26)]
    items = {block.text.partition(".")[0]: block.note for block in blocks("every-way-in") if isinstance(block, Heading)}
    named = re.findall(r"^\| ([0-9]+) \|.*?[Tt]he runbook, ([0-9]+)(?: and ([0-9]+))?", MANUAL_PAGE, re.MULTILINE)
    assert named
    for item, *sections in named:
        assert all(
            item in re.findall("[0-9]+", items[section].removeprefix(PRACTICE)) for section in sections if section
        )


def test_the_manual_counts_the_detections_that_alert() -> None:
    alerting = [name for name, level in DETECTIONS.items() if level == "alert"]
    assert f" {len(alerting)} detections alert by default, {len(DETECTIONS)} if you want |" in MANUAL_PAGE


def test_no_password_is_printed() -> None:
    address = "https://user:{{resolve:secretsmanager:prod/hook:SecretString:password}}@hooks.example.com/path"
    found = blocks_of({"main_region": "us-east-1", "usernames": ["alice"], "alerts": {"https": [address]}})
    assert "web address `hooks.example.com`" in text_of(found)
    assert "secretsmanager" not in text_of(found)


def test_values_of_the_config_are_no_marks() -> None:
    """A value that a person chooses stays text, in Markdown and in HTML."""
    trust = {"oidc_provider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com", "oidc_subjects": ["a|b_c*"]}
    found = blocks_of({"main_region": "us-east-1", "usernames": ["alice"], "role": {"trust": trust}})
    assert r"the token's subject is like a\|b_c\*" in markdown(found, {})
    assert "subject is like a|b_c*" in html(found, {})
    made_up: list[RunbookBlock] = [Heading(1, "Runbook"), Steps(("<b>x</b> & _y_ [z](w)", f"{code('<i>`|')} ends"))]
    assert r"\<b\>x\</b\> & \_y\_ \[z\](w)" in markdown(made_up, {})
    assert r"`` <i>`\x7c `` ends" in markdown(made_up, {})
    assert "&lt;b&gt;x&lt;/b&gt; &amp; _y_ [z](w)" in html(made_up, {})
    assert '<code class="word">&lt;i&gt;`|</code> ends' in html(made_up, {})


def test_the_commands_survive_shlex_too() -> None:
    for case in CASES:
        for command in shell(blocks(case)):
            assert shlex.split(command)
