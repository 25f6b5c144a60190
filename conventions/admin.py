"""Administration of the wizard's lists; agreements and what they leave behind are only shown."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import OwnRows, ReadOnlyMixin
from accounts.models import User
from conventions import documents
from conventions.models import (
    Attachment,
    Avenant,
    Completion,
    Convention,
    Document,
    Event,
    HealthInsuranceFund,
    HourlyCeiling,
    Interruption,
    Term,
    WorkPeriod,
)
from conventions.standing.words import AVENANT_HAPPENED, HAPPENED
from organisations.admin import FoldedSearch, ReferenceAdmin
from organisations.models import Party


def visible_agreements(user: User | AnonymousUser) -> QuerySet[Convention]:
    return Convention.objects.visible_to(user)


class InterruptionInline(ReadOnlyMixin, admin.TabularInline[Interruption, Convention]):
    model = Interruption
    fields = ["kind", "start", "end"]


class WorkPeriodInline(ReadOnlyMixin, admin.TabularInline[WorkPeriod, Convention]):
    model = WorkPeriod
    fields = ["start", "end", *WorkPeriod.DAYS]


@admin.register(Convention)
class ConventionAdmin(ReadOnlyMixin, FoldedSearch[Convention]):
    list_display = ["__str__", "student", "organisation", "status", "start", "end", "centre"]
    list_filter = ["status", ("centre", OwnRows), "created_at"]
    list_select_related = ["student__user", "organisation", "centre"]
    search_fields = ["search_key__contains"]
    inlines = [WorkPeriodInline, InterruptionInline]

    # Keys for the machine, or values that read better through a method below.
    HIDDEN = frozenset({"id", "search_key", "record", "created_by", "working_days", "signature_order"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Convention]:
        return visible_agreements(request.user)

    def get_fields(self, request: HttpRequest, obj: Convention | None = None) -> list[Any]:
        columns = [column.name for column in Convention._meta.concrete_fields]
        shown = [name for name in columns if name not in self.HIDDEN]
        return [*shown, "days", "signatures", "author"]

    @admin.display(description=_("Jours de présence"))
    def days(self, convention: Convention) -> str:
        return ", ".join(str(Convention.Weekday(day).label) for day in convention.working_days)

    @admin.display(description=_("Ordre des signatures"))
    def signatures(self, convention: Convention) -> str:
        return ", ".join(str(Party(party).label) for party in convention.signature_order)

    @admin.display(description=_("Créée par"))
    def author(self, convention: Convention) -> str:
        return str(convention.created_by or "")


Row = TypeVar("Row", bound=Model)


class LeftByAgreement(ReadOnlyMixin, FoldedSearch[Row]):
    """A row that belongs to an agreement, seen by whoever sees the agreement."""

    list_select_related = ["convention__student__user"]
    search_fields = ["convention__search_key__contains"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        return super().get_queryset(request).filter(convention__in=visible_agreements(request.user))


@admin.register(Event)
class EventAdmin(LeftByAgreement[Event]):
    list_display = ["at", "convention", "avenant", "what", "who", "states"]
    list_filter = ["at"]
    list_select_related = ["convention__student__user", "actor", "avenant__convention"]
    fields = ["convention", "avenant", "at", "what", "who", "states", "comment"]
    ordering = ["-at", "-pk"]

    @admin.display(description=_("Action"), ordering="action")
    def what(self, event: Event) -> str:
        return str((AVENANT_HAPPENED if event.avenant_id else HAPPENED).get(event.action, event.action))

    @admin.display(description=_("États"))
    def states(self, event: Event) -> str:
        return " → ".join(event.moves or ())

    @admin.display(description=_("Par"))
    def who(self, event: Event) -> str:
        return str(event.actor or "")


@admin.register(Avenant)
class AvenantAdmin(LeftByAgreement[Avenant]):
    list_display = ["__str__", "convention", "what", "status", "effective_on", "applied_at"]
    list_filter = ["status", "applied_at"]
    fields = [
        "convention",
        "rank",
        "what",
        "status",
        "reason",
        "other",
        "effective_on",
        "submitted_at",
        "validated_at",
        "applied_at",
    ]
    ordering = ["-created_at", "-pk"]

    @admin.display(description=_("Ce qui change"))
    def what(self, avenant: Avenant) -> str:
        return ", ".join(avenant.kinds_display)


@admin.register(Document)
class DocumentAdmin(LeftByAgreement[Document]):
    list_display = [
        "created_at",
        "convention",
        "kind",
        "rendered_at",
        "attempts",
        "next_attempt_at",
        "sha256",
    ]
    list_filter = ["kind", "created_at", ("sha256", admin.EmptyFieldListFilter)]
    fields = [
        "convention",
        "kind",
        "created_at",
        "superseded_at",
        "rendered_at",
        "path",
        "sha256",
        "attempts",
        "next_attempt_at",
        "failure",
        "printed_from",
    ]
    ordering = ["-created_at", "-pk"]
    actions = ["print_again"]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conventions.change_document")

    @admin.action(description=_("Imprimer ceux qui ont échoué"), permissions=["replay"])
    def print_again(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        count = documents.replay(queryset)
        text = ngettext(
            "%(count)s document va être imprimé.", "%(count)s documents vont être imprimés.", count
        )
        level: Any = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    @admin.display(description=_("Fichier"))
    def path(self, document: Document) -> str:
        """Name the file without a link: it is served by the agreement's page, to whoever may read it."""
        return document.file.name or ""

    @admin.display(description=_("Contenu arrêté"))
    def printed_from(self, document: Document) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(document.context, ensure_ascii=False, indent=2))


@admin.register(Attachment)
class AttachmentAdmin(LeftByAgreement[Attachment]):
    list_display = ["uploaded_at", "convention", "kind", "title", "decision", "size"]
    list_filter = ["kind", "decision", "uploaded_at"]
    fields = [
        "convention",
        "kind",
        "title",
        "name",
        "content_type",
        "size",
        "sha256",
        "signatures",
        "valid_from",
        "valid_until",
        "uploaded_at",
        "decision",
        "decided_at",
        "reason",
    ]
    ordering = ["-uploaded_at", "-pk"]


@admin.register(Completion)
class CompletionAdmin(LeftByAgreement[Completion]):
    list_display = ["convention", "start", "end", "hours", "leave_hours", "amount_paid", "confirmed_at"]
    list_filter = ["confirmed_at"]
    ordering = ["-confirmed_at", "-pk"]


@admin.register(Term)
class TermAdmin(ReferenceAdmin[Term]):
    key = ("kind", "code")
    list_display = ["label", "kind", "rank", "is_active"]
    list_editable = ["rank", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["label", "code"]


@admin.register(HealthInsuranceFund)
class HealthInsuranceFundAdmin(ReferenceAdmin[HealthInsuranceFund]):
    key = ("name",)
    list_display = ["name", "region", "address", "is_active"]
    list_editable = ["is_active"]
    list_filter = ["is_active", "region"]
    search_fields = ["name", "address"]


@admin.register(HourlyCeiling)
class HourlyCeilingAdmin(ReferenceAdmin[HourlyCeiling]):
    key = ("year",)
    list_display = ["year", "amount", "source"]
    ordering = ["-year"]
