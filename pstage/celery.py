"""The Celery application and what beat runs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pstage.settings")

app = Celery("pstage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A sweep sends what the broker lost.
app.conf.beat_schedule = {
    "sweep-messages": {"task": "accounts.tasks.sweep_messages", "schedule": 60.0},
    "sweep-documents": {"task": "conventions.tasks.sweep_documents", "schedule": 60.0},
}
