"""From a context to what a page or the PDF shows: titled rows in the reader's language, and what changed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.folding import fold
from accounts.models import Student
from conventions.documents import choices
from conventions.documents.context import Context, agreement, as_stored, printed_now
from conventions.documents.earlier import completed
from conventions.legality.words import payments_in_words
from conventions.models import Amended, Convention, Interruption, WorkPeriod
from conventions.models.columns import COLUMNS
from conventions.writing.steps import column_label
from organisations.models.host import siret_text

ABSENCES: dict[str, Promise] = {
    Interruption.Kind.INTERRUPTION: gettext_lazy("interruption"),
    Interruption.Kind.UNIVERSITY: gettext_lazy("retour à l’université"),
    Interruption.Kind.LEAVE: gettext_lazy("congé"),
    Interruption.Kind.HOLIDAY: gettext_lazy("jour férié du lieu"),
}


@dataclass(frozen=True)
class Row:
    """One labelled value. ``field`` names the column a remark can be pinned on, empty when there is none.

    ``key`` names it within its section in every language; ``is_no`` when it answers no, which goes without saying
    on paper.
    """

    key: str
    label: str
    value: str
    field: str = ""
    is_no: bool = False

    @property
    def is_right_to_left(self) -> bool:
        """Whether the first letter with a direction is Arabic, Hebrew or the like."""
        return is_right_to_left(self.value)


@dataclass(frozen=True)
class Section:
    """Rows under one title; ``step`` is the slug of the wizard's step that edits them, if any."""

    key: str
    title: str
    step: str
    rows: list[Row]


@dataclass(frozen=True)
class Change:
    """A value that is no longer what it was; ``section`` is the title of its rows, ``field`` its column if it has one."""

    label: str
    before: str
    after: str
    section: str = ""
    field: str = ""


def sections(context: Context) -> list[Section]:
    """Return the agreement as titled rows in the reader's language, in the order of the printed agreement."""
    context = worded(context)
    return [
        _student_section(context["student"]),
        _programme_section(context["programme"]),
        _organisation_section(context["organisation"]),
        _service_section(context["service"]),
        _contact_section("tutor", _("Tuteur professionnel"), "tuteur", context["tutor"]),
        _content_section(context["stage"]),
        _time_section(context["stage"]),
        _money_section(context["gratification"]),
        *_declared_sections(context),
        _follow_up_section(context["stage"]),
        _teacher_section(context["teacher"]),
        _contact_section("signatory", _("Signataire"), "signataire", context["signatory"]),
        _university_section(context["university"]),
    ]


def worded(context: Context) -> Context:
    """Return an agreement in the reader's language, its choices as words, empty where nobody was asked; twice, the same."""
    parts = {
        name: {key: _in_words(name, key, value) for key, value in part.items()}
        if isinstance(part, dict)
        else part
        for name, part in completed(context).items()
    }
    for name in ("tutor", "signatory"):
        parts[name]["name"] = f"{parts[name].pop('civility', '')} {parts[name]['name']}".strip()
    sex = context["student"].get("sex", "")
    parts["circuit"] = [{**one, "label": choices.party(one, sex)} for one in context["circuit"]]
    return parts


def _in_words(part: str, name: str, value: Any) -> Any:
    """Return one value of an agreement, its words when it is a choice."""
    if not choices.is_choice(value):
        return value
    return (
        choices.currency(value)
        if name == "currency"
        else choices.wording(value, choices.SAID.get((part, name)))
    )


def column(name: str, value: str, label: str = "") -> Row:
    """Return the row of a column of the agreement."""
    return Row(name, label or column_label(name), value, name)


def answer(name: str, value: bool | str | None, label: str = "") -> Row:
    """Return the row of a column that answers a question by yes or no."""
    return Row(name, label or column_label(name), yes_or_no(value), name, is_no=value is False)


def as_they_are(section: str, part: Context) -> list[Row]:
    """Return the rows of the columns that a section shows as they are, in order."""
    return [as_it_is(one.name, part[one.name]) for one in COLUMNS if one.shown == section]


def as_it_is(name: str, value: Any) -> Row:
    """Return the row of a column as its kind is written."""
    field = Convention._meta.get_field(name)
    if isinstance(field, models.BooleanField):
        return answer(name, value)
    if isinstance(field, models.DecimalField | models.IntegerField):
        return column(name, number(value))
    return column(name, long_date(value) if isinstance(field, models.DateField) else value)


def _student_section(student: Context) -> Section:
    fund = "\n".join(filter(None, [student["fund"], student["fund_address"]]))
    guardian = [column("guardian_name", student["guardian"])] if student["is_minor"] else []
    return Section(
        "student",
        _("Élève"),
        "eleve",
        [
            Row("name", _("Nom et prénom"), f"{student['last_name']} {student['first_name']}".strip()),
            *civil_rows(student),
            Row("number", _("Numéro étudiant"), student["number"]),
            Row("birth_date", _("Date de naissance"), short_date(student["birth_date"])),
            *guardian,
            column("student_street", "\n".join(student["address"]), _("Adresse")),
            column("student_phone", student["phone"]),
            Row("email", _("Adresse électronique universitaire"), student["email"]),
            column("student_personal_email", student["personal_email"]),
            *as_they_are("student", student),
            column("health_fund", fund),
            column("health_fund_other", student["fund_other"]),
        ],
    )


def civil_rows(student: Context) -> list[Row]:
    """Return the names of the civil registry, empty where they are those that the student uses."""
    used = {"birth_name": "last_name", "usage_name": "last_name", "civil_first_name": "first_name"}
    labels = {
        "birth_name": _("Nom de naissance"),
        "usage_name": _("Nom d’usage"),
        "civil_first_name": _("Prénom d’état civil"),
    }
    return [
        Row(name, labels[name], student[name] if fold(student[name]) != fold(student[other]) else "")
        for name, other in used.items()
    ]


def printed_identity(convention: Convention) -> list[Row]:
    """Return who its student is on a validated agreement, as it is printed now."""
    student = worded(printed_now(convention))["student"]
    keys = {"name", "birth_date", *(row.key for row in civil_rows(student))}
    return [row for row in _student_section(student).rows if row.key in keys and row.value]


def born(student: Context) -> str:
    """Return « Née le 17/05/2004 », in agreement with the sex where it is known; nothing without a date."""
    day = {"day": short_date(student["birth_date"])}
    if not day["day"]:
        return ""
    match student["sex"]:
        case Student.Sex.FEMALE:
            return _("Née le %(day)s") % day
        case Student.Sex.MALE:
            return _("Né le %(day)s") % day
        case _unknown:
            return _("Date de naissance : %(day)s") % day


def _programme_section(programme: Context) -> Section:
    return Section(
        "programme",
        _("Formation"),
        "formation",
        [
            Row("academic_year", _("Année universitaire"), programme["academic_year"]),
            column("enrolment", programme["label"]),
            Row("code", _("Code de l’étape"), programme["code"]),
            Row("level", _("Niveau"), programme["level"]),
            Row("teaching", _("Volume d’enseignement"), teaching(programme)),
            *as_they_are("programme", programme),
        ],
    )


def _organisation_section(organisation: Context) -> Section:
    siret = siret_text(organisation["siret"]) or organisation["siret_exemption"]
    return Section(
        "organisation",
        _("Établissement d’accueil"),
        "etablissement",
        [
            column("organisation", organisation["name"]),
            Row("legal_form", _("Forme juridique"), organisation["legal_form"]),
            Row("siret", _("Numéro SIRET"), siret),
            Row("local_identifier", _("Autre identifiant"), organisation["local_identifier"]),
            Row("activity", _("Activité principale"), organisation["activity"]),
            Row("naf", _("Code NAF (APE)"), organisation["naf"]),
            Row("headcount", _("Effectif"), organisation["headcount"]),
            Row("address", _("Adresse"), "\n".join(organisation["address"])),
            Row("phone", _("Téléphone"), organisation["phone"]),
            Row("email", _("Adresse électronique"), organisation["email"]),
            Row("website", _("Site web"), organisation["website"]),
        ],
    )


def _service_section(service: Context) -> Section:
    return Section(
        "service",
        _("Service d’accueil"),
        "service",
        [
            column("service", service["name"]),
            Row("address", _("Adresse"), "\n".join(service["address"])),
            Row("phone", _("Téléphone"), service["phone"]),
        ],
    )


def _contact_section(key: str, title: str, step: str, contact: Context) -> Section:
    return Section(
        key,
        title,
        step,
        [
            column(key, contact["name"]),
            Row("function", _("Fonction"), contact["function"]),
            Row("department", _("Service de rattachement"), contact["department"]),
            Row("phone", _("Téléphone"), contact["phone"]),
            Row("email", _("Adresse électronique"), contact["email"]),
        ],
    )


def _content_section(stage: Context) -> Section:
    return Section(
        "stage",
        _("Contenu du stage"),
        "contenu",
        [
            *as_they_are("stage", stage),
            answer("is_confidential", stage["is_confidential"]),
            column("origin", stage["origin"]),
        ],
    )


def _time_section(stage: Context) -> Section:
    return Section(
        "time",
        _("Durée et présence"),
        "contenu",
        [
            column("start", long_date(stage["start"])),
            column("end", long_date(stage["end"])),
            column("hours_corrected", presence(stage), _("Présence effective")),
            column("hours_reason", stage["hours_reason"]),
            column("weekly_hours", weekly(stage), _("Heures et jours par semaine")),
            column("day_starts_at", usual_day(stage), _("Horaires habituels")),
            column("work_periods", "\n".join(map(work_period, stage["work_periods"]))),
            column("schedule_comment", stage["schedule_comment"]),
            column("interruptions", "\n".join(map(absence, stage["interruptions"]))),
            exceptional_row(stage),
            *as_they_are("time", stage),
        ],
    )


def _money_section(money: Context) -> Section:
    return Section(
        "gratification",
        _("Gratification et avantages"),
        "contenu",
        [
            column("is_paid", money_text(money) or yes_or_no(money["is_paid"])),
            column("payment_mode", money["payment_mode"]),
            column("payment_frequency", money["payment_frequency"]),
            column("branch_minimum", per_hour(money["branch_minimum"])),
            answer(
                "is_employed_by_host", money["is_employed_by_host"], _("Déjà agent ou salarié de l’organisme")
            ),
            *as_they_are("gratification", money),
        ],
    )


def _follow_up_section(stage: Context) -> Section:
    return Section("follow_up", _("Suivi et validation"), "contenu", as_they_are("follow_up", stage))


def _teacher_section(teacher: Context) -> Section:
    return Section(
        "teacher",
        _("Responsable pédagogique"),
        "responsable",
        [
            column("teacher", teacher["name"]),
            Row("position", _("Fonction"), teacher["position"]),
            Row("ufr", _("UFR"), teacher["ufr"]),
            Row("office", _("Bureau"), teacher["office"]),
            Row("phone", _("Téléphone"), teacher["phone"]),
            Row("email", _("Adresse électronique"), teacher["email"]),
        ],
    )


def _declared_sections(context: Context) -> list[Section]:
    """Return what the host declares, the insurance and what a stage abroad asks; nothing where nobody was asked."""
    declared, cover, abroad = context["declarations"], context["insurance"], context["abroad"]
    found = []
    if declared:
        title = _("Déclarations de l’organisme")
        found.append(Section("declarations", title, "contenu", declarations(declared)))
    if cover:
        civil = column("insurer", insurance(cover), _("Responsabilité civile"))
        found.append(Section("insurance", _("Assurance"), "contenu", [civil]))
    if abroad:
        found.append(_abroad_section(abroad))
    return found


def _abroad_section(abroad: Context) -> Section:
    law, assistance = abroad["has_information_sheet"], abroad["has_assistance_policy"]
    return Section(
        "abroad",
        _("Stage à l’étranger"),
        "contenu",
        [
            answer("has_information_sheet", law, _("Fiche d’information sur le droit du pays")),
            answer(
                "has_assistance_policy",
                assistance,
                _("Assurance rapatriement, assistance juridique et accident"),
            ),
            column("travel_zone", abroad["travel_zone"], _("Zone du lieu de stage")),
            *as_they_are("abroad", abroad),
        ],
    )


def declarations(declared: Context) -> list[Row]:
    """Return what the host declares, a question and its consequence on one row."""
    left_early = _("interrompu par le stagiaire") if declared["previous_left_early"] else ""
    previous = _join(span(declared["previous_start"], declared["previous_end"]), left_early)
    earlier = _("Heures déjà faites dans l’organisme cette année, pour un autre établissement")
    return [
        *as_they_are("declarations", declared),
        column(
            "host_trainees",
            number(declared["host_trainees"]),
            _("Autres stagiaires présents en même temps"),
        ),
        column(
            "tutor_trainees", number(declared["tutor_trainees"]), _("Stagiaires déjà suivis par le tuteur")
        ),
        column(
            "collective_hours", in_hours(declared["collective_hours"]), _("Durée hebdomadaire collective")
        ),
        column("earlier_hours", in_hours(declared["earlier_hours"]), earlier),
        column("previous_start", previous, _("Stage précédent sur le même poste")),
        answer(
            "replaces_someone",
            declared["replaces_someone"],
            _("Remplace quelqu’un ou répond à un surcroît d’activité"),
        ),
        _regulated_work(declared),
        _restricted_area(declared),
    ]


def _regulated_work(declared: Context) -> Row:
    asked = answer("has_regulated_work", declared["has_regulated_work"])
    if declared["has_regulated_work"] and declared["regulated_work_declared"]:
        return replace(asked, value=_join(asked.value, _("dérogation déclarée pour un mineur")))
    return asked


def _restricted_area(declared: Context) -> Row:
    asked = answer("in_restricted_area", declared["in_restricted_area"], _("Zone à régime restrictif (ZRR)"))
    if declared["in_restricted_area"] and declared["restricted_area_authorised"]:
        return replace(asked, value=_join(asked.value, _("accès autorisé")))
    return asked


def insurance(cover: Context) -> str:
    """Return « MAIF, contrat 1234, du 01/09/2026 au 31/08/2027 »."""
    policy = _("contrat %(number)s") % {"number": cover["policy"]} if cover["policy"] else ""
    return _join(cover["insurer"], policy, span(cover["start"], cover["end"]))


def _university_section(university: Context) -> Section:
    return Section(
        "university",
        _("Établissement d’enseignement"),
        "",
        [
            Row("name", _("Nom"), university["name"]),
            Row("address", _("Adresse"), "\n".join(university["address"])),
            Row(
                "representative",
                _("Représentant légal"),
                _join(university["representative"], university["representative_title"]),
            ),
            Row("ufr", _("UFR"), university["ufr"]),
            Row("centre", _("Centre de gestion"), university["centre"]),
            Row("centre_address", _("Adresse du centre"), "\n".join(university["centre_address"])),
            Row("phone", _("Téléphone"), university["centre_phone"] or university["phone"]),
            Row("email", _("Adresse électronique"), university["centre_email"] or university["email"]),
            Row(
                "signatory",
                _("Signe pour l’UFR"),
                _join(university["signatory"], university["signatory_title"]),
            ),
        ],
    )


def by_field(sections: list[Section]) -> dict[str, str]:
    """Return the values of the rows that have a field."""
    return {row.field: row.value for section in sections for row in section.rows if row.field}


def differences(context: Context) -> list[Change]:
    """Return what the student corrected of the university's records, for the manager; it is not printed."""
    return [
        Change(column_label(one["field"]), _corrected(one["before"]), _corrected(one["after"]))
        for one in context["differences"]
    ]


def _corrected(value: str | choices.Choice) -> str:
    """Return what a record said, or says now: only a country is a choice."""
    return value if isinstance(value, str) else choices.wording(value, choices.SAID["service", "country"])


def compare(before: Context, after: Context) -> list[Change]:
    """Return the rows that differ between two contexts of one agreement, in the reader's language and the page's order."""
    was, becomes = _by_place(before), _by_place(after)
    return [
        Change(row.label, _value(was, place), _value(becomes, place), section.title, row.field)
        for place, (section, row) in (was | becomes).items()
        if _value(was, place) != _value(becomes, place)
    ]


def changed(convention: Convention) -> list[Change]:
    """Return what the avenant shown changes, while it is written; nothing without an avenant."""
    if isinstance(convention, Amended) and convention.avenant.changes:
        return compare(*as_stored(convention))
    return []


Places = dict[tuple[str, str], tuple[Section, Row]]


def _by_place(context: Context) -> Places:
    """Return the rows with their section, by the key of each."""
    return {(section.key, row.key): (section, row) for section in sections(context) for row in section.rows}


def _value(rows: Places, place: tuple[str, str]) -> str:
    """Return what a row says, nothing when there is none."""
    return rows[place][1].value if place in rows else ""


def changes_since(context: Context, convention: Convention) -> list[Change]:
    """Return what has changed in the shared records (host, people, centre) since a context was frozen.

    The agreement's own columns cannot change once it is frozen, so any row that differs comes from elsewhere.
    """
    now = _by_place(asked_then(context, agreement(convention)))
    return [
        Change(f"{section.title} – {row.label}", row.value, _value(now, place))
        for place, (section, row) in _by_place(context).items()
        if row.value != _value(now, place)
    ]


def asked_then(context: Context, now: Context) -> Context:
    """Return ``now`` as it would be without what only a release changed since ``context`` was frozen.

    That is a question that did not exist, and the words of a choice that is the same.
    """
    return {
        name: {key: _as_frozen(context[name][key], part[key]) for key in part if key in context[name]}
        if isinstance(part, dict)
        else part
        for name, part in now.items()
        if name in context
    }


def _as_frozen(then: Any, now: Any) -> Any:
    return then if choices.is_choice(now) and then["code"] == now["code"] else now


def number(value: str, decimals: int | None = None) -> str:
    """Return a decimal as the reader writes it: « 1 390,50 »."""
    return str(number_format(Decimal(value), decimals, force_grouping=True)) if value else ""


def in_brief(context: Context, titled: list[Section]) -> dict[str, str]:
    """Return the values of the sections of a context by field, and its dates in one line, as ``dates``."""
    start, end = short_date(context["stage"]["start"]), short_date(context["stage"]["end"])
    return {**by_field(titled), "dates": f"{start} → {end}" if start and end else ""}


def short_date(value: str) -> str:
    return str(date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")) if value else ""


def long_date(value: str) -> str:
    """Return « lundi 2 mars 2026 », and « dimanche 1er mars 2026 » as French wants."""
    if not value:
        return ""
    written = str(date_format(date.fromisoformat(value), "l j F Y"))
    french = (translation.get_language() or "").startswith("fr")
    return written.replace(" 1 ", " 1er ", 1) if french else written


def span(start: str, end: str) -> str:
    """Return « du 01/09/2026 au 31/08/2027 », « le 01/09/2026 » for one day, half of it when one date is missing."""
    dates = {"start": short_date(start), "end": short_date(end)}
    if start and start == end:
        return _("le %(start)s") % dates
    if start and end:
        return _("du %(start)s au %(end)s") % dates
    if start:
        return _("à partir du %(start)s") % dates
    return _("jusqu’au %(end)s") % dates if end else ""


def absence(period: list[str]) -> str:
    """Return « Du 02/03/2026 au 06/03/2026 : congé »."""
    start, end, kind = period
    return capfirst(_("%(dates)s : %(what)s") % {"dates": span(start, end), "what": ABSENCES[kind]})


def work_period(period: Context) -> str:
    """Return « Du 02/03/2026 au 30/04/2026 : jeu. 7 h, ven. 3,5 h »."""
    days = [
        f"{label} {in_hours(hours)}"
        for label, hours in zip(WorkPeriod.DAYS.values(), period["hours"], strict=True)
        if Decimal(hours)
    ]
    return capfirst(
        _("%(dates)s : %(what)s") % {"dates": span(period["start"], period["end"]), "what": ", ".join(days)}
    )


def in_hours(value: str) -> str:
    return _("%(hours)s h") % {"hours": number(value)} if value else ""


def per_hour(value: str) -> str:
    return _("%(amount)s € par heure") % {"amount": number(value, 2)} if value else ""


def yes_or_no(value: bool | str | None) -> str:
    """Return nothing when nobody answered, which an old context writes as an empty text."""
    return "" if value is None or value == "" else _("Oui") if value else _("Non")


def _join(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def teaching(programme: Context) -> str:
    """Return the hours of teaching a year, a mention the agreement must have (article D124-4, 1°)."""
    hours, presence_hours = programme["teaching_hours"], programme["presence_hours"]
    if hours is None:
        return ""
    if presence_hours is None:
        return _("%(hours)s h par an") % {"hours": number(str(hours))}
    return _("%(hours)s h par an, dont %(presence)s h en présence") % {
        "hours": number(str(hours)),
        "presence": number(str(presence_hours)),
    }


def presence(stage: Context) -> str:
    """Return the hours of presence and what they are worth in days and months (article D124-6)."""
    if not stage["hours"]:
        return ""
    counted = {name: number(stage[name]) for name in ("hours", "leave_hours", "days", "months")}
    if stage["leave_hours"]:
        return (
            _("%(hours)s h, et %(leave_hours)s h de congé : soit %(days)s jours ou %(months)s mois") % counted
        )
    return _("%(hours)s h, soit %(days)s jours ou %(months)s mois") % counted


def weekly(stage: Context) -> str:
    """Return « 35 h par semaine, temps plein, du lundi au vendredi »."""
    if not stage["weekly_hours"]:
        return ""
    hours = _("%(hours)s h par semaine") % {"hours": number(stage["weekly_hours"])}
    return ", ".join(filter(None, [hours, stage["working_time"].lower(), weekdays(stage["working_days"])]))


def usual_day(stage: Context) -> str:
    """Return « de 9 h à 17 h 30 », or what is known of it."""
    hours = {"start": hour(stage["day_starts_at"]), "end": hour(stage["day_ends_at"])}
    if hours["start"] and hours["end"]:
        return _("de %(start)s à %(end)s") % hours
    if hours["start"]:
        return _("à partir de %(start)s") % hours
    return _("jusqu’à %(end)s") % hours if hours["end"] else ""


def hour(clock: str) -> str:
    """Return « 9 h » or « 17 h 30 » for 09:00 or 17:30, as French writes it."""
    if not clock:
        return ""
    if not (translation.get_language() or "").startswith("fr"):
        return clock
    hours, minutes = clock.split(":")
    return f"{int(hours)} h" + (f" {minutes}" if minutes != "00" else "")


def weekdays(days: list[int]) -> str:
    """Return days in words: a range when three or more follow one another, else one by one."""
    names = [str(Convention.Weekday(day).label) for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("du %(first)s au %(last)s") % {"first": names[0], "last": names[-1]}
    return ", ".join(names)


def exceptional_row(stage: Context) -> Row:
    """Return when else the trainee is present: it must be written (article D124-4, 6°)."""
    kinds = [
        (stage["works_at_night"], _("la nuit")),
        (stage["works_on_sunday"], _("le dimanche")),
        (stage["works_on_holidays"], _("les jours fériés")),
        (stage["works_on_whit_monday"], _("le lundi de Pentecôte (journée de solidarité)")),
        (stage["works_remotely"], _("en télétravail")),
    ]
    named, comment = capfirst(", ".join(name for holds, name in kinds if holds)), stage["exceptional_work"]
    said = "\n".join(filter(None, [named or _("Non"), comment]))
    row = column("exceptional_work", said, _("Nuit, dimanche, jours fériés, télétravail"))
    return replace(row, is_no=not (named or comment))


def money_text(money: Context) -> str:
    """Return « 4,50 € par heure », or nothing when the stage is not paid."""
    if not money["amount"]:
        return ""
    return f"{number(money['amount'], 2)} {money['currency']} {money['unit']}".strip()


def payments_text(money: Context) -> str:
    """Return what the amount promises: how many payments, of how much, and their total."""
    return payments_in_words([Decimal(one) for one in money["payments"]], money["currency"])


def is_right_to_left(value: str) -> bool:
    directions = (unicodedata.bidirectional(character) for character in value)
    return next((way for way in directions if way in {"L", "R", "AL"}), "L") != "L"
