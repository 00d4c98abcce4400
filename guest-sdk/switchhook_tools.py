"""What the build commands of the SDKs share: a Python environment with the tools of a language, and core modules to components."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SDKS = Path(__file__).resolve().parent
WIT = SDKS.parent / "wit/handler-0.1.0"
ADAPTER = SDKS / "wasi/wasi_snapshot_preview1.reactor.wasm"
"""What makes components of programs for WASI 0.1."""


def environment(language: str) -> Path:
    """The programs of a language's ``requirements.txt``: a folder. It is made when it is not there.

    It lies in ``SWITCHHOOK_TOOLS``, or with what else is cached for this user, and is shared by all projects.
    """
    requirements = SDKS / language / "requirements.txt"
    name = f"{language}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "switchhook"
    folder = Path(os.environ.get("SWITCHHOOK_TOOLS") or caches).resolve() / name
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    complete = folder / "complete"
    # Programs of an environment know its path: one that was moved or copied is made anew.
    if complete.is_file() and complete.read_text() == str(folder):
        return programs
    print(f"installing the tools of {requirements} in {folder}", file=sys.stderr)
    run([sys.executable, "-m", "venv", "--clear", folder], "python3 has no working `venv`: install it (on Debian: python3-venv)")
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    run(pip, f"{requirements} cannot be installed from the Python package index: pip's message is above")
    complete.write_text(str(folder))
    return programs


def version(language: str, package: str) -> str:
    """The version of a package that a language's ``requirements.txt`` names."""
    lines = (SDKS / language / "requirements.txt").read_text().splitlines()
    return next(line.removeprefix(f"{package}==") for line in lines if line.startswith(f"{package}=="))


def component(programs: Path, output: Path, core: Callable[[Path], None], producers: list[str]) -> None:
    """Writes a component, whole or not at all, because hosts watch it.

    ``core`` makes the core module at a path; ``producers`` is what made it, as ``wasm-tools metadata add`` has it.
    """
    with tempfile.TemporaryDirectory(prefix="switchhook-") as folder:
        core_path, module, typed, whole = (Path(folder) / f"{name}.wasm" for name in ("core", "told", "typed", "component"))
        core(core_path)
        tool = programs / "wasm-tools"
        why = f"{output.name} did not become a component: the message is above"
        run([tool, "metadata", "add", *producers, core_path, "-o", module], why)
        run([tool, "component", "embed", WIT, "-w", "call-handler", module, "-o", typed], why)
        adapt = f"wasi_snapshot_preview1={ADAPTER}"
        run([tool, "component", "new", typed, "--adapt", adapt, "-o", whole], why)
        output.parent.mkdir(parents=True, exist_ok=True)
        beside = output.with_name(f"{output.name}.partial")
        shutil.copyfile(whole, beside)
        beside.replace(output)


def run(command: list[Path | str], why: str, **given: object) -> None:
    """Runs a program to its end, or ends this one."""
    if subprocess.run(command, **given).returncode != 0:
        sys.exit(why)
