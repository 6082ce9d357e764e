"""Standards by numbers that can be checked by hand; what they do to units; and what cannot be answered."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.core.standard import Standard, StandardPlan
from kinerja_lab.panels.angoff import angoff, angoff_against_difficulty, angoff_rounds
from kinerja_lab.panels.bookmark import Booklet, booklet, bookmark
from kinerja_lab.panels.borderline import borderline_group, borderline_regression, regression_cut
from kinerja_lab.panels.consistency import livingston_lewis, subkoviak
from kinerja_lab.panels.consistency_irt import lee, logistic_probabilities, rudner
from kinerja_lab.panels.cut_scores import settle
from kinerja_lab.panels.ebel import ebel
from kinerja_lab.panels.examinee_centred import body_of_work, contrasting_groups
from kinerja_lab.panels.hofstee import HofsteeBox, hofstee, hofstee_point
from kinerja_lab.panels.impact import impact, impact_shift
from kinerja_lab.panels.minutes import minutes
from kinerja_lab.panels.replication import same_decision
from kinerja_lab.panels.triangulation import triangulate
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

PROBABILITY = Question(code="q", low=0, high=1, whole=False)
NAN = float("nan")


def panel(values, question=PROBABILITY, *, judges=()) -> JudgePanel:
    return panels({question.code: (question, values)}, judges=judges)


def panels(asked, *, judges=()) -> JudgePanel:
    rows = []
    for code, (_, values) in asked.items():
        table = np.asarray(values, dtype=float)
        table = table[None] if table.ndim == 2 else table
        rows += [(f"j{j}", f"i{i}", code, r + 1, table[r, j, i]) for r, j, i in np.argwhere(~np.isnan(table))]
    frame = pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"])
    return JudgePanel(frame=frame, questions=tuple(question for question, _ in asked.values()), judges=judges)


def plan(low=0.0, high=100.0, bands=("no", "yes"), **changes) -> StandardPlan:
    return StandardPlan(
        name="ikm", unit="index_100", low=low, high=high, bands=bands, panel="tim", date=date(2026, 8, 17), **changes
    )


def standard(*cuts: float, se=1.0, low=0.0, high=100.0, **changes) -> Standard:
    return settle(
        cuts,
        errors=[se] * len(cuts),
        freedom=[8.0] * len(cuts),
        n=[9] * len(cuts),
        method="m",
        conventions=(),
        plan=plan(low, high, tuple("abcdef"[: len(cuts) + 1]), **changes),
    )


THREE = np.array([[0.4, 0.6], [0.5, 0.7], [0.6, 0.8]])
RELIABILITY = Estimate(label="r", value=0.7, low=0.6, high=0.8, n=100, method="m")


class TestAngoff:
    def test_by_hand(self):
        """Judges' cuts 50, 60, 70: mean 60, error 10/sqrt(3), t(2) = 4.302653."""
        found = angoff(panel(THREE), questions=("q",), round=1, plan=plan(), items="fixed")
        cut = found.standard.cuts[0]
        assert cut.value == pytest.approx(60) and found.standard.errors[0] == pytest.approx(10 / np.sqrt(3))
        assert cut.high - cut.value == pytest.approx(4.302652729911275 * 10 / np.sqrt(3))
        assert found.judges.to_frame()["value"].tolist() == pytest.approx([50, 60, 70])
        assert cut.label == "yes" and cut.n == 6

    def test_measurement_error_is_added_as_independent(self):
        found = angoff(
            panel(THREE), questions=("q",), round=1, plan=plan(measurement_error=3.0), items="fixed"
        ).standard
        se = np.hypot(10 / np.sqrt(3), 3.0)
        df = se**4 / ((10 / np.sqrt(3)) ** 4 / 2)
        from scipy import stats

        assert found.zones[0].high - 60 == pytest.approx(stats.t.ppf(0.975, df) * se)
        assert found.zones[0].high < 100 and found.cuts[0].value == found.zones[0].value

    def test_extended_with_points_of_unequal_items(self):
        asked = Question(code="q", low=0, high=10, whole=False)
        made = panel([[2, 6], [4, 8]], asked)
        found = angoff(made, questions=("q",), round=1, plan=plan(), items="fixed", points={"i0": 5, "i1": 10})
        assert found.standard.cuts[0].value == pytest.approx(100 * (8 + 12) / 2 / 15)
        with pytest.raises(KinerjaError, match="panel_points_exceeded"):
            angoff(made, questions=("q",), round=1, plan=plan(), items="fixed", points={"i0": 3, "i1": 10})
        with pytest.raises(KinerjaError, match="panel_bad_points"):
            angoff(made, questions=("q",), round=1, plan=plan(), items="fixed", points={"i0": 5})

    def test_the_form_follows_the_scale(self):
        yes_no = angoff(
            panel([[0, 1, 1], [1, 1, 0], [1, 1, 1]], Question(code="q", low=0, high=1)),
            questions=("q",),
            round=1,
            plan=plan(),
            items="fixed",
        ).standard
        assert yes_no.method == "Angoff (yes_no)" and yes_no.cuts[0].value == pytest.approx(100 * 7 / 9)

    def test_two_cuts_must_rise(self):
        low, high = (Question(code=code, low=0, high=1, whole=False) for code in ("c", "b"))
        made = panels({"c": (low, THREE), "b": (high, THREE + 0.2)})
        found = angoff(made, questions=("c", "b"), round=1, plan=plan(bands=("D", "C", "B")), items="random").standard
        assert [cut.value for cut in found.cuts] == pytest.approx([60, 80])
        with pytest.raises(KinerjaError, match="cuts_not_increasing"):
            angoff(made, questions=("b", "c"), round=1, plan=plan(bands=("D", "C", "B")), items="fixed")

    def test_judges_who_say_the_same_give_no_interval(self):
        found = angoff(panel([[0.5, 0.6]] * 3), questions=("q",), round=1, plan=plan(), items="fixed").standard
        assert found.cuts[0].note == "panel_no_spread" and np.isnan(found.errors[0])

    def test_rounds(self):
        rounds = np.stack([THREE, (THREE + THREE.mean(axis=0)) / 2])
        table = angoff_rounds(panel(rounds), question="q", plan=plan(), scores=np.arange(100.0)).to_frame()
        found = table.set_index(["round", "label"])["value"]
        assert found[1, "sd_between_judges"] == pytest.approx(10) and found[2, "sd_between_judges"] == pytest.approx(5)
        assert found[1, "cut"] == pytest.approx(found[2, "cut"]) == pytest.approx(60)
        assert found[1, "share_below"] == pytest.approx(0.6)

    def test_against_difficulty(self):
        values = [[0.2, 0.4, 0.6, 0.8], [0.8, 0.6, 0.4, 0.2], [0.5] * 4]
        truth = {f"i{n}": 0.2 * (n + 1) for n in range(4)}
        table = angoff_against_difficulty(panel(values), question="q", round=1, difficulty=truth, level=0.95).to_frame()
        found = table[table["label"] == "correlation"]
        assert found["value"].tolist()[:2] == pytest.approx([1, -1])
        assert found["note"].tolist() == ["panel_full_agreement", "panel_full_agreement", "panel_judge_constant"]
        assert table[table["label"] == "rmse"]["value"].iloc[0] == pytest.approx(0)

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            (THREE[:1], "panel_too_few_judges"),
            (THREE[:, :1], "panel_too_few_items"),
            ([[0.5, NAN], [0.5, 0.6]], "panel_incomplete"),
        ],
    )
    def test_not_applicable(self, values, code):
        with pytest.raises(NotApplicable, match=code):
            angoff(panel(values), questions=("q",), round=1, plan=plan(), items="fixed")


class TestEbelHofsteeBookmark:
    GRID = {(1, 1): 0.9, (1, 2): 0.5, (2, 1): 1.0, (2, 2): 0.7}

    def made(self, relevance, difficulty):
        return panels(
            {
                code: (Question(code=code, low=1, high=2), values)
                for code, values in (("r", relevance), ("d", difficulty))
            }
        )

    def test_ebel_by_hand(self):
        found = ebel(
            self.made([[1, 2], [1, 1]], [[1, 2], [1, 2]]),
            relevance="r",
            difficulty="d",
            round=1,
            grid=self.GRID,
            plan=plan(),
        )
        assert found.judges.to_frame()["value"].tolist() == pytest.approx(
            [100 * (0.9 + 0.7) / 2, 100 * (0.9 + 0.5) / 2]
        )
        assert found.standard.cuts[0].value == pytest.approx(75)

    def test_ebel_with_a_judges_own_table(self):
        own = dict.fromkeys(self.GRID, 0.5)
        found = ebel(
            self.made([[1, 2], [1, 1]], [[1, 2], [1, 2]]),
            relevance="r",
            difficulty="d",
            round=1,
            grid=self.GRID,
            judge_grids={"j0": own},
            plan=plan(),
        )
        assert found.judges.to_frame()["value"].tolist() == pytest.approx([50, 70])

    @pytest.mark.parametrize(
        ("grid", "code"), [({(1, 1): 0.9}, "ebel_cell_missing"), ({**GRID, (2, 2): 70}, "ebel_share")]
    )
    def test_ebel_faults(self, grid, code):
        with pytest.raises(KinerjaError, match=code):
            ebel(
                self.made([[1, 2], [1, 1]], [[1, 2], [1, 2]]),
                relevance="r",
                difficulty="d",
                round=1,
                grid=grid,
                plan=plan(),
            )

    def test_hofstee_meets_between_two_scores(self):
        """Scores 10, 20, ..., 100. Diagonal from (40, .6) to (80, .2): at 55 it is .45; below 55 are .5."""
        box = HofsteeBox(least_cut=40, most_cut=80, least_fail=0.2, most_fail=0.6)
        cut, share = hofstee_point(box, np.arange(10, 101, 10))
        # after the step at 50 half are below: .5 is on the diagonal at 50, where the step is
        assert (cut, share) == (50, 0.5)
        cut, share = hofstee_point(box, np.arange(5, 105, 10))
        # .5 below from just above 45 on, and the diagonal comes down to .5 at 50
        assert (cut, share) == (pytest.approx(50), 0.5)

    @pytest.mark.parametrize("scores", [np.full(20, 10.0), np.full(20, 90.0)])
    def test_hofstee_that_misses_the_box(self, scores):
        box = HofsteeBox(least_cut=40, most_cut=80, least_fail=0.2, most_fail=0.6)
        with pytest.raises(NotApplicable, match="hofstee_no_crossing"):
            hofstee_point(box, scores)

    def test_hofstee_box_out_of_order(self):
        with pytest.raises(KinerjaError, match="hofstee_box"):
            HofsteeBox(least_cut=80, most_cut=40, least_fail=0.2, most_fail=0.6)
        with pytest.raises(KinerjaError, match="hofstee_box"):
            HofsteeBox(least_cut=40, most_cut=80, least_fail=5, most_fail=30)

    def test_hofstee_of_a_panel(self):
        cuts, shares = Question(code="x", low=0, high=100, whole=False), Question(code="y", low=0, high=1, whole=False)
        asked = {
            code: (Question(code=code, low=0, high=question.high, whole=False), values)
            for code, question, values in (
                ("k1", cuts, [[40], [42], [38]]),
                ("k2", cuts, [[80]] * 3),
                ("f1", shares, [[0.2]] * 3),
                ("f2", shares, [[0.6]] * 3),
            )
        }
        scores = np.linspace(0, 100, 1001)
        questions = ("k1", "k2", "f1", "f2")
        found = hofstee(
            panels(asked), questions=questions, round=1, scores=scores, plan=plan(), summary="mean"
        ).standard
        # the shares rise as k/100 and the diagonal falls from .6 at 40: they meet at k/100 = 1 - k/100
        assert found.cuts[0].value == pytest.approx(50, abs=0.1) and found.cuts[0].has_interval
        other = hofstee(
            panels(asked), questions=questions, round=1, scores=scores, plan=plan(), summary="median"
        ).standard
        assert other.cuts[0].note == "median_no_interval"

    def test_bookmark_by_hand(self):
        pages = Booklet(items=("a", "b", "c"), locations=np.array([10.0, 20.0, 40.0]), rp=0.67)
        asked = Question(code="q", low=1, high=3)
        at, between = (
            bookmark(panel([[2], [3]], asked), question="q", round=1, pages=pages, rule=rule, plan=plan())
            .standard.cuts[0]
            .value
            for rule in ("at", "between")
        )
        assert at == 30 and between == (15 + 30) / 2

    def test_booklet_orders_and_moves_with_the_slope(self):
        made = booklet(("hard", "flat"), locations=np.array([1.0, 0.0]), slopes=np.array([2.0, 0.25]), rp=0.8)
        assert made.items == ("hard", "flat")
        assert made.locations.tolist() == pytest.approx([1 + np.log(4) / 2, np.log(4) / 0.25])
        guessed = booklet(("a", "b"), locations=np.zeros(2), guessing=np.array([0.0, 0.2]), rp=0.6)
        assert guessed.locations.tolist() == pytest.approx(sorted([np.log(0.6 / 0.4), np.log(0.4 / 0.4)]))

    @pytest.mark.parametrize(("page", "code"), [(4, "bookmark_page"), (0, "bookmark_page")])
    def test_a_page_that_is_not_there(self, page, code):
        pages = Booklet(items=("a", "b", "c"), locations=np.array([10.0, 20.0, 40.0]), rp=0.67)
        with pytest.raises(KinerjaError, match=code):
            bookmark(
                panel([[page], [2]], Question(code="q", low=0, high=9)),
                question="q",
                round=1,
                pages=pages,
                rule="at",
                plan=plan(),
            )


class TestUnitsJudged:
    SCORES = {f"i{n}": 10.0 * n for n in range(8)}
    PASSED = np.array([[0, 0, 0, 1, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1, 1, 1], [0, 1, 0, 0, 1, 1, 1, 1]])
    YES = Question(code="q", low=0, high=1)

    def test_midpoint_by_hand(self):
        found = contrasting_groups(
            panel(self.PASSED, self.YES),
            question="q",
            round=1,
            acceptable=1,
            scores=self.SCORES,
            rule="midpoint",
            units="fixed",
            plan=plan(),
        )
        upper, lower = (30 + 50 + 60 + 70) / 4, (0 + 10 + 20 + 40) / 4
        assert found.judges.to_frame()["value"].iloc[0] == (upper + lower) / 2 == 35

    def test_symmetric_judgements_cut_in_the_middle(self):
        swap = np.array([[0, 0, 0, 1, 0, 1, 1, 1], [0, 0, 0, 1, 0, 1, 1, 1], [0, 0, 0, 1, 0, 1, 1, 1]])
        found = body_of_work(
            panel(swap + 1, Question(code="q", low=1, high=2)),
            question="q",
            round=1,
            scores=self.SCORES,
            units="fixed",
            plan=plan(),
        )
        assert found.standard.cuts[0].value == pytest.approx(35) and found.standard.cuts[0].note == "panel_no_spread"

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            (np.ones((2, 8)), "groups_one_kind"),
            (1 - PASSED, "groups_wrong_way"),
            (np.tile([0, 0, 0, 0, 1, 1, 1, 1], (2, 1)), "groups_separated"),
        ],
    )
    def test_no_curve(self, values, code):
        with pytest.raises(NotApplicable, match=code):
            contrasting_groups(
                panel(values, self.YES),
                question="q",
                round=1,
                acceptable=1,
                scores=self.SCORES,
                rule="logistic",
                units="fixed",
                plan=plan(),
            )

    def test_missing_and_constant_scores(self):
        with pytest.raises(KinerjaError, match="panel_scores_missing"):
            contrasting_groups(
                panel(self.PASSED, self.YES),
                question="q",
                round=1,
                acceptable=1,
                rule="midpoint",
                units="fixed",
                scores={"i0": 1.0},
                plan=plan(),
            )
        with pytest.raises(NotApplicable, match="panel_scores_constant"):
            contrasting_groups(
                panel(self.PASSED, self.YES),
                question="q",
                round=1,
                acceptable=1,
                rule="midpoint",
                units="fixed",
                scores=dict.fromkeys(self.SCORES, 5.0),
                plan=plan(),
            )

    def test_bands_must_fit_the_question(self):
        with pytest.raises(KinerjaError, match="body_of_work_scale"):
            body_of_work(
                panel(self.PASSED, self.YES),
                question="q",
                round=1,
                scores=self.SCORES,
                units="fixed",
                plan=plan(bands=("a", "b", "c")),
            )

    def test_regression_by_hand(self):
        """Ratings 1, 2, 3 with scores 10, 20, 40: slope 15, mean 70/3 at 2."""
        value, se = regression_cut(np.array([10.0, 20, 40]), np.array([1.0, 2, 3]), 2.5)
        left = np.array([10 - 25 / 3, 20 - 70 / 3, 40 - 115 / 3])
        assert value == pytest.approx(70 / 3 + 7.5)
        assert se == pytest.approx(np.sqrt((left @ left) * (1 / 3 + 0.25 / 2)))

    def test_borderline(self):
        asked = Question(code="q", low=1, high=3)
        values = np.array([[1, 1, 2, 2, 2, 3, 3, 3], [1, 2, 1, 2, 3, 2, 3, 3]])
        group = borderline_group(
            panel(values, asked), question="q", round=1, borderline=2, scores=self.SCORES, summary="mean", plan=plan()
        ).standard
        assert group.cuts[0].value == pytest.approx((20 + 30 + 40 + 10 + 30 + 50) / 6) and group.cuts[0].n == 6
        line = borderline_regression(
            panel(values, asked), question="q", round=1, borderline=2, scores=self.SCORES, plan=plan()
        )
        slope, height = np.polyfit(values.ravel(), np.tile(10.0 * np.arange(8), 2), 1)
        assert line.standard.cuts[0].value == pytest.approx(height + 2 * slope) and line.standard.cuts[0].has_interval
        with pytest.raises(NotApplicable, match="borderline_wrong_way"):
            borderline_regression(
                panel(4 - values, asked), question="q", round=1, borderline=2, scores=self.SCORES, plan=plan()
            )
        with pytest.raises(NotApplicable, match="borderline_group_small"):
            borderline_group(
                panel(np.where(values == 2, 1, values), asked),
                question="q",
                round=1,
                borderline=2,
                scores=self.SCORES,
                summary="mean",
                plan=plan(),
            )


class TestWhatItDoes:
    def test_impact_by_hand(self):
        scores = np.arange(1.0, 11.0)
        found = impact(scores, standard=standard(6.0, 9.0), census=True, level=0.95)
        assert found.to_frame()["value"].tolist() == [0.5, 0.3, 0.2]
        assert set(found.to_frame()["note"]) == {"census_no_interval"}
        sampled = impact(scores, standard=standard(6.0, 9.0), census=False, level=0.95).row("a")
        z2 = 3.841458820694124
        assert sampled.low == pytest.approx((0.5 + z2 / 20 - np.sqrt(z2 * (0.25 / 10 + z2 / 400))) / (1 + z2 / 10))

    def test_shift(self):
        made = standard(6.0)
        found = impact_shift(np.arange(1.0, 11.0), standard=made, shifts=(-2.0, 2.0)).to_frame()
        assert found["value"].tolist() == pytest.approx([0.3, 0.5, 0.7])
        low, high = made.cuts[0].low, made.cuts[0].high
        assert (found["low"][1], found["high"][1]) == pytest.approx((np.ceil(low) / 10 - 0.1, np.ceil(high) / 10 - 0.1))

    def test_weights_double_a_unit(self):
        scores, weights = np.array([1.0, 5, 9]), np.array([2.0, 1, 1])
        doubled = impact(np.array([1.0, 1, 5, 9]), standard=standard(4.0), census=True, level=0.95).row("a").value
        assert (
            impact(scores, standard=standard(4.0), census=True, weights=weights, level=0.95).row("a").value == doubled
        )
        with pytest.raises(KinerjaError, match="impact_weights"):
            impact(scores, standard=standard(4.0), census=True, weights=-weights, level=0.95)

    def test_same_decision_by_hand(self):
        """A unit on the cut has one chance in two; far from it, all."""
        found = same_decision({"on": 50.0, "far": 90.0}, standard=standard(50.0), source="panel").to_frame()
        assert found["value"].tolist() == pytest.approx([0.5, 1.0, 0.75], abs=1e-6)
        from scipy import stats

        near = same_decision({"u": 52.0}, standard=standard(50.0), source="panel").to_frame()["value"][0]
        assert near == pytest.approx(stats.t.cdf(2 / np.sqrt(2), 8))
        sample = same_decision({"u": 52.0}, standard=standard(50.0), source="sample", errors={"u": 2.0}).to_frame()[
            "value"
        ][0]
        assert sample == pytest.approx(stats.norm.cdf(2 / (2 * np.sqrt(2))))

    def test_both_lies_below_each(self):
        made, unit, errors = standard(50.0, 60.0), {"u": 53.0}, {"u": 1.5}
        one, two, both = (
            same_decision(unit, standard=made, source=source, errors=errors).to_frame()["value"][0]
            for source in ("panel", "sample", "both")
        )
        assert both < min(one, two)

    def test_a_cut_without_error_says_nothing_about_another_panel(self):
        made = settle([50.0], errors=[0.0], freedom=[8], n=[9], plan=plan(), method="m", conventions=())
        with pytest.raises(NotApplicable, match="cut_without_error"):
            same_decision({"u": 1.0}, standard=made, source="panel")
        with pytest.raises(KinerjaError, match="replication_errors"):
            same_decision({"u": 1.0}, standard=made, source="sample")

    def test_triangulation_by_hand(self):
        one, two = (
            Estimate(label="cut", value=v, low=v - h, high=v + h, n=9, method="m") for v, h in ((60, 3), (55, 4))
        )
        found = triangulate({"angoff": (one,), "line": (two,)}, scores=np.arange(50.0, 70.0))
        row = found.differences.estimates()[0]
        assert (row.value, row.low, row.high) == (5, 0, 10) and found.apart == ()
        assert found.moved.estimates()[0].value == 5 / 20
        far = triangulate(
            {"angoff": (one,), "line": (Estimate(label="c", value=50, low=48, high=52, n=9, method="m"),)}
        )
        assert far.apart == (("angoff", "line", "cut"),) and far.moved is None

    def test_triangulation_of_unlike_things(self):
        one = Estimate(label="cut", value=60, low=57, high=63, n=9, method="m")
        with pytest.raises(NotApplicable, match="triangulation_one_source"):
            triangulate({"a": (one,)})
        with pytest.raises(KinerjaError, match="triangulation_unlike"):
            triangulate({"a": (one,), "b": (one, one)})


class TestConsistency:
    SCORES = np.random.default_rng(1).binomial(20, np.random.default_rng(2).beta(6, 4, 300)).astype(float)

    def test_subkoviak_with_a_reliability_of_nearly_one_always_repeats(self):
        sure = Estimate(label="r", value=0.999999, low=0.99, high=0.9999999, n=300, method="m")
        found = subkoviak(self.SCORES, cut=12, items=20, reliability=sure, level=0.95).indices
        assert found.row("consistency").value == pytest.approx(1, abs=1e-3)

    def test_tables_are_probabilities(self):
        found = livingston_lewis(
            self.SCORES, standard=standard(10.0, 14.0, high=20.0), reliability=RELIABILITY, model="4P", level=0.95
        )
        for table in (found.confusion, found.repeat):
            assert table.sum() == pytest.approx(1, abs=1e-9) and (table >= 0).all()
        np.testing.assert_allclose(found.repeat, found.repeat.T, atol=1e-15)
        np.testing.assert_allclose(found.confusion.sum(axis=0), found.repeat.sum(axis=0), atol=1e-9)
        indices = found.indices
        assert sum(indices.row(label).value for label in ("accuracy", "false_up", "false_down")) == pytest.approx(1)

    def test_without_an_interval_of_the_reliability_there_is_none(self):
        bare = Estimate(label="r", value=0.7, low=NAN, high=NAN, n=1, method="m", note="reliability_no_interval")
        found = livingston_lewis(
            self.SCORES, standard=standard(10.0, high=20.0), reliability=bare, model="2P", level=0.95
        )
        assert {row.note for row in found.indices.estimates()} == {"reliability_no_interval"}

    def test_a_reliability_that_does_not_fit(self):
        scores = np.tile([0.0, 20.0], 20)
        with pytest.raises(NotApplicable, match="consistency_no_fit"):
            livingston_lewis(
                scores, standard=standard(10.0, high=20.0), reliability=RELIABILITY, model="4P", level=0.95
            )

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"model": "3P"}, "consistency_model"),
            ({"level": 0.9}, "consistency_level"),
            ({"scores": np.full(20, 21.0)}, "scores_off_scale"),
            ({"scores": np.full(20, 5.0)}, "panel_scores_constant"),
            ({"scores": np.arange(5.0)}, "consistency_too_few"),
            ({"scores": np.array([NAN] * 20)}, "score_not_finite"),
        ],
    )
    def test_faults(self, changes, code):
        given = {"scores": self.SCORES, "model": "4P", "level": 0.95, **changes}
        with pytest.raises(KinerjaError, match=code):
            livingston_lewis(given.pop("scores"), standard=standard(10.0, high=20.0), reliability=RELIABILITY, **given)

    def test_lee_of_one_fair_item_is_a_coin(self):
        table = logistic_probabilities(np.zeros(20), slopes=np.ones(1), locations=np.zeros(1))
        found = lee(table, standard=standard(1.0, high=1.0), level=0.95).indices
        assert (
            found.row("consistency").value == pytest.approx(0.5)
            and found.row("consistency").note == "panel_units_alike"
        )
        assert found.row("kappa").value == pytest.approx(0)

    def test_lee_takes_items_with_points(self):
        """Two items of 0 to 2 points, each point equally likely: the sum is 4 with 1/9."""
        table = np.full((12, 2, 3), 1 / 3)
        found = lee(table, standard=standard(3.5, high=4.0), level=0.95)
        assert found.repeat[1, 1] == pytest.approx((1 / 9) ** 2)

    def test_rudner_by_hand(self):
        from scipy import stats

        theta = np.repeat([1.0, -1.0], 10)
        found = rudner(theta, np.ones(20), standard=standard(0.0, low=-4, high=4), level=0.95).indices
        right = stats.norm.cdf(1)
        assert found.row("accuracy").value == pytest.approx(right)
        assert found.row("consistency").value == pytest.approx(right**2 + (1 - right) ** 2)
        with pytest.raises(KinerjaError, match="irt_errors"):
            rudner(theta, np.zeros(20), standard=standard(0.0, low=-4, high=4), level=0.95)


class TestMinutes:
    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_every_statement_and_convention_has_words(self, lang):
        words = catalogue(lang)
        for setting, made in self.settings():
            record = minutes(
                setting, panel=made, impact=impact(np.arange(100.0), standard=setting.standard, census=True, level=0.95)
            )
            for message in (*record.statements, *record.conventions):
                assert "{" not in words.sentence(message)
            assert {"cuts", "judges", "answers", "impact"} <= set(record.tables)
        assert "17 " in words.sentence(record.statements[0]) and "ikm" in words.sentence(record.statements[0])

    def test_silence_is_impossible(self):
        setting, made = next(self.settings())
        codes = [message.code for message in minutes(setting, panel=made).statements]
        assert {"minutes.no_impact", "minutes.no_consistency", "minutes.no_measurement_error"} <= set(codes)

    def test_consistency_is_told(self):
        setting, made = next(self.settings())
        found = livingston_lewis(
            TestConsistency.SCORES * 5, standard=setting.standard, reliability=RELIABILITY, model="4P", level=0.95
        )
        codes = [message.code for message in minutes(setting, panel=made, consistency=found).statements]
        assert "minutes.accuracy" in codes and "minutes.no_consistency" not in codes

    @staticmethod
    def settings():
        made = panel(THREE, judges=("j0", "j1", "j2", "silent"))
        for items in ("fixed", "random"):
            yield angoff(made, questions=("q",), round=1, plan=plan(), items=items), made
        yield angoff(made, questions=("q",), round=1, plan=plan(measurement_error=2.0), items="fixed"), made
        for question, values in (
            (Question(code="q", low=0, high=1), THREE > 0.55),
            (Question(code="q", low=0, high=9), THREE),
        ):
            made = panel(np.asarray(values, dtype=float).round() if question.whole else values, question)
            yield angoff(made, questions=("q",), round=1, plan=plan(), items="fixed"), made
        made = panel(np.vstack([TestUnitsJudged.PASSED] * 2) + 1, Question(code="q", low=1, high=2))
        common = {"question": "q", "round": 1, "scores": TestUnitsJudged.SCORES, "plan": plan()}
        for rule, units in (("midpoint", "random"), ("logistic", "fixed")):
            yield contrasting_groups(made, acceptable=2, rule=rule, units=units, **common), made
        yield body_of_work(made, units="fixed", **common), made
        yield borderline_regression(made, borderline=1, **common), made
        for summary in ("mean", "median"):
            yield borderline_group(made, borderline=1, summary=summary, **common), made
        pages = Booklet(items=("a", "b", "c"), locations=np.array([10.0, 20.0, 40.0]), rp=0.67)
        made = panel([[2], [3]], Question(code="q", low=1, high=3))
        for rule in ("at", "between"):
            yield bookmark(made, question="q", round=1, pages=pages, rule=rule, plan=plan()), made
