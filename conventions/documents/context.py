"""From the rows of the database to the frozen context of an agreement.

The context is plain JSON, in French, and enough to show or print the agreement for ever, whatever happens to
the shared records of host, contact or teacher. A choice is a code beside its words: words are what was agreed, codes
are what is counted with, compared and translated.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from typing import Any

from django.db import models
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone, translation

from accounts.models import PostalAddress
from conventions import calendar
from conventions.documents.choices import chosen, country, entry_choice, is_choice
from conventions.documents.earlier import read
from conventions.legality.facts import payments_of
from conventions.models import Amended, Avenant, AvenantKind, Convention, Document, signers
from conventions.models.columns import CORRECTED, KEPT_IN
from conventions.writing.drafts import differences
from organisations.fields import without_invisible
from organisations.models import Contact, Organisation, Party, Service, Teacher
from organisations.models.university import academic_year_label

Context = dict[str, Any]

# The shape of the context and the text of the articles: one more each time either changes.
VERSION = 4


def agreement(convention: Convention, identity: Context | None = None) -> Context:
    """Return the context of an agreement, complete or not: dates in ISO, decimals as text, all in French.

    ``identity`` is who its student is, if it is not what its rows say.
    Queries: one for the list values, none beyond ``for_detail()``, the interruptions and the work periods
    besides.
    """
    convention.load_terms()
    if convention.pk:
        prefetch_related_objects([convention], "interruptions", "work_periods")
    identity = identity or convention.identity
    with translation.override("fr"):
        context = {
            "version": VERSION,
            "number": convention.number or "",
            "language": convention.language,
            "logo": "",
            # What is printed once there are several; « version » is the shape of all this.
            **edition(convention),
            "validated_on": iso(convention.validated_at and timezone.localdate(convention.validated_at)),
            "university": _university(convention),
            "student": _student(convention, identity),
            "programme": _programme(convention),
            "organisation": _organisation(convention.organisation),
            "service": _service(convention.service),
            "tutor": _contact(convention.tutor),
            "signatory": _contact(convention.signatory),
            "teacher": _teacher(convention.teacher),
            "stage": _stage(convention),
            "gratification": _gratification(convention),
            "declarations": _declarations(convention),
            "insurance": _insurance(convention),
            "abroad": _abroad(convention),
            "circuit": _circuit(convention, identity),
            "copies": _copies(convention),
            "differences": _differences(convention),
        }
    readable: Context = each_text(without_invisible, context)
    return readable


def edition(subject: Convention | Avenant) -> Context:
    """Return which version of an agreement or of an avenant it is, when it is not the only one."""
    return {"edition": subject.version} if subject.version > 1 else {}


# The documents of an agreement without what they were made from: that is read of one or two at most.
STORED = Prefetch("documents", Document.objects.select_related("avenant").defer("context").order_by("pk"))


def agreed_context(convention: Convention, day: date | None = None) -> Context:
    """Return the frozen context of a validated agreement with its avenants in effect at the end of ``day``, or today."""
    return read(stored_in_force(convention, day))


def stored_in_force(convention: Convention, day: date | None = None) -> Context:
    """Return the same as it was stored, by whichever release."""
    documents = [one for one in convention.documents.all() if one.is_current]
    effective = [
        (one.avenant.applied_at, one)
        for one in documents
        if one.kind == Document.Kind.AVENANT
        and one.avenant
        and one.avenant.applied_at
        and (day is None or timezone.localdate(one.avenant.applied_at) <= day)
    ]
    if effective:
        _since, last = max(effective, key=itemgetter(0))
        after: Context = last.context["after"]
        return after
    [agreed] = [one for one in documents if one.kind == Document.Kind.AGREEMENT]
    context: Context = agreed.context
    return context


def as_stored(convention: Amended) -> tuple[Context, Context]:
    """Return the contexts of an agreement as its rows stand and as an avenant makes it."""
    convention.load_terms()
    before, after = convention.before.identity, convention.identity
    if AvenantKind.IDENTITY in convention.avenant.kinds:
        # What is corrected is what was printed, whatever the records say since.
        printed = identity_in(printed_now(convention))
        before |= printed
        after |= {name: said for name, said in printed.items() if not getattr(convention, CORRECTED[name])}
    return agreement(convention.before, before), agreement(convention, after)


def printed_now(convention: Convention) -> Context:
    """Return what ``agreed_context`` does of one agreement that was read without its documents."""
    prefetch_related_objects([convention], Prefetch("documents", Document.objects.select_related("avenant")))
    return agreed_context(convention)


def identity_in(context: Context) -> Context:
    """Return who the student of a context is, as far as it says."""
    said = {name: value for name, value in context["student"].items() if name in CORRECTED}
    return said | {"birth_date": date.fromisoformat(said["birth_date"]) if said["birth_date"] else None}


def both_sides(convention: Amended) -> tuple[Context, Context]:
    """Return the context in force and the one that the avenant shown makes of it: what it changes, and no other record."""
    before = agreed_context(convention)
    return before, amended(before, *as_stored(convention))


def amended(before: Any, now: Any, after: Any) -> Any:
    """Return ``before`` with what differs between ``now`` and ``after``, key by key."""
    if after == now:
        return before
    if is_choice(after) or not all(isinstance(side, dict) for side in (before, now, after)):
        return after
    return {
        name: amended(before.get(name), now.get(name), value)
        for name, value in after.items()
        # What was not asked then, and is not answered now, is still not asked.
        if name in before or value != now.get(name)
    }


def _university(convention: Convention) -> Context:
    institution, centre = convention.institution, convention.centre
    ufr = convention.enrolment.programme.ufr if convention.enrolment else None
    return {
        "address": address(institution),
        "representative": institution.legal_representative,
        "representative_title": institution.legal_representative_title,
        "ufr": label(ufr),
        "centre": label(centre),
        "centre_address": centre.address.splitlines() if centre else [],
        "centre_phone": centre.phone if centre else "",
        "centre_email": centre.mailbox if centre else "",
        "signatory": centre.signatory_name if centre else "",
        "signatory_title": centre.signatory_title if centre else "",
        **columns(institution, "name", "short_name", "phone", "email"),
    }


def _student(convention: Convention, identity: Context) -> Context:
    student = convention.student
    for_minor = convention.needs_guardian
    return {
        **kept(convention, "student"),
        **identity,
        "birth_date": iso(identity["birth_date"]),
        "sex": student.sex,
        "email": student.user.email,
        "number": student.number,
        "is_minor": for_minor,
        "guardian": convention.guardian_name if for_minor else "",
        "address": _lines(
            convention.student_street,
            convention.student_address_extra,
            convention.student_postal_code,
            convention.student_city,
            convention.student_country,
        ),
        "phone": convention.student_phone,
        "personal_email": convention.student_personal_email,
        "fund": label(convention.health_fund),
        "fund_address": convention.health_fund.address if convention.health_fund else "",
        "fund_other": convention.health_fund_other,
    }


def _programme(convention: Convention) -> Context:
    enrolment = convention.enrolment
    programme = enrolment.programme if enrolment else None
    return {
        **kept(convention, "programme"),
        "academic_year": academic_year_label(enrolment.academic_year) if enrolment else "",
        "label": label(programme),
        "code": f"{programme.code} {programme.version}".strip() if programme else "",
        "level": chosen(programme, "level"),
        "teaching_hours": programme.teaching_hours if programme else None,
        "presence_hours": programme.presence_hours if programme else None,
    }


def _organisation(organisation: Organisation | None) -> Context:
    return {
        "siret": text(organisation and organisation.siret),
        "siret_exemption": chosen(organisation, "siret_exemption"),
        "legal_form": entry_choice(organisation and organisation.legal_form),
        "is_public_law": bool(organisation and organisation.legal_form.is_public_law),
        "naf": entry_choice(organisation and organisation.naf_code),
        "headcount": entry_choice(organisation and organisation.headcount_band),
        "address": address(organisation),
        **columns(organisation, "name", "local_identifier", "activity", "phone", "email", "website"),
    }


def _service(service: Service | None) -> Context:
    return {
        "address": address(service),
        "country": country(service and service.country),
        **columns(service, "name", "city", "phone"),
    }


def _contact(contact: Contact | None) -> Context:
    return {
        "civility": chosen(contact, "civility"),
        "name": label(contact),
        **columns(contact, "function", "department", "phone", "email"),
    }


def _teacher(teacher: Teacher | None) -> Context:
    return {
        "name": label(teacher),
        "ufr": label(teacher and teacher.ufr),
        "email": teacher.user.email if teacher else "",
        **columns(teacher, "position", "office", "phone"),
    }


def _stage(convention: Convention) -> Context:
    hours = convention.hours
    duration = convention.duration
    days, months = calendar.equivalent(duration) if duration is not None else (None, None)
    return {
        **kept(convention, "stage"),
        "is_abroad": convention.is_abroad,
        "interruptions": _interruptions(convention),
        "work_periods": _work_periods(convention),
        "working_days": sorted(convention.working_days),
        "hours": text(hours),
        "leave_hours": text(convention.hours_assimilated or None),
        "days": text(days and rounded(days, "0.1")),
        "months": text(months and rounded(months, "0.01")),
        "hours_reason": convention.hours_reason if convention.hours_corrected is not None else "",
    }


def _interruptions(convention: Convention) -> list[list[str]]:
    """Return each as its first day, its last one and its kind."""
    return [
        [iso(period.start), iso(period.end), period.kind] for period in convention.periods("interruptions")
    ]


def _work_periods(convention: Convention) -> list[Context]:
    return [
        {"start": iso(period.start), "end": iso(period.end), "hours": [text(hours) for hours in period.hours]}
        for period in convention.periods("work_periods")
    ]


def _gratification(convention: Convention) -> Context:
    paid = convention if convention.is_paid else None
    return {
        **kept(convention, "gratification"),
        "is_paid": convention.is_paid,
        "amount": text(paid.amount) if paid else "",
        "unit": chosen(paid, "amount_unit"),
        "currency": entry_choice(paid and paid.currency),
        "payment_mode": entry_choice(paid and paid.payment_mode),
        "payment_frequency": chosen(paid, "payment_frequency"),
        "branch_minimum": text(paid.branch_minimum) if paid else "",
        "payments": [text(payment) for payment in payments_of(convention)],
    }


def _declarations(convention: Convention) -> Context:
    """Return what only the host knows; it declares it by its signature."""
    return kept(convention, "declarations")


def _insurance(convention: Convention) -> Context:
    return {
        **kept(convention, "insurance"),
        "policy": convention.insurance_policy,
        "start": iso(convention.insurance_start),
        "end": iso(convention.insurance_end),
    }


def _abroad(convention: Convention) -> Context:
    """Return what a stage abroad asks; nothing of a stage in France, whatever was answered before."""
    if not convention.is_abroad:
        return {}
    return kept(convention, "abroad")


def _circuit(convention: Convention, identity: Context) -> list[Context]:
    """Return who signs, in order: party, its label, the person's name and quality."""
    return [
        {
            "party": str(signer.party),
            "label": str(signer.party.label),
            "name": full_name(identity) if signer.party == Party.STUDENT else signer.name,
            "quality": signer.quality,
        }
        for signer in signers(convention)
    ]


def _differences(convention: Convention) -> list[Context]:
    """Return what the student corrected of the records of the university."""
    found: list[Context] = [
        {"field": name, "before": before, "after": after}
        for name, (before, after) in differences(convention).items()
    ]
    for one in found:
        if one["field"] == "student_country":
            one["before"] = country(convention.record["student_country"])
            one["after"] = country(convention.student_country)
    return found


def _copies(convention: Convention) -> int | None:
    """Return the copies noted at submission; while the content may change, what the centre would ask."""
    if convention.centre is None or not convention.is_editable:
        return convention.copies
    return convention.centre.copies(abroad=convention.is_abroad)


def full_name(identity: Context) -> str:
    return f"{identity['first_name']} {identity['last_name']}".strip()


def each_text(change: Callable[[str], str], value: Any) -> Any:
    """Return a value of a context with ``change`` made to every text in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [each_text(change, item) for item in value]
    if isinstance(value, dict):
        return {name: each_text(change, item) for name, item in value.items()}
    return value


def iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def clock(moment: time | None) -> str:
    return moment.isoformat("minutes") if moment else ""


def text(value: Any) -> str:
    """Return a value as text, without an exponent nor useless zeros; nothing for None."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return "" if value is None else str(value)


def rounded(value: Decimal, unit: str) -> Decimal:
    return value.quantize(Decimal(unit), ROUND_HALF_UP)


def label(row: models.Model | None) -> str:
    return "" if row is None else str(row)


def kept(convention: Convention, part: str) -> Context:
    """Return the columns that a part of the context keeps as they are."""
    return {name: as_it_is(convention, name) for name in KEPT_IN[part]}


def as_it_is(convention: Convention, name: str) -> Any:
    """Return what a column says: a choice, true or false, else a text."""
    field, value = Convention._meta.get_field(name), getattr(convention, name)
    if isinstance(field, models.ForeignKey):
        return entry_choice(value)
    if isinstance(field, models.BooleanField):
        return value
    if isinstance(field, models.TimeField):
        return clock(value)
    return chosen(convention, name) if isinstance(field, models.CharField) and field.choices else text(value)


def columns(row: models.Model | None, *names: str) -> Context:
    """Return some columns by name, all empty when there is no row: a draft has every key an agreement has."""
    return {name: getattr(row, name, "") for name in names}


def address(place: PostalAddress | None) -> list[str]:
    if place is None:
        return []
    return _lines(place.street, place.address_extra, place.postal_code, place.city, place.country)


def _lines(street: str, extra: str, postal_code: str, city: str, country: Any) -> list[str]:
    """Return the lines of an address, the country only when it is not France."""
    abroad = country_name(country) if country and country.code != "FR" else ""
    return [line for line in (extra, street, f"{postal_code} {city}".strip(), abroad) if line]


def country_name(country: Any) -> str:
    return str(country.name)
