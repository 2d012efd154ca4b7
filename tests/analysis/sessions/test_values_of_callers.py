"""What callers choose stays text in every format, and a credential is in none."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from role_use import ALICE, SESSION_TOKEN, Record, call, start
from samples import ACCOUNT
from session_reports import report_on

from cfn_breakglass.analysis.sessions.concealment import CONCEALED, conceal, describe_parameters
from cfn_breakglass.analysis.sessions.contents import report_blocks
from cfn_breakglass.analysis.sessions.report import report_as_json
from cfn_breakglass.documents.html_format import document_as_html
from cfn_breakglass.documents.markdown_format import document_as_markdown
from cfn_breakglass.text_layout import terminal_safe

HOSTILE = (
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</code></td></table>", "&lt;b&gt;", "<!-- a"),
    *("</style><b>", "]]>", "<svg onload=a>", "' onmouseover='a", "javascript:alert(1)", "{{7*7}}", "${7*7}"),
    *("`code`", "``", "`", "a ``` b", "` `", "*bold* _it_ ~~x~~", "# Heading", "- item", "> quote", "1. one", "---"),
    *("[a](https://example.com)", "![a](https://example.com/a.png)", "<https://example.com>", "https://example.com"),
    *("www.example.com", "@octocat", "#1", ":+1:", "$x^2$", "\\", "\\`", "a\\|b", "a|b", "|", "||a||", "| --- |"),
    *("a\nb", "a\r\n\r\n# b", "\ta", "    code", "a\x00b", "\x1b[31mred", "\x07", "\u202egnp.exe", "\u2028", "\ufeff"),
    *("\ud800", "a\u200bb", "\x7f\x9b", "=cmd|'/C calc'!A0", " ", "&#124;", "&amp;", "%0a", "<", ">", "&"),
)


def record_with(text: str) -> list[Record]:
    """A session in which everything that a caller chooses is ``text``."""
    person = ALICE._replace(name=text, agent=text, ip=text)
    failure: dict[str, Any] = {"errorCode": text, "errorMessage": text, "responseElements": None}
    return [
        start("RoleAssumed/raises-chained-in", person, userIdentity={"type": "IAMUser", "userName": text}),
        call("BackdoorCreated/raises-create-user", person, 1, requestParameters={"userName": text, text: text}),
        call("RoleActions/raises-write", person, 2, eventName=text, eventSource="z.amazonaws.com", **failure),
    ]


class Page(HTMLParser):
    """The elements, and the texts of code, in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.codes: list[str] = []
        self._is_code = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._is_code = tag == "code"
        if self._is_code:
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._is_code = False

    def handle_data(self, data: str) -> None:
        if self._is_code:
            self.codes[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


PLAIN = report_on(record_with("plain"))
PLAIN_PAGE = Page(document_as_html("Report", report_blocks(PLAIN, with_drawings=True)))
PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")


def tokens_of(text: str) -> list[Token]:
    """Every token of a Markdown text, those in a line too."""
    return [token for block in PARSER.parse(text) for token in (block, *(block.children or ()))]


PLAIN_TOKENS = [token.type for token in tokens_of(document_as_markdown(report_blocks(PLAIN, with_drawings=False)))]


def assert_stays_text(text: str) -> None:
    report = report_on(record_with(text))
    expected = terminal_safe(conceal(text))
    page = Page(document_as_html("Report", report_blocks(report, with_drawings=True)))
    assert page.elements == PLAIN_PAGE.elements
    assert page.attributes == PLAIN_PAGE.attributes
    written = document_as_markdown(report_blocks(report, with_drawings=False))
    assert all(character.isprintable() or character == "\n" for character in written)
    tokens = tokens_of(written)
    if expected.strip():
        assert len(page.codes) == len(PLAIN_PAGE.codes)
        assert expected in page.codes
        assert [token.type for token in tokens] == PLAIN_TOKENS
        codes = {token.content.strip() for token in tokens if token.type == "code_inline"}
        assert " ".join(expected.replace("|", "\\x7c").split(" ")).strip() in codes
    assert {"html_inline", "html_block", "link_open", "image", "fence"}.isdisjoint(token.type for token in tokens)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_caller_chooses_stays_text(text: str) -> None:
    assert_stays_text(text)


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), min_size=1, max_size=5).map("".join))
def test_whatever_a_caller_chooses_stays_text(text: str) -> None:
    if text.strip():
        assert_stays_text(text)


def test_json_has_the_texts_as_they_are() -> None:
    report = json.loads(report_as_json(report_on(record_with("a|b\n<i>"))))
    (session,) = report["accounts"][0]["sessions"]
    assert session["name"] == session["ips"]["values"][0]["value"] == "a|b\n<i>"


SECRETS = (
    SESSION_TOKEN,
    "FwoGZXIvYXdzEBYaDkiOiJ7xv2vnEXAMPLE==",
    "IQoJb3JpZ2luX2VjEJr" + 80 * "aB3/",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "https://example.com/?X-Amz-Security-Token=IQoJb3JpZ2luX2VjEJr%2F%2F" + 60 * "aB3%2F",
    "eyJhbGciOiJIUzI1NiJ9." + 50 * "eyJzdWIi" + ".c2lnbmF0dXJl",
)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:24])
def test_a_credential_is_not_in_a_report_wherever_it_stands(secret: str) -> None:
    report = report_on(record_with(secret))
    hidden = secret.partition("=")[2].partition("=")[2] or secret.partition("key=")[2] or secret
    for text in (
        report_as_json(report),
        document_as_html("Report", report_blocks(report, with_drawings=True)),
        document_as_markdown(report_blocks(report, with_drawings=False)),
    ):
        assert hidden not in text
        assert CONCEALED in text


@pytest.mark.parametrize(
    "text",
    [
        f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Operator_fedcba9876543210",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "AKIAIOSFODNN7EXAMPLE",
        "05223945-a03e-567a-8daf-1c4615f01b02",
        "arn:aws:cloudformation:eu-west-1:111122223333:stack/break-glass/1234abcd-12ab-34cd-56ef-1234567890ab",
        "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4",
        "correct horse battery staple",
    ],
)
def test_what_is_no_credential_is_there(text: str) -> None:
    assert conceal(text) == text


def test_parameters_are_a_line_without_secrets() -> None:
    parameters = {
        "userName": "mallory",
        "password": "hunter2",
        "masterUserPassword": "hunter2",
        "secretId": "prod/db",
        "tokenCode": "123456",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "tags": [{"key": "team", "value": None}, {"key": True, "value": 1.5}],
        "nothing": None,
    }
    assert describe_parameters(parameters) == (
        f"userName=mallory, password={CONCEALED}, masterUserPassword={CONCEALED}, secretId=prod/db,"
        f" tokenCode={CONCEALED}, accessKeyId=AKIAIOSFODNN7EXAMPLE, tags[0].key=team, tags[1].key=true,"
        " tags[1].value=1.5"
    )
    assert describe_parameters(None) == describe_parameters("text") == ""


SECRET = "hunter2"  # noqa: S105 - of nobody
OPENLY_NAMED: dict[str, dict[str, Any]] = {
    "a task definition": {"environment": [{"name": "DB", "value": SECRET}]},
    "a build": {"environment": {"environmentVariables": [{"name": "DB", "value": SECRET, "type": "PLAINTEXT"}]}},
    "a function": {"environment": {"variables": {"DB": SECRET}}},
    "a variable that is called a name": {"environment": {"variables": {"DB_NAME": SECRET}}},
    "a model": {"primaryContainer": {"environment": {"DB": SECRET}}},
    "a service": {"imageConfiguration": {"runtimeEnvironmentVariables": {"db": SECRET}}},
    "a parameter of a stack": {"parameters": [{"parameterKey": "MasterPassword", "parameterValue": SECRET}]},
    "an option": {"optionSettings": [{"optionName": "API_TOKEN", "value": SECRET}]},
    "an address": {"url": f"postgres://user:{SECRET}@db.example.com/orders"},
    "a connection": {"connectionString": f"Server=db;Pwd={SECRET}"},
    "a token of a provider": {"logins": {"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE": SECRET}},
    "a code": {"authenticationCode1": SECRET},
}
"""Secrets that CloudTrail has as their caller wrote them, and whose own name says nothing of it."""


@pytest.mark.parametrize("parameters", OPENLY_NAMED.values(), ids=OPENLY_NAMED)
def test_a_secret_is_not_shown_under_an_open_name(parameters: dict[str, Any]) -> None:
    line = describe_parameters(parameters)
    assert SECRET not in line
    assert CONCEALED in line


def test_what_stands_beside_a_secret_is_shown() -> None:
    variables = [{"name": "API_TOKEN", "value": SECRET}, {"name": "team", "value": "blue"}]
    build = {"image": "linux", "environmentVariables": [{"name": "DB", "value": SECRET, "type": "PLAINTEXT"}]}
    assert describe_parameters({"tags": variables, "environment": build, "enabled": False}) == (
        f"tags[0].name=API_TOKEN, tags[0].value={CONCEALED}, tags[1].name=team, tags[1].value=blue,"
        " environment.image=linux, environment.environmentVariables[0].name=DB,"
        f" environment.environmentVariables[0].value={CONCEALED},"
        " environment.environmentVariables[0].type=PLAINTEXT, enabled=false"
    )


def test_long_parameters_are_cut() -> None:
    assert describe_parameters({f"name{number}": number for number in range(20)}).endswith(", name11=11, ...")
    assert len(describe_parameters({"policyDocument": 500 * "{ } "})) == 300


@pytest.mark.parametrize("text", ["/", "=", "a", "aA1/", "token", "AQoDYXdz", "%2F", " a", "://", "a://a:", ":"])
def test_a_long_text_takes_no_long_time(text: str) -> None:
    """CloudTrail cuts what is long, but not every file is CloudTrail's; in square time this would take minutes."""
    long_text = text * 300_000
    assert len(conceal(long_text)) <= 300
    assert len(describe_parameters({long_text: long_text})) <= 300
