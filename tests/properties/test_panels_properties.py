"""What must hold for every panel: order does not matter, scales may be moved, probabilities are probabilities."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.numeric.agreement_components import crossed_components, crossed_mean_squares
from kinerja_lab.panels.agreement import METRICS, WEIGHTS, agreement, krippendorff_alpha
from kinerja_lab.panels.angoff import angoff
from kinerja_lab.panels.appropriateness import appropriateness
from kinerja_lab.panels.bookmark import Booklet, bookmark
from kinerja_lab.panels.borderline import borderline_group, borderline_regression
from kinerja_lab.panels.concordance import kendall_w
from kinerja_lab.panels.consistency import livingston_lewis, subkoviak
from kinerja_lab.panels.consistency_irt import lee
from kinerja_lab.panels.content_validity import aiken_v, content_validity_ratio, item_validity, scale_validity
from kinerja_lab.panels.cut_scores import settle
from kinerja_lab.panels.delphi import StoppingRule, delphi_change
from kinerja_lab.panels.ebel import ebel
from kinerja_lab.panels.examinee_centred import body_of_work, contrasting_groups
from kinerja_lab.panels.experts_needed import AikenRule, CviRule, CvrRule, experts_needed
from kinerja_lab.panels.feedback import feedback
from kinerja_lab.panels.hofstee import HofsteeBox, hofstee_point
from kinerja_lab.panels.impact import impact, impact_shift
from kinerja_lab.panels.intraclass import intraclass
from kinerja_lab.panels.judges import judge_profile
from kinerja_lab.panels.replication import same_decision
from kinerja_lab.panels.triangulation import triangulate

few = settings(deadline=None, max_examples=10)

RATINGS = hnp.arrays(float, st.tuples(st.integers(3, 7), st.integers(4, 8)), elements=st.integers(1, 4).map(float))
SHARES = hnp.arrays(
    float,
    st.tuples(st.integers(2, 7), st.integers(2, 8)),
    elements=st.floats(0.05, 0.95).map(lambda value: round(value, 3)),
)


def panel(values, *, low=1, high=4, whole=True, order=None) -> JudgePanel:
    values = np.asarray(values, dtype=float)
    rows = [(f"j{j}", f"i{i}", "q", 1, values[j, i]) for j, i in np.argwhere(~np.isnan(values))]
    frame = pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"])
    frame = frame if order is None else frame.sample(frac=1, random_state=order)
    return JudgePanel(frame=frame, questions=(Question(code="q", low=low, high=high, whole=whole),))


def plan(bands=2, low=0.0, high=100.0, **changes) -> StandardPlan:
    return StandardPlan(
        name="p",
        unit="index_100",
        low=low,
        high=high,
        bands=tuple("abcdef"[:bands]),
        panel="p",
        date=date(2026, 1, 1),
        **changes,
    )


def standard(cuts, low=0.0, high=100.0):
    return settle(
        cuts,
        errors=[1.0] * len(cuts),
        freedom=[8.0] * len(cuts),
        n=[9] * len(cuts),
        method="m",
        conventions=(),
        plan=plan(len(cuts) + 1, low, high),
    )


def answer(method):
    """The table as numbers by label, or the reason there is none."""
    try:
        found = method()
    except NotApplicable as reason:
        return reason.message.code
    found = found[0] if isinstance(found, tuple) else found
    rows = found.to_frame()
    key = [name for name in ("item", "judge", "first", "second", "label") if name in rows.columns]
    return rows.sort_values(key)[["value", "low", "high"]].to_numpy(dtype=float)


def same(one, two, **tolerance) -> None:
    if isinstance(one, str) or isinstance(two, str):
        assert one is two or one == two
    else:
        np.testing.assert_allclose(one, two, **({"atol": 1e-8} | tolerance))


ORDERLESS = {
    "cvr": lambda held: content_validity_ratio(held, essential=3, alpha=0.05, level=0.95),
    "cvi": lambda held: item_validity(held, relevant=3, level=0.95),
    "scvi": lambda held: scale_validity(held, relevant=3, level=0.95),
    "aiken": lambda held: aiken_v(held, level=0.95),
    "agreement": lambda held: agreement(held, weights="quadratic", level=0.95),
    "alpha": lambda held: krippendorff_alpha(held, metric="ordinal", level=0.95),
    "kendall": lambda held: kendall_w(held, level=0.95),
    "icc": lambda held: intraclass(held, level=0.95),
    "rand": lambda held: appropriateness(held, level=0.95),
    "leniency": lambda held: judge_profile(held, level=0.95).leniency,
}


@pytest.mark.parametrize("method", ORDERLESS)
@few
@given(values=RATINGS, seed=st.integers(0, 99))
def test_order_of_rows_does_not_matter_and_no_warning_is_given(method, values, seed):
    one, two = (
        answer(lambda held=held: ORDERLESS[method](held)) for held in (panel(values), panel(values, order=seed))
    )
    # the random-effects search may stop a hair apart
    same(one, two, atol=1e-4 if method == "leniency" else 1e-8)


@pytest.mark.parametrize("method", ["agreement", "alpha", "icc", "leniency", "aiken", "scvi"])
@few
@example(values=np.array([[1.0] * 4, [1.0] * 4, [2.0] * 4]), holes=1)  # items differ less than chance
@given(values=RATINGS, holes=st.integers(0, 2**20))
def test_missing_ratings_never_break(method, values, holes):
    mask = np.array(
        [(holes >> place) & 1 and (holes >> ((place * 7) % 20)) & 1 for place in range(values.size)], dtype=bool
    )
    found = answer(lambda: ORDERLESS[method](panel(np.where(mask.reshape(values.shape), np.nan, values))))
    if not isinstance(found, str):
        known = ~np.isnan(found).any(axis=1)
        assert (found[known, 1] <= found[known, 0] + 1e-9).all() and (found[known, 0] <= found[known, 2] + 1e-9).all()


@pytest.mark.parametrize("weights", WEIGHTS)
@few
@given(values=RATINGS)
def test_a_scale_may_be_named_from_zero(weights, values):
    same(
        answer(lambda: agreement(panel(values), weights=weights, level=0.95)),
        answer(lambda: agreement(panel(values - 1, low=0, high=3), weights=weights, level=0.95)),
    )


@few
@given(values=RATINGS, factor=st.integers(2, 5), shift=st.integers(-3, 9))
def test_interval_alpha_and_icc_do_not_mind_the_unit(values, factor, shift):
    ends = {"low": factor + shift, "high": 4 * factor + shift}
    for method in (
        lambda held: krippendorff_alpha(held, metric="interval", level=0.95),
        lambda held: intraclass(held, level=0.95),
    ):
        same(
            answer(lambda method=method: method(panel(values))),
            answer(lambda method=method: method(panel(values * factor + shift, **ends))),
            atol=1e-6,
        )


@pytest.mark.parametrize("metric", METRICS)
@few
@given(values=RATINGS)
def test_alpha_is_at_most_one_and_one_only_for_full_agreement(metric, values):
    found = answer(lambda: krippendorff_alpha(panel(values), metric=metric, level=0.95))
    if not isinstance(found, str):
        assert found[0, 0] <= 1 + 1e-12
        assert (found[0, 0] > 1 - 1e-12) == bool((np.ptp(values, axis=0) == 0).all())


@few
@given(values=RATINGS)
def test_one_more_yes_never_lowers_an_item(values):
    more = np.vstack([values, np.full(values.shape[1], 4.0)])
    for method in (
        lambda held: content_validity_ratio(held, essential=3, alpha=0.05, level=0.95)[0],
        lambda held: aiken_v(held, level=0.95)[0],
    ):
        before, after = (method(panel(table)).to_frame()["value"].to_numpy() for table in (values, more))
        assert (after >= before - 1e-12).all()


@few
@given(
    yes=st.integers(0, 10),
    n=st.integers(5, 10),
    rule=st.sampled_from([CvrRule(alpha=0.05), CvrRule(alpha=0.01), CviRule(), AikenRule(alpha=0.05, top=3)]),
)
def test_what_the_outlook_says_comes_true(yes, n, rule):
    values = np.where(np.arange(n) < min(yes, n), 4.0, 1.0)[:, None]
    found = experts_needed(panel(values), favourable=3, rule=rule, assurance=0.8, most=12).iloc[0]
    best, worst = (np.vstack([values, [[end]]]) for end in (4.0, 1.0))
    after = [
        experts_needed(panel(table), favourable=3, rule=rule, assurance=0.8, most=1).iloc[0]["kept"]
        for table in (best, worst)
    ]
    if rule.top == 1:
        assert found["flips"] == any(kept != found["kept"] for kept in after)
    if found["more_for"] > 0:
        grown = np.vstack([values, np.full((int(found["more_for"]), 1), 4.0)])
        assert experts_needed(panel(grown), favourable=3, rule=rule, assurance=0.8, most=1).iloc[0]["kept"]


@few
@given(values=SHARES)
def test_components_add_up_and_the_fixed_error_is_the_plain_one(values):
    squares = crossed_mean_squares(values)
    judge, item, rest = crossed_components(squares)
    assert values.shape[1] * judge + rest == pytest.approx(squares.rows, abs=1e-12)
    found = angoff(panel(values, low=0, high=1, whole=False), questions=("q",), round=1, plan=plan(), items="fixed")
    cuts = 100 * values.mean(axis=1)
    assert found.standard.cuts[0].value == pytest.approx(cuts.mean())
    if not np.isnan(found.standard.errors[0]):
        assert found.standard.errors[0] == pytest.approx(cuts.std(ddof=1) / np.sqrt(len(cuts)), rel=1e-6)


@few
@given(values=SHARES, low=st.floats(-50, 0), width=st.floats(1, 200), error=st.floats(0.01, 5))
def test_a_standard_moves_with_its_scale_and_the_zone_is_wider(values, low, width, error):
    held = panel(values, low=0, high=1, whole=False)
    one = angoff(held, questions=("q",), round=1, plan=plan(low=0.0, high=1.0), items="random").standard.cuts[0]
    two = angoff(
        held, questions=("q",), round=1, items="random", plan=plan(low=low, high=low + width, measurement_error=error)
    ).standard
    assert two.cuts[0].value == pytest.approx(low + width * one.value, abs=1e-7)
    assert two.cuts[0].has_interval == one.has_interval
    if one.has_interval and two.freedom[0] >= 2:
        assert two.zones[0].value == two.cuts[0].value


@few
@given(values=SHARES)
def test_ebel_of_one_cell_is_that_cell(values):
    table = np.ones(values.shape)
    rows = [(f"j{j}", f"i{i}", code, 1, 1.0) for code in ("r", "d") for j, i in np.ndindex(table.shape)]
    made = JudgePanel(
        frame=pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"]),
        questions=(Question(code="r", low=1, high=2), Question(code="d", low=1, high=2)),
    )
    share = float(values[0, 0])
    found = ebel(made, relevance="r", difficulty="d", round=1, grid={(1, 1): share}, plan=plan()).standard
    assert found.cuts[0].value == pytest.approx(100 * share)


@few
@given(
    scores=hnp.arrays(float, st.integers(5, 60), elements=st.integers(0, 100).map(float)),
    box=st.tuples(st.integers(0, 60), st.integers(1, 40), st.floats(0, 0.5), st.floats(0.05, 0.5)),
)
def test_hofstee_lies_in_the_box_and_on_the_crossing(scores, box):
    made = HofsteeBox(least_cut=box[0], most_cut=box[0] + box[1], least_fail=box[2], most_fail=box[2] + box[3])

    def gap(cut: float) -> float:
        line = made.most_fail + (cut - made.least_cut) * (made.least_fail - made.most_fail) / box[1]
        return (scores < cut).mean() - line

    try:
        cut, share = hofstee_point(made, scores)
    except NotApplicable:
        assert (
            gap(made.least_cut) > 0
            or (scores <= made.most_cut).mean() < made.least_fail + 1e-9
            or gap(made.most_cut) < 0
        )
        return
    assert made.least_cut <= cut <= made.most_cut
    assert gap(cut + 1e-6) >= -1e-6 and (cut - 1e-6 < made.least_cut or gap(cut - 1e-6) <= 1e-6)
    assert share == pytest.approx((scores < cut + 1e-9).mean()) or share == pytest.approx((scores < cut).mean())


@few
@given(pages=hnp.arrays(float, st.tuples(st.integers(2, 6), st.just(1)), elements=st.integers(1, 9).map(float)))
def test_bookmark_between_never_lies_above_at(pages):
    held = panel(pages, low=1, high=9)
    book = Booklet(items=tuple("abcdefghi"), locations=np.linspace(10, 90, 9), rp=0.67)
    at, between = (
        bookmark(held, question="q", round=1, pages=book, rule=rule, plan=plan()).standard.cuts[0].value
        for rule in ("at", "between")
    )
    assert between <= at + 1e-9 and at == pytest.approx(10 * pages.mean())


UNITS = hnp.arrays(float, st.tuples(st.integers(3, 5), st.just(12)), elements=st.integers(1, 3).map(float))


@few
@given(values=UNITS, seed=st.integers(0, 999), shift=st.floats(-20, 20))
def test_methods_on_units_move_with_the_scores(values, seed, shift):
    rng = np.random.default_rng(seed)
    scores = 10 * values.mean(axis=0) + 30 + rng.normal(size=12)
    one, two = ({f"i{n}": float(score + move) for n, score in enumerate(scores)} for move in (0.0, shift))
    held = panel(values, low=1, high=3)
    wide = {"question": "q", "round": 1}
    methods = [
        lambda known: contrasting_groups(
            held, acceptable=2, rule="midpoint", scores=known, plan=plan(low=-99), units="random", **wide
        ),
        lambda known: borderline_regression(held, borderline=2, scores=known, plan=plan(low=-99), **wide),
        lambda known: borderline_group(held, borderline=2, summary="mean", scores=known, plan=plan(low=-99), **wide),
        lambda known: body_of_work(held, scores=known, units="fixed", plan=plan(3, low=-99), **wide),
    ]
    for method in methods:
        found = []
        for known in (one, two):
            try:
                found.append(method(known).standard)
            except Exception as reason:
                assert hasattr(reason, "message"), reason
                found.append(reason.message.code)
        if isinstance(found[0], str) or isinstance(found[1], str):
            assert {type(item) for item in found} == {str} or "cut" in str(found)
            continue
        np.testing.assert_allclose(found[1].values - found[0].values, shift, atol=1e-5)
        np.testing.assert_allclose(found[1].errors, found[0].errors, rtol=1e-4, atol=1e-6)


@few
@given(
    scores=hnp.arrays(float, st.integers(2, 50), elements=st.floats(0, 100)),
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
)
def test_every_unit_falls_in_one_band(scores, cuts):
    made = standard(sorted(map(float, cuts)))
    table = impact(scores, standard=made, census=False, level=0.95).to_frame()
    assert table["value"].sum() == pytest.approx(1) and (table["low"] >= 0).all() and (table["high"] <= 1).all()
    shift = impact_shift(scores, standard=made, shifts=(-5.0, 5.0)).to_frame()
    for _, rows in shift.groupby("cut"):
        assert rows.sort_values("shift")["value"].is_monotonic_increasing


@few
@given(
    seed=st.integers(0, 9999),
    cuts=st.lists(st.integers(2, 18), min_size=1, max_size=3, unique=True),
    reliability=st.floats(0.3, 0.95),
)
def test_decision_tables_are_probabilities(seed, cuts, reliability):
    rng = np.random.default_rng(seed)
    scores = rng.binomial(20, rng.beta(4, 3, size=80)).astype(float)
    given_ = Estimate(
        label="r", value=reliability, low=reliability * 0.95, high=min(reliability * 1.04, 0.99), n=80, method="m"
    )
    try:
        found = livingston_lewis(
            scores, standard=standard(sorted(map(float, cuts)), high=20.0), reliability=given_, model="4P", level=0.95
        )
    except NotApplicable as reason:
        assert reason.message.code == "not_applicable.consistency_no_fit"
        return
    assert found.confusion.sum() == pytest.approx(1, abs=1e-6) and found.confusion.min() >= -1e-12
    assert found.indices.row("consistency").value <= 1 + 1e-9
    one_cut = subkoviak(scores, cut=cuts[0], items=20, reliability=given_, level=0.95).repeat
    assert one_cut.sum() == pytest.approx(1) and one_cut.min() >= -1e-12


@few
@given(seed=st.integers(0, 9999))
def test_lee_is_the_enumeration_of_all_answers(seed):
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(3), size=(10, 3))
    found = lee(table, standard=standard([2.5, 4.5], high=6.0), level=0.95)
    bands = np.zeros((10, 3))
    for answers in np.ndindex(3, 3, 3):
        chance = np.prod([table[:, item, points] for item, points in enumerate(answers)], axis=0)
        bands[:, int(sum(answers) > 2.5) + int(sum(answers) > 4.5)] += chance
    assert found.indices.row("consistency").value == pytest.approx((bands**2).sum(axis=1).mean())


@few
@given(
    place=st.floats(0, 100),
    cuts=st.lists(st.integers(5, 95), min_size=1, max_size=3, unique=True),
    error=st.floats(0, 5),
)
def test_same_decision_is_a_probability_and_symmetric_about_a_cut(place, cuts, error):
    made = standard(sorted(map(float, cuts)))
    for source in ("panel", "sample", "both"):
        value = same_decision({"u": place}, standard=made, source=source, errors={"u": error}).to_frame()["value"][0]
        assert -1e-9 <= value <= 1 + 1e-9
    assume(len(cuts) == 1)
    above, below = (
        same_decision({"u": cuts[0] + sign * 1.5}, standard=made, source="panel").to_frame()["value"][0]
        for sign in (1, -1)
    )
    assert above == pytest.approx(below)


@few
@given(st.tuples(*[st.floats(0.5, 20)] * 4), st.floats(10, 90), st.floats(10, 90))
def test_a_difference_turns_its_sign_with_the_order(widths, first, second):
    one = Estimate(label="c", value=first, low=first - widths[0], high=first + widths[1], n=9, method="m")
    two = Estimate(label="c", value=second, low=second - widths[2], high=second + widths[3], n=9, method="m")
    a, b = (
        triangulate(pair).differences.estimates()[0]
        for pair in ({"x": (one,), "y": (two,)}, {"y": (two,), "x": (one,)})
    )
    assert (a.value, a.low, a.high) == pytest.approx((-b.value, -b.high, -b.low))


@few
@given(first=RATINGS, seed=st.integers(0, 99))
def test_delphi_net_change_is_at_most_the_share_that_changed(first, seed):
    second = np.clip(first + np.random.default_rng(seed).integers(-1, 2, size=first.shape), 1, 4)
    rows = [
        (f"j{j}", f"i{i}", "q", r + 1, table[j, i])
        for r, table in enumerate((first, second))
        for j, i in np.ndindex(first.shape)
    ]
    made = JudgePanel(
        frame=pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"]),
        questions=(Question(code="q", low=1, high=4),),
    )
    found = delphi_change(made, question="q", before=1, after=2, rule=StoppingRule(), level=0.95)
    table = found.items.to_frame().pivot(index="item", columns="label", values="value")
    assert (table["net_change"] <= table["changed"] + 1e-12).all()
    sheet = feedback(made, judge="j0", question="q", round=2, least=3)
    assert sheet.counts.groupby("item")["n"].sum().eq(first.shape[0]).all()
    assert sheet.items["previous"].tolist() == first[0].tolist()
