"""Where model packages lie: the embedded one, unless another folder is named."""

from pathlib import Path
from typing import Optional

EMBEDDED = Path(__file__).parent.parent / "models" / "vnir48"


def package_folder(model: Optional[str]) -> Path:
    """Find the folder of a package for the ``--model`` option.

    Returns: the folder given, else that of the embedded model.
    """
    return Path(model) if model else EMBEDDED
