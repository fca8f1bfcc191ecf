"""Spain: coefficients that sum to one in every hour, fixed or by hour of the year, told beforehand."""

from evenwatt.sharing.countries.forms import BY_POOL
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "Real Decreto 244/2019, annex I; Orden TED/1247/2021"

FIXED = Regulation(
    name="es-fixed",
    country="Spain",
    title="the Spanish constant coefficients",
    form=BY_POOL,
    rule="A consumer is given its coefficient times the hour's net generation; what exceeds its demand is its own "
    "surplus and goes to the grid.",
    source=_SOURCE,
    certain="Hourly; coefficients sum to one in every hour; told beforehand and changed every four months at most.",
    uncertain="Layout and decimals of the file that carries them.",
    minutes=60,
    keys="fixed",
    sums_to_one=True,
)
HOURLY = Regulation(
    name="es-hourly",
    country="Spain",
    title="the Spanish hourly coefficients",
    form=BY_POOL,
    rule="As es-fixed, with a coefficient for every hour of the year, told beforehand.",
    source=_SOURCE,
    certain="As es-fixed; coefficients may differ from hour to hour but are not chosen afterwards.",
    uncertain="As es-fixed.",
    minutes=60,
    keys="interval",
    sums_to_one=True,
)
REGULATIONS = (FIXED, HOURLY)
