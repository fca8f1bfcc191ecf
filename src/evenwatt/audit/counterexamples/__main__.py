"""List the stored counterexamples; with ``--renew`` find them anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from evenwatt.audit.counterexamples import STORED, stored
from evenwatt.audit.counterexamples.renew import renewed, written
from evenwatt.core import rule

KINDS = ("claims", "bargaining")


def main() -> None:
    """Print or renew."""
    parser = argparse.ArgumentParser(prog="python -m evenwatt.audit.counterexamples", description=__doc__)
    parser.add_argument("--renew", action="store_true", help="search again and rewrite the stored file")
    if parser.parse_args().renew:
        enrolled = {name: held for kind in KINDS for name, held in rule.all(kind).items()}
        text = written(renewed(enrolled))
        Path(__file__).with_name(STORED).write_text(text, encoding="utf-8")
        stored.cache_clear()
    for name, axioms in stored().items():
        for axiom, held in axioms.items():
            print(f"{name} {axiom}: {held.sentence}")


if __name__ == "__main__":
    main()
