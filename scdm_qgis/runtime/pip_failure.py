"""Why pip failed, in words that help: no network, a proxy, or a wheel that the folder lacks."""

import os
import platform
import re
import shlex
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from ..translation import tr

_UNREACHABLE = re.compile(
    r"Retrying \(Retry|ProxyError|NewConnectionError|ConnectTimeout|ReadTimeout|Max retries"
    r"|Temporary failure in name resolution|SSLError|Missing dependencies for SOCKS"
)
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_FORGED = "DO NOT MATCH THE HASHES"
_MISSING = re.compile(r"No matching distribution found|Could not find a version")


def explain_pip(
    output: str, requirements: Sequence[str], wheels: Optional[Path], wanted: Sequence[str]
) -> str:
    """A remedy for pip's ``output``; empty when it failed for another reason.

    ``requirements`` is what it was to install, ``wanted`` the same with every version, and
    ``wheels`` the folder that it was to take it from.
    """
    command = download_command(wanted)
    if _FORGED in output:
        return tr(
            "A downloaded package is not the one that was tested: its content has another hash. "
            "Nothing was installed. A network or a mirror may change files: try another network, "
            "or download the wheels from PyPI on another computer:\n{command}\nand name their "
            "folder in 'Folder of wheels'."
        ).format(command=command)
    if wheels is not None and _MISSING.search(output):
        return tr(
            "The folder {folder} lacks wheels of {packages} for this computer. Download them where "
            "there is a network:\n{command}"
        ).format(folder=wheels, packages=", ".join(requirements), command=command)
    if _UNTRUSTED in output:
        return tr(
            "The package index's certificate was not accepted; often a company's proxy signs "
            "connections itself. Set the environment variable PIP_CERT to the proxy's certificate "
            "file, or download the wheels on another computer:\n{command}\nand name their folder "
            "in 'Folder of wheels'."
        ).format(command=command)
    if _UNREACHABLE.search(output):
        return tr(
            "The package index could not be reached. Check the network and proxy (Settings → "
            "Options → Network), or download the wheels on another computer:\n{command}\nand name "
            "their folder in 'Folder of wheels'."
        ).format(command=command)
    return ""


def download_command(wanted: Sequence[str]) -> str:
    """The command line that downloads, on any computer, the wheels that fit this one."""
    version = "{}.{}".format(*sys.version_info[:2])
    words = ["python", "-m", "pip", "download", "--dest", "wheels", "--only-binary=:all:"]
    words += ["--python-version", version]
    for tag in platform_tags():
        words += ["--platform", tag]
    return " ".join(shlex.quote(word) for word in [*words, *wanted])


def platform_tags() -> List[str]:
    """pip's names for this computer's wheels, newest first."""
    machine = platform.machine()
    if os.name == "nt":
        return ["win_arm64" if machine == "ARM64" else "win_amd64"]
    if sys.platform == "darwin":
        return [f"macosx_14_0_{machine}", f"macosx_11_0_{machine}"]
    return [f"{kind}_{machine}" for kind in ("manylinux_2_28", "manylinux_2_27", "manylinux2014")]
