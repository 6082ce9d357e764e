"""How does somebody prove who he is, without the database holding what would let a reader in?"""

import hashlib
import hmac
import secrets

__all__ = ["csrf_of", "digest", "new_token", "same"]

_BYTES = 16  # 128 bits
_LONGEST = 64


def new_token() -> str:
    """A random token of 128 bits, 22 letters that are safe in an address."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> bytes:
    """What is stored of a token: its SHA-256. A random 128-bit token needs no salt.

    Parameters
    ----------
    token : str
        As the visitor shows it; anything longer than a token is cut, so that nobody makes us hash a novel.
    """
    return hashlib.sha256(token[:_LONGEST].encode("utf-8", "replace")).digest()


def csrf_of(session: str) -> str:
    """The word that a form of this session must carry: only who holds the cookie's value can compute it.

    Parameters
    ----------
    session : str
        Value of the session cookie, which scripts cannot read.
    """
    return hashlib.sha256(b"form|" + session.encode("utf-8", "replace")).hexdigest()[:32]


def same(left: str, right: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is.

    Parameters
    ----------
    left, right : str
        The secrets.
    """
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
