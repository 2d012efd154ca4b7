"""A history in which the role is used: sessions of several people, made from the samples of ``tests/events``.

Alice assumes the role as an IAM user with MFA, repairs an instance and is denied a change. Bob comes by SAML, works in
the console, leaves a backdoor, passes a role, touches the monitoring and moves on to other credentials. Carol comes
from another account, whose record names her. Dora's beginning is not recorded. Mallory is denied the role.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from paths import EVENTS
from samples import ACCOUNT

BEGINNING: Final = datetime(2025, 3, 14, 3, 7, 12, tzinfo=UTC)
USERS_ACCOUNT: Final = "444455556666"
SESSION_TOKEN: Final = "IQoJb3JpZ2luEXAMPLETOKEN"  # noqa: S105 - the samples' own, to see that no report has it
_ROLE: Final = "arn:aws:iam::{}:role/ops/break-glass"
_CLI: Final = "aws-cli/2.27.41 md/awscrt#0.26.1 os/linux#6.8.0 lang/python#3.13.4"
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_DENIED: Final[dict[str, Any]] = {"errorCode": "AccessDenied", "responseElements": None}

Record = dict[str, Any]


class Person(NamedTuple):
    """Who has a session, from where, and the access key of that; a console has ``other_keys`` for its services."""

    name: str
    access_key: str
    ip: str
    agent: str
    began: timedelta
    has_mfa: bool = False
    other_keys: tuple[str, ...] = ()
    account: str = ACCOUNT


ALICE: Final = Person("alice", "ASIAALICEEXAMPLE0001", "203.0.113.24", _CLI, timedelta(), has_mfa=True)
BOB: Final = Person(
    *("bob", "ASIABOBEXAMPLE000001", "198.51.100.7", _BROWSER, timedelta(hours=5, minutes=31)),
    other_keys=("ASIABOBEXAMPLE000002", "ASIABOBEXAMPLE000003"),
)
CAROL: Final = Person("carol", "ASIACAROLEXAMPLE0001", "192.0.2.61", _CLI, timedelta(days=1, hours=2))
DORA: Final = Person("dora", "ASIADORAEXAMPLE00001", "192.0.2.80", _CLI, timedelta(days=2), has_mfa=True)
PEOPLE: Final = (ALICE, BOB, CAROL, DORA)


def sample(name: str) -> Record:
    """A sample by its path in ``tests/events``, without its ending."""
    record: Record = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return record


def start(name: str, person: Person, **changes: Any) -> Record:
    """The record of the call that makes the credentials of a session, from the sample ``name``."""
    record = _at(sample(name), person, timedelta(), "start")
    until = BEGINNING + person.began + timedelta(hours=1)
    record["responseElements"] |= {
        "credentials": {
            "accessKeyId": person.access_key,
            "sessionToken": SESSION_TOKEN,
            "expiration": f"{until:%b} {until.day}, {until:%Y}, {until.hour % 12 or 12}:{until:%M:%S %p}",
        },
        "assumedRoleUser": {
            "assumedRoleId": f"AROADBQP57FF2AEXAMPLE:{person.name}",
            "arn": f"arn:aws:sts::{person.account}:assumed-role/break-glass/{person.name}",
        },
    }
    parameters = record["requestParameters"] | {"roleArn": _ROLE.format(person.account), "roleSessionName": person.name}
    return record | {"requestParameters": parameters} | changes


def call(name: str, person: Person, minutes: float, *, number: int = 0, **changes: Any) -> Record:
    """The record of a call by the session of a person, from the sample ``name``, some of its fields changed."""
    key = (person.access_key, *person.other_keys)[number % (1 + len(person.other_keys))]
    record = _at(sample(name), person, timedelta(minutes=minutes), f"{name}-{number}") | changes
    record["awsRegion"] = "us-east-1" if record["eventSource"] == "iam.amazonaws.com" else "eu-west-1"
    record["userIdentity"] = {
        "type": "AssumedRole",
        "principalId": f"AROADBQP57FF2AEXAMPLE:{person.name}",
        "arn": f"arn:aws:sts::{person.account}:assumed-role/break-glass/{person.name}",
        "accountId": person.account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROADBQP57FF2AEXAMPLE",
                "arn": _ROLE.format(person.account),
                "accountId": person.account,
                "userName": "break-glass",
            },
            "attributes": {
                "creationDate": f"{BEGINNING + person.began:%Y-%m-%dT%H:%M:%SZ}",
                "mfaAuthenticated": str(person.has_mfa).lower(),
            },
        },
    }
    return record


def reads(person: Person, minutes: Sequence[float], calls: Iterable[str]) -> Iterator[Record]:
    """The records of calls that only read: the names ``service:Call`` one after the other."""
    names = [name.split(":") for name in calls]
    for number, minute in enumerate(minutes):
        service, name = names[number % len(names)]
        yield call(
            *("RoleActions/raises-read", person, minute),
            number=number,
            eventSource=f"{service}.amazonaws.com",
            eventName=name,
            requestParameters=None,
        )


def history() -> list[Record]:
    """Every record about the role, in the order of time."""
    records = [*_of_alice(), *_of_bob(), *_of_carol(), *_of_dora(), *_of_mallory()]
    return sorted(records, key=lambda record: (record["eventTime"], record["eventID"]))


def _of_alice() -> Iterator[Record]:
    yield start("RoleAssumed/raises-mfa-given-with-the-call", ALICE)
    yield from reads(ALICE, [0.5 + step / 4 for step in range(60)], ("ec2:DescribeInstances", "logs:FilterLogEvents"))
    for number, minute in enumerate((4.0, 9.5, 21.0)):
        yield call(
            *("RoleActions/raises-write", ALICE, minute),
            number=number,
            eventSource="ec2.amazonaws.com",
            eventName=("StopInstances", "ModifyInstanceAttribute", "StartInstances")[number],
            requestParameters={"instancesSet": {"items": [{"instanceId": "i-1234567890abcdef0"}]}},
        )
    for number in range(3):
        yield call(
            *("RoleActions/raises-write", ALICE, 12 + number),
            number=10 + number,
            eventSource="rds.amazonaws.com",
            eventName="ModifyDBInstance",
            requestParameters={"dBInstanceIdentifier": "orders", "masterUserPassword": "correct-horse"},
            errorMessage=(
                "User: arn:aws:sts::111122223333:assumed-role/break-glass/alice is not authorized to perform:"
                " rds:ModifyDBInstance on resource: arn:aws:rds:eu-west-1:111122223333:db:orders with an explicit deny"
                " in a service control policy"
            ),
            **_DENIED,
        )
    yield call("RolePassed/raises-send-command", ALICE, 26)


def _of_bob() -> Iterator[Record]:
    saml_user = {"type": "SAMLUser", "principalId": "Rg1jqS2oqdVnSxyh0Me4wCkxP1w=:bob", "userName": "bob"}
    yield start("RoleAssumed/raises-saml", BOB, userIdentity=saml_user)
    yield call("ConsoleSignIn/raises-login-of-a-saml-session", BOB, 0.1)
    pages = ("iam:ListUsers", "iam:ListRoles", "ec2:DescribeInstances", "cloudwatch:DescribeAlarms")
    yield from reads(BOB, [0.5 + step / 3 for step in range(120)], pages)
    yield call("BackdoorCreated/raises-create-user", BOB, 12)
    user = {"userName": "mallory"}
    yield call("BackdoorCreated/raises-create-access-key", BOB, 12.6, requestParameters=user)
    administrator = user | {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    yield call("BackdoorCreated/raises-attach-user-policy", BOB, 13.1, requestParameters=administrator)
    yield call("RolePassed/raises-create-function", BOB, 19)
    yield call("MonitoringTampered/raises-events-disable-rule", BOB, 30)
    yield call("RoleChained/raises-another-role", BOB, 36.5)


def _of_carol() -> Iterator[Record]:
    """The record of the role's account does not name her; that of her own account does."""
    assumed = start("RoleAssumed/raises-user-of-another-account", CAROL)
    by_name = sample("RoleAssumed/raises-user-of-the-same-account")["userIdentity"] | {
        "arn": f"arn:aws:iam::{USERS_ACCOUNT}:user/carol",
        "accountId": USERS_ACCOUNT,
        "userName": "carol",
    }
    yield assumed
    yield assumed | {"userIdentity": by_name, "recipientAccountId": USERS_ACCOUNT, "eventID": _id("at home")}
    yield from reads(CAROL, [3, 4, 5], ("s3:GetBucketPolicy",))


def _of_dora() -> Iterator[Record]:
    yield from reads(DORA, [41, 42, 43], ("sts:GetCallerIdentity", "kms:ListKeys"))


def _of_mallory() -> Iterator[Record]:
    for number in range(3):
        person = Person("mallory", "", "192.0.2.99", _CLI, timedelta(hours=1, minutes=number))
        record = _at(sample("RoleDenied/raises-no-role-trust-policy"), person, timedelta(), f"denied-{number}")
        identity = record["userIdentity"] | {"arn": f"arn:aws:iam::{ACCOUNT}:user/mallory", "userName": "mallory"}
        yield record | {"userIdentity": identity}


def _at(record: Record, person: Person, later: timedelta, what: str) -> Record:
    """The record as of a person, so long after the beginning of the session; ``what`` tells it from others."""
    time = f"{BEGINNING + person.began + later:%Y-%m-%dT%H:%M:%SZ}"
    return record | {
        "eventTime": time,
        "sourceIPAddress": person.ip,
        "userAgent": person.agent,
        "eventID": _id(f"{what} {time} {person}"),
        "recipientAccountId": person.account,
    }


def busy_session(account: str) -> Iterator[Record]:
    """The records of a session with more of everything than a report has room for."""
    person = Person("eve", "ASIAEVEEXAMPLE000001", "192.0.2.1", _CLI, timedelta(days=3), account=account)
    yield start("RoleAssumed/raises-oidc", person)
    for number in range(1_200):
        changes = {
            "eventName": f"Call{number % 600}",
            "eventSource": f"service{number % 7}.amazonaws.com",
            "sourceIPAddress": f"192.0.2.{number % 40}",
            "userAgent": f"agent/{number % 30}",
            "requestParameters": None,
        }
        yield call("RoleActions/raises-write", person, number / 3, number=number, **changes)
    for number in range(150):
        name = "BackdoorCreated/raises-create-user"
        yield call(name, person, 30 + number / 5, number=number, requestParameters={"userName": f"user-{number}"})
    for number in range(130):
        failure = {"errorCode": f"Error{number}", "errorMessage": f"Failure {number}", "eventName": "RunInstances"}
        yield call("RoleActions/raises-write", person, 90 + number / 5, number=2_000 + number, **failure)


def _id(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text))
