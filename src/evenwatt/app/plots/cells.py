"""Tables as data: columns of written cells, some with a bar, a dot or a hint, ready for any template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evenwatt.app.plots.quantities import Unit, grouped, percent, unit_for
from evenwatt.core.units import MICRO_PER_UNIT

NOTHING = "–"
Figures = Sequence[float | None]


@dataclass(frozen=True)
class Cell:
    """What a cell says; ``bar`` is a share of its width, ``dot`` a colour, ``note`` stands beneath."""

    words: str
    bar: float | None = None
    dot: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A heading with its unit and a cell per row; figures stand on the right."""

    title: str
    cells: Sequence[Cell]
    unit: str = ""
    is_figure: bool = True


@dataclass(frozen=True)
class Table:
    """Columns of equal length under one caption.

    Attributes
    ----------
    name : str
        Its id in the page.
    marked : set of int
        Rows to set off, such as the case's rule.
    is_searchable : bool
        Whether it gets a filter box and headings that sort.
    is_folded : bool
        Whether it waits behind a line until asked for (paper leaves it out: its figure is there).
    """

    name: str
    caption: str
    columns: Sequence[Column]
    marked: frozenset[int] = field(default_factory=frozenset)
    is_searchable: bool = False
    is_folded: bool = False

    @property
    def length(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].cells) if self.columns else 0


def words(
    title: str, values: Sequence[object], *, dots: Sequence[str] = (), notes: Sequence[str] = ()
) -> Column:
    """A column of words, each with a dot of its colour and a note beneath if there are any."""
    nothing = [""] * len(values)
    told = [NOTHING if v is None else str(v) for v in values]
    cells = [
        Cell(word, dot=dot, note=note)
        for word, dot, note in zip(told, dots or nothing, notes or nothing, strict=True)
    ]
    return Column(title, cells, is_figure=False)


def energies(
    columns: Mapping[str, Figures], *, bars: frozenset[str] = frozenset(), unit: Unit | None = None
) -> list[Column]:
    """Columns of energies [Wh] in one unit, so that they compare; a bar where the title is in ``bars``."""
    unit = unit or unit_for([v for values in columns.values() for v in values])
    largest = max((abs(v) for values in columns.values() for v in values if v is not None), default=0)
    decimals = 0 if unit.wh == 1 else 2 if largest < 10 * unit.wh else 1
    made = []
    for title, values in columns.items():
        told = [NOTHING if v is None else unit.of(v, decimals) for v in values]
        made.append(Column(title, _barred(told, values, title in bars), unit.name))
    return made


def shares(title: str, values: Figures, *, bars: bool = False, decimals: int = 0) -> Column:
    """A column of fractions as percentages; a bar is the share itself."""
    told = [NOTHING if v is None else percent(v, decimals) for v in values]
    lengths = [min(max(v, 0.0), 1.0) if bars and v is not None else None for v in values]
    return Column(title, [Cell(t, bar) for t, bar in zip(told, lengths, strict=True)])


def numbers(title: str, values: Figures, decimals: int = 0, *, unit: str = "", bars: bool = False) -> Column:
    """A column of plain numbers."""
    told = [NOTHING if v is None else grouped(v, decimals) for v in values]
    return Column(title, _barred(told, values, bars), unit)


def moneys(title: str, micro: Figures, currency: str, *, decimals: int = 2, bars: bool = False) -> Column:
    """A column of money [micro-units] in the currency."""
    amounts = [None if v is None else v / MICRO_PER_UNIT for v in micro]
    return numbers(title, amounts, decimals, unit=currency, bars=bars)


def _barred(told: Sequence[str], values: Figures, is_wanted: bool) -> list[Cell]:
    """Cells, with bars as shares of the largest value."""
    largest = max((v for v in values if v is not None), default=0) or 1
    return [
        Cell(t, max(v / largest, 0.0) if is_wanted and v is not None else None)
        for t, v in zip(told, values, strict=True)
    ]
