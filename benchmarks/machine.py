"""On what a measurement was made, and when."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path

from smb.testing import find_smbd


def conditions(command: str) -> dict[str, str]:
    """Machine, system and versions, under the headings that the manual shows."""
    return {
        'Processor': f'{processor()}, {cores()} cores',
        'System': f'{platform.system()} {platform.release()}, {platform.machine()}',
        'Python': f'{platform.python_implementation()} {platform.python_version()}',
        'Server': f'Samba {samba_version()}, on the same machine',
        'Date': datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        'Command': command,
    }


def processor() -> str:
    """The model's name."""
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors='replace').splitlines():
            name, _, model = line.partition(':')
            if name.strip() == 'model name':
                return model.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def samba_version() -> str:
    result = subprocess.run([find_smbd(), '--version'], capture_output=True, text=True, check=True)
    return result.stdout.split()[-1]
