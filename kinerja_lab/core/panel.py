"""What did each expert answer about each item, in which round?"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.message import Message

__all__ = ["PANEL_COLUMNS", "JudgePanel", "Question"]

PANEL_COLUMNS = ("judge", "item", "question", "round", "value", "comment")
"""Columns of every panel frame: ``value`` is NaN where only a comment was given; ``round`` counts from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the experts were asked about each item, and the scale of the answer.

    Parameters
    ----------
    code : str
        E.g. ``"relevance"``, ``"angoff"``.
    low, high : float
        Ends of the scale; 0 and 1 for a probability or for yes and no.
    whole : bool
        Whether only whole numbers are answers (a rating); otherwise any number between the ends (a probability).

    Raises
    ------
    KinerjaError
        ``question_scale`` when the ends are not finite or not in order.
    """

    code: str
    low: float
    high: float
    whole: bool = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise KinerjaError("question_scale", question=self.code, low=str(self.low), high=str(self.high))

    @property
    def points(self) -> tuple[float, ...]:
        """Every answer of a rating scale, rising; empty for a probability."""
        return tuple(self.low + step for step in range(int(self.high - self.low) + 1)) if self.whole else ()

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values are answers on this scale; NaN is none."""
        inside = (values >= self.low) & (values <= self.high)
        return inside & (np.mod(values - self.low, 1) == 0) if self.whole else inside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgePanel:
    """Answers of a panel of experts.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``judge, item, question, round, value`` and, where there are any, ``comment``.
    questions : tuple of Question
        The questions that occur.
    judges, items : tuple of str
        Who was invited and what was to be judged, in order; empty means those that occur. Someone invited who answered
        nothing stands here, so that his silence is counted.

    Raises
    ------
    KinerjaError
        ``missing_columns``.
    InputFaults
        Every fault: ``rating_off_scale``, ``rating_twice``, ``unknown_question``, ``unknown_judge``,
        ``unknown_panel_item``, ``bad_round``.
    """

    frame: pd.DataFrame
    questions: tuple[Question, ...]
    judges: tuple[str, ...] = ()
    items: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        missing = [name for name in PANEL_COLUMNS[:-1] if name not in self.frame.columns]
        if missing:
            raise KinerjaError("missing_columns", columns=", ".join(missing))
        frame = self.frame.copy()
        if "comment" not in frame.columns:
            frame["comment"] = ""
        frame = frame[list(PANEL_COLUMNS)].reset_index(drop=True)
        frame["comment"] = frame["comment"].fillna("").astype(str)
        for name in ("judge", "item", "question"):
            frame[name] = frame[name].astype(str)
        for name in ("judges", "items"):
            named = getattr(self, name)
            found = tuple(dict.fromkeys(frame[name[:-1]])) if not named else tuple(map(str, named))
            object.__setattr__(self, name, found)
        faults = _faults(frame, self.questions, self.judges, self.items)
        if faults:
            raise InputFaults(faults)
        frame["round"] = pd.to_numeric(frame["round"]).astype(int)
        frame["value"] = pd.to_numeric(frame["value"]).astype(float)
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "questions", tuple(self.questions))

    @property
    def rounds(self) -> tuple[int, ...]:
        """Rounds in which an answer was given, rising."""
        return tuple(int(number) for number in np.unique(self.frame["round"].to_numpy()))

    def question(self, code: str) -> Question:
        """The question of a code.

        Raises
        ------
        KinerjaError
            ``no_such_question`` with the choices.
        """
        codes = [question.code for question in self.questions]
        if code not in codes:
            raise KinerjaError("no_such_question", value=code, choices=", ".join(codes),
                               nearest=closest(code, codes) or "-")
        return self.questions[codes.index(code)]

    def of(self, question: str, round: int) -> "JudgePanel":
        """The answers to one question in one round; everyone invited and every item stay.

        Raises
        ------
        KinerjaError
            ``no_such_question`` or ``no_such_round``.
        """
        asked = self.question(question)
        held = self.frame[self.frame["question"] == question]
        if round not in set(held["round"]):
            raise KinerjaError("no_such_round", question=question, value=str(round),
                               choices=", ".join(map(str, sorted(set(held["round"])))) or "-")
        return replace(self, frame=held[held["round"] == round], questions=(asked,))

    def only(self, *, judges: tuple[str, ...] | None = None, items: tuple[str, ...] | None = None) -> "JudgePanel":
        """The same panel with fewer judges or items.

        Raises
        ------
        KinerjaError
            ``not_in_panel`` naming those that are unknown.
        """
        judges = self.judges if judges is None else tuple(judges)
        items = self.items if items is None else tuple(items)
        unknown = [name for name in judges if name not in self.judges] + [
            name for name in items if name not in self.items]
        if unknown or not judges or not items:
            raise KinerjaError("not_in_panel", names=", ".join(unknown) or "-")
        keep = self.frame["judge"].isin(judges) & self.frame["item"].isin(items)
        return replace(self, frame=self.frame[keep], judges=judges, items=items)

    def matrix(self) -> np.ndarray:
        """Answers to the one question of the one round, shape (judges, items), NaN where there is none.

        Raises
        ------
        KinerjaError
            ``panel_not_single``: call ``of(question, round)`` first.
        """
        if len(self.questions) != 1 or len(self.rounds) > 1:
            raise KinerjaError("panel_not_single", questions=len(self.questions), rounds=len(self.rounds))
        table = np.full((len(self.judges), len(self.items)), np.nan)
        rows = pd.Index(self.judges).get_indexer(self.frame["judge"])
        columns = pd.Index(self.items).get_indexer(self.frame["item"])
        table[rows, columns] = self.frame["value"].to_numpy()
        return table

    def comments(self) -> pd.DataFrame:
        """The rows that carry a comment: ``item, question, round, comment``, without the judge's name."""
        held = self.frame[self.frame["comment"].str.strip() != ""]
        return held[["item", "question", "round", "comment"]].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the rows."""
        return self.frame.copy()

    def __str__(self) -> str:
        return (f"JudgePanel of {len(self.judges)} judges, {len(self.items)} items, {len(self.questions)} questions, "
                f"rounds {', '.join(map(str, self.rounds)) or '-'}")

    def _repr_html_(self) -> str:
        return self.frame.to_html(index=False)


def _faults(
    frame: pd.DataFrame, questions: tuple[Question, ...], judges: tuple[str, ...], items: tuple[str, ...],
) -> list[InputFault]:
    """Everything wrong with the rows, in the order of the rows; the header of a table is line 1."""
    scales = {question.code: question for question in questions}
    values = pd.to_numeric(frame["value"], errors="coerce").to_numpy(dtype=float)
    rounds = pd.to_numeric(frame["round"], errors="coerce").to_numpy(dtype=float)
    given = frame["value"].notna().to_numpy()
    twice = frame.duplicated(["judge", "item", "question", "round"]).to_numpy()
    off = np.zeros(len(frame), dtype=bool)
    for code, scale in scales.items():
        asked = (frame["question"] == code).to_numpy()
        off |= asked & given & ~scale.holds(values)
    known = frame["question"].isin(scales).to_numpy()
    checks = [
        (~known, "unknown_question", "question"), (~frame["judge"].isin(judges).to_numpy(), "unknown_judge", "judge"),
        (~frame["item"].isin(items).to_numpy(), "unknown_panel_item", "item"),
        (~((rounds >= 1) & (np.mod(rounds, 1) == 0)), "bad_round", "round"), (off, "rating_off_scale", "value"),
        (twice, "rating_twice", "judge"),
    ]
    found = []
    for mask, code, column in checks:
        for row in np.flatnonzero(mask):
            record = frame.iloc[row]
            scale = scales.get(record["question"])
            params = {"judge": record["judge"], "item": record["item"], "question": record["question"],
                      "choices": ", ".join(scales), "low": str(scale.low) if scale else "-",
                      "high": str(scale.high) if scale else "-"}
            found.append(InputFault(message=Message(f"fault.{code}", params), line=int(row) + 2, column=column,
                                    value=str(record[column])))
    return sorted(found, key=lambda fault: fault.line or 0)
