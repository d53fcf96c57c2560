"""Addresses: of the web, of mail, and the names of hosts and files that stand without any ``www.``.

A name is told from the end of a sentence by its ending, so the endings are a closed list.
"""

import re
from collections.abc import Callable

URL = r"(?:https?://|www\.)[A-Za-z0-9_./?=&%#:~+\-]*[A-Za-z0-9_/]"
EMAIL = r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"

_ENDINGS = (
    "com|org|net|edu|gov|io|ai|dev|app|co|cn|hk|tw|jp|kr|uk|de|fr|tv|"
    "py|js|ts|jsx|tsx|rs|cpp|rb|php|sh|bat|sql|md|txt|pdf|docx?|xlsx?|pptx?|csv|json|ya?ml|toml|xml|html?|css|ini|log|"
    "jpe?g|png|gif|svg|webp|mp[34]|wav|flac|ogg|mkv|zip|tar|gz|rar|exe|apk|dmg|iso|onnx|safetensors|ipynb"
)
_LABEL = r"[A-Za-z0-9_-]{1,40}"
_START = (
    rf"(?<![A-Za-z0-9._@/+-])(?:(?:{_LABEL}/){{0,4}}(?:{_LABEL}\.){{1,4}}(?:{_ENDINGS})(?![A-Za-z0-9_])"
    r"|(?:ASP)?\.NET(?![A-Za-z]))"
)
NAME = _START + r"(?::[0-9]+)?(?:/[A-Za-z0-9_./?=&%#:~+\-]*[A-Za-z0-9_/])?"
"""The name of a host or file, with what may follow: a port, a path, a query."""
_MAIL_START = r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@(?=\w)"
_DOTTED = re.compile(r"\.[A-Za-z]")


def trigger(pattern: str) -> Callable[[str], re.Pattern[str]]:
    """What sets off a language's rules in a text.

    Addresses begin like any word, and looking for them takes a third longer: that is done only in a
    text that has a dot before a letter, or an @.
    """
    plain, addressed = re.compile(pattern), re.compile(f"{pattern}|{_START}|{_MAIL_START}")
    return lambda text: addressed if "@" in text or _DOTTED.search(text) else plain
