"""The WSGI application that gunicorn serves."""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pstage.settings")

application = get_wsgi_application()

from accounts.checks import warn_at_start  # noqa: E402  its settings are read by the line above

warn_at_start()
# gunicorn may fork from here: no connection is shared by two processes.
database: Any = connection
database.close()
database.close_pool()
