"""What scanners find and we accept is in the template, with the reason."""

from __future__ import annotations

from troposphere import Template, sqs

from cfn_breakglass.builders.scanner_suppressions import accepted
from cfn_breakglass.generation.files import as_data
from cfn_breakglass.generation.yaml_format import as_yaml


def test_a_reason_is_in_the_metadata_of_the_resource() -> None:
    template = Template()
    template.add_resource(sqs.Queue("Queue", Metadata=accepted(CKV_AWS_27="it is empty")))
    assert as_yaml(as_data(template)) == (
        "Resources:\n"
        "  Queue:\n"
        "    Type: AWS::SQS::Queue\n"
        "    Metadata: {checkov: {skip: [{id: CKV_AWS_27, comment: it is empty}]}}\n"
    )


def test_a_resource_may_have_several() -> None:
    ids = [skipped["id"] for skipped in accepted(CKV_AWS_27="it is empty", CKV_AWS_1="it is blue")["checkov"]["skip"]]
    assert ids == ["CKV_AWS_27", "CKV_AWS_1"]
