"""From a context to HTML, to PDF, to a stored document."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from threading import Lock

from celery import shared_task
from django.contrib.postgres.functions import TransactionNow
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from PIL import Image

from accounts.background import BrokerLost, hand_over
from accounts.logos import KINDS, MOST_MEGAPIXELS
from accounts.mail.outbox import BACK_OFF
from accounts.storage import rows_and_files
from conventions import calendar
from conventions.documents import kinds, pdf, pool
from conventions.documents.choices import EURO, entry_choice, kinds_of
from conventions.documents.context import (
    Context,
    agreement,
    each_text,
    edition,
    iso,
    rounded,
    stored_in_force,
    text,
)
from conventions.documents.earlier import read
from conventions.documents.reading import (
    Row,
    Section,
    born,
    by_field,
    civil_rows,
    exceptional_row,
    payments_text,
    sections,
    short_date,
    teaching,
    worded,
)
from conventions.documents.sheets import Sheet, side_by_side
from conventions.models import Avenant, AvenantStatus, Completion, Convention, Document
from organisations.fields import without_invisible
from organisations.models.host import siret_text

logger = logging.getLogger(__name__)

LOGO_PIXELS = (600, 240)
SWEEP_BATCH = 50
# What everyone looks for first.
IN_BOLD = {"programme", "subject", "dates", "presence", "gratification"}
PAID_LEAVE = {True: "Congés gratifiés", False: "Congés non gratifiés"}
NO_BREAK = "\N{NO-BREAK SPACE}"
# A word longer than a line, and the part of it after which a line may end: finding where by itself costs
# WeasyPrint seconds when a whole text is one word.
LONG_WORD = re.compile(r"\S{100,}")
# Not inside what is one sign for the reader: a letter and its accent, an emoji of several.
PART = re.compile(r".{20}(?<!\u200d)(?![\u0300-\u036f\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff])")


@dataclass(frozen=True)
class Variant:
    """What the wording of the articles depends on: nothing that anyone typed."""

    is_abroad: bool
    is_public_law: bool
    crosses_year: bool  # and is paid: the amount then follows the ceiling of the new year

    @classmethod
    def of(cls, context: Context) -> Variant:
        stage = context["stage"]
        return cls(
            is_abroad=stage["is_abroad"],
            is_public_law=context["organisation"]["is_public_law"],
            crosses_year=bool(context["gratification"]["is_paid"]) and stage["start"][:4] != stage["end"][:4],
        )


def digest(context: Context) -> str:
    """Return the SHA-256 of what was agreed: the same data, the same digest."""
    canonical = json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def printable(convention: Convention) -> Context:
    """Return the context of an agreement with what only its print shows: the logo, small, as a data URL."""
    return {**agreement(convention), "logo": _logo(convention)}


def _logo(convention: Convention) -> str:
    logo = convention.institution.logo
    if not logo:
        return ""
    try:
        with logo.open("rb") as file, Image.open(file, formats=KINDS) as picture:
            if picture.width * picture.height > MOST_MEGAPIXELS * 1_000_000:
                raise OSError(f"{picture.width} × {picture.height} pixels are too many")
            small = picture.convert("RGBA")
    except OSError:  # a lost or damaged picture must not keep an agreement from being validated
        logger.exception("The logo %s could not be read", logo.name)
        return ""
    small.thumbnail(LOGO_PIXELS)
    output = io.BytesIO()
    small.quantize().save(output, "PNG", optimize=True)
    return as_data_url(output.getvalue())


def as_data_url(picture: bytes) -> str:
    """Return a PNG picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def render_html(context: Context, *, draft: bool) -> str:
    """Return the HTML that is printed; ``draft`` marks it so that nobody signs it."""
    return _page(context, draft=draft, fixed=[_fixed(name, Variant.of(context)) for name in _parts(context)])


def _parts(context: Context) -> list[str]:
    """Return the templates whose text depends on the variant only, in the order of the document."""
    return ["terms_fr.html", *(["terms_en.html"] if context["language"] == "en" else [])]


def _fixed(name: str, variant: Variant) -> str:
    with translation.override("fr"):
        return render_to_string(f"conventions/pdf/{name}", {"variant": variant})


def _page(context: Context, *, draft: bool, fixed: list[str]) -> str:
    terms, *courtesy = fixed
    readable = {**read(each_text(_breakable, context)), "logo": context["logo"]}
    with translation.override("fr"):
        return render_to_string(
            "conventions/pdf/agreement.html",
            {
                **_shown(worded(readable)),
                # What was stored says which release froze it, and what its digest is.
                "version": context["version"],
                "digest": digest(context)[:16],
                "draft": draft,
                "terms": terms,
                "courtesy": "".join(courtesy),
            },
        )


def _shown(agreement: Context) -> Context:
    """Return what the pages of data and of signatures show of an agreement in words."""
    return {
        "agreement": agreement,
        "rows": _rows(agreement),
        "in_bold": IN_BOLD,
        "siret": siret_text(agreement["organisation"]["siret"]),
        "validated_on": short_date(agreement["validated_on"]),
        "civil": [row for row in civil_rows(agreement["student"]) if row.value],
        "born": born(agreement["student"]),
        "signature_rows": _signature_rows(agreement),
    }


def _rows(context: Context) -> dict[str, list[Row]]:
    """Return the rows of the pages of data: those of the screen, what belongs together on one line.

    What the law wants is never left out (article D124-4, 1° to 15°); an optional row without a value is.
    """
    titled = sections(context)
    value = by_field(titled)
    rows = {
        "programme": _programme_rows(context["programme"], value),
        "stage": _stage_rows(context, value),
        "time": _time_rows(context, value),
        "follow_up": [Row("follow_up", "Modalités de suivi", value["follow_up"])],
        "gratification": _money_rows(context["gratification"], value),
        "protection": _protection_rows(context["student"], value),
        "declarations": _rows_of(titled, "declarations"),
        "abroad": _rows_of(titled, "abroad"),
        "end": _end_rows(value),
    }
    # « Non » goes without saying.
    return {name: [row for row in group if row.value and not row.is_no] for name, group in rows.items()}


def _rows_of(titled: list[Section], key: str) -> list[Row]:
    return [row for section in titled if section.key == key for row in section.rows]


def _programme_rows(programme: Context, value: dict[str, str]) -> list[Row]:
    code = f"({programme['code']})".replace(" ", NO_BREAK) if programme["code"] else ""
    return [
        Row("programme", "Formation suivie", _join(" ", programme["label"], code)),
        Row("teaching", "Enseignement", teaching(programme)),
        Row("stage_type", "Type de stage", value["stage_type"]),
    ]


def _stage_rows(context: Context, value: dict[str, str]) -> list[Row]:
    service = context["service"]
    secret = "Le sujet est confidentiel : voir l’article 10." if context["stage"]["is_confidential"] else ""
    return [
        Row("place", "Lieu du stage", _join(", ", service["name"], *service["address"])),
        Row("theme", "Thématique", value["theme"]),
        Row("subject", "Sujet", value["subject"]),
        Row("missions", "Fonctions et tâches", value["missions"]),
        Row("skills", "Compétences visées", value["skills"]),
        Row("details", "Précisions", value["details"]),
        Row("is_confidential", "Confidentialité", secret),
    ]


def _time_rows(context: Context, value: dict[str, str]) -> list[Row]:
    dates = f"du {value['start']} au {value['end']}" if value["start"] and value["end"] else ""
    corrected = f"Calcul corrigé : {value['hours_reason']}" if value["hours_reason"] else ""
    usual = _join(", ", value["weekly_hours"], value["day_starts_at"])
    return [
        Row("dates", "Dates", dates),
        Row("presence", "Présence effective", _join("\n", value["hours_corrected"], corrected)),
        Row("weekly", "Présence hebdomadaire", _join("\n", usual, value["schedule_comment"])),
        Row("work_periods", "Horaires par période", value["work_periods"]),
        Row("interruptions", "Absences prévues", value["interruptions"]),
        replace(exceptional_row(context["stage"]), label="Présence particulière"),
        Row("leave", "Congés et absences", _leave(context, value) or "Aucun prévu"),
    ]


def _leave(context: Context, value: dict[str, str]) -> str:
    """Return the leave agreed, and whether it is paid when the stage is."""
    days, terms = value["leave_days"], value["leave_terms"]
    counted = f"Jours de congé : {days}" if days else ""
    is_said = context["gratification"]["is_paid"] and (counted or terms)
    return _join(
        "\n", counted, PAID_LEAVE.get(context["stage"]["leave_is_paid"], "") if is_said else "", terms
    )


def _money_rows(money: Context, value: dict[str, str]) -> list[Row]:
    amount = "Aucune" if money["is_paid"] is False else value["is_paid"]
    employed = "Déjà agent ou salarié de l’organisme" if money["is_employed_by_host"] else ""
    paid = _join(", ", amount, value["payment_mode"].lower(), value["payment_frequency"].lower())
    return [
        Row("gratification", "Gratification", paid),
        Row("payments", "Versements", payments_text(money)),
        Row("branch_minimum", "Minimum de la branche", value["branch_minimum"]),
        Row("is_employed_by_host", "Situation du stagiaire", employed),
        Row("benefits", "Avantages offerts", value["benefits"]),
    ]


def _protection_rows(student: Context, value: dict[str, str]) -> list[Row]:
    fund = [student[name] for name in ("fund", "fund_address", "fund_other")]
    return [
        Row("health", "Assurance maladie", _join(", ", value["insured_status"], *fund)),
        Row("insurer", "Responsabilité civile", value.get("insurer", "")),
    ]


def _end_rows(value: dict[str, str]) -> list[Row]:
    credit = f"{value['ects']} crédits ECTS" if value["ects"] else ""
    work = _join(" ; ", value["work_nature"], value["validation_mode"], credit)
    return [
        Row("validation", "Travail et validation", work),
        Row("internal_rules", "Règlement intérieur", value["internal_rules"] or "Aucune clause particulière"),
    ]


def _breakable(text: str) -> str:
    return LONG_WORD.sub(lambda word: PART.sub("\\g<0>\N{ZERO WIDTH SPACE}", word[0]), text)


def _join(separator: str, *parts: str) -> str:
    return separator.join(filter(None, parts))


def _signature_rows(context: Context) -> list[list[Context | None]]:
    """Return the boxes to sign, three in a row; the cell left over holds the instructions for the copies."""
    is_minor = context["student"]["is_minor"]
    boxes: list[Context | None] = [
        {**signer, "rank": rank, "asked": kinds.to_sign(signer["party"], is_minor=is_minor)}
        for rank, signer in enumerate(context["circuit"], start=1)
    ]
    boxes.append(None)
    return [boxes[start : start + 3] for start in range(0, len(boxes), 3)]


# WeasyPrint's font map and the articles are shared by the threads of a process.
_printer = Lock()


def render_pdf(context: Context, *, draft: bool) -> bytes:
    """Return a tagged PDF/UA-1; the same context gives the same bytes."""
    variant = Variant.of(context)
    with _printer:
        kept = [_keep(name, variant) for name in _parts(context)]
        places = ["".join(block.place for block in blocks) for blocks in kept]
        html = _page(context, draft=draft, fixed=places)
        return pdf.write(html, [block for blocks in kept for block in blocks])


@lru_cache(maxsize=16)
def _keep(name: str, variant: Variant) -> list[pdf.Block]:
    return pdf.keep(_fixed(name, variant), name.removeprefix("terms_").removesuffix(".html"))


def render_mark(words: str) -> bytes:
    """Return the page that says, over another, that it counts no more."""
    with _printer:
        return pdf.write_mark(render_to_string("conventions/pdf/mark.html", {"words": words}))


@dataclass(frozen=True)
class Layout:
    """A kind of short document: what writes it, how its footer names it, what its file is called."""

    write: Callable[[Context], Sheet]
    reference: str
    filename: str


LAYOUTS = {
    Document.Kind.AVENANT: Layout(kinds.avenant, "Avenant", "avenant"),
    Document.Kind.CERTIFICATE: Layout(kinds.certificate, "Attestation de stage, convention", "attestation"),
    Document.Kind.INFORMATION_SHEET: Layout(
        kinds.information_sheet, "Fiche d’information, convention", "fiche-etranger"
    ),
    Document.Kind.SUMMARY: Layout(kinds.summary, "Récapitulatif de la convention", "recapitulatif"),
}


def render(kind: str, context: Context) -> bytes:
    """Return the PDF/UA-1 of a frozen document, whatever its kind."""
    if kind == Document.Kind.AGREEMENT:
        return render_pdf(context, draft=False)
    with _printer:
        return pdf.write_sheet(render_sheet(kind, context))


def render_sheet(kind: str, context: Context) -> str:
    """Return the HTML of a short document."""
    layout, frozen = LAYOUTS[Document.Kind(kind)], concerned(context)
    # A picture is one long word, that must stay whole.
    breakable = read(each_text(_breakable, context))
    sheet = side_by_side(layout.write, breakable, frozen["language"])
    student = frozen["student"]
    with translation.override("fr"):
        return render_to_string(
            "conventions/pdf/sheet.html",
            {
                "sheet": sheet,
                "agreement": {**concerned(breakable), "logo": frozen["logo"]},
                "number": number_of(context),
                "edition": edition_of(context),
                "version": frozen["version"],
                "name": f"{sheet['title'].french} {frozen['number']} – {student['first_name']} {student['last_name']}",
                "reference": layout.reference,
                "digest": digest(context)[:16],
                "boxes": [sheet["boxes"][start : start + 3] for start in range(0, len(sheet["boxes"]), 3)],
            },
        )


def concerned(context: Context) -> Context:
    """Return the agreement that the context of a document is about, as it was before when it changes."""
    found: Context = context.get("before") or context.get("agreement") or context
    return found


def number_of(context: Context) -> str:
    """Return the number that a document bears."""
    number: str = context.get("avenant", concerned(context))["number"]
    return number


def edition_of(context: Context) -> int | None:
    """Return which version a document prints, when there are several."""
    found: int | None = context.get("avenant", concerned(context)).get("edition")
    return found


def file_name(document: Document) -> str:
    """Return what the file of a document is called."""
    kind = Document.Kind(document.kind)
    name = "convention" if kind == Document.Kind.AGREEMENT else LAYOUTS[kind].filename
    number, rank = number_of(document.context).replace("/", "-"), edition_of(document.context)
    version = f"-v{rank}" if rank else ""
    return f"{name}-{number}{version}{'' if document.is_current else '-remplacee'}.pdf"


def preview(convention: Convention) -> bytes:
    """Return the agreement as it would be printed today, watermarked: for staff. Raises pool.Busy."""
    return pool.printed(pool.PREVIEW, printable(convention))


def freeze(convention: Convention) -> Document:
    """Freeze what is agreed, in the transaction that validates it; the PDF is made after the commit."""
    return _freeze(Document(convention=convention, context=printable(convention)))


def freeze_avenant(avenant: Avenant, before: Context, after: Context) -> Document:
    """Freeze an avenant, in the transaction that validates it: ``before`` and ``after`` are contexts of its agreement."""
    with translation.override("fr"):
        decided = {
            "number": str(avenant),
            **edition(avenant),
            "kinds": kinds_of(avenant),
            "reason": avenant.reason,
            "other": avenant.other,
            "effective_on": iso(avenant.effective_on),
            "validated_on": iso(avenant.validated_at and timezone.localdate(avenant.validated_at)),
        }
    context = {"avenant": each_text(without_invisible, decided), "before": before, "after": after}
    return _freeze(
        Document(convention=avenant.convention, avenant=avenant, kind=Document.Kind.AVENANT, context=context)
    )


def freeze_information_sheet(convention: Convention) -> Document:
    """Freeze the sheet annexed to an agreement abroad, in the transaction that validates it (article L124-20)."""
    place = convention.service or convention.organisation
    context = {"country": str(place.country) if place else "", "agreement": printable(convention)}
    return _freeze(Document(convention=convention, kind=Document.Kind.INFORMATION_SHEET, context=context))


# What belongs to one version of an agreement, or of an avenant.
OF_A_VERSION = (Document.Kind.AGREEMENT, Document.Kind.AVENANT, Document.Kind.INFORMATION_SHEET)


def supersede(convention: Convention) -> None:
    """Mark what was printed of an agreement, or of the avenant it shows, as replaced, in the transaction that reopens it."""
    printed = convention.documents.current().filter(avenant=convention.avenant, kind__in=OF_A_VERSION)
    printed.update(superseded_at=TransactionNow())


def freeze_certificate(completion: Completion) -> Document:
    """Freeze what the host declared of a stage, in the transaction that records it; a correction says what it replaces."""
    convention = completion.convention
    days, months = calendar.equivalent(completion.duration)
    earlier = convention.documents.filter(kind=Document.Kind.CERTIFICATE).order_by("pk").last()
    with translation.override("fr"):
        done = {
            "start": iso(completion.start),
            "end": iso(completion.end),
            "hours": text(completion.hours),
            "leave_hours": text(completion.leave_hours),
            "days": text(rounded(days, "0.1")),
            "months": text(rounded(months, "0.01")),
            "amount_paid": text(completion.amount_paid),
            "currency": entry_choice(convention.currency) if convention.currency else EURO,
            "declared_by": completion.declared_by,
            "declared_function": completion.declared_function,
            "declared_on": iso(completion.declared_on),
            "confirmed_on": iso(timezone.localdate(completion.confirmed_at)),
            "replaces": earlier.context["certificate"]["confirmed_on"] if earlier else "",
        }
    context = {"certificate": each_text(without_invisible, done), "agreement": printable(convention)}
    return _freeze(Document(convention=convention, kind=Document.Kind.CERTIFICATE, context=context))


def summarise(convention: Convention) -> Document:
    """Return the summary of what is agreed, or typed so far, printed at once: one for each content, however often asked.

    It comes back without its file when somebody else is printing it, when too many print or when the print failed: a
    worker or the sweep will do it.
    Raises Convention.DoesNotExist when it has been anonymised.
    """
    in_effect = convention.avenants.filter(status=AvenantStatus.EFFECTIVE).order_by("rank")
    with transaction.atomic():
        # Lock, then look: two people who ask at once get the same one.
        convention = Convention.objects.for_detail().filter(purged_at=None).locked(convention.pk)
        agreed = convention.documents.agreed() and {**stored_in_force(convention), "logo": _logo(convention)}
        context = {"avenants": [str(one) for one in in_effect], "agreement": agreed or printable(convention)}
        made = convention.documents.filter(kind=Document.Kind.SUMMARY, context=context).first()
        made = made or Document.objects.create(
            convention=convention, kind=Document.Kind.SUMMARY, context=context
        )
    try:
        return make(made.pk, printer=pool.printed)
    except pool.Busy:
        _ask_to_make(made.pk)
        return made


def _freeze(document: Document) -> Document:
    """Store a context; its PDF is made after the commit."""
    document.save()
    transaction.on_commit(partial(_ask_to_make, document.pk))
    return document


def _ask_to_make(document_id: int) -> None:
    """Hand a document to a worker; a lost broker costs a delay, the sweep will make it."""
    try:
        hand_over(make_document, document_id)
    except BrokerLost as error:
        logger.warning("The broker did not take document %s, the sweep will: %s", document_id, error)


def make(document_id: int, printer: Callable[[str, Context], bytes] = render) -> Document:
    """Print a document and store its file with its SHA-256, once, whoever calls again or at the same time.

    Nobody waits for a print under way elsewhere: a slow one would hold every worker. It comes back as it is. One
    that fails says why on its row and is tried again later, then parked until somebody replays it.
    """
    with rows_and_files():
        free = Document.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=document_id)
        document = free.first()
        if document is None or document.is_ready:
            return Document.objects.get(pk=document_id)
        document.attempts += 1
        try:
            content = printer(document.kind, document.context)
            document.file.save(file_name(document), ContentFile(content), save=False)
        except pool.Busy:
            raise
        except Exception as error:
            document.failure = f"{type(error).__name__}: {error}"
            wait = BACK_OFF[min(document.attempts, len(BACK_OFF)) - 1]
            document.next_attempt_at = timezone.now() + wait
            logger.exception("Document %s could not be made, attempt %s", document_id, document.attempts)
        else:
            document.sha256 = hashlib.sha256(content).hexdigest()
            document.rendered_at = timezone.now()
        document.save(
            update_fields=["file", "sha256", "rendered_at", "attempts", "next_attempt_at", "failure"]
        )
    return document


def replay(documents: QuerySet[Document]) -> int:
    """Give the documents that could not be made a fresh set of attempts, and return how many there were."""
    with transaction.atomic():
        failed = documents.filter(sha256="", attempts__gt=0).select_for_update(of=("self",))
        ids = list(failed.values_list("pk", flat=True))
        Document.objects.filter(pk__in=ids).update(attempts=0, next_attempt_at=None)
        for document_id in ids:
            transaction.on_commit(partial(_ask_to_make, document_id))
    return len(ids)


@shared_task(name="conventions.tasks.make_document")
def make_document(document_id: int) -> None:
    """Make one document; run twice, it does nothing the second time."""
    make(document_id)


@shared_task(name="conventions.tasks.sweep_documents")
def sweep_documents() -> None:
    """Make what is due and nobody made: the broker lost it, a worker died, or an attempt failed a while ago."""
    due = Document.objects.filter(
        Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=timezone.now()),
        sha256="",
        attempts__lte=len(BACK_OFF),
    ).order_by(F("next_attempt_at").asc(nulls_first=True), "pk")
    for document_id in due.values_list("pk", flat=True)[:SWEEP_BATCH]:
        make(document_id)
