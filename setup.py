"""The distribution ``smbcourier``; pyproject.toml has the build system and the settings of the tools."""

import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent


def read_version() -> str:
    """The version, from its only home; the package is not imported, since what it needs may not be installed yet."""
    match = re.search(
        r"^__version__ = '([^']+)'$", (HERE / 'smb' / '__init__.py').read_text(encoding='utf-8'), re.MULTILINE
    )
    if match is None:
        raise RuntimeError("smb/__init__.py has no line __version__ = '...'")
    return match[1]


setup(
    name='smbcourier',
    version=read_version(),
    description='A blocking SMB client (SMB 1, 2 and 3) with the interface of pysmb',
    long_description=(HERE / 'README.rst').read_text(encoding='utf-8'),
    long_description_content_type='text/x-rst',
    author='smbcourier contributors',
    license='MIT',
    license_files=['LICENSE'],
    keywords='smb smb1 smb2 smb3 cifs samba windows network file share netbios pysmb',
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Developers',
        'Intended Audience :: System Administrators',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3 :: Only',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Programming Language :: Python :: Implementation :: CPython',
        'Topic :: Communications :: File Sharing',
        'Topic :: System :: Networking',
        'Typing :: Typed',
    ],
    python_requires='>=3.10',
    install_requires=['pyasn1>=0.4.8', 'pycryptodomex', 'tqdm'],
    extras_require={
        'fast': ['cryptography'],
        'fsspec': ['fsspec>=2024.9'],
        # ruff and mypy within one minor version: the next one may judge the same lines otherwise
        'dev': [
            'coverage',
            'fsspec>=2024.9',
            'hypothesis',
            'mypy==2.4.*',
            'pytest',
            'pytest-cov',
            'pytest-xdist',
            'ruff==0.17.*',
            'setuptools>=70.1',
            'sphinx',
            'types-pyasn1',
            'types-tqdm',
        ],
    },
    packages=[
        'nmb',
        'smb',
        'smb.cli',
        'smb.cli.commands',
        'smb.crypto',
        'smb.fsspec',
        'smb.messages',
        'smb.messages.smb1',
        'smb.messages.smb2',
        'smb.operations',
        'smb.session',
        'smb.tree',
        'smb.utils',
        'smb.wire',
    ],
    entry_points={
        'console_scripts': ['smbcourier = smb.cli:main'],
        'fsspec.specs': ['smb = smb.fsspec:SMBFileSystem'],
        'pytest11': ['smbcourier = smb.pytest_plugin'],
    },
    package_data={'nmb': ['py.typed'], 'smb': ['py.typed']},
    zip_safe=False,
)
