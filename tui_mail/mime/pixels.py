"""Pictures that nobody is to see: they only tell their sender that a message was opened.

What belongs here: knowing one by its attributes. What must never be here: parsing HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_STYLE = re.compile(
    r"(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE
)


def is_pixel(attributes: Mapping[str, str | None]) -> bool:
    """Whether an image element is no larger than a pixel in some direction."""
    sizes = [(attributes.get(name) or "").strip().removesuffix("px") for name in ("width", "height")]
    return any(size in {"0", "1"} for size in sizes) or bool(_STYLE.search(attributes.get("style") or ""))
