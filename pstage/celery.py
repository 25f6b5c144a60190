"""The Celery application and what beat runs."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pstage.settings")

app = Celery("pstage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def say_what_is_unsafe(**_: object) -> None:
    from accounts.checks import warn_at_start

    warn_at_start()


# A sweep sends what the broker lost; an avenant takes effect soon after its day begins; the night reads the stored
# files and the register of companies again.
app.conf.beat_schedule = {
    "sweep-messages": {"task": "accounts.tasks.sweep_messages", "schedule": 60.0},
    "clear-sessions": {"task": "accounts.tasks.clear_sessions", "schedule": crontab("35", "*")},
    "forget-creations": {"task": "accounts.tasks.forget_creations", "schedule": crontab("40", "4")},
    "sweep-documents": {"task": "conventions.tasks.sweep_documents", "schedule": 60.0},
    "apply-due-avenants": {"task": "conventions.tasks.apply_due_avenants", "schedule": crontab("5", "*")},
    "check-documents": {"task": "conventions.tasks.check_documents", "schedule": crontab("10", "3")},
    "refresh-hosts": {"task": "organisations.tasks.refresh_hosts", "schedule": crontab("*/5", "1-5")},
    "anonymise-contacts": {
        "task": "organisations.tasks.anonymise_contacts",
        "schedule": crontab("30", "6", day_of_month="1"),
    },
    "forget-imports": {"task": "organisations.tasks.forget_imports", "schedule": crontab("40", "3")},
    "remind-certificates": {
        "task": "conventions.tasks.remind_certificates",
        "schedule": crontab("0", "7"),
    },
    "report-retention": {
        "task": "conventions.tasks.report_retention",
        "schedule": crontab("30", "7", day_of_month="1"),
    },
}
