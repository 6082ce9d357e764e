"""How can a newcomer go through a whole workshop before the first real one? Invented answers, the real store."""

import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.io.indicator_files import read_indicator
from kinerja_lab.numeric.intervals import fisher_z
from kinerja_lab.simulate.panels import simulate_classified_units, simulate_parallel_scores, simulate_ratings
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.plan import WorkshopPlan, item_sheet
from kinerja_lab.workshop.records import Answer
from kinerja_lab.workshop.store import Store

__all__ = ["Rehearsal", "RehearsedUnits", "rehearse", "rehearsed_units"]

JUDGES = 9
_SEED = 20251
_ASKED = ("relevance", "clarity", "comment")
ROUNDS = (_ASKED, _ASKED, ("angoff",), ("angoff",))
"""Two rounds of content validity, two of Angoff: in the second the room has seen the first."""
TRUTH = {
    "terbit_24_jam": (3.8, 3.7, 72), "median_jam_terbit": (3.6, 3.5, 65), "akta_kelahiran_0_18": (3.7, 3.6, 85),
    "rekam_ktp_el": (3.6, 3.6, 88), "kia": (2.7, 3.4, 60), "ikd_aktif": (3.5, 2.1, 40), "pks_opd": (2.3, 3.1, 55),
}
"""Indicator of the library: the experts' common opinion of relevance and clarity (1 to 4), and Angoff percentage."""
_LENIENCY, _NOISE, _PULL = 0.25, 0.4, 0.5
_PERCENT_LENIENCY, _PERCENT_NOISE = 5.0, 7.0
_ASKED_OF_UNITS = 60
_REMARKED = (("ikd_aktif", 2), ("ikd_aktif", 5), ("pks_opd", 1), ("kia", 7))
"""Who writes a comment about which indicator, in the first round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A workshop of invented answers.

    Parameters
    ----------
    folder : pathlib.Path
        Holds everything; delete it when done.
    workshop : pathlib.Path
        The workshop file, as a real one.
    indicators : dict of str to pathlib.Path
        Copies of the indicators' files, by code.
    names : dict of str to str
        Their names.
    secret : str
        The facilitator's word for this rehearsal.
    """

    folder: Path
    workshop: Path
    indicators: dict[str, Path]
    names: dict[str, str]
    secret: str

    def __str__(self) -> str:
        return f"{self.workshop}"


def rehearse(library: Path | str, *, folder: Path | str | None = None, lang: str = "id") -> Rehearsal:
    """Make a workshop in which nine invented experts answered four rounds.

    Parameters
    ----------
    library : pathlib.Path or str
        Folder with the library's indicator files, e.g. ``data/library/indicators/dukcapil``.
    folder : pathlib.Path or str, optional
        Where to put it; it must be empty or absent. A new folder among the computer's temporary files by default.
    lang : str
        Language of the workshop, ``"id"`` or ``"en"``.

    Returns
    -------
    Rehearsal
        The answers come from ``simulate.panels`` with a fixed seed, so everybody gets the same; each went through the
        same store, links and rounds as a real panellist's. All rounds are closed.

    Raises
    ------
    KinerjaError
        ``workshop_rehearsal_folder``, and those of reading the indicators.
    """
    words = catalogue(lang)
    home = Path(tempfile.mkdtemp(prefix="kinerja-latihan-")) if folder is None else Path(folder)
    if home.is_dir() and any(home.iterdir()):
        raise KinerjaError("workshop_rehearsal_folder", folder=str(home))
    indicators = {}
    (home / "indicators").mkdir(parents=True, exist_ok=True)
    for code in TRUTH:
        indicators[code] = home / "indicators" / f"{code}.yml"
        shutil.copyfile(Path(library) / f"{code}.yml", indicators[code])
    read = {code: read_indicator(path) for code, path in indicators.items()}
    plan = WorkshopPlan(
        name=words.text("rehearsal.title"), study=home.name, rounds=ROUNDS, lang=lang, anonymous=True,
        items=tuple(item_sheet(indicator) for indicator in read.values()),
        judges=tuple(words.text("rehearsal.judge", n=number) for number in range(1, JUDGES + 1)))
    path = home / "lokakarya" / "latihan.db"
    secret = create_workshop(path, plan)
    with closing(Store(path)) as store:
        _play(store, _invented(), words)
    return Rehearsal(folder=home, workshop=path, indicators=indicators, secret=secret,
                     names={code: indicator.name if lang == "id" else indicator.name_en or indicator.name
                            for code, indicator in read.items()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RehearsedUnits:
    """Invented service units for the standard of the rehearsal.

    Parameters
    ----------
    judged : JudgePanel
        What the same experts say of 20 units they know: question ``"band"``, 1 below, 2 just acceptable, 3 above.
    known : dict of str to float
        Scores of those 20 units, percent of what was asked.
    scores : numpy.ndarray, shape (units,)
        Scores of all units.
    reliability : Estimate
        Correlation of two measurements of all units, with Fisher's interval.
    measurement_error : float
        Standard error of measurement that follows from it.
    """

    judged: JudgePanel
    known: dict[str, float]
    scores: np.ndarray
    reliability: Estimate
    measurement_error: float


def rehearsed_units(*, units: int = 120) -> RehearsedUnits:
    """Make the invented units; everybody gets the same.

    Parameters
    ----------
    units : int
        How many, at least 10.
    """
    rng = np.random.default_rng(_SEED + 1)
    made = simulate_classified_units(judges=JUDGES, units=20, cuts=(60.0, 72.0), judge_sd=3.0, noise_sd=4.0, mean=67.0,
                                     sd=12.0, error_sd=3.0, rng=rng)
    _, first, second = simulate_parallel_scores(units=units, items=_ASKED_OF_UNITS, shapes=(6.0, 3.0), rng=rng)
    r = float(np.corrcoef(first, second)[0, 1])
    low, high = fisher_z(r, n=units, level=0.95)
    scores = 100 * first / _ASKED_OF_UNITS
    return RehearsedUnits(
        judged=made.panel, known={name: float(np.clip(score, 0, 100)) for name, score in made.scores.items()},
        scores=scores, measurement_error=float(scores.std(ddof=1) * np.sqrt(1 - r)),
        reliability=Estimate(label="reliability", value=r, low=float(low), high=float(high), n=units,
                             method="correlation of two measurements, Fisher z", unit="correlation"))


def _invented() -> dict[tuple[int, str], np.ndarray]:
    """(round, question) -> answers as typed, shape (judges, indicators)."""
    rng = np.random.default_rng(_SEED)
    found: dict[tuple[int, str], np.ndarray] = {}
    scales = (("relevance", 1, 4, _LENIENCY, _NOISE, 1), ("clarity", 1, 4, _LENIENCY, _NOISE, 1),
              ("angoff", 0, 100, _PERCENT_LENIENCY, _PERCENT_NOISE, 3))
    for place, (code, low, high, leniency, noise, begin) in enumerate(scales):
        made = simulate_ratings(np.array([truth[place] for truth in TRUTH.values()]), judges=JUDGES, rounds=2,
                                question=Question(code=code, low=low, high=high), leniency_sd=leniency, noise_sd=noise,
                                pull=_PULL, rng=rng)
        for later in (0, 1):
            found[begin + later, code] = made.panel.of(code, 1 + later).matrix()
    return found


def _play(store: Store, answers: dict[tuple[int, str], np.ndarray], words) -> None:
    sessions = [store.redeem(store.make_link(judge), door=f"latihan-{judge}") for judge in range(1, JUDGES + 1)]
    for number, asked in enumerate(ROUNDS, start=1):
        store.open_round(number)
        for question in asked:
            if question == "comment":
                remarks = _REMARKED if number == 1 else ()
                cells = [(judge, code, {"text": words.text(f"rehearsal.comment_{code}_{judge}")})
                         for code, judge in remarks]
            else:
                table = answers[number, question]
                cells = [(judge, code, {"value": float(table[judge - 1, column])})
                         for judge in range(1, JUDGES + 1) for column, code in enumerate(TRUTH)]
            for judge, code, said in cells:
                store.save(sessions[judge - 1], Answer(round=number, item=code, question=question,
                                                       key=f"{number}.{code}.{question}", **said))
        store.close_round(number)
        if number in (1, 3):
            store.show_feedback(number, shown=True)
