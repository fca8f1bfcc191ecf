"""Every rule as people may want it described: spelling, source, promises and counterexamples."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from evenwatt import audit
from evenwatt.core import rule as registry
from evenwatt.core.rule import Rule

# What a rule of each kind divides, most asked for first.
KINDS = {
    "claims": "claims on scarce energy",
    "bargaining": "claims on scarce energy, by bargaining",
    "coalitions": "the worth of a game",
    "coalitions.money": "what a microgrid saves",
}


def described(name: str | None = None) -> list[dict[str, Any]]:
    """Describe the rules of one name, whatever they divide, or all of them.

    Raises
    ------
    RuleError
        If ``name`` is unknown.
    """
    kinds = [kind for kind in KINDS if name is None or name in registry.all(kind)]
    if name is not None and not kinds:
        # The nearest of any kind, so that a slip of the pen is met with the right hint.
        every = {known: kind for kind in reversed(KINDS) for known in registry.all(kind)}
        near = get_close_matches(name, every, n=1)
        registry.find(every[near[0]] if near else "claims", name)
    held = [registry.all(kind) for kind in kinds]
    return [_described(rule) for rules in held for rule in rules.values() if name in (None, rule.name)]


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "kind": rule.kind,
        "divides": KINDS[rule.kind],
        "title": rule.title,
        "spelling": _spelling(rule),
        "source": rule.source,
        "members": list(rule.members),
        "weighted": rule.weighted,
        "parameters": {
            key: value for key, value in rule.parameters.items() if isinstance(value, (int, float, str))
        },
        "promises": _of_claims(rule) if rule.kind in ("claims", "bargaining") else _of_values(rule),
    }


def _of_claims(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "axiom": promise.axiom,
            "title": audit.AXIOMS[promise.axiom].title,
            "statement": audit.AXIOMS[promise.axiom].statement,
            "holds": promise.holds,
            "witness": None if promise.witness is None else promise.witness.sentence,
        }
        for promise in audit.promises(rule)
    ]


def _of_values(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "axiom": axiom.id,
            "title": axiom.id.replace("-", " "),
            "statement": axiom.statement,
            # Every promise a value does not make is broken by a game the tests draw; money rules are not so tried.
            "holds": True if axiom.id in rule.satisfies else False if rule.kind == "coalitions" else None,
            "witness": None,
        }
        for axiom in audit.VALUE_AXIOMS.values()
    ]


def _spelling(rule: Rule) -> str:
    options = [f"{key}={value}" for key, value in rule.parameters.items() if isinstance(value, (int, float))]
    if rule.weighted:
        options.append("weights=COLUMN")
    return rule.name + (f"[:{','.join(options)}]" if options else "")


def markdown() -> str:
    """The reference page of rules: for each kind a table of names and one of promises."""
    every = described()
    divided = [r for r in every if r["kind"] in ("claims", "bargaining")]
    lines = [
        "# Rules",
        "",
        "Made by `python -m evenwatt.app.rulebook`; `evenwatt rules RULE` tells one rule in full.",
        "",
        *_names(divided),
        "",
        "## Promises",
        "",
        "`+` promised, and tested on random problems; `-` broken, a counterexample is stored and tested; "
        "`?` undecided.",
        "",
        *_promises(divided),
        "",
        "## What the axioms say",
        "",
        *_statements(divided),
        "",
        "## Values of games",
        "",
        "What groups earn together, divided: functions of a `Game` in `evenwatt.coalitions`. `+` promised, and "
        "tested on random games; `-` not promised, and broken by some game that the tests draw.",
        "",
        *_kind(every, "coalitions"),
        "",
        *_statements([r for r in every if r["kind"] == "coalitions"]),
        "",
        "## Money in a microgrid",
        "",
        "`rule.money` of a microgrid: what pooling saved over the period, divided. Those that are values promise "
        "what the value promises.",
        "",
        *_names([r for r in every if r["kind"] == "coalitions.money"]),
    ]
    return "\n".join(lines) + "\n"


def _kind(every: Sequence[dict[str, Any]], kind: str) -> list[str]:
    held = [r for r in every if r["kind"] == kind]
    return [*_names(held), "", *_promises(held)]


def _names(held: Sequence[dict[str, Any]]) -> list[str]:
    rows = [f"| `{r['spelling']}` | {r['title']} | {r['source']} |" for r in held]
    return ["| written | rule | source |", "|---|---|---|", *rows]


def _promises(held: Sequence[dict[str, Any]]) -> list[str]:
    lines = [f"| axiom | {' | '.join(r['name'] for r in held)} |", f"|---|{'---|' * len(held)}"]
    for k, promise in enumerate(held[0]["promises"]):
        marks = [{True: "+", False: "-", None: "?"}[r["promises"][k]["holds"]] for r in held]
        lines.append(f"| {promise['title']} | {' | '.join(marks)} |")
    return lines


def _statements(held: Sequence[dict[str, Any]]) -> list[str]:
    return [f"- **{p['title']}** (`{p['axiom']}`): {p['statement']}" for p in held[0]["promises"]]


if __name__ == "__main__":
    print(markdown(), end="")
