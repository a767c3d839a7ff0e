#!/usr/bin/env python3
"""clang-tidy 14 over the files of a compile database that are ours: tidy.py build/dev [path prefix...]

A clean result is remembered by the hash of everything that decided it: the preprocessed text with its comments (NOLINT is one), the
command, .clang-tidy. A file that was clean and has not changed is not looked at again; a finding is never remembered.
Python, because clang-tidy brings it along and the database is JSON.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-14"
# GoogleTest's macros cost the analyzer more than all of our code, and a test may be slow and blunt.
TEST_CHECKS = "-clang-analyzer-*,-performance-*,-readability-make-member-function-const"


def compiler_arguments(entry):
    """The command without launcher (ccache), output and input file."""
    words = shlex.split(entry["command"])
    start = next(i for i, word in enumerate(words) if pathlib.Path(word).name in ("g++", "gcc", "c++", "cc"))
    words = words[start:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-c"):
            skip = word == "-o"
        elif word != entry["file"]:
            kept.append(word)
    return kept


def fingerprint(entry, checks):
    arguments = compiler_arguments(entry)
    preprocessed = subprocess.run(
        [*arguments, "-E", "-C", "-P", entry["file"]], cwd=entry["directory"], capture_output=True, check=True).stdout
    digest = hashlib.sha256()
    for part in (" ".join(arguments + checks).encode(), (ROOT / ".clang-tidy").read_bytes(), preprocessed):
        digest.update(part)
        digest.update(b"\0")
    return digest.hexdigest()


def tidy(build, entry):
    """None if clean, else what clang-tidy said."""
    checks = [f"--checks={TEST_CHECKS}"] if re.search(r"/(tests?|conformance)/", entry["file"]) else []
    try:
        remembered = build / "tidy" / fingerprint(entry, checks)
    except subprocess.CalledProcessError as error:
        return error.stderr.decode(errors="replace")
    if remembered.exists():
        return None
    result = subprocess.run([TIDY, "--quiet", "-p", str(build), *checks, entry["file"]], cwd=ROOT, capture_output=True, text=True)
    if result.returncode == 0:
        remembered.touch()
        return None
    return result.stdout or result.stderr


def unseen(output, seen):
    """The findings of one file, without those in headers that another file has reported."""
    for finding in re.split(r"^(?=/[^\n]*: (?:error|warning): )", output, flags=re.MULTILINE):
        head = finding.split("\n", 1)[0]
        if finding.strip() and head not in seen:
            seen.add(head)
            yield finding


def ours(entry, prefixes):
    path = pathlib.Path(entry["file"])
    if not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "build"):
        return False
    return not prefixes or str(path.relative_to(ROOT)).startswith(tuple(prefixes))


def main():
    build = (ROOT / sys.argv[1]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if ours(entry, sys.argv[2:]):
            entries.setdefault(entry["file"], entry)
    findings, seen = 0, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(lambda entry: tidy(build, entry), entries.values()):
            if output is not None:
                findings += 1
                print(*unseen(output, seen), sep="", end="", flush=True)
    print(f"clang-tidy: {len(entries)} files, {findings} with findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
