"""Depth is told as a browser tells it, however the ends of elements are hidden or made up."""

from __future__ import annotations

import pytest

from tui_mail.mime.nesting import DEPTH_LIMIT, too_deep_at

MANY = 3 * DEPTH_LIMIT


@pytest.mark.parametrize(
    "cycle",
    [
        "<div>", "<div></i>", "<div/>", "<x-y></x>", "<div><!--</div>-->", "<div a='</div>'>", '<div a = "</div>">',
        "<div><script></div></script>", "<div><textarea></div></textarea>", "<b></i><p>", "<select><option>x",
        "<svg><style><g><g></style>",
    ],
)  # fmt: skip
def test_what_only_looks_closed_is_deep(cycle: str) -> None:
    """Ends of nothing, ends in comments, attributes and scripts."""
    assert too_deep_at(cycle * MANY) > 0


@pytest.mark.parametrize(
    "cycle",
    [
        "<div><b>x</b></div>", "<p>x", "<li>x", "<tr><td>x", "<br>", "<div><span>x</div>", "<div a=b='></div>'>",
        "<div =\"></div>\">", "<!--[if mso]><table><tr><td><![endif]--><div>x</div>", "a < b ", "<td a='>'>",
    ],
)  # fmt: skip
def test_what_is_flat_is_flat(cycle: str) -> None:
    """Sloppy mail leaves much unclosed, and is long."""
    assert too_deep_at(cycle * MANY) == -1
