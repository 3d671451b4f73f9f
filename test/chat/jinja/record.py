"""Records Jinja2's results for the templates in recorded/*.json.

    python3 test/chat/jinja/record.py            (needs Jinja2 3.1: `pip install jinja2==3.1.6`)

Each file is a list of cases { "template", "variables", "output" | "error" }. This program fills in the last two: the text
that Jinja2 renders, or the name of the class of the exception that it raises. Cases are rewritten in place, in their order,
so a new case needs only a template and its variables.

The environment is the one in which `transformers` renders chat templates: sandboxed and immutable, blocks trimmed, loop
controls, the tag `generation`, `tojson` without escapes for HTML, `raise_exception` and `strftime_now`, with the clock fixed
at 2026-01-05T13:04:09. `fromjson` is added, because some published templates use it.
"""

import copy
import datetime
import json
import pathlib
import sys

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 1, 5, 13, 4, 9)


class Generation(Extension):
    """`{% generation %}` … `{% endgeneration %}`: the body is output like any other call block's."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("body"), [], [], body).set_lineno(line)

    def body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    made.filters["tojson"] = tojson
    made.filters["fromjson"] = json.loads
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def record(case):
    made = {"template": case["template"], "variables": case.get("variables", {})}
    # Some filters of Jinja2 modify their arguments.
    variables = copy.deepcopy(made["variables"])
    try:
        made["output"] = environment().from_string(made["template"]).render(**variables)
    except Exception as error:
        made["error"] = type(error).__name__
    return made


def main():
    print(f"Jinja2 {jinja2.__version__}, Python {sys.version.split()[0]}")
    for path in sorted(pathlib.Path(__file__).parent.glob("recorded/*.json")):
        cases = [record(case) for case in json.loads(path.read_text("utf-8"))]
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        path.write_text(f"[\n{lines}\n]\n" if cases else "[]\n", "utf-8")
        print(f"{path.name}: {len(cases)} cases, {sum('error' in case for case in cases)} errors")


if __name__ == "__main__":
    main()
