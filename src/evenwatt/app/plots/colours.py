"""Colours: one per rule and agent wherever they appear, told apart by colour-blind readers too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

Colour = tuple[int, int, int]

# Okabe & Ito 2008, jfly.uni-koeln.de/color, less its yellow and black: lost on white or on black paper.
BLUE, ORANGE, GREEN, SKY = "#0072b2", "#d98a00", "#009e73", "#4aa8dc"
VERMILION, PURPLE, GREY = "#d55e00", "#bf6a9b", "#7d858e"
WINE, INDIGO = "#93385f", "#6a5fb0"  # Tol 2021, "muted", made to read on dark paper too
SOLID, DASHED, DOTTED = "", "6 3", "2 3"

# Tol 2021, personal.sron.nl/~pault, "bright", a little darker where the original is too light for bands.
AGENTS = ("#4477aa", "#d9a520", "#228833", "#e06070", "#39a9c4", "#aa3377", "#8a7a5c", "#7d858e")
GRID = "#9aa1a8"


@dataclass(frozen=True)
class Ink:
    """How the line of a rule looks: its colour and its dashes."""

    colour: str
    dash: str = SOLID


RULES = {
    "pro": Ink(GREY),
    "apro": Ink(GREY, DASHED),
    "cea": Ink(BLUE),
    "dt": Ink(BLUE, DASHED),
    "cel": Ink(VERMILION),
    "cd": Ink(VERMILION, DASHED),
    "talmud": Ink(GREEN),
    "rtalmud": Ink(GREEN, DASHED),
    "tal": Ink(GREEN, DOTTED),
    "piniles": Ink(SKY),
    "ce": Ink(SKY, DASHED),
    "ra": Ink(ORANGE),
    "aa": Ink(ORANGE, DASHED),
    "mo": Ink(PURPLE),
    "av": Ink(PURPLE, DASHED),
    "nash-equal": Ink(WINE),
    "nash-claims": Ink(WINE, DASHED),
    "nash-minimal-rights": Ink(INDIGO),
    "nash-minimal-rights-claims": Ink(INDIGO, DASHED),
}
OTHERS = tuple(Ink(colour, dash) for dash in (SOLID, DOTTED) for colour in (WINE, GREY, PURPLE, ORANGE, SKY))


def rule_ink(rule: str) -> Ink:
    """The ink of a rule by its name; parameters (``tal:theta=0.25``) keep the family's ink."""
    name = rule.partition(":")[0]
    return RULES.get(name) or OTHERS[crc32(name.encode()) % len(OTHERS)]


def agent_colour(position: int) -> str:
    """The colour of the agent at this position of the agents' table."""
    return AGENTS[position % len(AGENTS)]


@dataclass(frozen=True)
class Ramp:
    """A sequential scale from 0 to 1, evenly spaced stops, and the colour of what has no value."""

    stops: Sequence[Colour]
    absent: Colour = (222, 224, 226)

    def at(self, share: float) -> Colour:
        """The colour at a share of the way, straight between its two neighbours.

        Examples
        --------
        >>> Ramp([(0, 0, 0), (100, 200, 40)]).at(0.5)
        (50, 100, 20)
        """
        place = min(max(share, 0.0), 1.0) * (len(self.stops) - 1)
        below = min(int(place), len(self.stops) - 2)
        return tuple(  # type: ignore[return-value]
            round(low + (high - low) * (place - below))
            for low, high in zip(self.stops[below], self.stops[below + 1], strict=True)
        )

    def palette(self, levels: int) -> list[Colour]:
        """``levels`` colours from one end to the other."""
        return [self.at(level / (levels - 1)) for level in range(levels)]


# Dark means scarce in both; lightness falls monotonically, so they also read in grey.
COVERAGE = Ramp(
    [(38, 23, 74), (49, 75, 134), (44, 128, 146), (99, 178, 139), (190, 217, 141), (253, 245, 202)]
)
SHORTAGE = Ramp(
    [(250, 245, 235), (247, 215, 166), (238, 160, 98), (209, 94, 63), (146, 41, 56), (72, 14, 44)]
)


def hexadecimal(colour: Colour) -> str:
    """``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
