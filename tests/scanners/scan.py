"""What three scanners say of emitted templates: ``python tests/scanners/scan.py [FOLDER ...]``, or of all committed.

cfn-lint with its informational rules, checkov, and parliament over every policy. It ends with 1 when one of them has
anything to say that is not accepted with a reason, or when one of them looked at nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # run as a script, its own folder is all there is
from policies import policies_beside, policies_of, statements_in
from tool_environments import kept_environment

from cfn_breakglass.analysis.template.template_files import TemplateFile, read_template_files
from cfn_breakglass.analysis.validation.cfn_lint import lint
from cfn_breakglass.aws.partitions import ALL_REGIONS
from cfn_breakglass.errors import TemplateError

_HERE = Path(__file__).parent
_COMMITTED = (*sorted((_HERE.parent / "golden").iterdir()), _HERE.parent.parent / "templates")
# parliament 1.6.4 imports pkg_resources, which setuptools had until 81.
_PACKAGES = ("checkov==3.3.30", "parliament==1.6.4", "setuptools<81")
# checkov parses a path for each Fn::Sub, and its parser works out its tables anew each time, which is nearly all the
# time it takes. It looks for them in a file first: here it is.
_PARSE_TABLES = """
import os, bc_jsonpath_ng.ext.parser as reader, ply.yacc
ply.yacc.yacc(module=reader.ExtentedJsonPathParser(), debug=False, tabmodule="parser_jsonpath_parsetab",
              outputdir=os.path.dirname(reader.__file__), start="jsonpath")
"""

# A template of ours refuses to be deployed outside of the partition that its ARNs name.
_PARTITION_IN_ARN = "I3042"


class Verdict(NamedTuple):
    """What a scanner found, a line each, what was accepted and why, and what it looked at."""

    scanner: str
    looked: str
    found: list[str]
    accepted: list[str]


def main(*folders: str) -> int:
    """Scan the templates in ``folders``; print what was found and what was looked at."""
    places = [Path(folder) for folder in folders] or _COMMITTED
    try:
        read = {place: read_template_files(place) for place in places}
    except TemplateError as error:
        print(error)
        return 1
    every = [plan for found in read.values() for plan in found]
    inside = environment()
    with ThreadPoolExecutor() as beside:
        # Processes of their own: cfn-lint has this one.
        others = [beside.submit(checkov, inside, every), beside.submit(parliament, inside, read)]
        verdicts = [cfn_lint(every), *(other.result() for other in others)]
    for verdict in verdicts:
        for line in (*verdict.found, *_counted(verdict.accepted)):
            print(line)
        print(f"{verdict.scanner}: {verdict.looked}: {len(verdict.found)} found, {len(verdict.accepted)} accepted")
    return int(any(verdict.found for verdict in verdicts))


def environment() -> Path:
    """The Python of the environment of checkov and parliament, whose dependencies clash with ours."""
    return kept_environment(
        "the scanners",
        # Not the one of this environment: another clone has the same.
        Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}"),
        sys.version,
        packages=_PACKAGES,
        constraints=_HERE / "constraints.txt",
        finish=_PARSE_TABLES,
    )


def _counted(accepted: Iterable[str]) -> list[str]:
    return [f"accepted {count} times: {what}" for what, count in sorted(Counter(accepted).items())]


def cfn_lint(every: list[TemplateFile]) -> Verdict:
    """Every template in the regions that it goes to, if it goes to any that cfn-lint knows."""
    going = [(plan, regions) for plan in every if (regions := [name for name in plan.regions if name in ALL_REGIONS])]
    found = [
        str(one)
        for plan, regions in going
        for one in lint(plan.text, plan.file, regions, informational=True)
        if one.rule_id != _PARTITION_IN_ARN
    ]
    names = {region for _, regions in going for region in regions}
    return Verdict("cfn-lint", f"{len(going)} templates in {len(names)} regions", found or _unless(going), [])


def checkov(inside: Path, every: list[TemplateFile]) -> Verdict:
    """Every template, each resource of it read."""
    said = _ask(inside, "ask_checkov.py", [str(Path(plan.file).resolve()) for plan in every])
    resources = sum(len(plan.template["Resources"]) for plan in every)
    checks = said["passed"] + len(said["failed"]) + len(said["accepted"])
    found = ["{file}: line {line}: {check} {resource}: {what}".format(**one) for one in said["failed"]]
    found += [f"{file}: checkov could not read it" for file in said["unread"]]
    found += [f"checkov wanted to reach a network: {reached}" for reached in said["reached"]]
    if said["resources"] != resources:
        found.append(f"checkov read {said['resources']} resources of {resources}")
    accepted = ["{check} {resource}: {why}".format(**one) for one in said["accepted"]]
    looked = f"{len(every)} templates, {said['resources']} resources, {checks} checks"
    return Verdict("checkov", looked, found or _unless(checks), accepted)


def parliament(inside: Path, read: dict[Path, list[TemplateFile]]) -> Verdict:
    """Every policy of the templates and beside them."""
    policies: dict[str, str] = {}
    for place, found_there in read.items():
        policies |= policies_beside(place)
        for plan in found_there:
            policies |= policies_of(plan)
    # Regions and cases share most of theirs: each text is asked about once.
    texts: dict[str, str] = {}
    for name, text in policies.items():
        texts.setdefault(text, name)
    said = _ask(inside, "ask_parliament.py", {name: text for text, name in texts.items()})
    statements = sum(map(statements_in, texts))
    found, accepted = [], []
    for one in said["failed"]:
        reason = next((each for each in reasons() if is_about(each, one)), None)
        if reason:
            where = one["policy"].partition(": ")[2] or "a file beside the templates"
            accepted.append("{check} {where}: {why} ({source})".format(**reason, where=where))
        else:
            found.append("{policy}: {check} {what}: {detail}".format(**one))
    if said["statements"] != statements:
        found.append(f"parliament read {said['statements']} statements of {statements}")
    looked = f"{len(policies)} policies, {len(texts)} of them different, with {statements} statements"
    return Verdict("parliament", looked, found or _unless(statements), accepted)


@cache
def reasons() -> list[dict[str, str]]:
    """What of parliament's is accepted, and why."""
    accepted: list[dict[str, str]] = yaml.safe_load((_HERE / "parliament-accepted.yaml").read_text(encoding="utf-8"))
    return accepted


def is_about(reason: dict[str, str], said: dict[str, Any]) -> bool:
    """Whether ``reason`` is given for what parliament ``said``, and where."""
    where, what = said["policy"].partition(": ")[2], str(said["detail"])
    same = reason["check"] == said["check"]
    return same and bool(re.fullmatch(reason["policy"], where) and re.fullmatch(reason["says"], what, re.DOTALL))


def _unless(looked_at: Any) -> list[str]:
    return [] if looked_at else ["there was nothing to look at"]


def _ask(inside: Path, script: str, question: Any) -> Any:
    """The answer of a script beside this one, asked in the environment of the scanners."""
    # Nothing that steers a scanner may reach it: not its settings, nor its config files at home or here.
    done = subprocess.run(
        [inside, "-I", _HERE / script],
        cwd=inside.parent,
        env={},
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
