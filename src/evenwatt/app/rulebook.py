"""Every rule as people may want it described: spelling, source, promises and counterexamples."""

from __future__ import annotations

from typing import Any

from evenwatt import audit
from evenwatt.core import rule as registry
from evenwatt.core.rule import Rule


def described(name: str | None = None) -> list[dict[str, Any]]:
    """Describe one rule, or all of them.

    Raises
    ------
    RuleError
        If ``name`` is unknown.
    """
    held = registry.all("claims") | registry.all("bargaining")
    if name is not None:
        kind = "bargaining" if name in registry.all("bargaining") else "claims"
        held = {name: registry.find(kind, name)}
    return [_described(rule) for rule in held.values()]


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "kind": rule.kind,
        "title": rule.title,
        "spelling": _spelling(rule),
        "source": rule.source,
        "members": list(rule.members),
        "weighted": rule.weighted,
        "parameters": {
            key: value for key, value in rule.parameters.items() if isinstance(value, (int, float, str))
        },
        "promises": [
            {
                "axiom": promise.axiom,
                "title": audit.AXIOMS[promise.axiom].title,
                "statement": audit.AXIOMS[promise.axiom].statement,
                "holds": promise.holds,
                "witness": None if promise.witness is None else promise.witness.sentence,
            }
            for promise in audit.promises(rule)
        ],
    }


def _spelling(rule: Rule) -> str:
    options = [f"{key}={value}" for key, value in rule.parameters.items() if isinstance(value, (int, float))]
    if rule.weighted:
        options.append("weights=COLUMN")
    return rule.name + (f"[:{','.join(options)}]" if options else "")


def markdown() -> str:
    """The reference page of rules: one table of names, one of promises."""
    held = described()
    lines = [
        "# Rules",
        "",
        "Made by `python -m evenwatt.app.rulebook`; `evenwatt rules RULE` tells one rule in full.",
        "",
        "| written | rule | source |",
        "|---|---|---|",
        *(f"| `{r['spelling']}` | {r['title']} | {r['source']} |" for r in held),
        "",
        "## Promises",
        "",
        "`+` promised, and tested on random problems; `-` broken, a counterexample is stored and tested; "
        "`?` undecided.",
        "",
        f"| axiom | {' | '.join(r['name'] for r in held)} |",
        f"|---|{'---|' * len(held)}",
    ]
    for k, promise in enumerate(held[0]["promises"]):
        marks = [{True: "+", False: "-", None: "?"}[r["promises"][k]["holds"]] for r in held]
        lines.append(f"| {promise['title']} | {' | '.join(marks)} |")
    lines += ["", "## What the axioms say", ""]
    lines += [f"- **{p['title']}** (`{p['axiom']}`): {p['statement']}" for p in held[0]["promises"]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
