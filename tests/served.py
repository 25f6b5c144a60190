"""The settings of a server that a test starts in a process of its own: static files come from their sources."""

from pstage.settings import *  # noqa: F403  settings are names

PASSWORD_HASHERS = ["tests.environment.QuickHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "tests.environment.SourceStaticFiles"}}  # noqa: F405
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
