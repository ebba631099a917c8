"""Settings of the manual."""

from smb import __version__

project = 'smbcourier'
author = 'smbcourier contributors'
copyright = author
release = version = __version__

extensions = ['sphinx.ext.autodoc']
exclude_patterns = [
    '_build',
    'speed_table.rst',
    'soak_table.rst',
]  # the tables are parts of the pages speed and security
html_theme = 'alabaster'
html_theme_options = {
    'description': 'A blocking SMB client with the interface of pysmb',
    'page_width': '1180px',  # lines of code have up to 120 characters
    'body_max_width': '100%',
    'sidebar_width': '230px',
}
html_static_path = ['static']
html_css_files = ['tables.css']

autodoc_member_order = 'bysource'
autodoc_typehints = 'none'
# Every reference has to lead somewhere, but for those to Python's own manual, which needs a network.
nitpicky = True
nitpick_ignore_regex = [('py:.*', r'(?!smb|nmb).*')]
