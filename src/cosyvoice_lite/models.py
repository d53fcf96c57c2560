"""Where converted models live on this machine, and which one is meant."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from cosyvoice_lite.config import MANIFEST
from cosyvoice_lite.errors import BundleError

BUNDLED = "nano"
"""The small voice that comes with the package."""
_BUNDLED_FOLDER = Path(__file__).with_name(BUNDLED)
HOME_VARIABLE = "COSYVOICE_LITE_HOME"
MODEL_VARIABLE = "COSYVOICE_LITE_MODEL"
CLONES_VARIABLE = "COSYVOICE_LITE_CLONES"
OFF = "off"


def home() -> Path:
    """The folder of everything this package keeps between runs."""
    given = os.environ.get(HOME_VARIABLE)
    return Path(given) if given else user_data_path("cosyvoice-lite", appauthor=False)


def models_folder() -> Path:
    return home() / "models"


def clones_folder() -> Path | None:
    """Where voices made of recordings are kept to be used again; None where that is "off"."""
    given = os.environ.get(CLONES_VARIABLE)
    if given:
        return None if given == OFF else Path(given)
    if os.environ.get(HOME_VARIABLE):
        return home() / "clones"
    return user_cache_path("cosyvoice-lite", appauthor=False) / "clones"


def installed_models() -> dict[str, Path]:
    """Name → bundle of every model in the models folder."""
    folder = models_folder()
    # os.path: Path.is_dir raises where a folder may not be looked into
    bundles = sorted(folder.glob(f"*/{MANIFEST}")) if os.path.isdir(folder) else []
    return {path.parent.name: path.parent for path in bundles}


def bundled_model() -> Path:
    """The bundle that comes with the package."""
    return _BUNDLED_FOLDER / "bundle"


def bundled_card() -> str:
    """What that model is, learnt from and can't do; its licences and its measured scores."""
    return (_BUNDLED_FOLDER / "CARD.md").read_text("utf-8")


def known_models() -> dict[str, Path]:
    """Name → bundle: the one that comes with the package, then the installed ones."""
    return {BUNDLED: bundled_model(), **installed_models()}


def find_model(asked: Path | str | None) -> Path:
    """The bundle meant by a path, by a name, or by the environment; else the only one installed;
    where none is, the one that comes with the package.

    Raises:
        BundleError: there is no such model, or several could be meant.
    """
    asked = asked or os.environ.get(MODEL_VARIABLE)
    models = known_models()
    if asked:
        if str(asked) in models:
            return models[str(asked)]
        if os.path.exists(asked):  # unlike Path.exists, it takes any text for a name
            return Path(asked)
        raise BundleError(
            f"no model {str(asked)!r}: neither a folder nor one of: {', '.join(models)}"
        )
    if len(models) > 2:
        raise BundleError(
            f"several models are installed, name one or set {MODEL_VARIABLE}: {', '.join(models)}"
        )
    return list(models.values())[-1]
