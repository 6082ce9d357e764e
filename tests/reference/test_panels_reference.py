"""Panels against published tables and R (irr, irrCAC, psych, vcd, LSAmitR, betafunctions, cacIRT, rcrtan, lme4)."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.numeric import agreement_counts as by_counts
from kinerja_lab.numeric.agreement_components import crossed_components, crossed_mean_squares, three_way_components
from kinerja_lab.panels.agreement import agreement, cohen_kappa, krippendorff_alpha
from kinerja_lab.panels.angoff import angoff, angoff_against_difficulty
from kinerja_lab.panels.appropriateness import appropriateness
from kinerja_lab.panels.bookmark import Booklet, booklet, bookmark
from kinerja_lab.panels.borderline import borderline_group, borderline_regression, regression_cut
from kinerja_lab.panels.concordance import kendall_w
from kinerja_lab.panels.consistency import LivingstonLewisFit, effective_length, livingston_lewis, subkoviak
from kinerja_lab.panels.consistency import _tables as tables_of_fit
from kinerja_lab.panels.consistency_irt import item_information, lee, logistic_probabilities, rudner
from kinerja_lab.panels.content_validity import aiken_p, critical_cvr, item_validity
from kinerja_lab.panels.cut_scores import settle
from kinerja_lab.panels.ebel import ebel
from kinerja_lab.panels.examinee_centred import contrasting_groups
from kinerja_lab.panels.hofstee import hofstee
from kinerja_lab.panels.impact import impact
from kinerja_lab.panels.intraclass import intraclass
from kinerja_lab.panels.judges import judge_profile
from kinerja_lab.panels.logistic_cut import logistic_cut

NORMAL = 1.959963984540054


@pytest.fixture(scope="module")
def cases(shared):
    def read(name: str) -> list[dict]:
        return json.loads((shared / f"refs/validation/cases/{name}.json").read_text(encoding="utf-8"))["results"]

    return read


@pytest.fixture(scope="module")
def ratings(shared):
    def read(name: str) -> np.ndarray:
        return pd.read_csv(shared / f"refs/validation/data/{name}.csv").to_numpy(dtype=float)

    return read


@pytest.fixture(scope="module")
def standards(shared):
    def read(name: str):
        path = shared / f"refs/calibration/standards/{name}"
        return pd.read_csv(path) if name.endswith("csv") else json.loads(path.read_text(encoding="utf-8"))

    return read


def panel(values, low, high, *, whole=True, code="q", judges=None, items=None, number=1) -> JudgePanel:
    """From a judges by items table."""
    values = np.asarray(values, dtype=float)
    judges = judges or [f"j{j}" for j in range(values.shape[0])]
    items = items or [f"i{i}" for i in range(values.shape[1])]
    rows = [(judges[j], items[i], code, number, values[j, i]) for j, i in np.argwhere(~np.isnan(values))]
    frame = pd.DataFrame(rows, columns=["judge", "item", "question", "round", "value"])
    return JudgePanel(
        frame=frame, questions=(Question(code=code, low=low, high=high, whole=whole),), items=tuple(items)
    )


def together(*panels: JudgePanel) -> JudgePanel:
    return JudgePanel(
        frame=pd.concat([one.frame for one in panels], ignore_index=True),
        questions=tuple({one.questions[0].code: one.questions[0] for one in panels}.values()),
    )


def plan(low, high, bands=("no", "yes")) -> StandardPlan:
    return StandardPlan(
        name="ref", unit="scale_points", low=low, high=high, bands=bands, panel="ref", date=date(2026, 1, 1)
    )


def fixed(cuts, low, high):
    return settle(
        cuts,
        errors=[1.0] * len(cuts),
        freedom=[8.0] * len(cuts),
        n=[9] * len(cuts),
        method="ref",
        conventions=(),
        plan=plan(low, high, tuple("abcdefg"[: len(cuts) + 1])),
    )


class TestContent:
    @pytest.mark.parametrize(("result", "alpha"), [(0, 0.05), (1, 0.01), (1, 0.005)])
    def test_exact_critical_values(self, cases, result, alpha):
        table = cases("content_lawshe_critical")[result]["numbers"]
        table = table if result == 0 else table[str(alpha)]
        from kinerja_lab.core.errors import NotApplicable

        for n, wanted in table.items():
            if wanted["n_critical"] is None:
                with pytest.raises(NotApplicable):
                    critical_cvr(int(n), alpha=alpha)
                continue
            found = critical_cvr(int(n), alpha=alpha)
            assert (found.n, found.least) == (wanted["N"], wanted["n_critical"])
            assert found.cvr == pytest.approx(wanted["CVR_critical"], abs=1e-14)
            assert found.p == pytest.approx(wanted["p"], abs=1e-14)

    def test_it_is_not_the_misprinted_table(self, cases):
        printed = cases("content_lawshe_critical")[2]["numbers"]
        assert printed["10"] == 0.62 and critical_cvr(10, alpha=0.05).cvr == 0.8

    def test_modified_kappa(self, cases):
        for wanted in cases("content_polit_kappa")[0]["numbers"].values():
            values = np.where(np.arange(wanted["N"]) < wanted["A"], 4, 1)[:, None]
            found = item_validity(panel(values, 1, 4), relevant=3, level=0.95)
            assert found.row("i_cvi").value == pytest.approx(wanted["I_CVI"], abs=1e-14)
            assert found.row("modified_kappa").value == pytest.approx(wanted["k_star"], abs=1e-12)

    def test_aiken_critical_values_and_whole_distributions(self, cases):
        critical, whole, _ = cases("content_aiken_v")
        checked = 0
        for wanted in critical["numbers"].values():
            n, c = wanted["n"], wanted["c"]
            for key, alpha in (("alpha05", 0.05), ("alpha01", 0.01)):
                sums = [total for total in range(n * (c - 1) + 1) if aiken_p(total, n, points=c) <= alpha]
                if not wanted[key]:
                    assert sums == []
                    continue
                assert sums[0] / (n * (c - 1)) == pytest.approx(wanted[key]["V"], abs=1e-14)
                assert aiken_p(sums[0], n, points=c) == pytest.approx(wanted[key]["p"], abs=1e-13)
                checked += 1
        assert checked > 200
        for name, wanted in whole["numbers"].items():
            n, c = (int(part[1:]) for part in name.split("_"))
            assert [aiken_p(total, n, points=c) for total in wanted["S"]] == pytest.approx(wanted["p_right"], abs=1e-13)

    def test_aiken_interval(self, cases):
        from kinerja_lab.panels.content_validity import wilson

        for wanted in cases("content_aiken_v")[2]["numbers"]:
            trials = wanted["n"] * (wanted["c"] - 1)
            low, high = wilson(wanted["V"] * trials, trials, level=wanted["conf"])
            assert (float(low), float(high)) == pytest.approx((wanted["lower"], wanted["upper"]), abs=1e-10)


class TestAgreement:
    LABELS = {
        "ac": "gwet_ac",
        "fleiss": "fleiss_kappa",
        "kripp": "krippendorff_alpha",
        "bp": "brennan_prediger",
        "pa": "percent_agreement",
    }

    @pytest.mark.parametrize(
        ("case", "data", "high", "result"),
        [("irrcac_raw4raters", "irrcac_cac_raw4raters", 5, 0), ("agreement_anxiety_ordinal", "irr_anxiety", 6, 2)],
    )
    @pytest.mark.parametrize(
        ("weights", "peer"),
        [("nominal", "unweighted"), ("linear", "linear"), ("quadratic", "quadratic"), ("ordinal", "ordinal")],
    )
    def test_irrcac(self, cases, ratings, case, data, high, result, weights, peer):
        """The peer prints five digits of value and error, three of the limits."""
        values = ratings(data)
        found = agreement(panel(values.T, 1, high), weights=weights, level=0.95)
        wanted = cases(case)[result]["numbers"][peer]
        for short, label in self.LABELS.items():
            row = found.row(label)
            assert row.value == pytest.approx(wanted[short]["coeff.val"], abs=6e-6), label
            low, high_end = (float(part) for part in wanted[short]["conf.int"].strip("()").split(","))
            assert (row.low, row.high) == pytest.approx((low, high_end), abs=6e-4), label
            assert row.n == int((~np.isnan(values)).sum())

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("fleiss", by_counts.fleiss),
            ("ac1", by_counts.gwet),
            ("kripp", by_counts.krippendorff),
            ("bp", by_counts.brennan_prediger),
        ],
    )
    def test_from_counts(self, cases, ratings, name, method):
        wanted = cases("agreement_fleiss_counts")[0]["numbers"][name]
        found = method(ratings("fleiss_counts14x10"), by_counts.distance_weights(np.arange(5), kind="nominal"))
        assert found.value == pytest.approx(wanted["coeff"], abs=1e-12)
        # the peer's error of Krippendorff's alpha from counts is not that from raw ratings (test_irrcac)
        assert found.se == pytest.approx(wanted["stderr"], abs=1e-4 if name == "kripp" else 1e-12)
        assert (found.observed, found.expected) == pytest.approx((wanted["pa"], wanted["pe"]), abs=1e-12)

    def test_fleiss_1971(self, cases, shared):
        table = pd.read_csv(shared / "refs/validation/data/irr_diagnoses.csv")
        codes = np.unique(table.to_numpy(), return_inverse=True)[1].reshape(table.shape) + 1
        wanted = cases("agreement_diagnoses_fleiss1971")[0]["numbers"]["fleiss"]
        found = agreement(panel(codes.T, 1, 5), weights="nominal", level=0.95)
        assert found.row("fleiss_kappa").value == pytest.approx(wanted, abs=1e-12)
        assert round(found.row("fleiss_kappa").value, 3) == 0.430

    @pytest.mark.parametrize(
        ("metric", "published"),
        [
            ("nominal", 0.743421052631579),
            ("ordinal", 0.8153875037548814),
            ("interval", 0.8491071428571428),
            ("ratio", 0.7974027747116121),
        ],
    )
    def test_krippendorff_2011(self, ratings, metric, published):
        found = krippendorff_alpha(panel(ratings("irrcac_cac_raw4raters").T, 1, 5), metric=metric, level=0.95)
        assert found.value == pytest.approx(published, abs=1e-12)

    def test_krippendorff_pairs_one_by_one(self, ratings):
        """Where irr 0.84.1 differs (complete data: -0.0324 against -0.0237) the definition decides."""
        values = ratings("irr_anxiety")
        pairs = [(a, b) for row in values for i, a in enumerate(row) for j, b in enumerate(row) if i != j]
        flat = values.ravel()
        seen = sum(a != b for a, b in pairs) / 2 / len(flat)
        chance = (
            sum(a != b for i, a in enumerate(flat) for j, b in enumerate(flat) if i != j) / len(flat) / (len(flat) - 1)
        )
        found = krippendorff_alpha(panel(values.T, 1, 6), metric="nominal", level=0.95)
        assert found.value == pytest.approx(1 - seen / chance, abs=1e-12)
        assert abs(found.value - -0.032400849858357) > 0.008

    @pytest.mark.parametrize(
        ("weights", "peer"),
        [("nominal", "unweighted"), ("linear", "weighted_linear"), ("quadratic", "weighted_quadratic")],
    )
    @pytest.mark.parametrize(
        ("result", "data", "columns"),
        [(0, "irr_anxiety", (0, 1)), (1, "irr_diagnoses", (1, 2)), (2, "irr_vision", (0, 1))],
    )
    def test_cohen(self, cases, shared, result, data, columns, weights, peer):
        table = pd.read_csv(shared / f"refs/validation/data/{data}.csv").to_numpy()[:, list(columns)]
        levels, codes = np.unique(table, return_inverse=True)
        codes = codes.reshape(table.shape) + 1
        high = 6 if data == "irr_anxiety" else len(levels)
        if data == "irr_anxiety":
            codes = table
        wanted = cases("kappa_weighted")[result]["numbers"]["vcd_Kappa"][peer]
        found = cohen_kappa(panel(codes.T, 1, high), weights=weights, level=0.95).estimates()[0]
        # vcd keeps the levels that occur: the weights are the same because they depend on distances alone
        assert found.value == pytest.approx(wanted["value"], abs=1e-12) and found.n == len(table)
        assert (found.high - found.value) / NORMAL == pytest.approx(wanted["ASE"], abs=1e-9)
        assert (found.value - found.low) / NORMAL == pytest.approx(wanted["ASE"], abs=1e-9)

    @pytest.mark.parametrize(("data", "name"), [("irr_anxiety", "anxiety_correct"), ("irr_video", "video_correct")])
    def test_kendall(self, cases, ratings, data, name):
        wanted = cases("kendall_w")[0]["numbers"][name]
        found, test = kendall_w(panel(ratings(data).T, 1, 6), level=0.95)
        assert found.value == pytest.approx(wanted["W"], abs=1e-12)
        assert (test.statistic, test.p) == pytest.approx((wanted["chisq"], wanted["p"]), abs=1e-10)
        assert test.df == found.n - 1 == 19

    @pytest.mark.parametrize(
        ("case", "data", "high"), [("icc_shrout_fleiss", "shrout_fleiss1979", 10), ("icc_anxiety", "irr_anxiety", 6)]
    )
    def test_six_intraclass_correlations(self, cases, ratings, case, data, high):
        found = intraclass(panel(ratings(data).T, 1, high), level=0.95)
        names = {
            "ICC1": "ICC(1,1)",
            "ICC2": "ICC(A,1)",
            "ICC3": "ICC(C,1)",
            "ICC1k": "ICC(1,k)",
            "ICC2k": "ICC(A,k)",
            "ICC3k": "ICC(C,k)",
        }
        for wanted in cases(case)[0]["numbers"].values():
            row = found.row(names[wanted["type"]])
            assert (row.value, row.low, row.high) == pytest.approx(
                (wanted["ICC"], wanted["lower bound"], wanted["upper bound"]), abs=1e-9
            ), wanted["type"]
            assert row.n == len(ratings(data))

    def test_intraclass_with_missing_ratings(self, cases, ratings):
        """psych with lme4: REML components; tolerance is lme4's."""
        values = ratings("shrout_fleiss1979").copy()
        values[1, 2] = values[4, 0] = np.nan
        found = intraclass(panel(values.T, 1, 10), level=0.95)
        wanted = {one["type"]: one["ICC"] for one in cases("icc_missing")[0]["numbers"].values()}
        assert found.row("ICC(A,1)").value == pytest.approx(wanted["ICC2"], rel=1e-4)
        assert found.row("ICC(C,1)").value == pytest.approx(wanted["ICC3"], rel=1e-4)


class TestJudges:
    def test_leniency_against_least_squares_of_statsmodels(self, ratings):
        import statsmodels.formula.api as smf

        values = ratings("irrcac_cac_raw4raters")[:10]
        found = judge_profile(panel(values.T, 1, 5), level=0.95).leniency.to_frame()
        found = found[found["label"] == "leniency"]
        item, judge = np.nonzero(~np.isnan(values))
        frame = pd.DataFrame({"y": values[item, judge], "item": item, "judge": judge})
        fit = smf.ols("y ~ C(item) + C(judge, Sum)", data=frame).fit()
        name = "C(judge, Sum)[S.0]"
        assert found["value"].iloc[0] == pytest.approx(fit.params[name], abs=1e-10)
        assert (found["low"].iloc[0], found["high"].iloc[0]) == pytest.approx(tuple(fit.conf_int().loc[name]), abs=1e-9)

    def test_leniency_orders_judges_as_the_many_facet_rasch_model_does(self, ratings, cases):
        """TAM's severities of Guilford's three raters: another model and scale, the same judges' order."""
        table = ratings("guilford_creativity")  # rater, scientist, five traits
        peer = next(result["numbers"]["xsi_facets"] for result in cases("mfrm_guilford") if result["peer"] == "TAM")
        severity = np.array([value for value, facet in zip(peer["xsi"], peer["facet"], strict=True)
                             if facet == "rater"])
        values = np.vstack([table[table[:, 0] == rater][:, 2:].ravel() for rater in (1, 2, 3)])
        found = judge_profile(panel(values, 1, 9), level=0.95).leniency.to_frame()
        leniency = found.loc[found["label"] == "leniency", "value"].to_numpy()
        assert np.corrcoef(leniency, -severity)[0, 1] > 0.9999
        assert list(np.argsort(leniency)) == list(np.argsort(-severity)) == [1, 0, 2]


class TestAngoff:
    @pytest.mark.parametrize("number", [1, 2])
    def test_generalisability(self, standards, number):
        table = standards(f"angoff_round{number}.csv").iloc[:, 1:].to_numpy(dtype=float)
        wanted = standards("angoff.json")[f"round{number}"]
        made = panel(table, 0, 1, whole=False)
        one, other = (
            angoff(made, questions=("q",), round=1, plan=plan(0, 20), items=items) for items in ("fixed", "random")
        )
        assert one.standard.cuts[0].value == pytest.approx(wanted["cut_raw"], abs=1e-10)
        assert one.standard.errors[0] == pytest.approx(wanted["se_simple"], abs=1e-10)
        # these two are lme4's, to its tolerance
        assert one.standard.errors[0] == pytest.approx(wanted["se_g_items_fixed"], rel=1e-5)
        assert other.standard.errors[0] == pytest.approx(wanted["se_g_items_random"], rel=1e-5)
        assert one.judges.to_frame()["value"].tolist() == pytest.approx(wanted["panelist_cut"], abs=1e-10)
        squares = crossed_mean_squares(table)
        anova = wanted["anova"]
        assert (squares.rows, squares.columns, squares.residual) == pytest.approx(
            (anova["MS_r"], anova["MS_i"], anova["MS_e"]), abs=1e-12
        )
        assert crossed_components(squares) == pytest.approx((anova["v_r"], anova["v_i"], anova["v_ri"]), abs=1e-12)
        assert [row.value for row in one.components.estimates()] == pytest.approx(crossed_components(squares))

    def test_against_difficulty(self, standards):
        wanted = standards("angoff.json")
        made = panel(standards("angoff_round2.csv").iloc[:, 1:].to_numpy(dtype=float), 0, 1, whole=False)
        difficulty = {f"i{n}": value for n, value in enumerate(wanted["empirical_p"])}
        table = angoff_against_difficulty(made, question="q", round=1, difficulty=difficulty, level=0.95).to_frame()
        for label, key in (("correlation", "intrajudge_corr"), ("rmse", "intrajudge_rmse")):
            assert table[table["label"] == label]["value"].tolist() == pytest.approx(wanted[key], abs=1e-10)

    def test_three_facets_by_projection(self):
        """Components of a balanced design: sums of squares from dummy regressions, solved by their expectations."""
        rng = np.random.default_rng(3)
        table = rng.normal(size=(4, 5, 3)) + rng.normal(size=(4, 1, 1)) + rng.normal(size=(1, 5, 1))
        found = three_way_components(table, names=("a", "b", "c"))
        cells = np.array(list(np.ndindex(table.shape)))
        y = table.ravel()

        def ss(*axes):
            groups = (
                np.unique(cells[:, axes], axis=0, return_inverse=True)[1].ravel() if axes else np.zeros(len(y), int)
            )
            means = np.bincount(groups, y) / np.bincount(groups)
            return float((means[groups] ** 2).sum())

        ms_abc = (ss(0, 1, 2) - ss(0, 1) - ss(0, 2) - ss(1, 2) + ss(0) + ss(1) + ss(2) - ss()) / (3 * 4 * 2)
        ms_ab = (ss(0, 1) - ss(0) - ss(1) + ss()) / (3 * 4)
        ms_ac = (ss(0, 2) - ss(0) - ss(2) + ss()) / (3 * 2)
        ms_a = (ss(0) - ss()) / 3
        assert found["a", "b", "c"] == pytest.approx(ms_abc) and found["a", "b"] == pytest.approx((ms_ab - ms_abc) / 3)
        assert found["a", "c"] == pytest.approx((ms_ac - ms_abc) / 5)
        assert found["a",] == pytest.approx((ms_a - ms_ab - ms_ac + ms_abc) / (5 * 3))


class TestStandards:
    def test_ebel(self, standards):
        wanted = standards("ebel.json")
        grid = wanted["grid"]
        relevance = {"essential": 3, "important": 2, "acceptable": 1}
        difficulty = {"easy": 1, "medium": 2, "hard": 3}
        cells = [(relevance[a], difficulty[b]) for a, b in zip(grid["relevance"], grid["difficulty"], strict=True)]
        placed = np.repeat(np.array(cells, dtype=float), grid["n_items"], axis=0)
        made = together(
            panel(np.tile(placed[:, 0], (2, 1)), 1, 3, code="r"), panel(np.tile(placed[:, 1], (2, 1)), 1, 3, code="d")
        )
        shares = {cell: share / 100 for cell, share in zip(cells, grid["pct"], strict=True)}
        found = ebel(made, relevance="r", difficulty="d", round=1, grid=shares, plan=plan(0, 100)).standard
        assert found.cuts[0].value == pytest.approx(wanted["cut_pct"], abs=1e-10)

    @pytest.mark.parametrize("summary", ["mean", "median"])
    def test_hofstee(self, standards, summary):
        """The reference walks a grid of .01."""
        wanted = standards("hofstee.json")
        names = ("kmin", "kmax", "fmin", "fmax")
        made = together(
            *(
                panel(
                    np.array([wanted["judgements"][name]]).T / (100 if name[0] == "f" else 1),
                    0,
                    1 if name[0] == "f" else 100,
                    whole=False,
                    code=name,
                )
                for name in names
            )
        )
        found = hofstee(
            made,
            questions=names,
            round=1,
            scores=standards("hofstee_scores.csv")["score"].to_numpy(),
            plan=plan(0, 100),
            summary=summary,
        ).standard
        assert 0 <= wanted[f"hofstee_{summary}"]["cut"] - found.cuts[0].value <= 0.01
        assert 100 * found.conventions[0].params["share"] == pytest.approx(wanted[f"hofstee_{summary}"]["fail_rate"])

    @pytest.mark.parametrize(
        ("rp", "rule", "key"),
        [
            (2 / 3, "between", "cut_RP67_mean"),
            (0.5, "between", "cut_RP50_mean"),
            (2 / 3, "at", "rule_at_bookmark_RP67"),
        ],
    )
    def test_bookmark_of_rasch_items(self, standards, rp, rule, key):
        wanted = standards("bookmark_rp.json")
        b = np.array(wanted["rasch_b_sorted"])
        pages = booklet(tuple(map(str, range(len(b)))), locations=b, rp=rp)
        found = bookmark(
            panel(np.array([wanted["bookmark_page"]]).T, 1, 25),
            question="q",
            round=1,
            pages=pages,
            rule=rule,
            plan=plan(-5, 5),
        ).standard
        assert found.cuts[0].value == pytest.approx(wanted[key], abs=1e-12)
        if key == "cut_RP67_mean":
            assert found.errors[0] == pytest.approx(wanted["se_RP67"], abs=1e-12)

    def test_bookmark_of_a_real_panel(self, standards):
        wanted = standards("lsamitr_standard_setting.json")["bookmark"]
        order = standards("idm_ratings.csv").sort_values("Seite_OIB")
        pages = Booklet(items=tuple(order["task"]), locations=order["Norm_rp23"].to_numpy(), rp=2 / 3)
        marks = standards("bookmarks.csv")
        made = panel(marks[["Cut1", "Cut2"]].to_numpy(), 1, len(order), items=["Cut1", "Cut2"])
        found = bookmark(
            made, question="q", round=1, pages=pages, rule="at", plan=plan(0, 1000, ("a", "b", "c"))
        ).standard
        assert [cut.value for cut in found.cuts] == pytest.approx(wanted["cut"], abs=1e-9)
        assert found.errors == pytest.approx(tuple(wanted["se"]), abs=1e-9)
        assert [cut.n for cut in found.cuts] == [12, 12]

    @pytest.mark.parametrize(
        ("rule", "key", "tolerance"),
        [("midpoint", "per_rater_midpoint", 1e-9), ("logistic", "per_rater_logistic", 1e-5)],
    )
    def test_contrasting_groups(self, standards, rule, key, tolerance):
        table = standards("contrasting_groups.csv")
        wanted = standards("lsamitr_standard_setting.json")["contrasting_groups"]
        scripts = [str(script) for script in table["Script"]]
        made = panel(table.iloc[:, 2:].to_numpy().T, 0, 1, judges=list(table.columns[2:]), items=scripts)
        found = contrasting_groups(
            made,
            question="q",
            round=1,
            acceptable=1,
            rule=rule,
            units="fixed",
            plan=plan(0, 1000),
            scores=dict(zip(scripts, table["Performance"], strict=True)),
        )
        own = found.judges.to_frame().set_index("judge")["value"]
        for judge, cut in wanted[key].items():
            assert own[judge] == pytest.approx(cut, abs=tolerance)
        if rule == "midpoint":
            assert found.standard.cuts[0].value == pytest.approx(wanted["cut"], abs=1e-9)
            assert found.standard.errors[0] == pytest.approx(wanted["se"], abs=1e-9)

    def test_borderline(self, standards):
        table, wanted = standards("borderline.csv"), standards("borderline.json")
        scores, overall = table["checklist"].to_numpy(), table["global"].to_numpy(dtype=float)
        value, se = regression_cut(scores, overall, 2.0)
        assert (value, se) == pytest.approx(
            (wanted["borderline_regression"]["cut"], wanted["borderline_regression"]["se"])
        )
        assert logistic_cut(scores, overall >= 3)[0] == pytest.approx(wanted["contrasting"]["logistic_cut"], abs=1e-6)
        values = np.full((3, len(scores)), np.nan)
        values[np.arange(len(scores)) % 3, np.arange(len(scores))] = overall
        made, known = panel(values, 1, 5), {f"i{n}": score for n, score in enumerate(scores)}
        line = borderline_regression(
            made, question="q", round=1, borderline=2, scores=known, plan=plan(0, 100)
        ).standard
        assert line.cuts[0].value == pytest.approx(wanted["borderline_regression"]["cut"], abs=1e-9)
        for summary in ("mean", "median"):
            group = borderline_group(
                made, question="q", round=1, borderline=2, scores=known, summary=summary, plan=plan(0, 100)
            ).standard
            assert group.cuts[0].value == pytest.approx(wanted["borderline_group"][summary])
            assert group.cuts[0].n == wanted["borderline_group"]["n"]

    def test_impact_of_a_national_assessment(self, standards):
        wanted, pupils = standards("lsamitr_standard_setting.json"), standards("impact_students.csv")
        made = fixed(wanted["bookmark"]["cut"], 0, 1000)
        values, weights = pupils.filter(like="TPV").to_numpy(), pupils["studwgt"].to_numpy()
        for scores, heavy, key in (
            (values[:, 0], None, "impact_TPV1_pct"),
            (values, None, "impact_mean10PV_pct"),
            (values, weights, "impact_weighted_mean10PV_pct"),
        ):
            found = impact(scores, standard=made, census=False, weights=heavy, level=0.95).to_frame()
            assert (100 * found["value"]).tolist() == pytest.approx(wanted[key], abs=1e-9)
            assert (found["low"] < found["value"]).all() and set(found["n"]) == {3500}


class TestAppropriateness:
    TYPES = {"interpolated": "type7", "weibull": "type6_weibull", "hazen": "hazen", "observed": "inverted_cdf"}

    @pytest.mark.parametrize("percentile_type", TYPES)
    def test_every_case_by_every_percentile(self, standards, percentile_type):
        for wanted in standards("rand_ucla.json")["cases"].values():
            row = appropriateness(
                panel(np.array([wanted["ratings"]]).T, 1, 9), percentile_type=percentile_type, level=0.95
            )[1].iloc[0]
            numbers = wanted[self.TYPES[percentile_type]]
            assert [
                row["median"],
                row["lower"],
                row["upper"],
                row["ipr"],
                row["centre"],
                row["ipras"],
                row["index"],
            ] == pytest.approx(
                [numbers[key] for key in ("median", "p_lo", "p_hi", "IPR", "IPRCP", "IPRAS", "DI")], abs=1e-12
            )
            assert row["disagreement"] == numbers["disagreement"]

    def test_published_example(self, standards):
        """BMJ Open 2012;2:e001431, table 1; its asymmetry term 2.5 enters as 1.5 x 2.5."""
        wanted = standards("rand_ucla.json")
        ratings = wanted["cases"]["bmjopen2012_001431_table1"]["ratings"]
        row = appropriateness(panel(np.array([ratings]).T, 1, 9), level=0.95)[1].iloc[0]
        assert row["ipras"] == pytest.approx(wanted["published"]["IPRAS"]) == pytest.approx(2.35 + 1.5 * 2.5)
        assert row["verdict"] == "appropriate"


class TestConsistency:
    RELIABILITY = Estimate(label="r", value=0.7, low=0.65, high=0.74, n=1000, method="ref")

    @pytest.mark.parametrize("model", ["4P", "2P"])
    def test_livingston_lewis(self, standards, model):
        """betafunctions integrates to about 1e-6."""
        scores = standards("ll_scores.csv")["score"].to_numpy(dtype=float)
        wanted = standards("livingston_lewis.json")[f"LL_{model}"]
        wanted = wanted.get("out", wanted)
        assert effective_length(scores, reliability=0.7, low=0, high=100) == pytest.approx(
            wanted["parameters"]["etl"], abs=1e-9
        )
        found = livingston_lewis(
            scores, standard=fixed([50.0], 0, 100), reliability=self.RELIABILITY, model=model, level=0.95
        )
        expected = np.array(wanted["confusionmatrix"])[:2, :2]
        # the peer's table holds the right decisions in its first row and the wrong ones in its second
        ours = np.array(
            [[found.confusion[0, 0], found.confusion[1, 1]], [found.confusion[1, 0], found.confusion[0, 1]]]
        )
        np.testing.assert_allclose(ours, expected, atol=2e-6)
        np.testing.assert_allclose(found.repeat, wanted["consistencymatrix"], atol=2e-6)
        indices = found.indices
        assert indices.row("accuracy").value == pytest.approx(wanted["classification.accuracy"]["Accuracy"], abs=2e-6)
        assert indices.row("consistency").value == pytest.approx(wanted["classification.consistency"]["p"], abs=2e-6)
        assert indices.row("kappa").value == pytest.approx(wanted["classification.consistency"]["Kappa"], abs=1e-5)
        assert indices.row("accuracy").low < indices.row("accuracy").value < indices.row("accuracy").high

    def test_known_parameters_by_the_integral(self, standards):
        wanted = standards("livingston_lewis.json")["LL_known_params"]["out"]
        fit = LivingstonLewisFit(a=5, b=3, low=0.25, high=0.75, length=50)
        confusion, repeat = tables_of_fit(fit, np.array([0.5]))
        expected = np.array(wanted["confusionmatrix"])
        assert confusion[0, 0] == pytest.approx(expected[0, 0], abs=1e-8)
        assert confusion[1, 1] == pytest.approx(expected[0, 1], abs=1e-7)
        np.testing.assert_allclose(repeat, wanted["consistencymatrix"], atol=1e-7)
        from scipy import integrate, stats

        both = integrate.quad(
            lambda t: stats.beta.pdf((t - 0.25) / 0.5, 5, 3) / 0.5 * stats.binom.cdf(24, 50, t) ** 2,
            0.25,
            0.75,
            epsabs=1e-13,
        )[0]
        assert repeat[0, 0] == pytest.approx(both, abs=1e-11)

    def test_three_cuts(self, standards):
        """The peer's tables sum to 1.00003."""
        scores = standards("ll_scores.csv")["score"].to_numpy(dtype=float)
        wanted = standards("livingston_lewis.json")["LL_MC"]["out"]
        found = livingston_lewis(
            scores, standard=fixed([40.0, 50.0, 60.0], 0, 100), reliability=self.RELIABILITY, model="4P", level=0.95
        )
        np.testing.assert_allclose(found.confusion.T, wanted["accuracy"]["overall"]["confusionmatrix"], atol=5e-5)
        np.testing.assert_allclose(found.repeat, wanted["consistency"]["overall"]["consistencymatrix"], atol=5e-5)

    @pytest.mark.parametrize("kind", ["Rudner", "Lee"])
    def test_item_response(self, standards, kind):
        theta = standards("cacirt_theta.csv")["theta"].to_numpy()
        items = standards("cacirt_params.csv")
        given = {
            "slopes": items["a"].to_numpy(),
            "locations": items["b"].to_numpy(),
            "guessing": items["c"].to_numpy(),
            "scaling": 1.7,
        }
        wanted = standards("cacirt.json")[kind]["Marginal"]
        if kind == "Rudner":
            se = 1 / np.sqrt(item_information(theta, **given))
            made = [rudner(theta, se, standard=fixed(cuts, -6, 6), level=0.95) for cuts in ([-0.5], [0.8], [-0.5, 0.8])]
        else:
            table = logistic_probabilities(theta, **given)
            made = [lee(table, standard=fixed(cuts, 0, 20), level=0.95) for cuts in ([8.0], [13.0], [8.0, 13.0])]
        for found, (accuracy, consistency) in zip(made, wanted, strict=True):
            assert found.indices.row("accuracy").value == pytest.approx(accuracy, abs=1e-9)
            assert found.indices.row("consistency").value == pytest.approx(consistency, abs=1e-9)
            assert found.indices.row("accuracy").n == 400

    def test_peng_subkoviak(self, standards):
        wanted = standards("subkoviak_phi.json")
        counts = standards("bh_depend.csv").iloc[:, 1:].sum(axis=1).to_numpy(dtype=float)
        reliability = Estimate(label="KR20", value=wanted["KR20"], low=0.79, high=0.91, n=45, method="ref")
        found = subkoviak(counts, cut=wanted["cut"], items=30, reliability=reliability, level=0.95).indices
        assert found.row("consistency").value == pytest.approx(wanted["peng_subkoviak_exact"]["agree"], abs=1e-9)
        assert found.row("kappa").value == pytest.approx(wanted["peng_subkoviak_exact"]["kappa"], abs=1e-9)
        # Subkoviak's printed table, entered at z .7 and r .9: a reading to two digits
        assert found.row("consistency").value == pytest.approx(wanted["agree_table"], abs=0.03)
