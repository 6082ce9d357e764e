"""From which root could an Indonesian word be built (meningkat, peningkatan, ditingkatkan: tingkat)?"""

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Analysis", "analyses", "is_built_from"]

_CLITICS = ("nya", "lah", "kah", "pun")
_SUFFIXES = ("kan", "an", "i")
_PLAIN_PREFIXES = (("di", "di"), ("ke", "ke"), ("se", "se"), ("ber", "ber"), ("be", "ber"), ("bel", "ber"),
                   ("ter", "ter"), ("te", "ter"), ("per", "per"), ("pe", "per"), ("pel", "per"))
_VOWELS = "aiueo"
_SHORTEST_ROOT = 3
_MOST_PREFIXES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One way in which a word may have been built.

    Parameters
    ----------
    root : str
        The root, lower case.
    prefixes : tuple of str
        From the outside in, in their plain shape: ``me`` and ``pe`` stand for all shapes of the nasal prefixes.
    suffix : str
        ``kan``, ``an``, ``i`` or empty.
    clitic : str
        ``nya``, ``lah``, ``kah``, ``pun`` or empty.
    """

    root: str
    prefixes: tuple[str, ...] = ()
    suffix: str = ""
    clitic: str = ""

    @property
    def derived(self) -> bool:
        """Whether a prefix or a suffix stands at the root; a clitic alone makes no new word."""
        return bool(self.prefixes or self.suffix)


@lru_cache(maxsize=20_000)
def analyses(word: str) -> tuple[Analysis, ...]:
    """Every way in which a word may have been built; the word itself is always one of them.

    Parameters
    ----------
    word : str
        One word, any case, without spaces.

    Returns
    -------
    tuple of Analysis
        Without a dictionary most of them are no words of the language. That does no harm: a rule asks only for the
        roots it knows.

    Notes
    -----
    Nasal prefixes swallow the first sound of some roots: meN- gives ``meng`` before a vowel, g, h and k (k is dropped),
    ``mem`` before b, f, p (p is dropped), ``men`` before c, d, j, t (t is dropped), ``meny`` before s (dropped),
    ``menge`` before a root of one syllable, ``me`` before l, m, n, r, w, y. peN- goes the same way. Infixes
    (``gemetar``) and full vowel changes are not covered.

    References
    ----------
    Nazief, B. and Adriani, M. (1996), Confix-stripping: approach to stemming algorithm for Bahasa Indonesia,
    Universitas Indonesia, for the order clitic, suffix, prefix.

    Examples
    --------
    >>> sorted(a.root for a in analyses("penurunan") if a.suffix == "an" and a.prefixes == ("pe",))
    ['nurun', 'turun', 'urun']
    """
    word = word.casefold()
    found: dict[Analysis, None] = {}
    for stem, clitic in _without(word, _CLITICS):
        for core, suffix in _without(stem, _SUFFIXES):
            for root, prefixes in _without_prefixes(core):
                if len(root) >= _SHORTEST_ROOT or root == word:
                    found[Analysis(root=root, prefixes=prefixes, suffix=suffix, clitic=clitic)] = None
    return tuple(found)


def is_built_from(word: str, root: str, *, derived: bool = True, prefix: str = "", suffix: str = "") -> bool:
    """Whether a word may have been built from a root.

    Parameters
    ----------
    word : str
        One word; of a doubled word (``pelatihan-pelatihan``) each half is tried.
    root : str
        Lower case.
    derived : bool
        Whether the bare root does not count ("tingkat" is neutral, "peningkatan" is not).
    prefix : str
        The outermost prefix it must have (``me``, ``pe``, ``di``, ``ber``, ``ter``, ``per``, ``ke``, ``se``); empty
        means any or none.
    suffix : str
        The suffix it must have; empty means any or none.

    Examples
    --------
    >>> [is_built_from(word, "tingkat") for word in ("meningkatnya", "peningkatan", "ditingkatkan", "tingkat")]
    [True, True, True, False]
    """
    for part in re.split(r"-", word.casefold()):
        for item in analyses(part):
            if (item.root == root and (item.derived or not derived) and (not suffix or item.suffix == suffix)
                    and (not prefix or item.prefixes[:1] == (prefix,))):
                return True
    return False


def _without(word: str, endings: tuple[str, ...]) -> list[tuple[str, str]]:
    """The word as it stands, and without each ending that it has."""
    out = [(word, "")]
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            out.append((word[: -len(ending)], ending))
    return out


def _without_prefixes(word: str) -> list[tuple[str, tuple[str, ...]]]:
    """The word with no, one or two prefixes taken off (memper-, diper-, keter-, pember-)."""
    out: list[tuple[str, tuple[str, ...]]] = [(word, ())]
    edge = out
    for _ in range(_MOST_PREFIXES):
        edge = [(root, (*prefixes, name)) for stem, prefixes in edge for root, name in _one_prefix(stem)
                if len(root) >= _SHORTEST_ROOT]
        out = out + edge
    return out


def _one_prefix(word: str) -> list[tuple[str, str]]:
    out = [(word[len(shape):], name) for shape, name in _PLAIN_PREFIXES if word.startswith(shape)]
    for first, name in (("m", "me"), ("p", "pe")):
        if word.startswith(first + "e"):
            out += [(root, name) for root in _after_nasal(word[2:])]
    return out


def _after_nasal(rest: str) -> list[str]:
    """Roots that meN- or peN- may stand before, from what follows ``me`` or ``pe``."""
    out = []
    if rest[:1] in tuple("lmnrwy"):
        out.append(rest)
    if rest.startswith("nge") and len(rest) <= 7:
        out.append(rest[3:])
    if rest.startswith("ng"):
        out.append(rest[2:])
        if rest[2:3] in tuple(_VOWELS):
            out.append("k" + rest[2:])
    if rest.startswith("ny"):
        out.append("s" + rest[2:])
    elif rest.startswith("n"):
        out.append(rest[1:])
        if rest[1:2] in tuple(_VOWELS):
            out.append("t" + rest[1:])
    if rest.startswith("m"):
        out.append(rest[1:])
        if rest[1:2] in tuple(_VOWELS):
            out.append("p" + rest[1:])
    return [root for root in out if root]
