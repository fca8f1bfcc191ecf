"""The parts of a market's page that tell of money: welfare and its split, members' surplus, who paid whom."""

from __future__ import annotations

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.cells import Column, Table, energies, moneys, numbers, words
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.market_inks import ROLES, party_colour
from evenwatt.app.plots.measured import measure, written
from evenwatt.app.plots.member_surplus import households, member_surplus, surplus_told
from evenwatt.app.plots.money_flows import balances, flows_told, money_flows, postings, titled
from evenwatt.app.plots.quantities import counted, household_unit, money_decimals
from evenwatt.app.plots.values import capital, value
from evenwatt.app.plots.welfare_split import welfare_split, welfare_told
from evenwatt.app.section import Block, Section, absent

COMPARED = (
    "welfare_share", "local_mean_per_mwh", "wholesale_mean_per_mwh", "unserved_wh", "emissions_t", "renewable_share",
    "self_sufficiency", "gini", "hhi", "lerner", "rsi_least", "pivotal_share", "fund_micro", "written_off_micro",
)  # fmt: skip
HOUSEHOLD_ENERGIES = {
    "load_wh": "Load", "pv_wh": "PV", "bought_local_wh": "Bought locally", "sold_local_wh": "Sold locally",
    "bought_utility_wh": "From utility", "fed_in_wh": "Fed in", "unserved_wh": "Unserved",
}  # fmt: skip
MONEYS = {"surplus_micro": "Surplus", "profit_micro": "Profit", "cash_end_micro": "Cash at the end"}
FIRM_ENERGIES = {"generated_wh": "Generated", "bought_wh": "Bought", "sold_wh": "Sold"}


def welfare(found: MarketFindings) -> Section:
    """Who has what of the welfare, and what the regulator changed."""
    name, title, rows = "welfare", "Who gained", found.table("welfare")
    if not rows:
        return absent(name, title, "welfare")
    drawn = welfare_split(rows, currency=found.currency)
    told = welfare_told(rows, currency=found.currency)
    blocks: list[Block] = [Figure("Welfare of each party", drawn, told)]
    if found.control is not None:
        blocks.append(_against_control(found))
    return Section(name, title, blocks, _no_control(found))


def _no_control(found: MarketFindings) -> str:
    """Why nothing can be said of what the regulator changed."""
    if found.control is not None or any(
        row.get("control_micro") is not None for row in found.table("welfare")
    ):
        return ""
    if found.measures.get("intervention") is False:
        return "The regulator was not allowed to act in this run, so there is nothing to compare it with."
    return "The report holds no control run of the same seed without intervention."


def _against_control(found: MarketFindings) -> Table:
    """Measures of the run beside those of the same seed without intervention."""
    control = found.control or {}
    is_undefined = False in (found.measures.get("gini_defined"), control.get("gini_defined"))
    shown = [key for key in COMPARED if not (key == "gini" and is_undefined)]
    held = [(key, found.figure(key), value(control, key)) for key in shown]
    held = [(key, own, other) for key, own, other in held if own is not None and other is not None]
    forms = [written(key, [own or 0, other or 0], found.currency) for key, own, other in held]
    rows = [
        (form.full(own or 0), form.full(other or 0), form.full((own or 0) - (other or 0), signed=True))
        for form, (_, own, other) in zip(forms, held, strict=True)
    ]
    columns = [words("", [measure(key).title for key, *_ in held])]
    for k, heading in enumerate(("With the regulator", "Same seed, no intervention", "Changed by")):
        column = words(heading, [row[k] for row in rows])
        columns.append(Column(heading, column.cells, is_figure=True))
    return Table("control", "What the regulator changed", columns)


def surplus(found: MarketFindings) -> Section:
    """The surplus of every household."""
    name, title, rows = "surplus", "Surplus by member", found.table("agents")
    if not rows:
        return absent(name, title, "agents")
    if not households(rows):
        return Section(name, title, [], "The report knows the surplus of no household, so none is shown.")
    gini = found.figure("gini")
    is_defined = found.measures.get("gini_defined") is not False
    drawn = member_surplus(rows, currency=found.currency, gini=gini, is_defined=is_defined)
    told = surplus_told(rows, currency=found.currency, gini=gini, is_defined=is_defined)
    return Section(name, title, [Figure("Every household, smallest first", drawn, told), *_personas(found)])


def _personas(found: MarketFindings) -> list[Table]:
    """Mean surplus by role and persona."""
    of: dict[tuple[str, str], list[Row]] = {}
    for row in found.table("agents"):
        if value(row, "surplus_micro") is not None:
            of.setdefault((str(row.get("role")), str(row.get("persona"))), []).append(row)
    if not of:
        return []
    means = [sum(float(row["surplus_micro"]) for row in rows) / len(rows) for rows in of.values()]
    columns = [
        words(
            "Role",
            [capital(role) for role, _ in of],
            dots=[ROLES.get(role, ROLES["regulator"]) for role, _ in of],
        ),
        words("Persona", [persona for _, persona in of]),
        numbers("Agents", [len(rows) for rows in of.values()]),
        moneys("Mean surplus", means, found.currency, decimals=money_decimals(means)),
    ]
    caption = (
        "By role and persona; these homes differ in more than their persona, so this shows no effect of it"
    )
    return [Table("personas", caption, columns, is_folded=True)]


def flows(found: MarketFindings) -> Section:
    """Who paid whom for what."""
    name, title, rows = "flows", "Where the money went", found.table("flows_money")
    if not rows:
        return absent(name, title, "flows_money")
    drawn = money_flows(rows, currency=found.currency)
    blocks: list[Block] = [
        Figure("From payers to receivers", drawn, flows_told(rows, currency=found.currency))
    ]
    if postings(rows):
        blocks += [_balances(found), _postings(found)]
    return Section(name, title, blocks)


def _balances(found: MarketFindings) -> Table:
    """What each class of accounts paid and received; the last row is the sum, which is nothing."""
    held = balances(found.table("flows_money"))
    paid, got = ([pair[k] for pair in held.values()] for k in (0, 1))
    decimals = money_decimals([*paid, *got])
    net = [b - a for a, b in zip(paid, got, strict=True)]
    columns = [
        words("Accounts", [*map(capital, held), "All"], dots=[*map(party_colour, held), ""]),
        moneys("Paid", [*paid, sum(paid)], found.currency, decimals=decimals),
        moneys("Received", [*got, sum(got)], found.currency, decimals=decimals),
        moneys("Net", [*net, sum(net)], found.currency, decimals=decimals),
    ]
    return Table(
        "balances",
        "Paid and received; all accounts together come to nothing",
        columns,
        frozenset({len(held)}),
    )


def _postings(found: MarketFindings) -> Table:
    """The ledger by reason."""
    held = sorted(postings(found.table("flows_money")).items(), key=lambda item: (-item[1], item[0]))
    amounts = [micro for _, micro in held]
    columns = [
        words("For", [titled(reason) for (_, reason, _), _ in held]),
        words("Paid by", [capital(payer) for (payer, _, _), _ in held]),
        words("Received by", [capital(receiver) for (_, _, receiver), _ in held]),
        moneys("Amount", amounts, found.currency, decimals=money_decimals(amounts), bars=True),
    ]
    return Table("postings", "The ledger by reason", columns, is_folded=True)


def agents(found: MarketFindings) -> Section:
    """Every agent's energy and money."""
    name, title, rows = "agents", "Everybody", found.table("agents")
    if not rows:
        return absent(name, title, "agents")
    homes = [row for row in rows if row.get("role") in ("consumer", "prosumer")]
    firms = [row for row in rows if row.get("role") not in ("consumer", "prosumer", "regulator")]
    blocks: list[Block] = []
    if firms:
        blocks.append(
            _table(
                found,
                "firms",
                f"{counted(len(firms), 'company')}".replace("companys", "companies"),
                firms,
                FIRM_ENERGIES,
            )
        )
    if homes:
        blocks.append(_table(found, "homes", counted(len(homes), "household"), homes, HOUSEHOLD_ENERGIES))
    return Section(name, title, blocks)


def _table(found: MarketFindings, name: str, caption: str, rows: list[Row], told: dict[str, str]) -> Table:
    """Agents of one sort, largest surplus first."""
    ordered = sorted(rows, key=lambda row: (-(value(row, "surplus_micro") or 0.0), str(row.get("id"))))
    held = {heading: [value(row, key) for row in ordered] for key, heading in told.items()}
    amounts = {heading: [value(row, key) for row in ordered] for key, heading in MONEYS.items()}
    decimals = money_decimals(v for values in amounts.values() for v in values)
    columns = [
        words("Name", [row.get("label") or row.get("id") for row in ordered],
              dots=[ROLES.get(str(row.get("role")), ROLES["regulator"]) for row in ordered]),
        words("Role", [capital(str(row.get("role") or "")) for row in ordered]),
        words("Persona", [row.get("persona") for row in ordered]),
        *energies(held, unit=household_unit(wh for values in held.values() for wh in values)),
        *(moneys(heading, values, found.currency, decimals=decimals) for heading, values in amounts.items()),
    ]  # fmt: skip
    return Table(name, f"{caption}, largest surplus first", columns, is_searchable=True)
