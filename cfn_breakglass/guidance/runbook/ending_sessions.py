"""How to end every session of the role at once, and who may.

A policy that denies everything to whoever got credentials before a time is how AWS does it:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from cfn_breakglass.documents.blocks import Block, Code, Heading, Link, Paragraph
from cfn_breakglass.documents.texts import code
from cfn_breakglass.guidance.session_enders import session_enders
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import Plan

_NOW: Final = """'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"""
"""The current time, between two pieces of a text in single quotes."""
_POLICY_NAME: Final = "AWSRevokeOlderSessions"


def ending_sessions(plan: Plan) -> Iterator[Block]:
    """What to do, where a role can be changed and where it cannot."""
    config = plan.config
    if config.role.permission_set:
        yield Paragraph(
            "Nobody can change the role of a permission set. Take the assignment away in Identity Center, and nobody"
            " gets in any more. What ends a session that has begun is a policy of the organization, from its management"
            " account:"
        )
        yield from _organization_policy(plan, "ACCOUNT")
    else:
        yield from _role_policy(plan)
        if config.organization:
            yield Heading(3, "In all accounts at once")
            yield Paragraph("As an administrator of the management account, which itself is not bound by this:")
            yield from _organization_policy(plan, *config.organization.units)
    yield Paragraph(
        "This ends no session of another role: RoleChained names those. What RolePassed and BackdoorCreated name goes"
        " on too."
    )


def _role_policy(plan: Plan) -> Iterator[Block]:
    config, role = plan.config, plan.names.role.name
    if config.organization:
        yield Heading(3, "In one account")
    yield Paragraph(f"In the IAM console: Roles, {code(role)}, Revoke sessions, Revoke active sessions.")
    yield Link(_role_page(plan))
    yield Paragraph("Or with the AWS CLI:")
    yield Code(
        f"aws iam put-role-policy --role-name {role} --policy-name {_POLICY_NAME} \\\n  --policy-document {_document()}"
    )
    enders = ", ".join(code(name) if ":" in name else name for name in session_enders(plan))
    guarded = f"only {enders}" if enders else "nobody: name somebody in `protection.responders` before you attach it"
    yield Paragraph(
        f"Who may: whoever has iam:PutRolePolicy on the role, but not the role itself. Where the guard SCP is attached,"
        f" {guarded}. It sets off MonitoringTampered. The policy may stay: it denies only sessions that began before."
    )


def _role_page(plan: Plan) -> str:
    config = plan.config
    host = f"{config.main_region}.{config.partition.console_host}"
    return f"https://{host}/iam/home#/roles/details/{plan.names.role.name}?section=revoke_sessions"


def _organization_policy(plan: Plan, *targets: str) -> Iterator[Block]:
    names = plan.names
    arns = json.dumps([resolve_pseudo_parameters(arn, plan.config) for arn in names.role.arns_in_accounts])
    create = (
        f"aws organizations create-policy --type SERVICE_CONTROL_POLICY --name {names.prefix}-end-sessions \\\n"
        f'  --description "Ends the sessions of {names.prefix}" \\\n'
        f"  --content {_document(arns)}"
    )
    attach = [f"aws organizations attach-policy --policy-id POLICY --target-id {target}" for target in targets]
    yield Code("\n".join([create, *attach]))
    yield Paragraph("`POLICY` is the ID that the first command prints.")


def _document(roles: str = "") -> str:
    """A policy in single quotes, on lines that fit on paper; ``roles`` are the ARNs of those it is about, as JSON."""
    about = f'"ArnLike": {{"aws:PrincipalArn":\n  {roles}}},\n  ' if roles else ""
    return f"""'{{"Version": "2012-10-17", "Statement": [
  {{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {{
  {about}"DateLessThan": {{"aws:TokenIssueTime": "{_NOW}"}}}}}}]}}'"""
