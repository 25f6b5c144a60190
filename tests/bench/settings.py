"""The site's own settings, and one address more: the empty view that pages are compared with."""

from pstage.settings import *  # noqa: F403  a settings module is a list of names

ROOT_URLCONF = "tests.bench.urls"
