"""How long people at the hosts are kept: a contact that no agreement needs any more is listed, then anonymised.

Three years after their last agreement, and a month after they were listed (regulation 2016/679, article 5, 1, e).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from celery import shared_task
from django.core.mail import mail_admins
from django.db import transaction
from django.db.models import DateField, Exists, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from organisations.models import AgreementsMixin, Contact
from organisations.models.following import pointing_at

YEARS_KEPT = 3
# From the list to the act: the time for whoever reads it to object.
NOTICE = timedelta(days=30)
BATCH = 500


def unneeded(today: date) -> QuerySet[Contact]:
    """Return the contacts that no agreement has needed for three years, with ``last_day``, that of their last stage.

    Whatever else names somebody, in any app, keeps them for as long as it exists.
    """
    limit = today.replace(year=today.year - YEARS_KEPT, day=min(today.day, 28))
    contacts = Contact.objects.filter(anonymised_at=None, created_at__date__lt=limit)
    last_days: list[Any] = [Value(None, DateField()), Value(None, DateField())]
    for table, column in pointing_at(Contact):
        naming = table._default_manager.filter(**{column.name: OuterRef("pk")}).order_by()
        if isinstance(naming, AgreementsMixin):
            last = naming.values(column.name).annotate(last=Max(naming.LAST_DAY))
            last_days.append(Subquery(last.values("last")))
            naming = naming.needing_people(limit)
        contacts = contacts.exclude(Exists(naming))
    return contacts.select_related("organisation").annotate(last_day=Greatest(*last_days)).order_by("pk")


def list_due(today: date) -> int:
    """List those that are due, strike out those that are not any more; return how many were added."""
    keys = unneeded(today).order_by().values("pk")
    Contact.objects.filter(to_anonymise_since__isnull=False, anonymised_at=None).exclude(pk__in=keys).update(
        to_anonymise_since=None
    )
    return Contact.objects.filter(pk__in=keys, to_anonymise_since=None).update(to_anonymise_since=today)


def notice_over(today: date) -> QuerySet[Contact]:
    """Return the contacts listed long enough ago to be anonymised, and still due."""
    return unneeded(today).filter(to_anonymise_since__lte=today - NOTICE)


def anonymise_listed(today: date) -> int:
    """Anonymise the contacts that were listed in time; return how many. Stored agreements keep what they printed."""
    done = 0
    while keys := list(notice_over(today).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            # Lock, then look: an agreement may have named one of them meanwhile.
            locked = Contact.objects.select_for_update().filter(pk__in=keys).order_by("pk")
            contacts = list(notice_over(today).filter(pk__in=list(locked.values_list("pk", flat=True))))
            for contact in contacts:
                anonymise(contact)
        done += len(contacts)
    return done


def anonymise(contact: Contact) -> None:
    """Take out of a contact all that says who they are; the row stays, agreements point at it."""
    contact.civility = contact.first_name = contact.function = contact.department = contact.phone = ""
    contact.last_name = _("Personne anonymisée")
    # One for each: by their address, people are told apart.
    contact.email = f"contact-{contact.pk}@anonyme.invalid"
    contact.anonymised_at = timezone.now()
    contact.save()


@shared_task(name="organisations.tasks.anonymise_contacts")
def anonymise_contacts() -> None:
    """Each month: anonymise who was listed a month ago, list who is due next, and tell the administrators."""
    today = timezone.localdate()
    done = anonymise_listed(today)
    added = list_due(today)
    if done or added:
        mail_admins(
            _("Contacts chez les organismes : %(added)s à anonymiser, %(done)s anonymisés")
            % {"added": added, "done": done},
            _(
                "%(added)s personnes qu’aucune convention n’a nommées depuis trois ans seront anonymisées dans "
                "%(days)s jours.\nLa liste : manage.py anonymise_contacts"
            )
            % {"added": added, "days": NOTICE.days},
        )
