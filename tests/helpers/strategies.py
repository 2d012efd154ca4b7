"""Configs that a user could write, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cfn_breakglass.aws import limits
from cfn_breakglass.aws.partitions import PARTITIONS, Partition
from cfn_breakglass.config.message_fields import FIELDS
from cfn_breakglass.config.model import DETECTIONS

ACCOUNT = "111122223333"
WORD = st.from_regex(r"[a-z][a-z0-9]{1,9}", fullmatch=True)
ACTION = st.sampled_from(["s3:Get*", "ec2:Describe*", "iam:PassRole", "organizations:*"])
USERNAME = st.from_regex(r"[A-Za-z0-9+=,.@_-]{1,20}", fullmatch=True)


def some(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=most, unique_by=str.casefold)


def maybe(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def regions(draw: st.DrawFn, partition: Partition) -> tuple[str, list[str]]:
    """A main region, and a regions list that goes with it."""
    main = draw(st.sampled_from(sorted(partition.regions)))
    if partition.regions == {main}:
        return main, draw(st.sampled_from([[], ["*"]]))
    others = st.sampled_from(sorted(partition.regions - {main}))
    opt_in = [region for region in partition.opt_in if region != main]
    stars = st.just([]) if not opt_in else some(st.sampled_from(opt_in))
    return main, draw(st.one_of(some(others), stars.map(lambda more: ["*", *more])))


@st.composite
def messages(draw: st.DrawFn) -> str:
    """Text with fields in it."""
    text = st.text(st.characters(codec="utf-8", exclude_characters="<>", exclude_categories=("Cs", "Cc")), max_size=20)
    parts = draw(
        st.lists(st.one_of(text, st.sampled_from([f"<{name}>" for name in FIELDS]), st.just("\n")), max_size=8)
    )
    return "x" + "".join(parts)


def endpoints(partition: str, region: str) -> st.SearchStrategy[dict[str, Any]]:
    at = f"{region}:{ACCOUNT}"
    phones = st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True)
    # China has neither text messages nor mobile push.
    mobile = {} if partition == "aws-cn" else {"sms": some(phones)}
    if mobile:
        mobile["application"] = some(WORD.map(f"arn:{partition}:sns:{at}:endpoint/APNS/{{}}".format))
    return maybe(
        emails=some(WORD.map("{}@example.com".format)),
        https=some(WORD.map("https://{}.example.com/hook".format)),
        sqs=some(WORD.map(f"arn:{partition}:sqs:{at}:{{}}".format)),
        **{"lambda": some(WORD.map(f"arn:{partition}:lambda:{at}:function:{{}}".format))},
        **mobile,
        log=st.booleans(),
        message=messages(),
        fallback=some(
            st.one_of(
                WORD.map("{}@example.org".format),
                *([phones] if mobile else []),
                WORD.map("https://{}.example.org/hook".format),
                WORD.map(f"arn:{partition}:sqs:{at}:{{}}".format),
            )
        ),
    )


@st.composite
def trusts(draw: st.DrawFn, partition: str, *, in_many_accounts: bool = False) -> dict[str, Any]:
    """What role.trust may hold beside IAM users: two more ways in at most, for a trust policy has an end."""
    iam = f"arn:{partition}:iam::{ACCOUNT}"
    principal = st.one_of(st.just("444455556666"), WORD.map(f"{iam}:role/{{}}".format))
    ways = {
        "legacy": st.fixed_dictionaries({"saml_provider": WORD.map(f"{iam}:saml-provider/{{}}".format)}),
        "saml": st.fixed_dictionaries(
            {
                "saml_provider": st.lists(
                    WORD.map(f"{iam}:saml-provider/{{}}".format), min_size=1, max_size=2, unique=True
                ),
                "saml_names": st.one_of(st.just(["*"]), some(WORD).filter(bool)),
            }
        ),
        "oidc": st.fixed_dictionaries(
            {
                "oidc_provider": WORD.map(f"{iam}:oidc-provider/{{}}.example.com".format),
                "oidc_subjects": some(st.one_of(WORD, WORD.map("repo:{}/*".format))).filter(bool),
            },
            optional={
                "oidc_audiences": some(WORD).filter(bool),
                "oidc_claims": st.dictionaries(st.sampled_from(["environment", "repository_id"]), WORD, max_size=2),
            },
        ),
        "sets": st.fixed_dictionaries(
            {"permission_sets": some(st.one_of(WORD, WORD.map("444455556666/{}".format)), 1)}
        ),
        "access": st.fixed_dictionaries(
            {
                "account_access": st.just(
                    {"application": f"arn:{partition}:account-access:us-east-1:{ACCOUNT}:application/app-1"}
                )
            }
        ),
        "principals": st.fixed_dictionaries(
            {"principals": some(principal).filter(bool)},
            optional={"organization": st.just("o-a1b2c3d4e5"), "external_id": WORD},
        ),
    }
    if in_many_accounts:
        del ways["access"]  # an application is of one account
    chosen = draw(st.lists(st.sampled_from(sorted(ways)), max_size=2, unique=True))
    if "legacy" in chosen:
        chosen = ["legacy", *{"principals"}.intersection(chosen)]  # usernames are its names then
    of_users = maybe(
        mfa=st.just(value=True),
        mfa_max_age_minutes=st.integers(1, 2160),
        session_name=st.sampled_from(["any", "username"]),
        source_identity=st.booleans(),
    )
    for_all = maybe(
        source_ips=st.sampled_from([["203.0.113.0/24"], ["198.51.100.7", "2001:db8::/32"]]),
        only_covered_regions=st.booleans(),
        not_before=st.just("2031-03-03T00:00:00Z"),
        not_after=st.just("2031-03-10T00:00:00Z"),
    )
    held = {} if "legacy" in chosen else draw(of_users)
    for way in chosen:
        held |= draw(ways[way])
    return held | draw(for_all)


def created(partition: str, *, in_many_accounts: bool) -> st.SearchStrategy[dict[str, Any]]:
    iam = f"arn:{partition}:iam::{ACCOUNT}"
    statement = st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": some(ACTION).filter(bool)},
    ).map(lambda held: {**held, "Resource": "*"})
    return maybe(
        managed_policies=some(st.one_of(st.just("job-function/ViewOnlyAccess"), WORD.map(f"{iam}:policy/{{}}".format))),
        policy_statements=st.lists(statement, max_size=2, unique_by=str),
        permissions_boundary=WORD.map(f"{iam}:policy/{{}}".format),
        path=st.sampled_from(["/", "/ops/", "/ops/night/"]),
        max_session_hours=st.integers(*limits.SESSION_HOURS),
        trust=trusts(partition, in_many_accounts=in_many_accounts),
        grant=st.sampled_from(["users", "none"]),
    )


def roles(partition: str, *, in_many_accounts: bool) -> st.SearchStrategy[dict[str, Any]]:
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/"
    anywhere = st.one_of(
        created(partition, in_many_accounts=in_many_accounts), WORD.map(lambda name: {"existing": name})
    )
    if in_many_accounts:
        return anywhere
    return st.one_of(
        anywhere,
        WORD.map(lambda name: {"existing": f"{arn}ops/{name}"}),
        WORD.map(lambda name: {"permission_set": name}),
    )


def organizations(partition: str) -> st.SearchStrategy[dict[str, Any] | None]:
    """An organization whose hub is ``ACCOUNT``, or none; China has no stack sets of one."""
    units = st.sampled_from([["r-ab12"], ["ou-ab12-11111111"], ["ou-ab12-11111111", "ou-ab12-22222222"]])
    made = st.fixed_dictionaries({"id": st.just("o-a1b2c3d4e5"), "hub": st.just(ACCOUNT), "units": units})
    return st.none() if partition == "aws-cn" else st.one_of(st.none(), made)


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Settings that ``config_of`` takes."""
    partition = draw(st.sampled_from(PARTITIONS))
    main, others = draw(regions(partition))
    organization = draw(organizations(partition.name))
    usernames = draw(some(USERNAME, 8).filter(bool))
    levels = st.sampled_from(["alert", "log", "off"])
    more = maybe(
        name=st.from_regex(r"[A-Za-z]([A-Za-z0-9]|-[A-Za-z0-9]){0,15}", fullmatch=True),
        regions=st.just(others),
        new_regions=st.just([f"{partition.prefix or 'eu-'}north-9"]) if len(partition.regions) > 1 else st.just([]),
        logs_policy=st.sampled_from(["create", "existing"]),
        role=roles(partition.name, in_many_accounts=bool(organization)),
        alerts=endpoints(partition.name, main),
        detections=maybe(**dict.fromkeys(DETECTIONS, levels)),
        actions=maybe(log=st.sampled_from(["all", "read", "write", "none"]), services=some(WORD)),
        retention_days=st.sampled_from(limits.RETENTION_DAYS),
        encryption=st.sampled_from(
            [
                "customer-key",
                "none",
                f"arn:{partition.name}:kms:{main}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            ]
        ),
        trail=st.sampled_from(["existing"] if organization else ["existing", "create"]),
        rollout=st.sampled_from(["console", "managed"]) if organization else st.just("console"),
        heartbeat=st.sampled_from(["hourly", "daily", "off"]),
        protection=maybe(
            exempt=some(WORD.map(f"arn:{partition.name}:iam::*:role/{{}}".format)),
            responders=some(WORD.map(f"arn:{partition.name}:iam::*:user/{{}}".format)),
        ),
        event_bus=maybe(name=st.from_regex(r"bus[A-Za-z0-9._-]{1,20}", fullmatch=True)),
        tags=st.dictionaries(WORD, WORD, max_size=3),
    )
    settings = {"main_region": main, "usernames": usernames, **draw(more)}
    if organization:
        settings["organization"] = organization
    if "saml_provider" in settings.get("role", {}).get("trust", {}):
        # usernames are not those of IAM users then.
        settings["detections"] = settings.get("detections", {}) | {"UserSignIn": "off"}
    return settings
