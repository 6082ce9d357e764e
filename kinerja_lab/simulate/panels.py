"""What would a panel answer whose members' leniency, care and standard are known?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.panel import JudgePanel, Question

__all__ = ["SimulatedPanel", "simulate_angoff", "simulate_classified_units", "simulate_parallel_scores",
           "simulate_ratings"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedPanel:
    """Answers, and the truth that made them.

    Parameters
    ----------
    panel : JudgePanel
        The answers.
    items : numpy.ndarray, shape (items,)
        True place of each item (or true score of each unit).
    leniency : numpy.ndarray, shape (judges,)
        What each judge adds to a rating (to the cut, where units are classified).
    cut : float
        True cut of the population of judges; NaN where nothing is cut.
    scores : mapping of str to float
        Observed score of each unit; empty where there are no units.
    """

    panel: JudgePanel
    items: np.ndarray
    leniency: np.ndarray
    cut: float
    scores: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))


def simulate_ratings(
    places: np.ndarray, *, judges: int, question: Question, leniency_sd: float, noise_sd: float, missing: float = 0.0,
    rounds: int = 1, pull: float = 0.0, rng: np.random.Generator,
) -> SimulatedPanel:
    """Ratings of items whose true place on the scale is known.

    Parameters
    ----------
    places : numpy.ndarray, shape (items,)
        True place of each item on the question's scale.
    judges : int
        Experts, at least 1.
    question : Question
        The scale; answers are rounded to it and cut at its ends.
    leniency_sd, noise_sd : float
        Standard deviations of the judges' leniency and of what is left, in points; not negative.
    missing : float
        Share of answers left out at random, 0 to below 1.
    rounds : int
        Rounds, at least 1.
    pull : float
        From one round to the next a judge goes this share of the way to the group's median, 0 to 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedPanel

    Raises
    ------
    KinerjaError
        ``simulate_panel``.
    """
    places = np.asarray(places, dtype=float)
    _check(judges >= 1 and min(leniency_sd, noise_sd) >= 0 and 0 <= missing < 1 and rounds >= 1 and 0 <= pull <= 1)
    leniency = leniency_sd * rng.standard_normal(judges)
    latent = places[None, :] + leniency[:, None] + noise_sd * rng.standard_normal((judges, len(places)))
    left_out = rng.random(latent.shape) < missing
    frames = []
    for number in range(1, rounds + 1):
        answers = np.clip(latent, question.low, question.high)
        if question.whole:
            answers = question.low + np.rint(answers - question.low)
        frames.append(_frame(np.where(left_out, np.nan, answers), question.code, number))
        latent = latent + pull * (np.median(latent, axis=0) - latent)
    panel = JudgePanel(frame=pd.concat(frames, ignore_index=True), questions=(question,),
                       judges=_names("judge", judges), items=_names("item", len(places)))
    return SimulatedPanel(panel=panel, items=places, leniency=leniency, cut=np.nan)


def simulate_angoff(
    *, judges: int, items: int, cut: float, judge_sd: float, item_sd: float, noise_sd: float, rng: np.random.Generator,
) -> SimulatedPanel:
    """Angoff probabilities with known variance components.

    Parameters
    ----------
    judges, items : int
        Experts and items, at least 2.
    cut : float
        Mean judgement of the population of judges on the population of items, 0 to 1.
    judge_sd, item_sd, noise_sd : float
        Standard deviations of judges, items and their interaction; keep their sum well inside the scale, answers are
        cut at 0 and 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedPanel
        ``items`` holds what the population of judges would say of each item: their mean is the true share for these
        items,
        ``cut`` that for items like these.

    Raises
    ------
    KinerjaError
        ``simulate_panel``.
    """
    _check(judges >= 2 and items >= 2 and 0 < cut < 1 and min(judge_sd, item_sd, noise_sd) >= 0)
    truth = cut + item_sd * rng.standard_normal(items)
    leniency = judge_sd * rng.standard_normal(judges)
    answers = np.clip(truth + leniency[:, None] + noise_sd * rng.standard_normal((judges, items)), 0, 1)
    panel = JudgePanel(frame=_frame(answers, "angoff", 1), judges=_names("judge", judges), items=_names("item", items),
                       questions=(Question(code="angoff", low=0, high=1, whole=False),))
    return SimulatedPanel(panel=panel, items=truth, leniency=leniency, cut=cut)


def simulate_classified_units(
    *, judges: int, units: int, cuts: tuple[float, ...], judge_sd: float, noise_sd: float, mean: float, sd: float,
    error_sd: float = 0.0, rng: np.random.Generator,
) -> SimulatedPanel:
    """Units that experts put into bands by their true quality.

    Parameters
    ----------
    judges, units : int
        Experts and units, at least 2.
    cuts : tuple of float
        True cuts of the population of judges, rising, on the scale of the scores.
    judge_sd : float
        How far a judge's own cuts lie from them (one shift a judge).
    noise_sd : float
        How far he misjudges a unit.
    mean, sd : float
        Distribution of the units' true scores (normal).
    error_sd : float
        Error of the observed score.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedPanel
        Question ``"band"``, ratings 1 to the number of bands; ``scores`` are observed, ``items`` true.

    Raises
    ------
    KinerjaError
        ``simulate_panel``.
    """
    _check(judges >= 2 and units >= 2 and len(cuts) >= 1 and all(np.diff(cuts) > 0) and sd > 0
           and min(judge_sd, noise_sd, error_sd) >= 0)
    true = mean + sd * rng.standard_normal(units)
    shift = judge_sd * rng.standard_normal(judges)
    seen = true[None, :] - shift[:, None] + noise_sd * rng.standard_normal((judges, units))
    answers = 1.0 + np.searchsorted(np.array(cuts), seen, side="right")
    names = _names("unit", units)
    panel = JudgePanel(frame=_frame(answers, "band", 1, kind="unit"), judges=_names("judge", judges), items=names,
                       questions=(Question(code="band", low=1, high=len(cuts) + 1),))
    observed = true + error_sd * rng.standard_normal(units)
    return SimulatedPanel(panel=panel, items=true, leniency=shift, cut=float(cuts[0]),
                          scores=dict(zip(names, map(float, observed), strict=True)))


def simulate_parallel_scores(
    *, units: int, items: int, shapes: tuple[float, float], rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two parallel counts of yes/no items of units with known true shares.

    Parameters
    ----------
    units, items : int
        At least 1.
    shapes : tuple of float
        Shapes of the beta distribution of the true shares, positive; the reliability is items / (items + their sum).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    tuple of numpy.ndarray
        True share, first count, second count; shape (units,) each.

    Raises
    ------
    KinerjaError
        ``simulate_panel``.
    """
    _check(units >= 1 and items >= 1 and min(shapes) > 0)
    true = rng.beta(*shapes, size=units)
    return true, rng.binomial(items, true).astype(float), rng.binomial(items, true).astype(float)


def _check(good: bool) -> None:
    if not good:
        raise KinerjaError("simulate_panel")


def _names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}-{number:03d}" for number in range(1, count + 1))


def _frame(answers: np.ndarray, question: str, number: int, *, kind: str = "item") -> pd.DataFrame:
    judges, items = np.nonzero(~np.isnan(answers))
    return pd.DataFrame({
        "judge": np.array(_names("judge", answers.shape[0]))[judges],
        "item": np.array(_names(kind, answers.shape[1]))[items], "question": question, "round": number,
        "value": answers[judges, items],
    })
