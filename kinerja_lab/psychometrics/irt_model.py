"""What is an item response model: which curves has each item, and how are the groups spread on the scale?"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.category_curves import ADJACENT, GRADED

__all__ = ["IrtModel", "ItemModel"]


class ItemModel(StrEnum):
    """The item response models on offer.

    ``RASCH`` is ``PARTIAL_CREDIT`` on items with two answers; ``RATING_SCALE`` shares the distances between steps.
    """

    GRADED = "graded"
    GENERALISED_PARTIAL_CREDIT = "generalised_partial_credit"
    PARTIAL_CREDIT = "partial_credit"
    RATING_SCALE = "rating_scale"
    RASCH = "rasch"

    @property
    def kind(self) -> str:
        """Curves that the numeric part draws."""
        return GRADED if self is ItemModel.GRADED else ADJACENT

    @property
    def equal_slopes(self) -> bool:
        """Whether all items have slope 1 and the spread of respondents is free instead."""
        return self not in (ItemModel.GRADED, ItemModel.GENERALISED_PARTIAL_CREDIT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IrtModel:
    """A fitted item response model.

    Parameters
    ----------
    model : ItemModel
        Which model.
    items : tuple of str
        Item codes in order.
    levels : tuple of tuple of int
        By item: the answers that occur, in order; they are the model's categories.
    unused : tuple of tuple of (str, int)
        Answers on the scale that nobody gave, as (item, answer): the model has no category for them.
    groups : tuple of str
        Group names; one empty name where there are no groups.
    slopes : array of float, shape (groups, items)
        Slopes; 1 in models with equal slopes.
    intercepts : array of float, shape (groups, items, steps)
        Graded: logit of reaching a step at 0. Others: logit of the upper of two neighbouring answers at 0. NaN beyond
        an item's answers.
    mean, sd : array of float, shape (groups,)
        Mean and standard deviation of respondents on the scale.
    parameters : EstimateTable
        By ``("item",)`` or ``("group", "item")``: ``slope`` and ``threshold_1`` onwards.
    distribution : EstimateTable
        By ``("group",)``: ``mean`` and ``sd`` of respondents.
    covariance : array of float, shape (free, free)
        Of the free parameters; NaN where there are no errors.
    jacobian : array of float, shape (groups, items * answers, free)
        Derivatives of each group's slopes and intercepts (flat by item, slope first) by the free parameters.
    chain : array of float, shape (groups, items * answers, free)
        The same on each group's own scale, where respondents have mean 0 and spread 1.
    log_likelihood : float
        Marginal; of weighted counts where there are weights.
    free : int
        Free parameters.
    n : int
        Sheets with at least one answer.
    steps : int
        Steps until convergence.
    nodes : int
        Points of the integration grid.
    level : float
        Confidence level of the tables.
    """

    model: ItemModel
    items: tuple[str, ...]
    levels: tuple[tuple[int, ...], ...]
    unused: tuple[tuple[str, int], ...]
    groups: tuple[str, ...]
    slopes: np.ndarray
    intercepts: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    parameters: EstimateTable
    distribution: EstimateTable
    covariance: np.ndarray
    jacobian: np.ndarray
    chain: np.ndarray
    log_likelihood: float
    free: int
    n: int
    steps: int
    nodes: int
    level: float

    @property
    def sizes(self) -> np.ndarray:
        """Answers of each item that occur."""
        return np.array([len(held) for held in self.levels])

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * self.free - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with sheets as cases."""
        return self.free * float(np.log(self.n)) - 2 * self.log_likelihood

    def thresholds(self, group: str = "") -> np.ndarray:
        """Thresholds of a group on the scale, shape (items, steps): minus intercept over slope, NaN for none.

        Raises
        ------
        KinerjaError
            ``unknown_group``.
        """
        place = self.place(group)
        return -self.intercepts[place] / self.slopes[place][:, None]

    def standard(self, group: str = "") -> np.ndarray:
        """Slopes and intercepts where the group has mean 0 and spread 1, shape (items, answers), NaN for none."""
        place = self.place(group)
        slopes = self.slopes[place]
        return np.column_stack([slopes * self.sd[place], self.intercepts[place] + (slopes * self.mean[place])[:, None]])

    def place(self, group: str) -> int:
        """Where a group stands; the only group for an empty name.

        Raises
        ------
        KinerjaError
            ``unknown_group``.
        """
        if not group and len(self.groups) == 1:
            return 0
        if group not in self.groups:
            raise KinerjaError("unknown_group", value=group, choices=", ".join(self.groups),
                               nearest=closest(group, self.groups) or "-")
        return self.groups.index(group)

    def __str__(self) -> str:
        return (f"{self.model.value} model, {len(self.items)} items, {self.n} sheets, log likelihood "
                f"{self.log_likelihood:.4f}, {self.free} parameters")
