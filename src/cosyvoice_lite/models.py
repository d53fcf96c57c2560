"""Where converted models live on this machine, and which one is meant."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from cosyvoice_lite.config import MANIFEST
from cosyvoice_lite.errors import BundleError

HOME_VARIABLE = "COSYVOICE_LITE_HOME"
MODEL_VARIABLE = "COSYVOICE_LITE_MODEL"


def home() -> Path:
    """The folder of everything this package keeps between runs."""
    given = os.environ.get(HOME_VARIABLE)
    return Path(given) if given else user_data_path("cosyvoice-lite", appauthor=False)


def models_folder() -> Path:
    return home() / "models"


def installed_models() -> dict[str, Path]:
    """Name → bundle of every model in the models folder."""
    folder = models_folder()
    bundles = sorted(folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []
    return {path.parent.name: path.parent for path in bundles}


def find_model(asked: str | None) -> Path:
    """The bundle meant by a path, by a name, by the environment, or by being the only one.

    Raises:
        BundleError: none is, or several could be.
    """
    asked = asked or os.environ.get(MODEL_VARIABLE)
    models = installed_models()
    if asked:
        if asked in models:
            return models[asked]
        if os.path.exists(asked):  # unlike Path.exists, it takes any text for a name
            return Path(asked)
        known = ", ".join(models) or "none"
        raise BundleError(f"no model {asked!r}: not a folder, and installed are: {known}")
    if len(models) == 1:
        return next(iter(models.values()))
    if not models:
        raise BundleError("no model installed: get one (pull 300M-SFT) or name a bundle (--model)")
    raise BundleError(f"several models are installed, choose with --model: {', '.join(models)}")
