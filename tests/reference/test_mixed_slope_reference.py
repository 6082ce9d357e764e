"""Random-intercept slopes against lme4 1.1-31 (R 4.2.2) and statsmodels, on the California high schools.

lme4: ``lmer(api00 ~ meals + (1|cname))`` and ``api00 ~ meals + ell + (1|cname)`` on the rows of apipop with stype "H"
and no missing value. Degrees of freedom: lmerTest's rule, written out on lme4's own deviance function in (theta, sigma)
with numeric second derivatives (that package is not needed, and its rule does not depend on the parameters chosen).
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.mixed_slope import mixed_slope

LME4 = {
    (): {"meals": (-3.48118623061493, 0.109941829309252, 747.1302)},
    ("ell",): {"meals": (-2.48507457995396, 0.146697399844464, 735.0293),
               "ell": (-2.39042082539627, 0.248596392985653, 738.6386)},
}


@pytest.fixture(scope="module")
def schools(shared):
    rows = pd.read_csv(shared / "refs/calibration/data/apipop.csv")
    rows = rows[rows["stype"] == "H"].dropna(subset=["meals", "api00", "ell"])
    return pd.DataFrame({"unit": rows["cds"].astype(str), "region": rows["cname"], "indicator": rows["meals"],
                         "outcome": rows["api00"], "ell": rows["ell"]})


@pytest.mark.parametrize("mix", LME4)
def test_lme4(schools, mix):
    found = mixed_slope(schools, level=0.95, case_mix=mix)
    assert found.frame["label"].tolist() == ["indicator", *mix]
    for row, (value, se, df) in zip(found.estimates(), LME4[mix].values(), strict=True):
        reach = stats.t.ppf(0.975, df) * se
        assert row.n == 755
        assert row.value == pytest.approx(value, rel=1e-7)
        assert row.low == pytest.approx(value - reach, rel=1e-6) and row.high == pytest.approx(value + reach, rel=1e-6)


def test_statsmodels(schools):
    from statsmodels.regression.mixed_linear_model import MixedLM

    design = np.column_stack([np.ones(len(schools)), schools[["indicator", "ell"]] / 10])
    # on its own scale of the outcome the peer stops before it has converged
    fit = MixedLM((schools["outcome"] / 100).to_numpy(), design, groups=schools["region"].to_numpy()).fit(
        reml=True, method="powell")
    found = mixed_slope(schools, level=0.95, case_mix=("ell",))
    np.testing.assert_allclose(found.frame["value"], 10 * fit.fe_params[1:], rtol=1e-5)
    # its standard errors hold the unsure variances as well (0.1 % here); lme4's and ours do not
    half = (found.frame["high"] - found.frame["low"]) / 2
    np.testing.assert_allclose(half / stats.t.ppf(0.975, [735.0293, 738.6386]), 10 * fit.bse_fe[1:], rtol=2e-3)
