"""Has ministack parse each JSONata expression once, and not in every state that evaluates it.

To parse one in Python takes as long as to evaluate it, or longer, and a definition has the same ones for all of its executions. What was parsed
is only read: an evaluation keeps what is its own in frames (https://github.com/rayokota/jsonata-python, jsonata.py).
"""

from jsonata.parser import Parser

# Those of all definitions that a stack is likely to have, many times over.
MOST = 10_000


def parse_once() -> None:
    parse = Parser.parse
    parsed = {}

    def once(self, expression, *options):
        key = (expression, *options)
        if key in parsed:
            return parsed[key]
        tree = parse(self, expression, *options)
        if tree.errors is None and len(parsed) < MOST:
            parsed[key] = tree
        return tree

    Parser.parse = once
