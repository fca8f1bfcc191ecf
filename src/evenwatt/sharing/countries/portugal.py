"""Portugal: fixed, proportional, hierarchical or dynamic coefficients; whoever injects cannot receive."""

from evenwatt.sharing.countries.forms import BY_LEVEL, BY_PAIR, BY_POOL, BY_RULE
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "ERSE, Regulamento do Autoconsumo n.º 815/2023, art. {}"
_INJECTS = "A member that injects in a quarter-hour cannot receive in it (art. 28(4))."

FIXED = Regulation(
    name="pt-fixed",
    country="Portugal",
    title="the Portuguese fixed coefficients",
    form=BY_POOL,
    rule="A consumer gets the smaller of its demand and its coefficient times the generation; the coefficient of "
    "a member that injects is spread over the others.",
    source=_SOURCE.format("28 and 29"),
    certain=_INJECTS + " Its coefficient is spread over the others (art. 29(3)).",
    uncertain="That it is spread in proportion to the others' coefficients.",
    keys="fixed",
    injecting_may_receive=False,
)
PROPORTIONAL = Regulation(
    name="pt-proportional",
    country="Portugal",
    title="the Portuguese proportional coefficients",
    form=BY_RULE,
    rule="Generation is divided in proportion to consumption in the same quarter-hour, never above it.",
    source=_SOURCE.format("28 and 30"),
    certain=_INJECTS,
    uncertain="Rounding of the coefficients.",
    formula="pro",
    injecting_may_receive=False,
)
HIERARCHICAL = Regulation(
    name="pt-hierarchical",
    country="Portugal",
    title="the Portuguese hierarchical coefficients",
    form=BY_LEVEL,
    rule="Consumers of a higher level are served first; within a level in proportion to consumption.",
    source=_SOURCE.format("28 to 32"),
    certain=_INJECTS + " Hierarchical sharing is among the modes of the regulation.",
    uncertain="Which of its modes divides within a level: proportional is taken here.",
    formula="pro",
    injecting_may_receive=False,
)
EX_POST = Regulation(
    name="pt-ex-post",
    country="Portugal",
    title="the Portuguese dynamic coefficients",
    form=BY_PAIR,
    rule="The managing entity sends, after the fact, one coefficient per producer, consumer and quarter-hour.",
    source=_SOURCE.format("28 and 32"),
    certain=_INJECTS + " Coefficients per pair and quarter-hour, afterwards: any rule may choose them.",
    uncertain="Separator, decimals and header of the file that carries them.",
    keys="interval",
    injecting_may_receive=False,
)
REGULATIONS = (FIXED, PROPORTIONAL, HIERARCHICAL, EX_POST)
