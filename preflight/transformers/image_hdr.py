"""A picture coded in PQ or HLG and BT.2020 → what it looks like on a standard display, in sRGB.

The light is that of the video room, by the same table, which FFmpeg looks up; only the last step is another.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from PIL import Image

from preflight.probers.filters import chained
from preflight.transformers.tone import LEVEL, TABLE_GAMMA, table_frame

_LIGHT = f"pow(val/65535,{TABLE_GAMMA})"
_CODED = f"if(lte({_LIGHT},0.0031308),12.92*{_LIGHT},1.055*pow({_LIGHT},1/2.4)-0.055)"
_WHOLE = f"257*round(255*{_CODED})"
"""IEC 61966-2-1, rounded to what eight bits can hold."""
_ANY_CLOCK = Fraction(1, 25)


def from_hdr(picture: Image.Image, curve: Literal["pq", "hlg"]) -> Image.Image:
    """In mode L or RGB, which stays."""
    import numpy as np
    from av.filter import Graph
    from av.video.format import VideoFormat
    from av.video.frame import VideoFrame

    frame = VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
    table = table_frame(curve)
    graph = Graph()
    pictures = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_ANY_CLOCK)
    side = LEVEL**3
    tables = graph.add_buffer(width=side, height=side, format=VideoFormat("rgb48le"), time_base=_ANY_CLOCK)
    mapped = graph.add("haldclut", "clut=first:interp=tetrahedral")
    chained(graph, pictures, ("format", "rgb48le")).link_to(mapped, 0, 0)
    tables.link_to(mapped, 0, 1)
    coding = ":".join(f"{channel}={_WHOLE}" for channel in "rgb")
    chained(graph, mapped, ("lutrgb", coding), ("format", "rgb24"), ("buffersink", ""))
    graph.configure()
    for number, each in enumerate((frame, table)):
        each.pts, each.time_base = 0, _ANY_CLOCK
        graph.vpush(each, number)
        graph.vpush(None, number)
    shown = Image.fromarray(graph.vpull().to_ndarray())
    return shown.getchannel("R") if picture.mode == "L" else shown
