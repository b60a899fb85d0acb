"""The service's one key, and the cookie that the page trades it for.

The cookie holds no key: it is a time and a signature made with the key, so it ends by itself, and another key ends
all of them. All comparisons take the same time whatever is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from pathlib import Path

SHORTEST = 32
"""Characters; shorter keys could be guessed."""
COOKIE = "aci_session"
COOKIE_S = 12 * 3600


class UnusableKey(ValueError):
    """The key file can't be read, or what it holds is no key."""


class AccessKey:
    """Knows the key only as what is needed to compare and to sign."""

    def __init__(self, key: str) -> None:
        if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
            raise UnusableKey(f"a key must have at least {SHORTEST} printable ASCII characters and no space")
        self._digest = hashlib.sha256(key.encode()).digest()
        self._signing = hmac.digest(key.encode(), b"aci cookie", "sha256")

    @classmethod
    def from_file(cls, path: Path) -> AccessKey:
        """Raises UnusableKey, saying what is wrong and never what the file holds."""
        try:
            return cls(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableKey(f"{path} can't be read ({type(error).__name__})") from None
        except UnusableKey as error:
            raise UnusableKey(f"{path}: {error}") from None

    def accepts(self, key: str) -> bool:
        """Whether it is the key."""
        return hmac.compare_digest(hashlib.sha256(key.encode("utf-8", "replace")).digest(), self._digest)

    def cookie(self, now: float | None = None) -> str:
        """A cookie's value, good from now on for `COOKIE_S` seconds."""
        ends = str(int((time.time() if now is None else now) + COOKIE_S))
        return f"{ends}.{self._signature(ends)}"

    def accepts_cookie(self, value: str, now: float | None = None) -> bool:
        """Whether it is a cookie of ours whose time has not passed."""
        ends, _, signature = value.partition(".")
        signed = hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(ends).encode())
        return signed and ends.isdecimal() and int(ends) > (time.time() if now is None else now)

    def _signature(self, ends: str) -> str:
        return hmac.digest(self._signing, ends.encode("utf-8", "replace"), "sha256").hex()
