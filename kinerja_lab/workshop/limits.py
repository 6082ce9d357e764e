"""How often may somebody knock before he has to wait?"""

from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Allowance"]


class Allowance:
    """A bucket of tries for each visitor that fills again with time.

    Parameters
    ----------
    burst : float
        Tries that a fresh visitor has.
    per_second : float
        Tries that come back in a second.
    ticks : callable
        A clock in seconds that never goes back.
    most : int
        Visitors remembered; the one not seen for longest is forgotten first, so that memory stays bounded.
    """

    def __init__(self, *, burst: float, per_second: float, ticks: Callable[[], float], most: int = 2000) -> None:
        self._burst, self._rate, self._ticks, self._most = burst, per_second, ticks, most
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def wait(self, who: object) -> float:
        """Seconds until this visitor may try; 0 when he may now."""
        return max(0.0, (1 - self._now(who)) / self._rate)

    def spend(self, who: object) -> None:
        """Take one try of this visitor."""
        left = self._now(who)
        self._left[who] = (max(0.0, left - 1), self._ticks())
        self._left.move_to_end(who)
        if len(self._left) > self._most:
            self._left.popitem(last=False)

    def _now(self, who: object) -> float:
        left, seen = self._left.get(who, (self._burst, self._ticks()))
        return min(self._burst, left + (self._ticks() - seen) * self._rate)
