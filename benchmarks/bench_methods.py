"""How fast are the methods beside the plain way? Prints seconds and ratios; run it with OMP_NUM_THREADS=1.

Alpha from distinct sheets against alpha from the covariance matrix of all rows (pandas) and, where R has it, psych's;
and the index of 514 regions in one pass against a loop over regions. Making the patterns is timed too: a database can
do that part. CPU seconds; the ratio to psych counts it in.
"""

import numpy as np
import pandas as pd
from peers import NO_R, ask_r, ratio, timed

from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.estimation.satisfaction import element_scores, satisfaction_index
from kinerja_lab.psychometrics.reliability import alpha

FROM_R = """
if (have("psych")) {
  took("psych", function() psych::alpha(x, warnings = FALSE)); said("psych", .last$total$raw_alpha)
}
"""
CODES = tuple(f"q{item}" for item in range(9))
REGIONS = 514
RULE = Ruleset(code="r", title="R", source="benchmark", confidence="high", scale_low=1, scale_high=4, index_factor=25,
               elements=tuple(Element(code=code, name=code) for code in CODES))
INSTRUMENT = Instrument(code="i", title="i", items=tuple(Item(code=code, text=code) for code in CODES), low=1, high=4,
                        ruleset="r")


def made_up(n: int, rng: np.random.Generator) -> SurveyData:
    """Answers with one common factor, regions and clusters."""
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, 9))
    answers = 1.0 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)
    frame = pd.DataFrame(answers, columns=list(CODES)).assign(
        region=rng.integers(0, REGIONS, n).astype(str), agency="a", unit="u", period="p",
        village=rng.integers(0, 40, n))
    return SurveyData(frame=frame, instrument=INSTRUMENT, design=Design(cluster="village"))


def row_wise(frame: pd.DataFrame) -> float:
    """Alpha from all rows."""
    covariance = frame.cov().to_numpy()
    return 9 / 8 * (1 - np.trace(covariance) / covariance.sum())


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(1)
    print("alpha      rows   make patterns   from patterns   all rows (pandas)   ratio      psych s, ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        survey = made_up(n, rng)
        making, patterns = timed(lambda survey=survey: ResponsePatterns.from_survey(survey), times=1)
        ours, found = timed(lambda patterns=patterns: alpha(patterns, level=0.95))
        theirs, value = timed(lambda survey=survey: row_wise(survey.frame[list(CODES)]))
        if abs(found.value - value) > 1e-10:
            raise SystemExit(f"the two ways disagree: {found.value} {value}")
        peer = None
        if n <= 100_000:
            peer = ask_r(FROM_R, tables={"x": {code: survey.frame[code].to_numpy(dtype=int) for code in CODES}})
            if peer is not None and "psych" in peer.said and abs(peer.said["psych"][0] - found.value) > 1e-10:
                raise SystemExit(f"psych disagrees: {found.value} {peer.said}")
        print(f"{n:>15,} {making.cpu:>13.3f} s {ours.cpu:>13.4f} s {theirs.cpu:>17.4f} s {theirs.cpu / ours.cpu:>7.1f} "
              f"{ratio(peer, 'psych', making, ours)}", flush=True)
        if n == 100_000:
            print(NO_R if peer is None else f"peers: {peer.versions}")
    one, table = timed(lambda: satisfaction_index(survey, ruleset=RULE, level=0.95, by=("region",)))
    codes = survey.frame["region"]
    loop, values = timed(lambda: [
        satisfaction_index(survey.where(codes == region), ruleset=RULE, level=0.95).row("index").value
        for region in table.frame["region"]], times=1)
    np.testing.assert_allclose(table.frame["value"], values, rtol=1e-10)
    print(f"index of {len(table)} regions, {survey.n:,} rows: one pass {one.cpu:.2f} s, loop {loop.cpu:.2f} s, "
          f"ratio {loop.cpu / one.cpu:.0f}")
    elements, _ = timed(lambda: element_scores(survey, ruleset=RULE, level=0.95, by=("region",)), times=1)
    print(f"nine elements of {len(table)} regions: {elements.cpu:.2f} s")


if __name__ == "__main__":
    main()
