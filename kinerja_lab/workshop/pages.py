"""How does a page become HTML in which nothing a person wrote can act?"""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kinerja_lab.core.message import Message
from kinerja_lab.text.catalogue import LANGUAGES, catalogue
from kinerja_lab.text.numbers import number

__all__ = ["STATIC", "page", "qr_svg"]

STATIC = Path(str(files("kinerja_lab.workshop"))) / "static"
_TEMPLATES = Path(str(files("kinerja_lab.workshop"))) / "template"


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
    made.globals["versions"] = {path.name: sha256(path.read_bytes()).hexdigest()[:12] for path in STATIC.iterdir()}
    return made


def page(template: str, *, lang: str, **values: object) -> str:
    """A page in a language.

    Parameters
    ----------
    template : str
        File name under ``template``.
    lang : str
        ``"id"`` or ``"en"``.
    **values
        What the template names. Everything is escaped unless it is ``Markup``.

    Notes
    -----
    Templates know ``t(key, **params)`` (a sentence of the catalogues), ``say(message)``, ``num(value, spec)``.
    """
    words = catalogue(lang)

    def say(message: Message) -> str:
        return words.sentence(message)

    def num(value: float, spec: str = ".2f") -> str:
        return number(value, lang=lang, spec=spec)

    return _environment().get_template(template).render(
        lang=lang, languages=LANGUAGES, t=words.text, say=say, num=num, name=words.name, **values)


def qr_svg(address: str) -> Markup:
    """A QR code of an address as an inline picture.

    Parameters
    ----------
    address : str
        The link.
    """
    import segno

    # without a size of its own and with a viewBox the picture is scaled, never cut, by whatever shows it
    made = segno.make(address, error="m", micro=False)
    return Markup(made.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))
