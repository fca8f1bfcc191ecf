"""List the stored counterexamples; with ``--renew`` find them anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from evenwatt.audit.auctions.counterexamples import STORED, renewed, stored, written


def main() -> None:
    """Print or renew."""
    parser = argparse.ArgumentParser(prog="python -m evenwatt.audit.auctions", description=__doc__)
    parser.add_argument("--renew", nargs="*", metavar="MECHANISM", help="search again, for these or for all")
    renew: list[str] | None = parser.parse_args().renew
    if renew is not None:
        kept = {name: held for name, held in stored().items() if renew and name not in renew}
        Path(__file__).with_name(STORED).write_text(written(kept | renewed(renew)), encoding="utf-8")
        stored.cache_clear()
    for mechanism, properties in stored().items():
        for name, held in properties.items():
            print(f"{mechanism} {name}: {held.sentence}")


if __name__ == "__main__":
    main()
