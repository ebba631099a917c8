"""The manual in a browser: each page shows itself whole, each link leads somewhere, and the search finds things.

A picture of each page is left in ``docs/_build/pictures``, to be looked at.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import struct
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

from tests.test_documentation import ROOT

BROWSER = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
OPTIONS = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--virtual-time-budget=10000']
PAGES = sorted(path.stem for path in (ROOT / 'docs').glob('*.rst') if not path.stem.endswith('_table'))
PICTURES = ROOT / 'docs' / '_build' / 'pictures'


class Page(HTMLParser):
    """What the browser made of a page: its headings, where its links lead, what it shows, and the names in it."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.links, self.sources, self.ids, self.headings = [], [], set(), []
        self._in_heading = False
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get('id'))
        if tag == 'a' and given.get('href'):
            self.links.append(given['href'])
        if tag in ('img', 'script', 'link') and (given.get('src') or given.get('href')):
            self.sources.append(given.get('src') or given['href'])
        self._in_heading = tag == 'h1'

    def handle_data(self, data):
        if self._in_heading:
            self.headings.append(data.strip())
            self._in_heading = False


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and remembers what was asked for in vain."""

    missing: ClassVar[list[str]] = []

    def log_message(self, *_):
        pass

    def send_error(self, code, *arguments, **keywords):
        if not self.path.endswith('favicon.ico'):
            self.missing.append(self.path)
        super().send_error(code, *arguments, **keywords)


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """The address of the manual, built anew."""
    folder = tmp_path_factory.mktemp('manual')
    subprocess.run([sys.executable, '-m', 'sphinx', '-q', '-W', '-b', 'html', ROOT / 'docs', folder], check=True)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()


@pytest.fixture(scope='module')
def browse(site, tmp_path_factory):
    """A function: the address of a page to what the browser made of it."""
    assert BROWSER, 'no Chromium; make test-integrations installs it'
    profile = tmp_path_factory.mktemp('profile')

    @functools.cache
    def browse(address):
        command = [BROWSER, *OPTIONS, f'--user-data-dir={profile}', '--dump-dom', urljoin(site, address)]
        return Page(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    return browse


@pytest.mark.parametrize('name', PAGES)
def test_page_is_shown_and_its_links_lead_somewhere(browse, site, name):
    page = browse(f'{name}.html')
    assert page.headings and page.headings[0]
    for source in page.sources:
        assert urlparse(source).scheme in ('', 'http') and urljoin(site, source).startswith(site), source
    for link in page.links:
        address, fragment = urldefrag(urljoin(f'{site}{name}.html', link))
        if not address.startswith(site):
            assert address.startswith('https://'), link
            continue
        target = browse(address.removeprefix(site) or 'index.html') if address.endswith('.html') else None
        assert target is None or target.headings, link
        assert not fragment or target is None or unquote(fragment) in target.ids, link
    assert not Quiet.missing


@pytest.mark.parametrize(
    ('word', 'page'), [('retrieveFile', 'connection.html'), ('snapshots', 'previous_versions.html')]
)
def test_search_finds_what_the_manual_has(browse, word, page):
    assert any(urlparse(link).path.endswith(page) for link in browse(f'search.html?q={word}').links)


@pytest.mark.parametrize('name', PAGES)
def test_picture_of_the_page_can_be_looked_at(site, tmp_path, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f'{name}.png'
    command = [BROWSER, *OPTIONS, f'--user-data-dir={tmp_path}', '--window-size=1200,1600', f'--screenshot={picture}']
    subprocess.run([*command, f'{site}{name}.html'], capture_output=True, check=True, timeout=60)
    data = Path(picture).read_bytes()
    assert struct.unpack('>II', data[16:24]) == (1200, 1600)
    assert len(data) > 20_000, 'an empty page'
