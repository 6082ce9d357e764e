"""How long do all districts take at once, and how much memory? Beside reading every region's rows, in the same run.

A made-up study of 514 districts and two years, units as strata, weights, in Parquet; the numbers of both ways must
agree first. The plain way is what a page of a region does: read its rows, index, elements, change between the years.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from kinerja_lab.estimation.satisfaction import element_scores, index_change, satisfaction_index
from kinerja_lab.io.simulated import SHIPPED_SEED, SimulatedSize, write_simulated_study
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study

REGIONS, PLAIN = 514, 20
ALONE = """
import resource, sys, time
from pathlib import Path
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
source = open_source(load_study(Path(sys.argv[1])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
clock, cpu = time.perf_counter(), time.process_time()
found = source.region_estimates(level=0.95)
seconds = time.perf_counter() - clock, time.process_time() - cpu
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print("", *seconds, grown / 1024, before / 1024, len(found.index))
"""


def measured(respondents: float) -> None:
    """One study size: all regions by the database, and some of them row by row."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "nasional"
        write_simulated_study(study, SHIPPED_SEED, size=SimulatedSize(regions=REGIONS, most_units=4,
                                                                      respondents=respondents))
        loaded = load_study(study)
        source = open_source(loaded)
        rows = int(source._survey_table(None, None)[1].count().to_pyarrow().as_py())
        alone = subprocess.run([sys.executable, "-c", ALONE, str(study)], capture_output=True, text=True, check=True)
        clock, cpu, grown, base, count = map(float, alone.stdout.splitlines()[-1].split())
        found = source.region_estimates(level=0.95)
        start = time.process_time(), time.perf_counter()
        worst = max(_difference(source, loaded.ruleset, region.code, found) for region in loaded.regions[:PLAIN])
        plain = [(now - then) * REGIONS / PLAIN for now, then in zip(
            (time.process_time(), time.perf_counter()), start, strict=True)]
        assert worst < 1e-10, worst
    print(f"{rows:,} respondents, {REGIONS} districts, 2 years, 9 elements, index and change ({count:.0f} indices):")
    print(f"  in the database: {clock:.2f} s ({cpu:.2f} CPU-s), peak memory {base + grown:.0f} MB, "
          f"of which {grown:.0f} MB more than reading the study's definitions")
    print(f"  region by region: {plain[1]:.1f} s ({plain[0]:.1f} CPU-s), from {PLAIN} of {REGIONS} regions; "
          f"{plain[1] / clock:.0f} times as long; numbers agree to {worst:.0e}")


def _difference(source, rule, region: str, found) -> float:
    """Largest difference of one region between the two ways."""
    before, after = (source.survey(region=region, period=period) for period in ("2024", "2025"))
    out = []
    for table, own in (
            (found.index, satisfaction_index(after, ruleset=rule, level=0.95).frame),
            (found.elements, element_scores(after, ruleset=rule, level=0.95).frame)):
        mine = table.frame[(table.frame["region"] == region) & (table.frame["period"] == "2025")]
        out.append(_gap(mine, own))
    change = index_change(before, after, ruleset=rule, level=0.95)
    mine = found.changes.frame.set_index("region").loc[region]
    out.append(max(abs(mine["value"] - change.value), abs(mine["low"] - change.low), abs(mine["high"] - change.high)))
    return max(out)


def _gap(mine, own) -> float:
    columns = ["value", "low", "high"]
    return float(np.nanmax(np.abs(mine[columns].to_numpy(float) - own[columns].to_numpy(float))))


if __name__ == "__main__":
    for typical in [float(word) for word in sys.argv[1:]] or [6.0, 30.0, 50.0]:
        measured(typical)
