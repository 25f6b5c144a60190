"""From a context to what a page or the PDF shows: titled rows in the reader's language, and what changed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions.documents.context import Context, agreement, as_stored
from conventions.models import Amended, Convention, Interruption, WorkPeriod
from conventions.writing.steps import label_of
from organisations.models.host import siret_text

# What contexts of version 1 do not hold, by part: nobody was asked then.
SINCE_VERSION_2 = {
    "student": ("guardian",),
    "stage": (
        "leave_hours",
        "work_periods",
        "day_starts_at",
        "day_ends_at",
        "leave_is_paid",
        "works_on_whit_monday",
    ),
    "gratification": ("payment_frequency", "branch_minimum", "is_employed_by_host"),
    "declarations": (),
    "insurance": (),
    "abroad": (),
}
ABSENCES: dict[str, Promise] = {
    Interruption.Kind.INTERRUPTION: gettext_lazy("interruption"),
    Interruption.Kind.UNIVERSITY: gettext_lazy("retour à l’université"),
    Interruption.Kind.LEAVE: gettext_lazy("congé"),
    Interruption.Kind.HOLIDAY: gettext_lazy("jour férié du lieu"),
}


@dataclass(frozen=True)
class Row:
    """One labelled value. ``field`` names the column a remark can be pinned on, empty when there is none."""

    label: str
    value: str
    field: str = ""

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
    context = completed(context)
    return [
        _student_section(context),
        Section(
            "programme",
            _("Formation"),
            "formation",
            [
                Row(_("Année universitaire"), context["programme"]["academic_year"]),
                Row(label_of("enrolment"), context["programme"]["label"], "enrolment"),
                Row(_("Code de l’étape"), context["programme"]["code"]),
                Row(_("Niveau"), context["programme"]["level"]),
                Row(_("Volume d’enseignement"), teaching(context["programme"])),
                Row(label_of("stage_type"), context["programme"]["stage_type"], "stage_type"),
                Row(label_of("language"), context["programme"]["language"], "language"),
            ],
        ),
        _organisation_section(context["organisation"]),
        Section(
            "service",
            _("Service d’accueil"),
            "service",
            [
                Row(label_of("service"), context["service"]["name"], "service"),
                Row(_("Adresse"), "\n".join(context["service"]["address"])),
                Row(_("Téléphone"), context["service"]["phone"]),
            ],
        ),
        _contact_section("tutor", _("Tuteur professionnel"), "tuteur", context["tutor"]),
        *_stage_sections(context),
        Section(
            "teacher",
            _("Responsable pédagogique"),
            "responsable",
            [
                Row(label_of("teacher"), context["teacher"]["name"], "teacher"),
                Row(_("Fonction"), context["teacher"]["position"]),
                Row(_("UFR"), context["teacher"]["ufr"]),
                Row(_("Bureau"), context["teacher"]["office"]),
                Row(_("Téléphone"), context["teacher"]["phone"]),
                Row(_("Adresse électronique"), context["teacher"]["email"]),
            ],
        ),
        _contact_section("signatory", _("Signataire"), "signataire", context["signatory"]),
        _university_section(context["university"]),
    ]


def completed(context: Context) -> Context:
    """Return a context in the shape of today's: a question that was not asked then has no answer."""
    parts = {
        name: {**dict.fromkeys(keys, ""), **context.get(name, {})} for name, keys in SINCE_VERSION_2.items()
    }
    return {**context, **parts}


def _student_section(context: Context) -> Section:
    student = context["student"]
    fund = "\n".join(filter(None, [student["fund"], student["fund_address"]]))
    return Section(
        "student",
        _("Élève"),
        "eleve",
        [
            Row(_("Nom et prénom"), f"{student['last_name']} {student['first_name']}".strip()),
            Row(_("Numéro étudiant"), student["number"]),
            Row(_("Date de naissance"), short_date(student["birth_date"])),
            *([Row(label_of("guardian_name"), student["guardian"], "guardian_name")] * student["is_minor"]),
            Row(_("Adresse"), "\n".join(student["address"]), "student_street"),
            Row(label_of("student_phone"), student["phone"], "student_phone"),
            Row(_("Adresse électronique universitaire"), student["email"]),
            Row(label_of("student_personal_email"), student["personal_email"], "student_personal_email"),
            Row(label_of("insured_status"), student["insured_status"], "insured_status"),
            Row(label_of("health_fund"), fund, "health_fund"),
            Row(label_of("health_fund_other"), student["fund_other"], "health_fund_other"),
        ],
    )


def _organisation_section(organisation: Context) -> Section:
    return Section(
        "organisation",
        _("Établissement d’accueil"),
        "etablissement",
        [
            Row(label_of("organisation"), organisation["name"], "organisation"),
            Row(_("Forme juridique"), organisation["legal_form"]),
            Row(_("Numéro SIRET"), siret_text(organisation["siret"]) or organisation["siret_exemption"]),
            Row(_("Autre identifiant"), organisation["local_identifier"]),
            Row(_("Activité principale"), organisation["activity"]),
            Row(_("Code NAF (APE)"), organisation["naf"]),
            Row(_("Effectif"), organisation["headcount"]),
            Row(_("Adresse"), "\n".join(organisation["address"])),
            Row(_("Téléphone"), organisation["phone"]),
            Row(_("Adresse électronique"), organisation["email"]),
            Row(_("Site web"), organisation["website"]),
        ],
    )


def _contact_section(key: str, title: str, step: str, contact: Context) -> Section:
    return Section(
        key,
        title,
        step,
        [
            Row(label_of(key), contact["name"], key),
            Row(_("Fonction"), contact["function"]),
            Row(_("Service de rattachement"), contact["department"]),
            Row(_("Téléphone"), contact["phone"]),
            Row(_("Adresse électronique"), contact["email"]),
        ],
    )


def _stage_sections(context: Context) -> list[Section]:
    stage, money = context["stage"], context["gratification"]
    amount = money_text(money)
    return [
        Section(
            "stage",
            _("Contenu du stage"),
            "contenu",
            [
                Row(label_of("theme"), stage["theme"], "theme"),
                Row(label_of("subject"), stage["subject"], "subject"),
                Row(label_of("missions"), stage["missions"], "missions"),
                Row(label_of("skills"), stage["skills"], "skills"),
                Row(label_of("details"), stage["details"], "details"),
                Row(label_of("is_confidential"), yes_or_no(stage["is_confidential"]), "is_confidential"),
                Row(label_of("origin"), stage["origin"], "origin"),
            ],
        ),
        Section(
            "time",
            _("Durée et présence"),
            "contenu",
            [
                Row(label_of("start"), long_date(stage["start"]), "start"),
                Row(label_of("end"), long_date(stage["end"]), "end"),
                Row(_("Présence effective"), presence(stage), "hours_corrected"),
                Row(label_of("hours_reason"), stage["hours_reason"], "hours_reason"),
                Row(_("Heures et jours par semaine"), weekly(stage), "weekly_hours"),
                Row(_("Horaires habituels"), usual_day(stage), "day_starts_at"),
                Row(
                    label_of("work_periods"),
                    "\n".join(map(work_period, stage["work_periods"])),
                    "work_periods",
                ),
                Row(label_of("schedule_comment"), stage["schedule_comment"], "schedule_comment"),
                Row(
                    label_of("interruptions"),
                    "\n".join(map(absence, stage["interruptions"])),
                    "interruptions",
                ),
                Row(
                    _("Nuit, dimanche, jours fériés, télétravail"),
                    exceptional(stage),
                    "exceptional_work",
                ),
                Row(label_of("leave_days"), number(stage["leave_days"]), "leave_days"),
                Row(label_of("leave_terms"), stage["leave_terms"], "leave_terms"),
                Row(label_of("leave_is_paid"), yes_or_no(stage["leave_is_paid"]), "leave_is_paid"),
            ],
        ),
        Section(
            "gratification",
            _("Gratification et avantages"),
            "contenu",
            [
                Row(label_of("is_paid"), amount or yes_or_no(money["is_paid"]), "is_paid"),
                Row(label_of("payment_mode"), money["payment_mode"], "payment_mode"),
                Row(label_of("payment_frequency"), money["payment_frequency"], "payment_frequency"),
                Row(label_of("branch_minimum"), per_hour(money["branch_minimum"]), "branch_minimum"),
                Row(
                    _("Déjà agent ou salarié de l’organisme"),
                    yes_or_no(money["is_employed_by_host"]),
                    "is_employed_by_host",
                ),
                Row(label_of("benefits"), money["benefits"], "benefits"),
            ],
        ),
        *_declared_sections(context),
        Section(
            "follow_up",
            _("Suivi et validation"),
            "contenu",
            [
                Row(label_of("follow_up"), stage["follow_up"], "follow_up"),
                Row(label_of("work_nature"), stage["work_nature"], "work_nature"),
                Row(label_of("validation_mode"), stage["validation_mode"], "validation_mode"),
                Row(label_of("ects"), number(stage["ects"]), "ects"),
                Row(label_of("internal_rules"), stage["internal_rules"], "internal_rules"),
            ],
        ),
    ]


def _declared_sections(context: Context) -> list[Section]:
    """Return what the host declares, the insurance and what a stage abroad asks; nothing where nobody was asked."""
    declared, abroad = context["declarations"], context["abroad"]
    found = []
    if declared:
        found.append(
            Section("declarations", _("Déclarations de l’organisme"), "contenu", declarations(declared))
        )
    if context["insurance"]:
        civil = Row(_("Responsabilité civile"), insurance(context["insurance"]), "insurer")
        found.append(Section("insurance", _("Assurance"), "contenu", [civil]))
    if abroad:
        rows = [
            Row(
                _("Fiche d’information sur le droit du pays"),
                yes_or_no(abroad["has_information_sheet"]),
                "has_information_sheet",
            ),
            Row(
                _("Assurance rapatriement, assistance juridique et accident"),
                yes_or_no(abroad["has_assistance_policy"]),
                "has_assistance_policy",
            ),
            Row(_("Zone du lieu de stage"), abroad["travel_zone"], "travel_zone"),
            Row(label_of("travel_decision"), abroad["travel_decision"], "travel_decision"),
        ]
        found.append(Section("abroad", _("Stage à l’étranger"), "contenu", rows))
    return found


def declarations(declared: Context) -> list[Row]:
    """Return what the host declares, a question and its consequence on one row."""
    previous = _join(
        span(declared["previous_start"], declared["previous_end"]),
        _("interrompu par le stagiaire") if declared["previous_left_early"] else "",
    )
    regulated = _join(
        yes_or_no(declared["has_regulated_work"]),
        _("dérogation déclarée pour un mineur")
        if declared["has_regulated_work"] and declared["regulated_work_declared"]
        else "",
    )
    restricted = _join(
        yes_or_no(declared["in_restricted_area"]),
        _("accès autorisé")
        if declared["in_restricted_area"] and declared["restricted_area_authorised"]
        else "",
    )
    return [
        Row(label_of("headcount"), number(declared["headcount"]), "headcount"),
        Row(
            _("Autres stagiaires présents en même temps"), number(declared["host_trainees"]), "host_trainees"
        ),
        Row(_("Stagiaires déjà suivis par le tuteur"), number(declared["tutor_trainees"]), "tutor_trainees"),
        Row(_("Durée hebdomadaire collective"), in_hours(declared["collective_hours"]), "collective_hours"),
        Row(
            _("Heures déjà faites dans l’organisme cette année, pour un autre établissement"),
            in_hours(declared["earlier_hours"]),
            "earlier_hours",
        ),
        Row(_("Stage précédent sur le même poste"), previous, "previous_start"),
        Row(
            _("Remplace quelqu’un ou répond à un surcroît d’activité"),
            yes_or_no(declared["replaces_someone"]),
            "replaces_someone",
        ),
        Row(label_of("has_regulated_work"), regulated, "has_regulated_work"),
        Row(_("Zone à régime restrictif (ZRR)"), restricted, "in_restricted_area"),
    ]


def insurance(cover: Context) -> str:
    """Return « MAIF, contrat 1234, du 01/09/2026 au 31/08/2027 »."""
    policy = _("contrat %(number)s") % {"number": cover["policy"]} if cover["policy"] else ""
    return _join(cover["insurer"], policy, span(cover["start"], cover["end"]))


def _university_section(university: Context) -> Section:
    representative = ", ".join(
        filter(None, [university["representative"], university["representative_title"]])
    )
    signatory = ", ".join(filter(None, [university["signatory"], university["signatory_title"]]))
    return Section(
        "university",
        _("Établissement d’enseignement"),
        "",
        [
            Row(_("Nom"), university["name"]),
            Row(_("Adresse"), "\n".join(university["address"])),
            Row(_("Représentant légal"), representative),
            Row(_("UFR"), university["ufr"]),
            Row(_("Centre de gestion"), university["centre"]),
            Row(_("Adresse du centre"), "\n".join(university["centre_address"])),
            Row(_("Téléphone"), university["centre_phone"] or university["phone"]),
            Row(_("Adresse électronique"), university["centre_email"] or university["email"]),
            Row(_("Signe pour l’UFR"), signatory),
        ],
    )


def by_field(sections: list[Section]) -> dict[str, str]:
    """Return the values of the rows that have a field."""
    return {row.field: row.value for section in sections for row in section.rows if row.field}


def differences(context: Context) -> list[Change]:
    """Return what the student corrected of the university's records, for the manager; it is not printed."""
    return [Change(label_of(row["field"]), row["before"], row["after"]) for row in context["differences"]]


def compare(before: Context, after: Context) -> list[Change]:
    """Return the rows that differ between two contexts of one agreement, in the reader's language and the page's order."""
    was, becomes = _by_place(before), _by_place(after)
    nothing = Row("", "")
    return [
        Change(label, before_row.value, after_row.value, title, before_row.field or after_row.field)
        for title, label in dict.fromkeys([*was, *becomes])
        if (before_row := was.get((title, label), nothing)).value
        != (after_row := becomes.get((title, label), nothing)).value
    ]


def changed(convention: Convention) -> list[Change]:
    """Return what the avenant shown changes, while it is written; nothing without an avenant."""
    return compare(*as_stored(convention)) if isinstance(convention, Amended) else []


def _by_place(context: Context) -> dict[tuple[str, str], Row]:
    """Return the rows by the title of their section and their own label."""
    return {(section.title, row.label): row for section in sections(context) for row in section.rows}


def changes_since(context: Context, convention: Convention) -> list[Change]:
    """Return what has changed in the shared records (host, people, centre) since a context was frozen.

    The agreement's own columns cannot change once it is frozen, so any row that differs comes from elsewhere.
    """
    now = {
        (section.key, row.label): row.value
        for section in sections(asked_then(context, agreement(convention)))
        for row in section.rows
    }
    return [
        Change(f"{section.title} – {row.label}", row.value, now.get((section.key, row.label), ""))
        for section in sections(context)
        for row in section.rows
        if row.value != now.get((section.key, row.label), "")
    ]


def asked_then(context: Context, now: Context) -> Context:
    """Return ``now`` without what did not exist when ``context`` was frozen: it would look like a change."""
    return {
        name: {key: part[key] for key in part if key in context[name]} if isinstance(part, dict) else part
        for name, part in now.items()
        if name in context
    }


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
    """Return « Du 02/03/2026 au 06/03/2026 : congé »; version 1 knew one kind and did not write it."""
    start, end, *kinds = period
    kind = kinds[0] if kinds else Interruption.Kind.INTERRUPTION
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


def exceptional(stage: Context) -> str:
    """Return when else the trainee is present: it must be written (article D124-4, 6°)."""
    kinds = [
        (stage["works_at_night"], _("la nuit")),
        (stage["works_on_sunday"], _("le dimanche")),
        (stage["works_on_holidays"], _("les jours fériés")),
        (stage["works_on_whit_monday"], _("le lundi de Pentecôte (journée de solidarité)")),
        (stage["works_remotely"], _("en télétravail")),
    ]
    named = ", ".join(name for holds, name in kinds if holds)
    return "\n".join(filter(None, [capfirst(named) or _("Non"), stage["exceptional_work"]]))


def money_text(money: Context) -> str:
    """Return « 4,50 € par heure », or nothing when the stage is not paid."""
    if not money["amount"]:
        return ""
    currency = "€" if money["currency_code"] == "EUR" else money["currency"]
    return f"{number(money['amount'], 2)} {currency} {money['unit']}".strip()


def is_right_to_left(value: str) -> bool:
    directions = (unicodedata.bidirectional(character) for character in value)
    return next((way for way in directions if way in {"L", "R", "AL"}), "L") != "L"
