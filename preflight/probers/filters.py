"""FFmpeg's filters, one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.filter import FilterContext, Graph


def chained(graph: Graph, last: FilterContext, *filters: tuple[str, str]) -> FilterContext:
    """The last of the filters, each a name and its arguments, of which the first takes what `last` gives."""
    for name, arguments in filters:
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    return last
