"""Italy: virtual sharing in a community; the total is law, its division among members is private."""

from evenwatt.sharing.countries.forms import BY_RULE
from evenwatt.sharing.countries.regulation import Regulation

CER = Regulation(
    name="it",
    country="Italy",
    title="Italian virtual pooling",
    form=BY_RULE,
    rule="Shared energy of an hour is the smaller of all that is injected and all that is withdrawn below one "
    "primary substation; it is rewarded as a total, and the members divide the money as they agree.",
    source="Decreto legislativo 199/2021, art. 8 and 31; ARERA, Testo integrato autoconsumo diffuso 727/2022",
    certain="Hourly, per primary substation, the minimum of the two totals.",
    uncertain="Nothing is attributed to members by law: the proportional attribution here serves tables and "
    "private division only, and any rule may take its place.",
    formula="pro",
    minutes=60,
)
REGULATIONS = (CER,)
