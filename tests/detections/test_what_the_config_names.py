"""Whatever key of the config names something of AWS's: a change of that thing alerts."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import pytest
from named_parts import record_of_call
from samples import ACCOUNT, account

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.config.collection_types import Section, section_keys
from cfn_breakglass.config.model import Config

ENTRANCE: Final = "EntranceChanged"
TAMPERED: Final = "MonitoringTampered"
IAM: Final = f"arn:aws:iam::{ACCOUNT}"
KEY: Final = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
QUEUES: Final = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
PUSH: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:endpoint/APNS/app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
APPLICATION: Final = f"arn:aws:account-access:us-east-1:{ACCOUNT}:application/app-1"
TOPIC: Final = f"arn:aws:sns:us-east-1:{ACCOUNT}:pagers"
TEAM: Final = "12345678-1234-1234-1234-123456789abc"
PERMISSION_SET: Final = {"permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-abcdef1234567890"}
BASE: Final[dict[str, Any]] = {
    "main_region": "us-east-1",
    "regions": ["eu-west-1"],
    "usernames": ["alice"],
    "alerts": {"emails": ["ops@example.com"]},
}


class Change(NamedTuple):
    """A value for a key, a call that changes what it names, and what alerts then."""

    settings: dict[str, Any]
    service: str
    call: str
    parameters: dict[str, Any]
    detection: str
    region: str = "us-east-1"


def in_alerts(**settings: Any) -> dict[str, Any]:
    return {"alerts": {**BASE["alerts"], **settings}}


CHANGES: Final[dict[str, Change]] = {
    "name": Change({"name": "rescue"}, "cloudformation", "DeleteStack", {"stackName": "rescue"}, TAMPERED),
    "account": Change({"account": ACCOUNT}, "account", "CloseAccount", {"accountId": ACCOUNT}, TAMPERED),
    "main_region": Change({}, "account", "DisableRegion", {"regionName": "us-east-1"}, TAMPERED),
    "regions": Change({}, "account", "DisableRegion", {"regionName": "eu-west-1"}, TAMPERED),
    "new_regions": Change(
        {"new_regions": ["eu-west-9"]}, "account", "DisableRegion", {"regionName": "eu-west-9"}, TAMPERED
    ),
    "usernames": Change({"usernames": ["bob"]}, "iam", "DeleteUser", {"userName": "bob"}, ENTRANCE),
    "usernames by tag": Change(
        {"usernames": {"principal_tag": {"team": "a"}}},
        *("iam", "UntagUser", {"userName": "bob", "tagKeys": ["team"]}, ENTRANCE),
    ),
    "role.existing": Change(
        {"role": {"existing": "ops/Rescue"}}, "iam", "UpdateAssumeRolePolicy", {"roleName": "Rescue"}, TAMPERED
    ),
    "role.permission_set": Change(
        {"role": {"permission_set": "Rescue"}, "usernames": []},
        *("sso", "PutInlinePolicyToPermissionSet", PERMISSION_SET, ENTRANCE),
    ),
    "role.managed_policies": Change(
        {"role": {"managed_policies": [f"{IAM}:policy/Rights"]}},
        *("iam", "CreatePolicyVersion", {"policyArn": f"{IAM}:policy/Rights"}, ENTRANCE),
    ),
    "role.permissions_boundary": Change(
        {"role": {"permissions_boundary": f"{IAM}:policy/Limit"}},
        *("iam", "SetDefaultPolicyVersion", {"policyArn": f"{IAM}:policy/Limit", "versionId": "v1"}, ENTRANCE),
    ),
    "role.trust.saml_provider": Change(
        {"role": {"trust": {"saml_provider": f"{IAM}:saml-provider/Corp"}}},
        *("iam", "DeleteSAMLProvider", {"sAMLProviderArn": f"{IAM}:saml-provider/Corp"}, ENTRANCE),
    ),
    "role.trust.oidc_provider": Change(
        {"role": {"trust": {"oidc_provider": f"{IAM}:oidc-provider/idp.example.com"}}},
        "iam",
        "DeleteOpenIDConnectProvider",
        {"openIDConnectProviderArn": f"{IAM}:oidc-provider/idp.example.com"},
        ENTRANCE,
    ),
    "role.trust.permission_sets": Change(
        {"role": {"trust": {"permission_sets": ["OnCall"]}}},
        *("sso", "CreateAccountAssignment", {**PERMISSION_SET, "targetId": ACCOUNT}, ENTRANCE),
    ),
    "role.trust.permission_sets from another directory": Change(
        {"role": {"trust": {"permission_sets": ["OnCall"]}}},
        *("sso", "AssociateDirectory", {"directoryId": "d-1234567890", "directoryType": "UserPool"}, ENTRANCE),
    ),
    "role.permission_set from another provider": Change(
        {"role": {"permission_set": "Rescue"}, "usernames": []},
        *("sso-directory", "EnableExternalIdPConfigurationForDirectory", {"directoryId": "d-1234567890"}, ENTRANCE),
    ),
    "role.trust.principals": Change(
        {"role": {"trust": {"principals": [f"{IAM}:role/Chief"]}}}, "iam", "DeleteRole", {"roleName": "Chief"}, ENTRANCE
    ),
    "role.trust.organization": Change(
        {"role": {"trust": {"organization": "o-a1b2c3d4e5", "principals": ["444455556666"]}}},
        *("organizations", "LeaveOrganization", {}, TAMPERED),
    ),
    "role.trust.account_access.application": Change(
        {"role": {"trust": {"account_access": {"application": APPLICATION}}}},
        *("account-access", "DeleteApplication", {"applicationArn": APPLICATION}, ENTRANCE),
    ),
    "alerts.slack": Change(
        in_alerts(slack=[{"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}]),
        *("chatbot", "DeleteSlackWorkspaceAuthorization", {"slackTeamId": "T07EA123LEP"}, TAMPERED),
    ),
    "alerts.teams": Change(
        in_alerts(teams=[{"tenant": TEAM, "team": TEAM, "channel": "19%3A0123456789abcdef%40thread.tacv2"}]),
        *("chatbot", "DeleteMicrosoftTeamsConfiguredTeam", {"teamId": TEAM}, TAMPERED),
    ),
    "alerts.topic": Change(
        {"alerts": {"topic": TOPIC}},
        "sns",
        "SetTopicAttributes",
        {"topicArn": TOPIC, "attributeName": "Policy"},
        TAMPERED,
    ),
    "alerts.sqs": Change(
        in_alerts(sqs=[f"{QUEUES}pager"]),
        *("sqs", "DeleteQueue", {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/pager"}, TAMPERED),
    ),
    "alerts.lambda": Change(
        in_alerts(**{"lambda": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:pager"]}),
        *("lambda", "UpdateFunctionCode20150331v2", {"functionName": "pager"}, TAMPERED),
    ),
    "alerts.application": Change(
        in_alerts(application=[PUSH]), "sns", "DeleteEndpoint", {"endpointArn": PUSH}, TAMPERED
    ),
    "alerts.fallback": Change(
        in_alerts(fallback=[f"{QUEUES}night"]),
        *("sqs", "SetQueueAttributes", {"queueUrl": f"https://queue.amazonaws.com/{ACCOUNT}/night"}, TAMPERED),
    ),
    "encryption": Change({"encryption": KEY}, "kms", "ScheduleKeyDeletion", {"keyId": KEY}, TAMPERED),
    "trail": Change({"trail": "existing"}, "cloudtrail", "StopLogging", {"name": "whichever"}, TAMPERED),
    "protection.exempt": Change(
        {"protection": {"exempt": [f"{IAM}:role/Platform"]}},
        *("iam", "UpdateAssumeRolePolicy", {"roleName": "Platform"}, ENTRANCE),
    ),
    "protection.responders": Change(
        {"protection": {"responders": [f"{IAM}:role/Responder"]}},
        *("iam", "UpdateAssumeRolePolicy", {"roleName": "Responder"}, ENTRANCE),
    ),
    "deployer.role": Change(
        {"deployer": {"role": "pipeline", "existing": True}},
        *("iam", "UpdateAssumeRolePolicy", {"roleName": "pipeline"}, ENTRANCE),
    ),
    "deployer.user": Change(
        {"deployer": {"user": "robot", "existing": True}}, "iam", "CreateAccessKey", {"userName": "robot"}, ENTRANCE
    ),
    "event_bus.name": Change(
        {"event_bus": {"name": "security"}}, "events", "DeleteEventBus", {"name": "security"}, TAMPERED
    ),
    "event_bus.existing": Change(
        {"event_bus": {"existing": "security"}}, "events", "RemovePermission", {"eventBusName": "security"}, TAMPERED
    ),
    "event_bus.forwarder_role": Change(
        {"event_bus": {"forwarder_role": f"{IAM}:role/Forwarder"}},
        *("iam", "DeleteRolePolicy", {"roleName": "Forwarder", "policyName": "x"}, TAMPERED),
    ),
}
OURS: Final = "a choice between things of ours, which our names tell"
OF_THE_ORGANIZATION: Final = "what only the management account can change, where nothing of ours listens"
OF_THE_ROLE: Final = "a property of the role, and changes of the role alert"
CONDITION: Final = "a condition in the trust of the role, and changes of that alert"
NOT_OF_AWS: Final = "nothing of AWS's"
# key: what it says, if it names nothing of AWS's
NAMES_NOTHING: Final[dict[str, str]] = {
    "logs_policy": "a policy whose name the config does not say, of which generate warns",
    **dict.fromkeys(("role.manage", "role.grant", "rollout", "stackset_roles", "deployer.existing"), OURS),
    **dict.fromkeys(("organization.id", "organization.hub", "organization.units"), OF_THE_ORGANIZATION),
    **dict.fromkeys(("role.policy_statements", "role.path", "role.max_session_hours"), OF_THE_ROLE),
    **dict.fromkeys(("role.trust.mfa", "role.trust.mfa_max_age_minutes", "role.trust.session_name"), CONDITION),
    **dict.fromkeys(("role.trust.source_identity", "role.trust.external_id", "role.trust.source_ips"), CONDITION),
    **dict.fromkeys(("role.trust.not_before", "role.trust.not_after", "role.trust.oidc_audiences"), CONDITION),
    **dict.fromkeys(("role.trust.oidc_claims", "role.trust.only_covered_regions"), CONDITION),
    **dict.fromkeys(("role.trust.saml_names", "role.trust.oidc_subjects"), "users of somebody else's directory"),
    **dict.fromkeys(("alerts.emails", "alerts.sms", "alerts.https"), NOT_OF_AWS),
    **dict.fromkeys(("alerts.log", "alerts.message", "alerts.format", "alerts.runbook"), NOT_OF_AWS),
    **dict.fromkeys(("detections", "actions.log", "actions.services", "retention_days", "heartbeat"), OURS),
    **dict.fromkeys(("trail_lock_days", "protection.deny", "tags"), OURS),
}
KEYS: Final = [key for key, field in section_keys(Config) if not isinstance(field.metadata["type"], Section)]


def test_it_is_decided_of_every_key_what_it_names() -> None:
    named = {key.partition(" ")[0] for key in CHANGES}
    undecided = set(KEYS) - named - NAMES_NOTHING.keys()
    assert undecided == set(), "a change of what these name needs a row in CHANGES"
    assert (named | NAMES_NOTHING.keys()) - set(KEYS) == set()
    assert named & NAMES_NOTHING.keys() == set()


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_of_what_a_key_names_alerts(key: str) -> None:
    settings, service, call, parameters, detection, region = CHANGES[key]
    record = record_of_call(service, call, parameters, ACCOUNT, region)
    deliveries = account(json.dumps({**BASE, **settings})).run(event_from_record(record))
    alerts = [(each.detection, each.target) for each in deliveries if (each.kind, each.problem) == ("topic", None)]
    topic = settings.get("alerts", {}).get("topic") or f":{settings.get('name', 'break-glass')}-alerts"
    assert [name for name, target in alerts if target.endswith(topic)] == [detection]
    assert len(alerts) == len(set(alerts))


WHATEVER: Final = (
    *(
        "account",
        "main_region",
        "regions",
        "new_regions",
        "role.trust.organization",
        "role.trust.account_access.application",
        "trail",
    ),
)
"""Keys that name what alerts whatever the config says."""


@pytest.mark.parametrize("key", [key for key in CHANGES if key not in WHATEVER])
def test_where_the_config_does_not_name_it_nobody_is_alerted(key: str) -> None:
    _, service, call, parameters, _, region = CHANGES[key]
    record = record_of_call(service, call, parameters, ACCOUNT, region)
    assert account(json.dumps(BASE)).run(event_from_record(record)) == []
