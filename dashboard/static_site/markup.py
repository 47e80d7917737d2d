"""HTML made of escaped text and tags of our own; no other text ever becomes markup."""

from __future__ import annotations

from html import escape

from dashboard.untrusted import shown

_VOID = {"meta", "link", "input", "br", "hr"}


class Markup(str):
    """A piece of HTML that was made here."""

    __slots__ = ()


def text(words: str, longest: int = 4_000) -> Markup:
    """Text as HTML that shows it, with steering characters as their codes.

    >>> text("<b>&")
    '&lt;b&gt;&amp;'
    """
    return Markup(escape(shown(words, longest), quote=True))


def tag(element: str, *inner: Markup, **attributes: str) -> Markup:
    """An element; `cls` is its class, and an underscore in a name is a dash.

    >>> tag("td", text("1 < 2"), cls="figure", data_value='"')
    '<td class="figure" data-value="&quot;">1 &lt; 2</td>'
    """
    assert all(isinstance(part, Markup) for part in inner), "only markup made here goes in"
    written = "".join(
        f' {"class" if key == "cls" else key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
    )
    opening = f"<{element}{written}>"
    return Markup(opening if element in _VOID else f"{opening}{''.join(inner)}</{element}>")
