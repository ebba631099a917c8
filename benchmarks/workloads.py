"""What is measured, and how large."""

from __future__ import annotations

from typing import NamedTuple

DELAY = 0.01  # seconds for a round trip on the link
SMALL = 4096  # bytes of a small file
MIB = 1 << 20


class Settings(NamedTuple):
    """Sizes and counts; sizes are bytes."""

    large: int = 256 * MIB
    link_large: int = 64 * MIB
    files: int = 500
    link_files: int = 50
    entries: int = 10_000
    logins: int = 20
    rounds: int = 5
    patience: float = 10.0  # seconds; a peer whose turn lasts longer gets no second one


QUICK = Settings(large=64 * MIB, link_large=32 * MIB, files=100, link_files=10, logins=5, rounds=2, patience=1.5)


class Workload(NamedTuple):
    """One row of the table."""

    key: str
    title: str  # with what the settings fill in
    verb: str  # the worker's
    unit: str
    protection: str = 'plain'
    on_link: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether more is better."""
        return self.unit.endswith('/s')

    @property
    def is_transfer(self) -> bool:
        """Whether it moves one large file."""
        return self.verb in ('download', 'upload') and self.unit == 'MB/s'


WORKLOADS = {
    workload.key: workload
    for workload in (
        Workload('download', 'Download {large}', 'download', 'MB/s'),
        Workload('upload', 'Upload {large}', 'upload', 'MB/s'),
        Workload('download-signed', 'Download {large}, signed', 'download', 'MB/s', 'signed'),
        Workload('upload-signed', 'Upload {large}, signed', 'upload', 'MB/s', 'signed'),
        Workload('download-encrypted', 'Download {large}, encrypted', 'download', 'MB/s', 'encrypted'),
        Workload('upload-encrypted', 'Upload {large}, encrypted', 'upload', 'MB/s', 'encrypted'),
        Workload('download-link', 'Download {link_large}, link of {delay}', 'download', 'MB/s', on_link=True),
        Workload('upload-link', 'Upload {link_large}, link of {delay}', 'upload', 'MB/s', on_link=True),
        Workload('small-download', 'Download {files} files of 4 KiB', 'download', 'files/s'),
        Workload('small-upload', 'Upload {files} files of 4 KiB', 'upload', 'files/s'),
        Workload('attributes', 'Attributes of {files} files', 'attributes', 'files/s'),
        Workload('list', 'List {entries} entries', 'list', 'entries/s'),
        Workload('connect', 'Connect, log in, close', 'connect', 'ms'),
        Workload('small-download-link', 'Download a file of 4 KiB', 'download', 'round trips', on_link=True),
        Workload('small-upload-link', 'Upload a file of 4 KiB', 'upload', 'round trips', on_link=True),
        Workload('attributes-link', 'Attributes of a file', 'attributes', 'round trips', on_link=True),
        Workload('connect-link', 'Connect, log in, close', 'connect', 'round trips', on_link=True),
        Workload('memory', 'Peak memory, {large} down and up', 'memory', 'MB'),
        Workload('import', 'Import', 'import', 'ms'),
    )
}


def value(workload: Workload, settings: Settings, outcome: dict[str, float]) -> float:
    """What a worker measured, in the workload's unit."""
    if workload.unit == 'MB':
        return outcome['bytes'] / 1e6
    seconds = outcome['seconds']
    if workload.unit == 'MB/s':
        return (settings.link_large if workload.on_link else settings.large) / 1e6 / seconds
    number = count(workload, settings)
    if workload.unit == 'ms':
        return seconds * 1000 / number
    if workload.unit == 'round trips':
        return seconds / number / DELAY
    return number / seconds


def count(workload: Workload, settings: Settings) -> int:
    """How many times the worker does it."""
    if workload.is_transfer or workload.verb == 'memory':
        return 1
    if workload.verb == 'list':
        return settings.entries
    if workload.verb in ('connect', 'import'):
        return settings.logins
    return settings.link_files if workload.on_link else settings.files


def title(workload: Workload, settings: Settings) -> str:
    """The row's heading."""
    return workload.title.format(
        large=f'{settings.large // MIB} MiB',
        link_large=f'{settings.link_large // MIB} MiB',
        delay=f'{DELAY * 1000:.0f} ms',
        files=f'{settings.files:,}',
        entries=f'{settings.entries:,}',
    )
