"""Takes out each check of ``checks.py``, one by one, in a copy of the tree: the tests that it names have to fail.

python -m tests.attacks.mutants [PART OF A CHECK'S CODE OR FILE]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.attacks.checks import CHECKS

ROOT = Path(__file__).resolve().parents[2]
PARTS = ('smb', 'nmb', 'tests', 'pyproject.toml')
SECONDS = 120
MEMORY = 3 << 30  # bytes
FAILED = 1  # pytest's exit status where tests failed; others mean that they could not be run


def limit_memory():
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(tree, tests):
    """pytest's exit status and output; a run that does not end has failed."""
    environment = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONPATH': str(tree)}
    command = [sys.executable, '-m', 'pytest', '-q', '-x', '-p', 'no:cacheprovider', '--tb=line', *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit_memory
        )
    except subprocess.TimeoutExpired:
        return FAILED, f'not done after {SECONDS} seconds'
    return done.returncode, done.stdout + done.stderr


def survives(tree, check):
    """Why a check can be taken out without anybody noticing; '' where the tests fail."""
    path = tree / check.file
    original = path.read_text(encoding='utf-8')
    if original.count(check.code) != 1:
        return f'its code stands {original.count(check.code)} times in the file'
    path.write_text(original.replace(check.code, check.without), encoding='utf-8')
    try:
        for test in check.tests:
            status, output = run(tree, [test])
            if status != FAILED:
                return f'{test} ends with {status}: {output.splitlines()[-1:]}'
    finally:
        path.write_text(original, encoding='utf-8')
    return ''


def main(wanted=''):
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns('__pycache__'))
            else:
                shutil.copy(ROOT / part, tree / part)
        checks = [check for check in CHECKS if wanted in f'{check.file} {check.code}']
        status, output = run(tree, sorted({test for check in checks for test in check.tests}))
        if status:
            print(output)
            return 'The tests fail with every check in place'
        survivors = 0
        for number, check in enumerate(checks, 1):
            why = survives(tree, check)
            survivors += bool(why)
            code = ' '.join(check.code.split())[:90]
            print(f'{number:3} rule {check.rule:2} {"SURVIVES" if why else "found"}: {check.file}: {code}', flush=True)
            if why:
                print(f'    {why}')
        counts = Counter(check.rule for check in checks)
        print(f'{len(checks)} checks of {len(counts)} rules taken out, {survivors} unnoticed')
        return 1 if survivors else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
