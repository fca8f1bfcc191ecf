"""Day after day: share what is not shared yet; then try what else could have been, and tell what it meant."""

from __future__ import annotations

from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.studies import tallies
from evenwatt.studies.sharing import findings, key_choice
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.day import settle
from evenwatt.studies.sharing.energy import settlement_seconds
from evenwatt.studies.sharing.group import SharingGroup
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.tally import Tally
from evenwatt.studies.sharing.variants import tried, variants
from evenwatt.studies.story import Work


def report(work: Work) -> Report:
    """Share every day of the period, write its tables, compare, and tell the findings."""
    case, group = work.case, work.case.community
    assert isinstance(case.config, SharingConfig)
    sample: Meters = work.store.day(work.store.days[0])
    period = settled(work, group, sample)
    compared = tried(work, period, variants(group, len(period.sides.consumers), work.plan.complete))
    return findings.report(
        period,
        compared,
        case.config,
        case=case.folder.resolve().name,
        meters=sample,
        notes=work.store.notes,
        waterfall=key_choice.waterfall(work, period),
    )


def settled(work: Work, group: SharingGroup, sample: Meters) -> Period:
    """Share every day in order, resuming after the last one that the folder holds."""
    sides, days = group.sides(sample), work.store.days
    done = tallies.finished(Tally, work.folder, [str(day) for day in days])
    for day in days[len(done) :]:
        meters = work.store.day(day)
        tally, tables = settle(meters, meters.days[0], group, sides)
        if work.folder is not None:
            tallies.write_tables(tables, work.folder, tally.day)
            tallies.save(tally, work.folder, tally.day)
        done.append(tally)
        work.progress(len(done), len(days), "sharing")
    return Period(group, sides, done, settlement_seconds(sample.seconds, group.regime))
