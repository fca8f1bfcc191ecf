"""Words and progress for a person at a terminal, plain text or JSON for everything else."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import typer

from evenwatt.core.errors import EvenwattError, InputError

F = TypeVar("F", bound=Callable[..., Any])
Progress = Callable[[int, int, str], None]

_NUMBER = re.compile(r"[-+]?[\d,.]+(e[-+]?\d+)?%?")

OK, BAD_RESULT, BAD_INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


def guarded(verb: F) -> F:
    """Turn what a verb raises into one clear message and the exit code it stands for."""

    @wraps(verb)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return verb(*arguments, **options)
        except InputError as error:
            _complain(str(error))
            raise typer.Exit(BAD_INPUT) from None
        except EvenwattError as error:
            _complain(str(error))
            raise typer.Exit(BAD_RESULT) from None
        except KeyboardInterrupt:
            _complain(
                "interrupted; nothing is left half done, and the same command goes on from what was finished"
            )
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except OSError as error:
            _complain(f"{error.filename or 'file'}: {error.strerror or error}")
            raise typer.Exit(BAD_INPUT) from None
        except Exception as error:
            if os.environ.get("EVENWATT_DEBUG"):
                raise
            _complain(
                f"internal error: {type(error).__name__}: {error}\n"
                "this is a fault of evenwatt; EVENWATT_DEBUG=1 shows where, please report it"
            )
            raise typer.Exit(INTERNAL) from None

    return run  # type: ignore[return-value]


def _complain(message: str) -> None:
    print(f"evenwatt: {message}", file=sys.stderr)


def say(*lines: str) -> None:
    """Print lines as they are."""
    for line in lines:
        print(line)


def emit(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table; numbers to the right. Narrower and without frames where output is not a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    drawn = Table(title=title or None, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 1))
    for k, name in enumerate(columns):
        numeric = bool(rows) and all(row[k] is None or _NUMBER.fullmatch(str(row[k])) for row in rows)
        drawn.add_column(name, justify="right" if numeric else "left", no_wrap=k == 0)
    for row in rows:
        drawn.add_row(
            *("-" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row)
        )
    console.print(drawn)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Give a callable for ``(done, total, what)``; draws a bar with the remaining time on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def step(done: int, total: int, what: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step
