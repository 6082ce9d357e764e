"""How does a notebook hand text, pictures and results to the report?"""

import sys
from base64 import b64encode
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.display import HTML
    from matplotlib.figure import Figure

__all__ = ["RESULTS_MIME", "emit_results", "html", "picture", "picture_bundle"]

RESULTS_MIME = "application/vnd.kinerja.results+json"
"""The one output of a notebook that the runner takes out as ``result.json``."""

_DPI = 110
_COLOURS = 128


def html(text: str) -> "HTML":
    """HTML that a cell shows; ``text`` must come from functions that escape what users wrote."""
    from IPython.display import HTML

    return HTML(text)


def picture_bundle(figure: "Figure", *, alt: str, caption: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """A figure as notebook output: data by MIME type, and the metadata.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn at 110 dots an inch.
    alt : str
        What a reader who cannot see the picture must know; not empty.
    caption : str
        Sentence below the picture.

    Returns
    -------
    data, metadata : dict
        ``text/html`` (a ``figure`` element that holds the picture), ``image/png`` and ``text/plain``.

    Raises
    ------
    ValueError
        When ``alt`` is empty: a picture without a description must not reach a report.
    """
    if not alt.strip():
        raise ValueError("a picture needs an alt text")
    png = b64encode(_png(figure)).decode("ascii")
    text = (f'<figure><img alt="{escape(alt)}" src="data:image/png;base64,{png}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>")
    return ({"text/html": text, "image/png": png, "text/plain": alt},
            {"image/png": {"alt": alt}, "text/html": {"alt": alt}})


def _png(figure: "Figure") -> bytes:
    """The figure as a PNG of few colours: a third of the bytes, so that a report with many pictures stays small.

    The canvas is read as it is drawn: ``savefig`` would draw every picture twice and write it as a file in between.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(_DPI)
    canvas, small = FigureCanvasAgg(figure), BytesIO()
    canvas.draw()
    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()


def picture(figure: "Figure", *, alt: str, caption: str) -> None:
    """Show a figure with its description and caption; see ``picture_bundle``."""
    from IPython.display import display

    data, metadata = picture_bundle(figure, alt=alt, caption=caption)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)  # else the inline backend shows it a second time, without a description
    display(data, metadata=metadata, raw=True)


def emit_results(payload: dict) -> None:
    """Hand the numbers of the report to the runner; once in a notebook."""
    from IPython.display import display

    display({RESULTS_MIME: payload}, raw=True)
