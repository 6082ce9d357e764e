"""A panel and a standard check themselves when they are made, and tell every fault at once."""

import ast
import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.core.standard import Standard, StandardPlan
from kinerja_lab.panels.reading import read_ratings
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

RELEVANCE = Question(code="relevance", low=1, high=4)
ANGOFF = Question(code="angoff", low=0, high=1, whole=False)
COLUMNS = ["judge", "item", "question", "round", "value"]


def panel(rows, **changes) -> JudgePanel:
    return JudgePanel(**{"frame": pd.DataFrame(rows, columns=COLUMNS), "questions": (RELEVANCE, ANGOFF), **changes})


ROWS = [
    ("ani", "a", "relevance", 1, 4),
    ("ani", "b", "relevance", 1, 3),
    ("budi", "a", "relevance", 1, 2),
    ("ani", "a", "relevance", 2, 3),
    ("budi", "a", "angoff", 2, 0.55),
]


def plan(**changes) -> StandardPlan:
    return StandardPlan(
        **{
            "name": "ikm",
            "unit": "index_100",
            "low": 0,
            "high": 100,
            "bands": ("C", "B", "A"),
            "panel": "tim",
            "date": date(2026, 1, 1),
            **changes,
        }
    )


def cut(value: float) -> Estimate:
    return Estimate(label="cut", value=value, low=value - 1, high=value + 1, n=9, method="m")


def standard(*values: float, **changes) -> Standard:
    return Standard(
        **{
            "plan": plan(),
            "cuts": tuple(map(cut, values)),
            "errors": (0.5,) * len(values),
            "freedom": (8.0,) * len(values),
            "method": "m",
            **changes,
        }
    )


class TestJudgePanel:
    def test_matrix_has_a_row_for_each_judge_and_gaps_where_nothing_was_said(self):
        made = panel(ROWS, judges=("ani", "budi", "citra"), items=("b", "a"))
        np.testing.assert_array_equal(made.of("relevance", 1).matrix(), [[3, 4], [np.nan, 2], [np.nan, np.nan]])
        assert made.rounds == (1, 2)
        assert made.of("relevance", 2).matrix()[0, 1] == 3

    def test_the_frame_that_was_given_is_left_alone(self):
        frame = pd.DataFrame(ROWS, columns=COLUMNS)
        before = frame.copy()
        JudgePanel(frame=frame, questions=(RELEVANCE, ANGOFF)).of("angoff", 2)
        pd.testing.assert_frame_equal(frame, before)

    def test_every_fault_is_told_at_once_with_its_row(self):
        rows = [
            *ROWS,
            ("ani", "a", "relevance", 1, 4),
            ("ani", "a", "relevance", 3, 2.5),
            ("dodi", "a", "angoff", 1, 0.5),
            ("ani", "z", "angoff", 0, 1.2),
            ("ani", "a", "clarity", 1, 3),
            ("budi", "b", "relevance", 1, "x"),
        ]
        with pytest.raises(InputFaults) as caught:
            panel(rows, judges=("ani", "budi"), items=("a", "b"))
        found = [(fault.line, fault.message.code.split(".")[1]) for fault in caught.value.faults]
        assert found == [
            (7, "rating_twice"),
            (8, "rating_off_scale"),
            (9, "unknown_judge"),
            (10, "unknown_panel_item"),
            (10, "bad_round"),
            (10, "rating_off_scale"),
            (11, "unknown_question"),
            (12, "rating_off_scale"),
        ]
        for lang in LANGUAGES:
            assert len(catalogue(lang).error(caught.value)) == 9

    def test_a_comment_without_a_rating_is_no_rating(self):
        frame = pd.DataFrame(
            [
                (*ROWS[0], "jelas"),
                ("ani", "b", "relevance", 1, np.nan, "  "),
                ("budi", "a", "relevance", 1, None, "kabur"),
            ],
            columns=[*COLUMNS, "comment"],
        )
        made = JudgePanel(frame=frame, questions=(RELEVANCE,))
        assert np.isnan(made.of("relevance", 1).matrix()).sum() == 3
        assert list(made.comments().columns) == ["item", "question", "round", "comment"]
        assert set(made.comments()["comment"]) == {"jelas", "kabur"}

    @pytest.mark.parametrize(
        ("call", "code"),
        [
            (lambda made: made.of("relevanse", 1), "no_such_question"),
            (lambda made: made.of("relevance", 9), "no_such_round"),
            (lambda made: made.matrix(), "panel_not_single"),
            (lambda made: made.only(judges=("x",)), "not_in_panel"),
            (lambda made: made.only(items=()), "not_in_panel"),
        ],
    )
    def test_what_is_not_there_is_refused(self, call, code):
        with pytest.raises(KinerjaError) as caught:
            call(panel(ROWS))
        assert caught.value.message.code == f"error.{code}"

    def test_only_keeps_the_order_asked_for(self):
        assert panel(ROWS).only(items=("b",)).of("relevance", 1).matrix().tolist()[0] == [3]

    def test_a_missing_column_and_a_scale_upside_down(self):
        with pytest.raises(KinerjaError, match="missing_columns"):
            JudgePanel(frame=pd.DataFrame({"judge": ["a"]}), questions=())
        with pytest.raises(KinerjaError, match="question_scale"):
            Question(code="q", low=4, high=1)

    def test_silent_judges_are_named_and_left_out(self):
        made = panel(ROWS, judges=("ani", "citra", "budi")).of("relevance", 1)
        ratings = read_ratings(made)
        assert ratings.silent == ("citra",) and ratings.judges == ("ani", "budi") and ratings.n == 3
        with pytest.raises(NotApplicable) as caught:
            read_ratings(made, least_judges=3)
        assert dict(caught.value.message.params) == {"n": 2, "least": 3, "invited": 3}

    def test_an_item_nobody_rated_is_named(self):
        with pytest.raises(NotApplicable) as caught:
            read_ratings(panel(ROWS, items=("a", "b", "c")).of("relevance", 1))
        assert caught.value.message.params["items"] == "c"


class TestStandard:
    def test_a_score_on_the_cut_is_above_it_even_with_float_noise(self):
        made = standard(60.0, 80.0)
        scores = [59.99, 60.0, 60.0 - 1e-13, 79.999999, 80.0, 0.1 * 3 * 200]
        assert [made.band_of(score) for score in scores] == ["C", "B", "B", "B", "A", "B"]

    @pytest.mark.parametrize(
        ("values", "changes", "code"),
        [
            ((60.0,), {}, "standard_bands"),
            ((80.0, 60.0), {}, "cuts_not_increasing"),
            ((60.0, 60.0), {}, "cuts_not_increasing"),
            ((60.0, 101.0), {}, "cut_off_scale"),
        ],
    )
    def test_faults(self, values, changes, code):
        with pytest.raises(KinerjaError, match=code):
            standard(*values, **changes)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"low": 100}, "plan_scale"),
            ({"bands": ("A",)}, "plan_bands"),
            ({"bands": ("A", "A")}, "plan_bands"),
            ({"level": 1.0}, "bad_level"),
            ({"measurement_error": -1.0}, "plan_measurement_error"),
        ],
    )
    def test_plan_faults(self, changes, code):
        with pytest.raises(KinerjaError, match=code):
            plan(**changes)

    def test_frozen_and_shown_with_both_kinds_of_error(self):
        made = standard(60.0, 80.0, zones=(cut(60.0), cut(80.0)))
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.method = "x"
        assert made.to_frame()["error"].tolist() == ["panel"] * 2 + ["panel_and_measurement"] * 2
        with pytest.raises(KinerjaError, match="score_not_finite"):
            made.band_of(float("nan"))


def constants(node: ast.AST) -> set[str]:
    """Texts that an expression can become, whichever way its conditions fall."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else set()


def notes_given(root) -> set[str]:
    """Codes passed as ``note`` or assigned to that name in the folder."""
    found = set()
    for path in (root / "kinerja_lab/panels").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            passed = isinstance(node, ast.keyword) and node.arg == "note"
            named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "note"
            if passed or named:
                found |= constants(node.value)
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_note_and_every_convention_has_words(root, lang):
    keys = catalogue(lang).keys
    found = notes_given(root)
    assert len(found) > 15 and {f"note.{code}" for code in found} <= keys
    families = {
        "angoff": ("yes_no", "modified", "extended"),
        "items": ("fixed", "random"),
        "units": ("fixed", "random"),
        "bookmark": ("at", "between"),
        "groups": ("midpoint", "logistic"),
    }
    made = {f"convention.{family}_{kind}" for family, kinds in families.items() for kind in kinds}
    made |= {f"convention.{summary}_of_judges" for summary in ("mean", "median")}
    made |= {"convention.ebel_grid_by_judge", "convention.ebel_grid_shared"}
    made |= {f"minutes.{name}" for name in ("no_impact", "no_consistency", "accuracy", "consistency", "cut_bare")}
    assert made <= keys
    reasons = {
        "judge_reason": ("lenient", "severe", "erratic", "opposed"),
        "delphi_verdict": ("consensus", "stable_dissent", "moving"),
        "appropriateness": ("appropriate", "uncertain", "inappropriate"),
        "feedback_place": ("below", "within", "above"),
    }
    assert {f"{family}.{code}" for family, codes in reasons.items() for code in codes} <= keys
