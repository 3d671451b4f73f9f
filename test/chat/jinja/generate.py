"""Writes random templates to recorded/random.json, for `record.py` to record.

    python3 test/chat/jinja/generate.py [COUNT [SEED]] && python3 test/chat/jinja/record.py

Templates are random combinations of statements, expressions and white space; most of them render, some fail. Those whose
output depends on the process (addresses of objects) or shows a generator, which is a list here, are left out.
"""

import json
import pathlib
import random
import re
import sys

import record

VARIABLES = {
    "messages": [
        {"role": "system", "content": "Be brief. "},
        {"role": "user", "content": " Hi <b> é😀\n"},
        {"role": "assistant", "content": None, "tool_calls": [{"name": "f", "arguments": {"a": 1, "b": [True, None]}}]},
        {"role": "user", "content": "x"},
    ],
    "x": 5,
    "y": -7,
    "f": 2.5,
    "s": "Hello World",
    "e": "",
    "n": None,
    "t": True,
    "items": ["a", "b", "c"],
    "nums": [3, 1, 2],
    "d": {"b": 1, "a": 2, "c": [1, 2]},
}
NAMES = [*VARIABLES, "a", "b", "c", "zz"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loops = 0
        self.macros = []

    def pick(self, *options):
        return self.random.choice(options)

    def chance(self, share):
        return self.random.random() < share

    # Expressions

    def simple(self):
        return self.pick(
            lambda: self.pick(*NAMES),
            lambda: self.pick(*NAMES),
            lambda: self.pick("1", "0", "2", "-3", "10", "2.5", "1e2", "0x1f", "1_000", "true", "none", "False"),
            lambda: self.pick("'a'", '"b"', "''", "'user'", "'x y'", "'a' 'b'", "'\\n'", "'\\d'", "'%s'", "'{%'", "'}}'"),
            lambda: self.pick("loop.index", "loop.first", "loop.last", "loop.length", "loop.previtem", "loop.nextitem")
            if self.loops
            else "x",
        )()

    def atom(self, depth=0):
        if depth <= 0 or self.chance(0.5):
            return self.simple()
        inner = lambda: self.expression(depth - 1)
        return self.pick(
            lambda: f"[{', '.join(inner() for _ in range(self.random.randrange(3)))}]",
            lambda: f"({inner()}, {inner()})",
            lambda: f"{{'k': {inner()}, {self.atom_key()}: {inner()}}}",
            lambda: f"({inner()})",
            lambda: f"range({self.pick('3', '1, 4', 'x', '5, 0, -2')})",
            lambda: f"{self.pick(*self.macros)}({self.arguments()})" if self.macros else "s",
        )()

    def atom_key(self):
        return self.pick("'a'", "1", "x", "none", "(1, 2)", "'k'")

    def arguments(self):
        given = [self.expression(1) for _ in range(self.random.randrange(3))]
        if self.chance(0.3):
            given.append(f"{self.pick('p', 'q', 'r')}={self.simple()}")
        if self.chance(0.1):
            given.append(self.pick("*nums", "*[1]", "**d", "**{'q': 1}"))
        return ", ".join(given)

    def postfix(self, operand):
        return operand + self.pick(
            lambda: f"[{self.simple()}]",
            lambda: self.pick(".a", ".content", ".role", "[0]", "[-1]", "['a']", ".0", "[1:]", "[::-1]", "[:2]", "[0].role"),
            lambda: self.pick(".upper()", ".items()", ".get('a')", ".split()", ".strip()", ".keys()", ".startswith('H')"),
        )()

    def filter(self, operand):
        return operand + "|" + self.pick(
            lambda: self.pick("upper", "trim", "length", "list", "first", "last", "string", "int", "tojson", "title"),
            lambda: self.pick("join(',')", "sort", "reverse|list", "default('D')", "default('D', true)", "abs", "sum"),
            lambda: self.pick("map('string')|list", "map(attribute='role')|list", "select('defined')|list", "unique|list"),
            lambda: self.pick("selectattr('role', 'eq', 'user')|list", "rejectattr('content')|list", "dictsort", "items|list"),
            lambda: f"replace({self.pick(chr(39) + 'a' + chr(39), chr(39) + 'o' + chr(39), 's')}, {self.simple()}|string)",
        )()

    def test(self, operand):
        return f"{operand} is {self.pick('', 'not ')}" + self.pick(
            lambda: self.pick("defined", "none", "string", "mapping", "iterable", "odd", "even", "number", "true", "sequence"),
            lambda: f"{self.pick('eq', 'ne', 'in', 'sameas', 'lt')}({self.simple()})",
            lambda: f"{self.pick('eq', 'divisibleby', 'in')} {self.pick('2', 'x', 'nums', '[1, 2]', chr(39) + 'a' + chr(39))}",
        )()

    def expression(self, depth=4):
        if depth <= 0 or self.chance(0.25):
            return self.simple()
        inner = lambda: self.expression(depth - 1)
        return self.pick(
            lambda: self.atom(depth),
            lambda: f"{inner()} {self.pick('+', '-', '*', '/', '//', '%', '~', '~', '~')} {inner()}",
            lambda: f"{inner()} {self.pick('and', 'or')} {inner()}",
            lambda: f"{inner()} {self.pick('==', '!=', '<', '<=', '>', '>=', 'in', 'not in')} {inner()}",
            lambda: f"{inner()} {self.pick('==', '<', 'in')} {inner()} {self.pick('==', '>', 'not in')} {inner()}",
            lambda: f"not {inner()}",
            lambda: f"-{self.atom(depth - 1)}",
            lambda: f"{inner()} if {inner()} else {inner()}",
            lambda: f"({inner()} if {inner()})",
            lambda: self.postfix(self.atom(depth - 1)),
            lambda: self.postfix(self.postfix(self.pick("messages", "d", "items", "s"))),
            lambda: self.filter(self.atom(depth - 1)),
            lambda: self.filter(self.filter(self.pick("messages", "nums", "items", "s", "d", "x"))),
            lambda: self.test(self.atom(depth - 1)),
        )()

    # Statements

    def tag(self, inner):
        return "{%" + self.pick("", "", "-", "+") + f" {inner} " + self.pick("", "", "-", "+") + "%}"

    def text(self):
        return "".join(
            self.pick("a", "B ", "\n", "\n\n", "  ", "\t", "<|im|>", "\n    ", "}", "{ ", "#", "%", "é", "\r\n", "\r")
            for _ in range(self.random.randrange(4))
        )

    def target(self):
        return self.pick("a", "b", "c", "x", "a, b")

    def body(self, depth):
        return "".join(self.statement(depth) for _ in range(self.random.randrange(1, 4)))

    def output(self):
        return "{{" + self.pick("", "", "-") + f" {self.expression()} " + self.pick("", "", "-") + "}}"

    def loop(self, depth):
        extra = self.pick("", "", "", f" if {self.pick('i', 'i is odd', 'i != ' + self.atom(), 'loop')}")
        head = f"for {self.pick('i', 'i', 'i', 'i, j')} in {self.pick('nums', 'items', 'messages', 'd', 'd.items()', 's', '[]', 'zz', self.expression(2))}{extra}"
        self.loops += 1
        inner = self.body(depth - 1)
        if self.chance(0.2):
            inner += self.tag(f"if {self.expression(2)}") + self.tag(self.pick("break", "continue")) + self.tag("endif") + self.text()
        self.loops -= 1
        other = self.tag("else") + self.body(depth - 1) if self.chance(0.3) else ""
        return self.tag(head) + inner + other + self.tag("endfor")

    def macro(self, depth):
        loops, self.loops = self.loops, 0
        name = self.pick("m", "k")
        inner = self.body(depth - 1) + self.pick("", "{{ varargs }}", "{{ kwargs }}", "{{ p }}{{ q }}")
        caller = self.chance(0.3)
        if caller:
            inner += "{{ caller(1) if caller }}"
        self.loops = loops
        made = self.tag(f"macro {name}({self.pick('', 'p', 'p, q=2', 'p=x, q=p')})") + inner + self.tag("endmacro")
        self.macros.append(name)
        return made

    def statement(self, depth=3):
        if depth <= 0:
            return self.text() + self.output()
        inner = lambda: self.body(depth - 1)
        return self.text() + self.pick(
            self.output,
            self.output,
            lambda: self.tag(f"if {self.expression()}") + inner() + self.tag("endif"),
            lambda: self.tag(f"if {self.expression()}") + inner() + self.tag("else") + inner() + self.tag("endif"),
            lambda: self.tag(f"if {self.expression(2)}") + inner() + self.tag(f"elif {self.expression(2)}") + inner() + self.tag("endif"),
            lambda: self.loop(depth),
            lambda: self.loop(depth),
            lambda: self.tag(f"set {self.target()} = {self.expression()}"),
            lambda: self.tag(f"set {self.pick('a', 'b', 'x')} = {self.expression()}"),
            lambda: self.tag(f"set {self.pick('a', 'x')}{self.pick('', '|upper', '|trim')}") + inner() + self.tag("endset"),
            lambda: self.tag("set ns = namespace(v=0)") + self.loop(1) + self.tag(f"set ns.v = {self.expression(2)}") + "{{ ns.v }}",
            lambda: self.tag(f"with {self.pick('a', 'x')} = {self.expression(2)}, b = {self.expression(1)}") + inner() + self.tag("endwith"),
            lambda: self.tag(f"filter {self.pick('upper', 'trim', 'replace(chr, s)', 'indent(2)')}".replace("chr", "'a'")) + inner() + self.tag("endfilter"),
            lambda: self.macro(depth),
            lambda: self.tag(f"call{self.pick('', '(v)')} {self.pick(*self.macros)}({self.arguments()})") + self.text() + "{{ v }}" + self.tag("endcall")
            if self.macros
            else self.output(),
            lambda: self.tag("generation") + inner() + self.tag("endgeneration"),
            lambda: "{%" + self.pick("", "-") + " raw " + self.pick("", "-") + "%}" + self.text() + "{{ x }}" + self.tag("endraw"),
            lambda: "{#" + self.pick("", "-", "+") + self.text() + self.pick("", "-", "+") + "#}",
        )()

    def template(self):
        return "".join(self.statement() for _ in range(self.random.randrange(1, 5))) + self.text()


# Jinja2 evaluates constants at compile time, where a slice of an unsliceable value is undefined rather than an error.
SLICED_CONSTANT = re.compile(r"(\d|true|false|none)\[[^\]]*:", re.IGNORECASE)


def is_fit(case):
    shown = case.get("output", "")
    return (
        not SLICED_CONSTANT.search(case["template"])
        and len(case["template"]) < 600
        and len(shown) < 3000
        and not any(part in shown for part in (" at 0x", "<generator", "<built-in", "<bound", "<class", "<function", "<Namespace"))
        # JSON files cannot contain lone surrogates.
        and not any("\ud800" <= character <= "\udfff" for character in shown)
    )


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    cases = []
    while len(cases) < count:
        template = Generator(seed).template()
        seed += 1
        case = record.record({"template": template, "variables": {k: v for k, v in VARIABLES.items() if k in template}})
        # Most failures are of one kind, unsupported operand types.
        if is_fit(case) and ("output" in case or seed % 4 == 0):
            cases.append(case)
    path = pathlib.Path(__file__).parent / "recorded" / "random.json"
    path.write_text(json.dumps(cases, ensure_ascii=False), "utf-8")
    print(f"{len(cases)} templates, {sum('error' in case for case in cases)} errors")


if __name__ == "__main__":
    main()
