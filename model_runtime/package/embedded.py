"""Where model packages lie: the embedded one, unless another folder is named."""

from pathlib import Path
from typing import Optional

EMBEDDED = Path(__file__).parent.parent / "models" / "vnir48"


def package_folder(model: Optional[str]) -> Path:
    """The package's folder for a ``--model`` option; the embedded model's without one."""
    return Path(model) if model else EMBEDDED
