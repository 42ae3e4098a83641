"""Break the rules that money rests on, one change at a time, and list the changes that no test notices.

    python host_tools/tools/mutate.py                       a sample of each group in mutate.toml
    python host_tools/tools/mutate.py --group ledger --all  every mutant of one group: hours
    python host_tools/tools/mutate.py --group money --all --operator Comparison    every < made <=, == made !=, ...

Mutants of decorators are left out: that a dataclass is frozen is no rule, and a missing property fails in type checks.
Cosmic Ray makes the mutants, in copies of the checkout under build/mutate, never in the checkout. Survivors go to
build/mutants.txt with their diffs. The exit code is 0 whatever survives, 1 where the tests fail without a mutant or a
glob matches nothing, 2 for wrong arguments.
"""

import argparse
import ast
import os
import queue
import random
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Manager
from pathlib import Path
from typing import Any, Final

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, WorkerOutcome, WorkResult

ROOT: Final = Path(__file__).resolve().parents[2]
GROUPS: Final = Path(__file__).with_suffix(".toml")
WORK: Final = ROOT / "build" / "mutate"
SURVIVORS: Final = ROOT / "build" / "mutants.txt"
COPIED: Final = ("firmware", "boards", "host_tools", "tests")
SEED: Final = 1  # the same sample every time, so that two runs compare


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the groups that were asked for; the exit code."""
    parser = argparse.ArgumentParser(description="Mutation tests; the groups are in host_tools/tools/mutate.toml.")
    groups = tomllib.loads(GROUPS.read_text())
    parser.add_argument("--group", action="append", choices=sorted(groups), help="only this group; may be repeated")
    parser.add_argument("--file", action="append", help="only sources whose path contains this text; may be repeated")
    parser.add_argument("--operator", help="only mutants whose operator's name contains this text, as Comparison")
    parser.add_argument("--sample", type=int, default=20, metavar="N", help="mutants of each group (20)")
    parser.add_argument("--all", action="store_true", help="every mutant; the ledger's take hours")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes side by side (all cores)")
    given = parser.parse_args(arguments)
    shutil.rmtree(WORK, ignore_errors=True)
    copies = [_copy(number) for number in range(given.workers)]
    SURVIVORS.write_text("")
    for name in given.group or groups:
        sources = [path for path in _found(groups[name]["sources"]) if _is_wanted(path, given.file)]
        if not sources:
            continue
        mutants = [one for one in _mutants(sources) if given.operator is None or given.operator in one.operator_name]
        drawn = mutants if given.all else random.Random(SEED).sample(mutants, min(given.sample, len(mutants)))
        print(f"{name}: {len(drawn)} of {len(mutants)} mutants in {len(sources)} files", flush=True)
        command = _command(_found(groups[name]["tests"]))
        seconds = _seconds_whole(copies[0], command)
        if seconds is None:
            return 1
        _report(name, zip(drawn, _results(copies, drawn, command, 10 + 5 * seconds), strict=True))
    print(f"Survivors and their diffs: {SURVIVORS.relative_to(ROOT)}")
    return 0


def _copy(number: int) -> Path:
    """A copy of the checkout's code for one process."""
    folder = WORK / str(number)
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def _found(globs: Sequence[str]) -> list[Path]:
    """The files and folders of these globs, relative to ROOT. Exits where one matches nothing."""
    found: list[Path] = []
    for glob in globs:
        matches = sorted(path.relative_to(ROOT) for path in ROOT.glob(glob))
        if not matches:
            sys.exit(f"{GROUPS.name}: nothing matches {glob}; name the place that the file moved to")
        found += matches
    return found


def _is_wanted(path: Path, texts: Sequence[str] | None) -> bool:
    return texts is None or any(text in str(path) for text in texts)


def _mutants(sources: Sequence[Path]) -> list[MutationSpec]:
    with use_db(str(WORK / "mutants.sqlite"), WorkDB.Mode.create) as database:
        init(sources, database, {})
        found = [one for item in database.work_items for one in item.mutations]
    decorators = {path: _decorator_lines(path) for path in sources}
    found = [one for one in found if one.start_pos[0] not in decorators[one.module_path]]
    return sorted(found, key=lambda one: (one.module_path, one.start_pos, one.operator_name, one.occurrence))


def _decorator_lines(path: Path) -> set[int]:
    """The lines of a source that are decorators."""
    tree = ast.parse((ROOT / path).read_text())
    found = [one for node in ast.walk(tree) for one in getattr(node, "decorator_list", ())]
    return {number for one in found for number in range(one.lineno, (one.end_lineno or one.lineno) + 1)}


def _command(tests: Sequence[Path]) -> str:
    options = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    return shlex.join([*options, *map(str, tests)])


def _seconds_whole(copy: Path, command: str) -> float | None:
    """How long the tests take without a mutant; None, with their output shown, where they fail."""
    began = time.monotonic()
    done = subprocess.run(
        shlex.split(command), cwd=copy, env=_environment(copy), capture_output=True, text=True, check=False
    )
    if done.returncode:
        print("The tests fail without a mutant:", done.stdout, done.stderr, sep="\n")
        return None
    return time.monotonic() - began


def _environment(copy: Path) -> dict[str, str]:
    """The package is installed from the checkout; this puts the copy before it, in the tests' own processes too."""
    return {**os.environ, "PYTHONPATH": str(copy / "host_tools")}


def _results(
    copies: Sequence[Path], mutants: Sequence[MutationSpec], command: str, seconds: float
) -> Iterator[WorkResult]:
    """The result of each mutant, in order."""
    with Manager() as manager:
        free: Any = manager.Queue()
        for copy in copies:
            free.put(copy)
        with ProcessPoolExecutor(len(copies), initializer=_enter, initargs=(free,)) as pool:
            yield from pool.map(_try, mutants, [command] * len(mutants), [seconds] * len(mutants))


def _enter(free: "queue.Queue[Path]") -> None:
    copy = free.get()
    os.chdir(copy)
    os.environ.update(_environment(copy))


def _try(mutant: MutationSpec, command: str, seconds: float) -> WorkResult:
    return mutate_and_test([mutant], command, seconds)


def _report(name: str, results: Iterator[tuple[MutationSpec, WorkResult]]) -> None:
    """Print how many mutants of each file were killed, and write the survivors down as they come."""
    killed: Counter[Path] = Counter()
    survived: Counter[Path] = Counter()
    for mutant, result in results:
        if result.worker_outcome != WorkerOutcome.NORMAL:
            print(f"  {mutant.module_path}:{mutant.start_pos[0]}: not run: {result.output}")
            continue
        (killed if result.is_killed else survived)[mutant.module_path] += 1
        if not result.is_killed:
            where = f"{name}: {mutant.module_path}:{mutant.start_pos[0]} in {mutant.definition_name}"
            print(f"  survived: {where}, {mutant.operator_name}", flush=True)
            with SURVIVORS.open("a") as file:
                file.write(f"{where}\n{result.diff}\n\n")
    for path in sorted({*killed, *survived}):
        print(f"  {path}: {killed[path]} killed, {survived[path]} survived")


if __name__ == "__main__":
    sys.exit(main())
