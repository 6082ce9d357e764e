"""Intervals hold the truth that was put in, and the easy wrong ones do not."""

from datetime import date

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import Question
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.numeric.intervals import wilson
from kinerja_lab.panels.agreement import agreement, krippendorff_alpha
from kinerja_lab.panels.angoff import angoff
from kinerja_lab.panels.borderline import borderline_group, borderline_regression
from kinerja_lab.panels.concordance import kendall_w
from kinerja_lab.panels.consistency import livingston_lewis
from kinerja_lab.panels.content_validity import aiken_v, item_validity, scale_validity
from kinerja_lab.panels.cut_scores import settle
from kinerja_lab.panels.delphi import StoppingRule, delphi_change
from kinerja_lab.panels.examinee_centred import body_of_work, contrasting_groups
from kinerja_lab.panels.intraclass import intraclass
from kinerja_lab.panels.judges import judge_profile
from kinerja_lab.panels.replication import same_decision
from kinerja_lab.simulate.panels import (
    simulate_angoff,
    simulate_classified_units,
    simulate_parallel_scores,
    simulate_ratings,
)

RELEVANCE = Question(code="relevance", low=1, high=4)
FREE = Question(code="free", low=-1000, high=1000, whole=False)


def plan(bands=("no", "yes"), low=0.0, high=100.0) -> StandardPlan:
    return StandardPlan(name="p", unit="index_100", low=low, high=high, bands=bands, panel="p", date=date(2026, 1, 1))


def covers(made: Estimate, truth: float) -> bool:
    return made.low <= truth <= made.high


def share(hits: list[bool]) -> float:
    return float(np.mean(hits))


@pytest.mark.slow
def test_angoff_interval_is_for_the_items_it_says():
    """Nine judges, items that differ: fixed holds the truth for these items, only random that for items like these."""
    rng = np.random.default_rng(11)
    these, like_these, wrong, naive = [], [], [], []
    for _ in range(250):
        made = simulate_angoff(judges=9, items=12, cut=0.6, judge_sd=0.04, item_sd=0.1, noise_sd=0.06, rng=rng)
        fixed, random = (
            angoff(made.panel, questions=("angoff",), round=1, plan=plan(), items=items).standard.cuts[0]
            for items in ("fixed", "random")
        )
        these.append(covers(fixed, 100 * made.items.mean()))
        like_these.append(covers(random, 60.0))
        wrong.append(covers(fixed, 60.0))
        values = 100 * made.panel.of("angoff", 1).matrix().ravel()
        half = 1.96 * values.std(ddof=1) / np.sqrt(values.size)
        naive.append(abs(values.mean() - 60.0) <= half)
    assert 0.92 <= share(these) <= 0.98
    assert 0.92 <= share(like_these) <= 0.98
    assert share(wrong) < 0.75 and share(naive) < 0.80


def test_angoff_components_are_recovered():
    rng = np.random.default_rng(12)
    found = []
    for _ in range(60):
        made = simulate_angoff(judges=15, items=30, cut=0.5, judge_sd=0.05, item_sd=0.08, noise_sd=0.06, rng=rng)
        table = angoff(made.panel, questions=("angoff",), round=1, plan=plan(), items="random").components.to_frame()
        found.append(table["value"].to_numpy())
    assert np.mean(found, axis=0) == pytest.approx([0.05**2, 0.08**2, 0.06**2], rel=0.15)


@pytest.mark.slow
def test_scale_validity_interval_knows_that_judges_differ():
    """Judges who find much or little relevant: an interval that counts ratings as independent is too short."""
    rng = np.random.default_rng(13)
    places = np.linspace(2.2, 3.4, 15)
    # an answer of 3 or 4 is a latent place of 2.5 or more
    truth = float(stats.norm.sf((2.5 - places) / np.hypot(0.5, 0.6)).mean())
    right, naive = [], []
    for _ in range(300):
        made = simulate_ratings(places, judges=10, question=RELEVANCE, leniency_sd=0.5, noise_sd=0.6, rng=rng).panel
        found = scale_validity(made.of("relevance", 1), relevant=3, level=0.95).row("s_cvi_ave")
        right.append(covers(found, truth))
        low, high = wilson(found.value * 150, 150, level=0.95)
        naive.append(low <= truth <= high)
    assert 0.92 <= share(right) <= 0.99 and share(naive) < 0.85


@pytest.mark.slow
def test_item_indices_hold_their_truth():
    rng = np.random.default_rng(14)
    above = stats.norm.sf((np.array([1.5, 2.5, 3.5]) - 2.9) / np.hypot(0.3, 0.5))
    truth = {"i_cvi": float(above[1]), "aiken": float(above.sum() / 3)}
    hits = {"i_cvi": [], "aiken": []}
    for _ in range(300):
        made = simulate_ratings(
            np.array([2.9]), judges=12, question=RELEVANCE, leniency_sd=0.3, noise_sd=0.5, rng=rng
        ).panel
        held = made.of("relevance", 1)
        hits["i_cvi"].append(covers(item_validity(held, relevant=3, level=0.95).row("i_cvi"), truth["i_cvi"]))
        hits["aiken"].append(covers(aiken_v(held, level=0.95)[0].estimates()[0], truth["aiken"]))
    assert 0.92 <= share(hits["i_cvi"]) <= 0.985
    # ratings vary less than n (c - 1) coin tosses do, so Penfield and Giacobbi's interval is wide for them
    assert share(hits["aiken"]) >= 0.95


@pytest.mark.slow
def test_chance_corrected_intervals():
    """Each judge knows an item's class with probability .8, else draws evenly: kappa is .8 x .8 by construction."""
    rng = np.random.default_rng(15)
    hits = {"fleiss_kappa": [], "krippendorff_alpha": [], "brennan_prediger": []}
    for _ in range(200):
        truth = rng.integers(1, 4, size=40)
        knows = rng.random((5, 40)) < 0.8
        values = np.where(knows, truth, rng.integers(1, 4, size=(5, 40)))
        made = simulate_ratings(
            np.zeros(40), judges=5, question=Question(code="q", low=1, high=3), leniency_sd=0, noise_sd=0, rng=rng
        ).panel
        frame = made.frame.assign(value=values.ravel())
        held = type(made)(frame=frame, questions=made.questions)
        table = agreement(held, weights="nominal", level=0.95)
        for label, found in hits.items():
            found.append(covers(table.row(label), 0.64))
    for label, found in hits.items():
        assert 0.90 <= share(found) <= 0.985, label


@pytest.mark.slow
def test_intraclass_intervals_and_alpha_meet_at_the_same_truth():
    """Variances 1 (items), .25 (judges), .75 (rest): agreement 1/2, consistency 1/1.75."""
    rng = np.random.default_rng(16)
    hits, alphas = {"ICC(A,1)": [], "ICC(C,1)": [], "ICC(A,k)": [], "ICC(C,k)": []}, []
    truth = {"ICC(A,1)": 0.5, "ICC(C,1)": 1 / 1.75, "ICC(A,k)": 1 / (1 + 1 / 8), "ICC(C,k)": 1 / (1 + 0.75 / 8)}
    for _ in range(250):
        made = simulate_ratings(
            rng.standard_normal(15), judges=8, question=FREE, leniency_sd=0.5, noise_sd=0.75**0.5, rng=rng
        ).panel.of("free", 1)
        table = intraclass(made, level=0.95)
        for label, found in hits.items():
            found.append(covers(table.row(label), truth[label]))
        alphas.append(krippendorff_alpha(made, metric="interval", level=0.95).value)
    for label, found in hits.items():
        assert 0.915 <= share(found) <= 0.985, label
    assert np.mean(alphas) == pytest.approx(0.5, abs=0.05)


def test_intraclass_with_holes():
    rng = np.random.default_rng(17)
    hits = []
    for _ in range(60):
        made = simulate_ratings(
            rng.standard_normal(25), judges=8, question=FREE, leniency_sd=0.5, noise_sd=0.75**0.5, missing=0.2, rng=rng
        ).panel.of("free", 1)
        hits.append(covers(intraclass(made, level=0.95).row("ICC(C,1)"), 1 / 1.75))
    assert share(hits) >= 0.88


@pytest.mark.slow
def test_concordance_interval():
    """Truth: (1 + (k - 1) rho)/k with rho the mean rank correlation of two judges, from a long run."""
    rng = np.random.default_rng(18)
    places, k, n = rng.standard_normal((4000, 10)), 6, 10
    two = places[:, None, :] + rng.standard_normal((4000, 2, 10))
    ranks = stats.rankdata(two, axis=2)
    rho = np.mean([np.corrcoef(pair)[0, 1] for pair in ranks])
    truth = (1 + (k - 1) * rho) / k
    hits = []
    for _ in range(300):
        made = simulate_ratings(rng.standard_normal(n), judges=k, question=FREE, leniency_sd=0.3, noise_sd=1.0, rng=rng)
        hits.append(covers(kendall_w(made.panel.of("free", 1), level=0.95)[0], truth))
    assert 0.91 <= share(hits) <= 0.99


@pytest.mark.slow
def test_leniency_is_recovered_and_the_outlying_judge_found():
    rng = np.random.default_rng(19)
    hits, false_alarms, found_lenient = [], [], []
    for _ in range(60):
        made = simulate_ratings(
            rng.standard_normal(20), judges=8, question=FREE, leniency_sd=0.4, noise_sd=0.7, missing=0.1, rng=rng
        )
        table = judge_profile(made.panel.of("free", 1), level=0.95).leniency
        rows = [row for row in table.estimates() if row.label == "leniency"]
        hits += [covers(row, truth) for row, truth in zip(rows, made.leniency - made.leniency.mean(), strict=True)]
        plain = simulate_ratings(
            rng.standard_normal(20), judges=8, question=FREE, leniency_sd=0.0, noise_sd=0.7, rng=rng
        )
        false_alarms.append(
            any(
                reason in ("lenient", "severe")
                for _, reason in judge_profile(plain.panel.of("free", 1), level=0.95).outlying
            )
        )
        frame = plain.panel.frame
        raised = frame.assign(value=frame["value"] + 1.2 * (frame["judge"] == "judge-003"))
        found_lenient.append(
            ("judge-003", "lenient")
            in judge_profile(type(plain.panel)(frame=raised, questions=(FREE,)), level=0.95).outlying
        )
    assert 0.92 <= share(hits) <= 0.98
    assert share(false_alarms) <= 0.12 and share(found_lenient) > 0.95


def test_shares_of_variance_are_recovered():
    rng = np.random.default_rng(20)
    made = simulate_ratings(rng.standard_normal(300), judges=60, question=FREE, leniency_sd=0.5, noise_sd=1.0, rng=rng)
    found = judge_profile(made.panel.of("free", 1), level=0.95).shares.to_frame()["value"].to_numpy()
    assert found == pytest.approx(np.array([1, 0.25, 1]) / 2.25, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["body_of_work", "midpoint", "logistic", "regression", "group"])
def test_the_true_cut_is_found(method):
    """Judges' own cuts scatter by 3 around 60; judges see true quality with error; scores around the cut."""
    rng = np.random.default_rng(21)
    hits, values, refused = [], [], 0
    for _ in range(50):
        bands = 3 if method in ("regression", "group") else 2
        cuts = (55.0, 65.0) if bands == 3 else (60.0,)
        made = simulate_classified_units(
            judges=9, units=60, cuts=cuts, judge_sd=3.0, noise_sd=6.0, mean=60.0, sd=10.0, error_sd=0.0, rng=rng
        )
        common = {"question": "band", "round": 1, "scores": made.scores, "plan": plan()}
        if method == "body_of_work":
            cut = body_of_work(made.panel, units="random", **common).standard.cuts[0]
        elif method in ("midpoint", "logistic"):
            try:
                cut = contrasting_groups(made.panel, acceptable=2, rule=method, units="random", **common).standard.cuts[
                    0
                ]
            except NotApplicable:
                refused += 1  # a judge whose few units part the scores, perhaps only when one of them is left out
                continue
        elif method == "regression":
            cut = borderline_regression(made.panel, borderline=2, **common).standard.cuts[0]
        else:
            cut = borderline_group(made.panel, borderline=2, summary="mean", **common).standard.cuts[0]
        values.append(cut.value)
        hits.append(covers(cut, 60.0))
    assert np.mean(values) == pytest.approx(60.0, abs=0.6)
    assert share(hits) >= 0.90 and refused <= 5


def test_consistency_predicts_a_second_measurement():
    rng = np.random.default_rng(22)
    true, first, second = simulate_parallel_scores(units=20000, items=30, shapes=(9.0, 6.0), rng=rng)
    cuts = [15.0, 20.0]
    made = settle(
        cuts, errors=[1, 1], freedom=[8, 8], n=[9, 9], plan=plan(("a", "b", "c"), high=30.0), method="m", conventions=()
    )
    reliability = Estimate(label="r", value=30 / (30 + 15), low=0.65, high=0.68, n=20000, method="known")
    found = livingston_lewis(first, standard=made, reliability=reliability, model="2P", level=0.95).indices
    bands = [made.positions(scores) for scores in (30 * true, first, second)]
    assert found.row("accuracy").value == pytest.approx((bands[0] == bands[1]).mean(), abs=0.012)
    assert found.row("consistency").value == pytest.approx((bands[1] == bands[2]).mean(), abs=0.012)
    assert found.row("false_up").value == pytest.approx((bands[1] > bands[0]).mean(), abs=0.012)


@pytest.mark.slow
def test_another_panel_decides_as_often_the_same_as_was_said():
    """Units spread evenly around the cut: the mean promise is the share that a second panel leaves where they are."""
    rng = np.random.default_rng(23)
    said, kept = [], []
    for _ in range(120):
        units = {str(number): float(score) for number, score in enumerate(rng.uniform(52, 68, size=40))}
        one, two = (
            simulate_angoff(judges=9, items=15, cut=0.6, judge_sd=0.05, item_sd=0.0, noise_sd=0.05, rng=rng).panel
            for _ in range(2)
        )
        first, second = (
            angoff(each, questions=("angoff",), round=1, plan=plan(), items="fixed").standard for each in (one, two)
        )
        said.append(same_decision(units, standard=first, source="panel").to_frame()["value"].to_numpy()[-1])
        kept.append(share([first.band_of(score) == second.band_of(score) for score in units.values()]))
    assert np.mean(said) == pytest.approx(np.mean(kept), abs=0.02)
    assert np.mean(kept) < 0.92


def test_delphi_stops_when_opinions_have_met_and_not_before():
    rng = np.random.default_rng(24)
    made = simulate_ratings(
        rng.uniform(3, 7, 10),
        judges=12,
        question=Question(code="q", low=1, high=9),
        leniency_sd=0.8,
        noise_sd=1.5,
        rounds=6,
        pull=0.9,
        rng=rng,
    ).panel
    changes = [
        delphi_change(made, question="q", before=number, after=number + 1, rule=StoppingRule(), level=0.95)
        for number in range(1, 6)
    ]
    assert not changes[0].stop and changes[-1].stop
    assert (changes[-1].spread["width_after"] <= changes[0].spread["width_before"]).all()


def test_a_wrong_simulation_is_refused():
    from kinerja_lab.core.errors import KinerjaError

    with pytest.raises(KinerjaError, match="simulate_panel"):
        simulate_ratings(np.zeros(3), judges=0, question=FREE, leniency_sd=1, noise_sd=1, rng=np.random.default_rng(1))
    with pytest.raises(NotApplicable):
        kendall_w(
            simulate_ratings(
                np.zeros(3), judges=1, question=FREE, leniency_sd=1, noise_sd=1, rng=np.random.default_rng(1)
            ).panel.of("free", 1),
            level=0.95,
        )


def test_the_same_seed_gives_the_same_panel():
    one, two = (
        simulate_ratings(
            np.zeros(3), judges=4, question=FREE, leniency_sd=1, noise_sd=1, rng=np.random.default_rng(5)
        ).panel.frame
        for _ in range(2)
    )
    assert one.equals(two)
