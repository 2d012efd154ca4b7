"""A template that is deployed in the wrong region or account refuses at once, and says where it belongs."""

from __future__ import annotations

import pytest
from fresh_stacks import generated

from cfn_breakglass.analysis.template.reader import FailedAssertionError, parse, resolve

HOME, OTHER = "111122223333", "444455556666"
# (golden case, file, region, account): what CloudFormation says, empty if it deploys the template.
PLACES = {
    ("smallest", "main-region.yaml", "us-east-1", OTHER): "",
    ("smallest", "main-region.yaml", "eu-west-1", HOME): "Create this stack in us-east-1",
    ("smallest", "stackset.yaml", "eu-west-1", OTHER): "",
    ("smallest", "stackset.yaml", "us-east-1", HOME): "us-east-1 is the main region",
    ("deployer", "deployer.yaml", "eu-west-1", HOME): "",
    ("deployer", "deployer.yaml", "us-east-1", HOME): "Create this stack in eu-west-1",
    ("deployer", "stackset-roles.yaml", "us-east-1", HOME): "Create this stack in eu-west-1",
    # The permissions boundary of the config is in an account, and so is everything else.
    ("deployer", "deployer.yaml", "eu-west-1", OTHER): f"account {HOME}",
    ("deployer", "main-region.yaml", "eu-west-1", OTHER): f"account {HOME}",
    ("deployer", "stackset.yaml", "us-east-1", OTHER): f"account {HOME}",
}


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_a_template_is_deployed_where_it_belongs_only(place: tuple[str, str, str, str]) -> None:
    case, file, region, account = place
    template = parse(generated(case)[file], file)
    if not PLACES[place]:
        assert resolve(template, account=account, region=region).region == region
        return
    with pytest.raises(FailedAssertionError, match=PLACES[place]):
        resolve(template, account=account, region=region)
