"""Content validity, agreement and consensus by numbers that can be checked by hand, and what cannot be answered."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.panels.agreement import METRICS, agreement, cohen_kappa, krippendorff_alpha
from kinerja_lab.panels.appropriateness import appropriateness
from kinerja_lab.panels.concordance import kendall_w
from kinerja_lab.panels.content_validity import (
    aiken_p,
    aiken_v,
    content_validity_ratio,
    critical_cvr,
    item_validity,
    scale_validity,
)
from kinerja_lab.panels.delphi import StoppingRule, delphi_change
from kinerja_lab.panels.experts_needed import AikenRule, CviRule, CvrRule, experts_needed
from kinerja_lab.panels.feedback import feedback
from kinerja_lab.panels.intraclass import intraclass
from kinerja_lab.panels.judges import judge_profile


def panel(values, *, low=1, high=4, whole=True, judges=()) -> JudgePanel:
    """Rows are judges; a third axis in front is rounds."""
    table = np.asarray(values, dtype=float)
    table = table[None] if table.ndim == 2 else table
    rows = [(f"j{j}", f"i{i}", "q", r + 1, table[r, j, i]) for r, j, i in np.argwhere(~np.isnan(table))]
    frame = pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"])
    return JudgePanel(
        frame=frame,
        questions=(Question(code="q", low=low, high=high, whole=whole),),
        judges=judges,
        items=tuple(f"i{i}" for i in range(table.shape[2])),
    )


EIGHT = np.array([[4, 4, 1], [3, 4, 2], [4, 3, 4], [4, 3, 2], [3, 2, 4], [4, 4, 3], [4, 3, 1], [1, 4, 2]])
CONSTANT = np.full((4, 5), 3.0)
NAN = float("nan")


class TestContent:
    def test_by_hand(self):
        table = item_validity(panel(EIGHT), relevant=3, level=0.95).to_frame().set_index(["item", "label"])
        chance = 8 / 2**8
        assert table.loc[("i0", "i_cvi"), "value"] == 7 / 8
        assert table.loc[("i0", "modified_kappa"), "value"] == pytest.approx((7 / 8 - chance) / (1 - chance), abs=1e-14)
        ratios, decisions = content_validity_ratio(panel(EIGHT), essential=3, alpha=0.05, level=0.95)
        assert ratios.row("i0").value == (7 - 4) / 4
        assert decisions["critical"].tolist() == [7, 7, 7] and decisions["kept"].tolist() == [True, True, False]
        assert decisions["p"].tolist() == pytest.approx([9 / 256, 9 / 256, (70 + 56 + 28 + 8 + 1 + 56) / 256])

    def test_scale_level_is_mean_and_share(self):
        found = scale_validity(panel(EIGHT), relevant=3, level=0.95)
        assert found.row("s_cvi_ave").value == pytest.approx((7 + 7 + 3) / 24)
        assert found.row("s_cvi_ua").value == 0 and found.row("s_cvi_ua").note == "universal_agreement_shrinks"

    def test_all_agree_still_has_an_interval_as_wide_as_the_number_of_judges(self):
        found = scale_validity(panel(np.full((6, 10), 4)), relevant=3, level=0.95).row("s_cvi_ave")
        z2 = 3.841458820694124
        assert (found.value, found.high) == (1, 1) and found.low == pytest.approx(6 / (6 + z2))

    def test_items_count_only_those_who_rated(self):
        values = EIGHT.astype(float)
        values[:3, 0] = NAN
        _, decisions = content_validity_ratio(panel(values), essential=3, alpha=0.05, level=0.95)
        assert decisions["n"].tolist() == [5, 8, 8] and decisions["critical"].tolist() == [5, 7, 7]

    def test_too_small_for_the_exact_test(self):
        with pytest.raises(NotApplicable, match="cvr_panel_too_small"):
            critical_cvr(4, alpha=0.05)
        _, decisions = content_validity_ratio(panel(np.full((4, 2), 4)), essential=3, alpha=0.05, level=0.95)
        assert decisions["critical"].isna().all() and not decisions["kept"].any()

    def test_aiken_by_hand(self):
        table, decisions = aiken_v(panel([[4, 1], [4, 2]]), level=0.95)
        assert table.row("i0").value == 1 and table.row("i1").value == 1 / 6
        assert decisions["p"].tolist() == [1 / 16, 15 / 16]
        assert aiken_p(0, 3, points=5) == 1

    @pytest.mark.parametrize("high", [2, 8])
    def test_aiken_wants_three_to_seven_points(self, high):
        with pytest.raises(KinerjaError, match="panel_scale_points"):
            aiken_v(panel([[1, 2], [2, 1]], high=high), level=0.95)

    def test_threshold_off_the_scale(self):
        with pytest.raises(KinerjaError, match="panel_threshold_off_scale"):
            item_validity(panel(EIGHT), relevant=5, level=0.95)


class TestExpertsNeeded:
    @pytest.mark.parametrize(
        ("yes", "n", "kept", "flips", "flip_points", "more_for", "more_against"),
        [
            (7, 8, True, True, 0, 0, 1),
            (9, 10, True, False, NAN, 0, 2),
            (8, 10, False, True, 1, 1, 0),
            (4, 5, False, False, NAN, 3, 0),
            (5, 5, True, True, 0, 0, 1),
            (12, 12, True, False, NAN, 0, 5),
        ],
    )
    def test_one_more_expert_against_the_exact_table(self, yes, n, kept, flips, flip_points, more_for, more_against):
        """Critical counts of Ayre and Scally: 5 of 5, 6/6, 7/7, 7/8, 8/9, 9/10, 9/11, 10/12, 10/13, 11/14, 12/15,
        12/16, 13/17."""
        values = np.where(np.arange(n) < yes, 4, 1)[:, None]
        found = experts_needed(panel(values), favourable=3, rule=CvrRule(alpha=0.05), assurance=0.8, most=20).iloc[0]
        assert (found["kept"], found["flips"]) == (kept, flips)
        np.testing.assert_array_equal(
            [found["flip_points"], found["more_for"], found["more_against"]], [flip_points, more_for, more_against]
        )

    def test_share_rule(self):
        values = np.where(np.arange(6) < 5, 4, 1)[:, None]
        found = experts_needed(panel(values), favourable=3, rule=CviRule(), assurance=0.8, most=9).iloc[0]
        # 5/6 = .83 is kept, 5/7 = .71 is not
        assert found["kept"] and found["flips"] and found["flip_points"] == 0 and found["more_against"] == 1

    def test_predictive_number_by_hand(self):
        """8 of 10: one more yes keeps it (9 of 11); its predictive probability is 8.5/11."""
        values = np.where(np.arange(10) < 8, 4, 1)[:, None]
        rule = CvrRule(alpha=0.05)
        low = experts_needed(panel(values), favourable=3, rule=rule, assurance=8.5 / 11 - 1e-9, most=30).iloc[0]
        high = experts_needed(panel(values), favourable=3, rule=rule, assurance=8.5 / 11 + 1e-9, most=30).iloc[0]
        assert low["more_needed"] == 1 and high["more_needed"] != 1

    def test_whole_scale_rule(self):
        found = experts_needed(
            panel([[4], [4], [3]]), favourable=1, rule=AikenRule(alpha=0.05, top=3), assurance=0.8, most=5
        ).iloc[0]
        assert found["points"] == 8 and not found["kept"] and found["flip_points"] == 3
        assert aiken_p(8, 3, points=4) == 4 / 64 and aiken_p(11, 4, points=4) == 5 / 256

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"assurance": 1.0}, "panel_bad_assurance"),
            ({"most": 0}, "panel_bad_most"),
            ({"favourable": 9}, "off_scale"),
            ({"rule": AikenRule(alpha=0.05, top=6)}, "panel_scale_points"),
        ],
    )
    def test_faults(self, changes, code):
        with pytest.raises(KinerjaError, match=code):
            experts_needed(
                panel(EIGHT), **{"favourable": 3, "rule": CvrRule(alpha=0.05), "assurance": 0.8, "most": 3, **changes}
            )


class TestAgreement:
    def test_two_judges_by_hand(self):
        """Ten items, 7 agreements; margins 6/4 and 5/5: pe = .6 x .5 + .4 x .5 = .5, kappa = (.7 - .5)/.5."""
        first = [1] * 6 + [2] * 4
        second = [1] * 4 + [2] * 2 + [1] + [2] * 3
        found = cohen_kappa(panel([first, second], high=2), weights="nominal", level=0.95).estimates()[0]
        assert found.value == pytest.approx((0.7 - 0.5) / 0.5) and found.n == 10
        table = agreement(panel([first, second], high=2), weights="nominal", level=0.95)
        assert table.row("percent_agreement").value == pytest.approx(0.7)
        shares = 11 / 20, 9 / 20
        chance = shares[0] ** 2 + shares[1] ** 2
        assert table.row("fleiss_kappa").value == pytest.approx((0.7 - chance) / (1 - chance))
        assert table.row("gwet_ac").value == pytest.approx(
            (0.7 - 2 * shares[0] * shares[1]) / (1 - 2 * shares[0] * shares[1])
        )
        assert table.row("brennan_prediger").value == pytest.approx((0.7 - 0.5) / 0.5)

    def test_unused_categories_of_the_scale_count_for_ac1(self):
        ratings = [[1, 2, 1, 2, 1], [1, 2, 1, 1, 1]]
        two, four = (
            agreement(panel(ratings, high=high), weights="nominal", level=0.95).row("gwet_ac").value for high in (2, 4)
        )
        share = 7 / 10
        for value, q in ((two, 2), (four, 4)):
            chance = 2 * share * (1 - share) / (q - 1)
            assert value == pytest.approx((0.8 - chance) / (1 - chance))

    def test_full_agreement_and_one_value(self):
        table = agreement(panel([[1, 2, 3, 4]] * 3), weights="nominal", level=0.95)
        assert {row.note for row in table.estimates()} == {"panel_full_agreement"}
        table = agreement(panel(CONSTANT), weights="nominal", level=0.95)
        assert np.isnan(table.row("fleiss_kappa").value) and table.row("fleiss_kappa").note == "panel_one_value"
        assert table.row("gwet_ac").value == 1 and not table.row("gwet_ac").has_interval

    def test_single_ratings_elsewhere_do_not_make_alpha_defined(self):
        values = np.array([[3, 3, NAN], [3, 3, 1.0]])
        with pytest.raises(NotApplicable, match="panel_constant"):
            krippendorff_alpha(panel(values), metric="nominal", level=0.95)
        assert (
            agreement(panel(values), weights="nominal", level=0.95).row("krippendorff_alpha").note == "panel_one_value"
        )

    def test_perfect_rank_order_and_none(self):
        same, _ = kendall_w(panel([[1, 2, 3]] * 4), level=0.95)
        assert same.value == 1 and same.note == "panel_full_agreement"
        opposed, test = kendall_w(panel([[1, 2, 3], [3, 2, 1]]), level=0.95)
        assert opposed.value == 0 and test.p == 1 and opposed.low == 0

    def test_intraclass_by_hand(self):
        """Item means 1.5 and 3.5, two of each, judges alike: all within items is rest."""
        values = [[1, 3, 2, 4], [2, 4, 1, 3]]
        found = intraclass(panel(values), level=0.95)
        between, within, judges, rest = 2 * (4 * 1.0) / 3, 4 * 0.5 / 4, 0.0, 4 * 0.5 / 3
        assert found.row("ICC(1,1)").value == pytest.approx((between - within) / (between + within))
        assert found.row("ICC(C,1)").value == pytest.approx((between - rest) / (between + rest))
        assert found.row("ICC(A,1)").value == pytest.approx(
            (between - rest) / (between + rest + 2 * (judges - rest) / 4)
        )
        assert found.row("ICC(C,k)").value == pytest.approx(1 - rest / between)


class TestJudges:
    def test_leniency_by_hand(self):
        rng = np.random.default_rng(4)
        base = rng.integers(2, 4, size=12)
        noise = np.array([1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        values = np.array([base, base + 1, base + noise, base - 1])
        found = judge_profile(panel(values, low=0, high=6), level=0.95)
        table = found.leniency.to_frame()
        plain = table[table["label"] == "leniency"]["value"].to_numpy()
        assert plain == pytest.approx([0, 1, 0, -1])
        assert ("j1", "lenient") in found.outlying and ("j3", "severe") in found.outlying
        assert not any(judge == "j0" for judge, _ in found.outlying)

    def test_shares_sum_to_one(self):
        found = judge_profile(panel(EIGHT), level=0.95)
        assert found.shares.to_frame()["value"].sum() == pytest.approx(1)

    def test_two_groups_without_a_common_item(self):
        values = np.full((4, 8), NAN)
        values[:2, :4] = [[1, 2, 3, 4], [2, 2, 3, 3]]
        values[2:, 4:] = [[1, 2, 3, 4], [2, 2, 3, 3]]
        with pytest.raises(NotApplicable) as caught:
            judge_profile(panel(values), level=0.95)
        assert caught.value.message.code.endswith(("not_connected", "too_few_ratings"))


class TestConsensus:
    def test_change_by_hand(self):
        rounds = np.array([[[1, 4], [2, 4], [3, 4], [4, 4]], [[2, 4], [2, 4], [2, 4], [3, 4]]])
        found = delphi_change(panel(rounds), question="q", before=1, after=2, rule=StoppingRule(), level=0.95)
        items = found.items.to_frame().set_index(["item", "label"])
        assert items.loc[("i0", "changed"), "value"] == 3 / 4
        assert items.loc[("i0", "mean_change"), "value"] == pytest.approx((1 + 0 - 1 - 1) / 4)
        # histogram 1,1,1,1 -> 0,3,1,0: half of 1 + 2 + 0 + 1, of four experts
        assert items.loc[("i0", "net_change"), "value"] == 2 / 4
        assert found.spread["verdict"].tolist() == ["moving", "consensus"] and not found.stop

    def test_two_experts_who_change_places_cancel(self):
        rounds = np.array([[[1], [4], [1], [4]], [[4], [1], [1], [4]]])
        found = delphi_change(panel(rounds), question="q", before=1, after=2, rule=StoppingRule(), level=0.95)
        assert found.items.to_frame()["value"].tolist() == [0.5, 0.0, 0.0]
        assert found.spread["verdict"].tolist() == ["stable_dissent"] and found.stop

    def test_who_dropped_out_is_named(self):
        rounds = np.array([[[1, 2], [2, 2], [3, 1]], [[1, 2], [2, 2], [NAN, NAN]]])
        found = delphi_change(panel(rounds), question="q", before=1, after=2, rule=StoppingRule(), level=0.95)
        assert found.dropped == ("j2",) and found.spread["n"].tolist() == [2, 2]

    def test_percentile_rule_decides(self):
        """1 2 7 7 7 7 7 8 9: between the 30th and 70th percentile there is agreement, between 10th and 90th not."""
        ratings = panel(np.array([[1, 2, 7, 7, 7, 7, 7, 8, 9]]).T, high=9)
        manual = appropriateness(ratings, level=0.95)[1].iloc[0]
        other = appropriateness(ratings, percentiles=(10, 90), level=0.95)[1].iloc[0]
        assert manual["verdict"] == "appropriate" and not manual["disagreement"] and manual["ipr"] == 0
        assert other["disagreement"] and other["verdict"] == "uncertain"

    def test_other_scales_are_stretched_to_nine(self):
        nine = np.array([[1, 3, 5, 7, 9, 7, 7]]).T
        five = (nine + 1) / 2
        one, two = (
            appropriateness(panel(values, high=high), level=0.95)[1].iloc[0] for values, high in ((nine, 9), (five, 5))
        )
        assert one["index"] == pytest.approx(two["index"]) and one["verdict"] == two["verdict"]
        assert two["ipr"] == one["ipr"] / 2

    def test_median_interval_needs_six(self):
        five, six = (
            appropriateness(panel(np.arange(1, n + 1)[:, None], high=9), level=0.95)[0].to_frame().iloc[0]
            for n in (5, 6)
        )
        assert five["note"] == "panel_too_few_for_median" and (six["low"], six["high"]) == (1, 6)


class TestFeedback:
    def test_own_answer_against_the_group(self):
        rounds = np.array([[[1, 4], [2, 4], [3, 4], [4, NAN]], [[1, 4], [3, 4], [3, 4], [4, NAN]]])
        found = feedback(panel(rounds), judge="j0", question="q", round=2)
        first, second = (found.items.iloc[row] for row in (0, 1))
        assert (first["own"], first["previous"], first["median"], first["place"]) == (1, 1, 3, "below")
        assert second["hidden"] and np.isnan(second["median"]) and second["place"] == ""
        assert found.counts.query("item == 'i0'")["n"].tolist() == [1, 0, 2, 1]
        assert set(found.counts["item"]) == {"i0"}

    def test_no_colleague_is_named(self):
        found = feedback(panel(EIGHT), judge="j0", question="q", round=1)
        text = " ".join(table.to_string() for table in (found.items, found.counts, found.comments))
        assert not any(f"j{number}" in text for number in range(8))

    def test_too_few_to_show_is_refused(self):
        with pytest.raises(KinerjaError, match="feedback_least"):
            feedback(panel(EIGHT), judge="j0", question="q", round=1, least=2)


ALL = {
    "cvr": lambda held: content_validity_ratio(held, essential=3, alpha=0.05, level=0.95),
    "cvi": lambda held: item_validity(held, relevant=3, level=0.95),
    "scvi": lambda held: scale_validity(held, relevant=3, level=0.95),
    "aiken": lambda held: aiken_v(held, level=0.95),
    "agreement": lambda held: agreement(held, weights="linear", level=0.95),
    "alpha": lambda held: krippendorff_alpha(held, metric="ordinal", level=0.95),
    "cohen": lambda held: cohen_kappa(held, weights="quadratic", level=0.95),
    "kendall": lambda held: kendall_w(held, level=0.95),
    "icc": lambda held: intraclass(held, level=0.95),
    "judges": lambda held: judge_profile(held, level=0.95),
    "rand": lambda held: appropriateness(held, level=0.95),
    "needed": lambda held: experts_needed(held, favourable=3, rule=CvrRule(alpha=0.05), assurance=0.8, most=3),
}
ONE_ITEM = ("cvr", "cvi", "scvi", "aiken", "rand", "needed")


@pytest.mark.parametrize("method", ALL)
class TestBadInput:
    def test_one_judge(self, method):
        with pytest.raises(NotApplicable) as caught:
            ALL[method](panel(EIGHT[:1]))
        assert caught.value.message.code == "not_applicable.panel_too_few_judges"

    def test_a_judge_who_rated_nothing_changes_nothing_but_is_counted(self, method):
        silent = panel(EIGHT, judges=(*(f"j{n}" for n in range(8)), "silent"))
        assert str(ALL[method](silent)) == str(ALL[method](panel(EIGHT)))

    def test_an_item_nobody_rated(self, method):
        values = EIGHT.astype(float)
        values[:, 1] = NAN
        with pytest.raises(NotApplicable, match="panel_items_unrated"):
            ALL[method](panel(values))

    def test_one_item(self, method):
        if method in ONE_ITEM:
            ALL[method](panel(EIGHT[:, :1]))
        else:
            with pytest.raises(NotApplicable, match="panel_too_few_items"):
                ALL[method](panel(EIGHT[:, :1]))

    def test_constant_ratings_give_no_warning_and_no_false_number(self, method):
        try:
            found = ALL[method](panel(CONSTANT))
        except NotApplicable as reason:
            assert reason.message.code.split(".")[1] in {"panel_constant", "panel_judges_constant"}
        else:
            assert found is not None

    def test_all_answers_of_two_rounds_at_once_are_refused(self, method):
        with pytest.raises(KinerjaError, match="panel_not_single"):
            ALL[method](panel(np.stack([EIGHT, EIGHT])))

    def test_missing_cells(self, method):
        values = np.tile(EIGHT.astype(float), 2)
        values[0, 0] = values[3, 2] = NAN
        if method == "kendall":
            with pytest.raises(NotApplicable, match="panel_incomplete"):
                ALL[method](panel(values))
        else:
            assert ALL[method](panel(values)) is not None


@pytest.mark.parametrize("metric", METRICS)
def test_probabilities_have_an_alpha_but_no_kappa(metric):
    held = panel([[0.2, 0.5, 0.9], [0.25, 0.5, 0.8]], low=0, high=1, whole=False)
    assert krippendorff_alpha(held, metric=metric, level=0.95).value <= 1
    with pytest.raises(KinerjaError, match="panel_needs_ratings"):
        agreement(held, weights="nominal", level=0.95)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: agreement(panel(EIGHT), weights="linier", level=0.95), "panel_unknown_weights"),
        (lambda: krippendorff_alpha(panel(EIGHT), metric="", level=0.95), "panel_unknown_metric"),
        (lambda: appropriateness(panel(EIGHT), percentiles=(10, 70), level=0.95), "panel_bad_percentiles"),
        (lambda: appropriateness(panel(EIGHT), percentile_type="x", level=0.95), "panel_unknown_percentile_type"),
        (lambda: content_validity_ratio(panel(EIGHT), essential=3, alpha=0, level=0.95), "panel_bad_alpha"),
        (lambda: item_validity(panel(EIGHT), relevant=3, level=95), "bad_level"),
        (lambda: kendall_w(panel(EIGHT), level=0), "bad_level"),
        (lambda: StoppingRule(stable_share=2), "panel_bad_stopping_rule"),
    ],
)
def test_faults_are_named(call, code):
    with pytest.raises(KinerjaError, match=code):
        call()
