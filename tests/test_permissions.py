"""Every address × every role, with the expected answer written down. An address that is not here fails."""

from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from conventions import documents
from conventions.models import AvenantStatus, Convention, Status
from organisations import merging
from organisations.models import Import, Resemblance
from organisations.records.kinds import KINDS
from tests.factories import AttachmentFactory, CommuneFactory, MessageFactory, OrganisationFactory
from tests.worlds import ROLES, World, undone

pytestmark = pytest.mark.django_db

EVERYONE = ("anonymous", *ROLES)
# What a column of the table means.
TODAY = timezone.localdate().isoformat()
LOGIN = "login"  # sent to the sign-in page


@dataclass(frozen=True)
class Case:
    """One request; ``expected`` has one answer per role of EVERYONE, in that order."""

    name: str
    expected: tuple[object, ...]
    state: Status = Status.SUBMITTED
    method: str = "get"
    kwargs: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    avenant: AvenantStatus | None = None

    def __str__(self):
        parts = [self.method, self.name, *map(str, self.kwargs.values()), self.state, self.avenant or ""]
        return " ".join(parts)


def row(name, expected, **options):
    """``expected``: one word a role, in the order of EVERYONE; one word alone stands for all of them.

    Eight words leave the security officer out: until a departure waits for them, they are answered as a teacher who is not
    named.
    """
    words = expected.split()
    if len(words) == len(EVERYONE) - 1:
        words.append(words[EVERYONE.index("other_teacher")])
    answers = [
        LOGIN if word == LOGIN else int(word)
        for word in (words * len(EVERYONE) if len(words) == 1 else words)
    ]
    assert len(answers) == len(EVERYONE)
    return Case(name, tuple(answers), **options)


def imported(kind, by):
    """An import of a kind, which may be undone."""
    institution = by.institution if kind != "hosts" else None
    return Import.objects.create(kind=kind, institution=institution, by=by, file_name="fichier.csv")


# anonymous, student (owner), other student, manager, manager elsewhere, named teacher, other teacher, admin,
# security officer
MATRIX = [
    # Open to all
    row("health", "200"),
    row("csp_report", "405"),
    row("csp_report", "400", method="post"),
    row("security_txt", "404"),
    row("calculator", "200"),
    row("theme", "200", data={"hue": "205"}),
    row("institution_logo", "404", kwargs={"pk": "INSTITUTION"}),
    row("account_signup", "200"),
    row("account_login", "200 302 302 302 302 302 302 302"),
    row("account_logout", "405"),
    row("account_logout", "302", method="post"),
    row("account_inactive", "200"),
    row("unknown_identity", "403"),
    row("account_reset_password", "200"),
    row("account_reset_password_done", "200"),
    row("account_reset_password_from_key", "200", kwargs={"uidb36": "1", "key": "wrong"}),
    row("account_reset_password_from_key_done", "200"),
    row("account_change_password", "login 200 200 200 200 200 200 200"),
    row("account_set_password", "login 200 200 200 200 200 200 200"),
    row("socialaccount_login_cancelled", "200"),
    row("socialaccount_login_error", "login 401 401 401 401 401 401 401"),
    row("openid_connect_login", "404", kwargs={"provider_id": "sso"}),
    row("openid_connect_callback", "404", kwargs={"provider_id": "sso"}),
    row("demo_enter", "404"),
    row("demo_enter", "404", method="post", data={"email": "admin@univ-bocage.example"}),
    row("demo_mails", "404"),
    row("demo_mail", "404", kwargs={"pk": "MESSAGE"}),
    row("set_language", "302"),
    row("set_language", "302", method="post", data={"language": "en"}),
    # Signed in
    row("home", "login 200 200 200 200 200 200 200"),
    row("organisations:communes", "login 200 200 200 200 200 200 200", data={"code_postal": "14000"}),
    # The directory of hosts
    *[
        row(f"organisations:{name}", "login 404 404 200 200 404 404 200", kwargs=kwargs)
        for name, kwargs in (
            ("directory", {}),
            ("to_verify", {}),
            ("resemblances", {}),
            ("edit", {"pk": "HOST"}),
            ("merge_with", {"pk": "HOST"}),
            ("merge", {"pk": "HOST", "other": "TWIN"}),
        )
    ],
    row("organisations:directory", "login 405 405 405 405 405 405 405", method="post"),
    row("organisations:edit", "login 404 404 422 422 404 404 422", method="post", kwargs={"pk": "HOST"}),
    *[
        row("organisations:merge", expected, method="post", kwargs={"pk": "HOST", "other": "TWIN"}, data=data)
        for expected, data in (
            ("login 404 404 302 302 404 404 302", {"kept": "HOST"}),
            ("login 404 404 422 422 404 404 422", {}),
        )
    ],
    *[
        case
        for name, key in (("verify", "HOST"), ("dismiss", "RESEMBLANCE"), ("undo_merge", "MERGE"))
        for case in (
            row(f"organisations:{name}", "login 405 405 405 405 405 405 405", kwargs={"pk": key}),
            row(
                f"organisations:{name}",
                "login 404 404 302 302 404 404 302",
                method="post",
                kwargs={"pk": key},
            ),
        )
    ],
    row("host", "login 404 404 200 200 404 404 200", kwargs={"pk": "HOST"}),
    row("organisations:add_note", "login 404 404 200 200 404 404 200", kwargs={"pk": "HOST"}),
    row(
        "organisations:add_note",
        "login 404 404 302 302 404 404 302",
        method="post",
        kwargs={"pk": "HOST"},
        data={"text": "Bon accueil."},
    ),
    row("organisations:ban", "login 404 404 200 200 404 404 200", kwargs={"pk": "HOST"}),
    row(
        "organisations:ban",
        "login 404 404 422 422 404 404 422",
        method="post",
        kwargs={"pk": "HOST"},
    ),
    # What is imported from files: hosts by who keeps them, the rest by administrators
    row("organisations:import_hosts", "login 404 404 200 200 404 404 200"),
    row("organisations:import_hosts", "login 404 404 422 422 404 404 422", method="post"),
    row("organisations:imports", "login 404 404 200 200 404 404 200"),
    row("organisations:import", "login 404 404 404 404 404 404 404", kwargs={"slug": "inconnus"}),
    *[
        case
        for slug, may, sent, done in (
            ("organismes", "200 200 404 404 200", "422 422 404 404 422", "302 302 404 404 302"),
            *(
                (kind.slug, "404 404 404 404 200", "404 404 404 404 422", "404 404 404 404 302")
                for kind in KINDS.values()
                if kind.is_of_institution
            ),
        )
        for case in (
            row("organisations:import", f"login 404 404 {may}", kwargs={"slug": slug}),
            row("organisations:import", f"login 404 404 {sent}", method="post", kwargs={"slug": slug}),
            row("organisations:apply_import", "login 405 405 405 405 405 405 405", kwargs={"slug": slug}),
            row("organisations:apply_import", f"login 404 404 {done}", method="post", kwargs={"slug": slug}),
            row("organisations:import_template", f"login 404 404 {may}", kwargs={"slug": slug}),
        )
    ],
    *[
        case
        for imported, seen, undone_by in (
            ("IMPORT", "404 404 404 404 200", "404 404 404 404 302"),
            ("IMPORT_OF_HOSTS", "200 200 404 404 200", "302 302 404 404 302"),
        )
        for case in (
            row("organisations:import_report", f"login 404 404 {seen}", kwargs={"pk": imported}),
            row("organisations:undo_import", "login 405 405 405 405 405 405 405", kwargs={"pk": imported}),
            row(
                "organisations:undo_import",
                f"login 404 404 {undone_by}",
                method="post",
                kwargs={"pk": imported},
            ),
        )
    ],
    row("organisations:lift_ban", "login 405 405 405 405 405 405 405", kwargs={"pk": "HOST"}),
    row(
        "organisations:lift_ban",
        "login 404 404 302 302 404 404 302",
        method="post",
        kwargs={"pk": "HOST"},
    ),
    row("styleguide", "login 403 403 403 403 403 403 200"),
    # Lists and beginnings
    row("conventions:list", "login 404 404 200 200 200 200 200 404"),
    row("conventions:advice", "login 200 200 404 404 404 404 404"),
    row("conventions:advice", "login 302 302 404 404 404 404 404", method="post"),
    row("conventions:enter", "login 404 404 200 200 404 404 404"),
    row("conventions:enter", "login 404 404 302 404 404 404 404", method="post", data={"student": "STUDENT"}),
    # How long agreements are kept
    row("conventions:retention", "login 404 404 404 404 404 404 200"),
    row(
        "conventions:retention",
        "login 404 404 404 404 404 404 422",
        method="post",
        data={"institution": "INSTITUTION"},
    ),
    row("conventions:retention_list", "login 404 404 404 404 404 404 200"),
    row("conventions:retention_list", "login 405 405 405 405 405 405 405", method="post"),
    row("conventions:hold", "login 404 404 404 404 404 404 200", state=Status.SIGNED),
    row(
        "conventions:hold",
        "login 404 404 404 404 404 404 422",
        method="post",
        data={"hold_reason": "Accident"},
    ),
    # One agreement, read
    row("conventions:detail", "login 200 404 200 404 200 404 200"),
    row("conventions:detail", "login 200 404 200 404 404 404 200", state=Status.DRAFT),
    row("conventions:detail", "login 200 404 200 404 200 404 200", state=Status.SIGNED),
    row("conventions:next", "login 200 404 200 404 200 404 200"),
    row("conventions:pdf", "login 404 404 404 404 404 404 404"),
    row("conventions:pdf", "login 302 404 302 404 302 404 302", state=Status.VALIDATED),
    row("conventions:preview", "login 404 404 200 404 404 404 404"),
    row("conventions:preview", "login 404 404 404 404 404 404 404", state=Status.VALIDATED),
    # Its documents
    row("conventions:document", "login 200 404 200 404 200 404 200", kwargs={"document": "SUMMARY"}),
    row("conventions:document", "login 404 404 404 404 404 404 404", kwargs={"document": 0}),
    row("conventions:summarise", "login 405 405 405 405 405 405 405"),
    row("conventions:summarise", "login 302 404 302 404 302 404 302", method="post"),
    row("conventions:summarise", "login 404 404 404 404 404 404 404", method="post", state=Status.DRAFT),
    row("conventions:certificate", "login 404 404 404 404 404 404 404", state=Status.SIGNED),
    row("conventions:certificate", "login 404 404 200 404 404 404 404", state=Status.TERMINATED),
    row(
        "conventions:certificate",
        "login 404 404 422 404 404 404 404",
        state=Status.TERMINATED,
        method="post",
    ),
    # One agreement, filled
    *[
        row(
            "conventions:step",
            "login 200 404 200 404 404 404 404",
            state=Status.DRAFT,
            kwargs={"slug": slug},
        )
        for slug in (
            [
                "eleve",
                "formation",
                "etablissement",
                "service",
                "tuteur",
                "contenu",
                "responsable",
                "signataire",
                "recapitulatif",
            ]
        )
    ],
    row("conventions:step", "login 302 404 302 404 404 404 404", kwargs={"slug": "contenu"}),
    row("conventions:step", "login 409 404 409 404 404 404 404", method="post", kwargs={"slug": "contenu"}),
    row(
        "conventions:step",
        "login 422 404 422 404 404 404 404",
        state=Status.RETURNED,
        method="post",
        kwargs={"slug": "contenu"},
    ),
    row(
        "conventions:step",
        "login 409 404 409 404 404 404 404",
        state=Status.VALIDATED,
        method="post",
        kwargs={"slug": "etablissement"},
        data={"choice": "1"},
    ),
    row("conventions:step", "login 404 404 404 404 404 404 404", kwargs={"slug": "inconnue"}),
    # Corrected by whoever decides on it, once it is submitted
    *[
        case
        for slug in ("eleve", "service", "tuteur", "contenu", "responsable", "signataire")
        for case in (
            row("conventions:correction_step", "login 404 404 200 404 404 404 404", kwargs={"slug": slug}),
            row(
                "conventions:correction_step",
                "login 404 404 302 404 404 404 404",
                state=Status.RETURNED,
                kwargs={"slug": slug},
            ),
        )
    ],
    *[
        row("conventions:correction_step", "login 404 404 404 404 404 404 404", kwargs={"slug": slug})
        for slug in ("formation", "etablissement", "inconnue")
    ],
    row(
        "conventions:correction_step",
        "login 404 404 422 404 404 404 404",
        method="post",
        kwargs={"slug": "contenu"},
    ),
    row(
        "conventions:correction_step",
        "login 404 404 409 404 404 404 404",
        state=Status.VALIDATED,
        method="post",
        kwargs={"slug": "contenu"},
    ),
    *[
        row("conventions:correction_create", "login 404 404 200 404 404 404 404", kwargs={"slug": slug})
        for slug in ("service", "tuteur", "signataire")
    ],
    row(
        "conventions:correction_create", "login 404 404 404 404 404 404 404", kwargs={"slug": "etablissement"}
    ),
    # What its centre notes for itself
    row("conventions:add_note", "login 404 404 200 404 404 404 404"),
    row("conventions:add_note", "login 404 404 422 404 404 404 404", method="post"),
    row(
        "conventions:add_note",
        "login 404 404 302 404 404 404 404",
        method="post",
        state=Status.SIGNED,
        data={"text": "Visa en retard."},
    ),
    *[
        row(
            "conventions:create",
            "login 200 404 200 404 404 404 404",
            state=Status.DRAFT,
            kwargs={"slug": slug},
        )
        for slug in ("etablissement", "service", "tuteur", "signataire")
    ],
    row("conventions:create", "login 404 404 404 404 404 404 404", kwargs={"slug": "responsable"}),
    row(
        "conventions:create",
        "login 409 404 409 404 404 404 404",
        method="post",
        kwargs={"slug": "etablissement"},
    ),
    *[
        row(
            "conventions:correct",
            "login 404 404 200 404 404 404 404",
            state=Status.DRAFT,
            kwargs={"slug": slug},
        )
        for slug in ("etablissement", "tuteur", "signataire")
    ],
    row("conventions:correct", "login 404 404 302 404 404 404 404", kwargs={"slug": "etablissement"}),
    row(
        "conventions:correct",
        "login 404 404 409 404 404 404 404",
        method="post",
        kwargs={"slug": "etablissement"},
    ),
    row(
        "conventions:correct",
        "login 404 404 404 404 404 404 404",
        state=Status.DRAFT,
        kwargs={"slug": "service"},
    ),
    row(
        "conventions:correct",
        "login 404 404 422 404 404 404 404",
        state=Status.DRAFT,
        method="post",
        kwargs={"slug": "tuteur"},
    ),
    row("conventions:register", "login 200 404 200 404 404 404 404", state=Status.DRAFT),
    row("conventions:register", "login 404 404 404 404 404 404 404"),
    row("conventions:register", "login 405 405 405 405 405 405 405", method="post"),
    row("conventions:duplicate", "login 405 405 405 405 405 405 405"),
    row("conventions:duplicate", "login 302 404 302 404 404 404 404", method="post"),
    row("conventions:delete", "login 405 405 405 405 405 405 405"),
    row("conventions:delete", "login 302 404 302 404 404 404 404", method="post", state=Status.DRAFT),
    # One agreement, acted on: the workflow's own matrix says in which state; here, who is answered at all
    row("conventions:act", "login 404 404 200 404 404 404 404", kwargs={"action": "validate"}),
    row("conventions:act", "login 404 404 302 404 404 404 404", method="post", kwargs={"action": "validate"}),
    row("conventions:act", "login 404 404 200 404 404 404 404", kwargs={"action": "refuse"}),
    row("conventions:act", "login 200 404 404 404 404 404 404", kwargs={"action": "withdraw"}),
    row("conventions:act", "login 302 404 404 404 404 404 404", method="post", kwargs={"action": "withdraw"}),
    row("conventions:act", "login 404 404 404 404 404 404 404", kwargs={"action": "inconnue"}),
    # Papers joined to it
    row("conventions:attach", "login 200 404 200 404 404 404 404"),
    row("conventions:attach", "login 200 404 200 404 404 404 404", state=Status.DRAFT),
    row("conventions:attach", "login 200 404 200 404 404 404 404", state=Status.SIGNED),
    row("conventions:attach", "login 404 404 404 404 404 404 404", state=Status.CANCELLED),
    row("conventions:attach", "login 422 404 422 404 404 404 404", method="post"),
    row("conventions:attachment", "login 200 404 200 404 200 404 200", kwargs={"attachment": "ATTACHMENT"}),
    row(
        "conventions:attachment",
        "login 200 404 200 404 404 404 200",
        state=Status.DRAFT,
        kwargs={"attachment": "ATTACHMENT"},
    ),
    row("conventions:attachment", "login 404 404 404 404 404 404 404", kwargs={"attachment": "ELSEWHERE"}),
    row(
        "conventions:refuse_attachment",
        "login 404 404 200 404 404 404 404",
        kwargs={"attachment": "ATTACHMENT"},
    ),
    row(
        "conventions:refuse_attachment",
        "login 404 404 422 404 404 404 404",
        method="post",
        kwargs={"attachment": "ATTACHMENT"},
    ),
    *[
        case
        for name, answers in (
            ("accept_attachment", "login 404 404 302 404 404 404 404"),
            ("discard_attachment", "login 302 404 302 404 404 404 404"),
        )
        for case in (
            row(
                f"conventions:{name}",
                "login 405 405 405 405 405 405 405",
                kwargs={"attachment": "ATTACHMENT"},
            ),
            row(f"conventions:{name}", answers, method="post", kwargs={"attachment": "ATTACHMENT"}),
            row(
                f"conventions:{name}",
                "login 404 404 404 404 404 404 404",
                method="post",
                kwargs={"attachment": "ELSEWHERE"},
            ),
        )
    ],
    row("conventions:sign", "login 302 404 302 404 302 404 404"),
    row("conventions:sign", "login 200 404 200 404 404 404 404", state=Status.VALIDATED),
    row("conventions:sign", "login 422 404 422 404 404 404 404", state=Status.SIGNING, method="post"),
    row(
        "conventions:sign",
        "login 422 404 302 404 404 404 404",
        state=Status.SIGNING,
        method="post",
        data={"tutor": TODAY},
    ),
    row(
        "conventions:act",
        "login 404 404 200 404 404 404 404",
        state=Status.SIGNED,
        kwargs={"action": "unsign"},
    ),
    row("conventions:signed_copy", "login 302 404 302 404 404 404 404"),
    row("conventions:signed_copy", "login 200 404 200 404 404 404 404", state=Status.SIGNED),
    row("conventions:signed_copy", "login 422 404 422 404 404 404 404", state=Status.SIGNED, method="post"),
    # Remarks
    row("conventions:add_remark", "login 404 404 302 404 302 404 404"),
    row(
        "conventions:add_remark",
        "login 404 404 302 404 422 404 404",
        method="post",
        data={"field": "subject", "text": "Précisez."},
    ),
    row("conventions:delete_remark", "login 405 405 405 405 405 405 405", kwargs={"remark": "REMARK"}),
    row(
        "conventions:delete_remark",
        "login 404 404 302 404 404 404 404",
        method="post",
        kwargs={"remark": "REMARK"},
    ),
]


def of_avenant(name, expected, avenant=AvenantStatus.DRAFT, **options):
    """A row about an avenant of a signed agreement: what changes is its subject, proposed by its student."""
    return row(f"conventions:avenant{name}", expected, state=Status.SIGNED, avenant=avenant, **options)


MATRIX += [
    row("conventions:avenant_begin", "login 404 404 404 404 404 404 404"),
    row("conventions:avenant_begin", "login 200 404 200 404 200 404 404", state=Status.SIGNED),
    row("conventions:avenant_begin", "login 422 404 422 404 422 404 404", state=Status.SIGNED, method="post"),
    row(
        "conventions:avenant_begin",
        "login 302 404 302 404 302 404 404",
        state=Status.SIGNED,
        method="post",
        data={"kinds": "tutor", "reason": "Départ"},
    ),
    # A draft is for those who may propose one; submitted, for those who see the agreement
    of_avenant("", "login 200 404 200 404 200 404 404"),
    of_avenant("", "login 200 404 200 404 200 404 200", AvenantStatus.SUBMITTED),
    of_avenant("", "login 200 404 200 404 200 404 200", AvenantStatus.EFFECTIVE),
    of_avenant("", "login 404 404 404 404 404 404 404", kwargs={"avenant": "ELSEWHERE"}),
    of_avenant("_purpose", "login 200 404 200 404 200 404 404"),
    of_avenant("_purpose", "login 302 404 302 404 302 404 404", AvenantStatus.SUBMITTED),
    of_avenant("_purpose", "login 422 404 422 404 422 404 404", method="post"),
    of_avenant("_purpose", "login 409 404 409 404 409 404 404", AvenantStatus.VALIDATED, method="post"),
    of_avenant("_step", "login 200 404 200 404 200 404 404", kwargs={"slug": "contenu"}),
    of_avenant("_step", "login 404 404 404 404 404 404 404", kwargs={"slug": "tuteur"}),
    of_avenant(
        "_step", "login 302 404 302 404 302 404 404", AvenantStatus.SUBMITTED, kwargs={"slug": "contenu"}
    ),
    of_avenant("_step", "login 422 404 422 404 422 404 404", method="post", kwargs={"slug": "contenu"}),
    of_avenant(
        "_step",
        "login 409 404 409 404 409 404 404",
        AvenantStatus.EFFECTIVE,
        method="post",
        kwargs={"slug": "contenu"},
    ),
    of_avenant("_create", "login 404 404 404 404 404 404 404", kwargs={"slug": "service"}),
    of_avenant("_sign", "login 302 404 302 404 302 404 404"),
    of_avenant("_sign", "login 200 404 200 404 404 404 404", AvenantStatus.VALIDATED),
    of_avenant("_sign", "login 422 404 422 404 404 404 404", AvenantStatus.SIGNING, method="post"),
    of_avenant("_signed_copy", "login 302 404 302 404 404 404 404"),
    of_avenant("_signed_copy", "login 200 404 200 404 404 404 404", AvenantStatus.EFFECTIVE),
    of_avenant("_signed_copy", "login 422 404 422 404 404 404 404", AvenantStatus.SIGNED, method="post"),
    of_avenant("_act", "login 302 404 302 404 302 404 404", method="post", kwargs={"action": "submit"}),
    of_avenant(
        "_act", "login 404 404 200 404 404 404 404", AvenantStatus.SUBMITTED, kwargs={"action": "validate"}
    ),
    of_avenant(
        "_act",
        "login 404 404 302 404 404 404 404",
        AvenantStatus.SUBMITTED,
        method="post",
        kwargs={"action": "validate"},
    ),
    of_avenant(
        "_act", "login 200 404 404 404 404 404 404", AvenantStatus.SUBMITTED, kwargs={"action": "cancel"}
    ),
    of_avenant(
        "_act", "login 404 404 200 404 404 404 404", AvenantStatus.SIGNING, kwargs={"action": "cancel"}
    ),
    of_avenant("_act", "login 404 404 404 404 404 404 404", kwargs={"action": "inconnue"}),
    of_avenant("_add_remark", "login 404 404 302 404 302 404 404", AvenantStatus.SUBMITTED),
    of_avenant(
        "_add_remark",
        "login 404 404 302 404 302 404 404",
        AvenantStatus.SUBMITTED,
        method="post",
        data={"field": "subject", "text": "Précisez."},
    ),
    of_avenant("_answer", "login 405 405 405 405 405 405 405", AvenantStatus.RETURNED),
    of_avenant("_answer", "login 302 404 302 404 302 404 404", AvenantStatus.RETURNED, method="post"),
    of_avenant(
        "_delete_remark",
        "login 405 405 405 405 405 405 405",
        AvenantStatus.SUBMITTED,
        kwargs={"remark": "REMARK"},
    ),
    of_avenant(
        "_delete_remark",
        "login 404 404 302 404 404 404 404",
        AvenantStatus.SUBMITTED,
        method="post",
        kwargs={"remark": "REMARK"},
    ),
    of_avenant("_delete", "login 405 405 405 405 405 405 405"),
    of_avenant("_delete", "login 302 404 302 404 302 404 404", method="post"),
]


def names(resolver=None, namespace=""):
    """Yield the name of every address of the site, the administration's own apart."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from names(pattern, f"{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern):
            yield namespace + pattern.name


def test_every_address_is_in_the_table():
    assert {case.name for case in MATRIX} == set(names())


def hosts_beside(host, world):
    """Another host that resembles it, and one merged into it."""
    twin, gone = OrganisationFactory(), OrganisationFactory()
    return {
        "TWIN": twin.pk,
        "IMPORT": imported("students", world.people["admin"]).pk,
        "IMPORT_OF_HOSTS": imported("hosts", world.people["admin"]).pk,
        "RESEMBLANCE": Resemblance.objects.create(first=host, second=twin).pk,
        "MERGE": merging.merge(host.pk, gone.pk, by=world.people["admin"]).pk,
    }


def attachments_of(convention):
    """A paper of an agreement, and one of another."""
    return {
        "ATTACHMENT": AttachmentFactory(convention=convention).pk,
        "ELSEWHERE": AttachmentFactory().pk,
    }


# Addresses of the agreements that are about none of them.
ABOUT_NONE = {f"conventions:{name}" for name in ("list", "advice", "enter", "retention", "retention_list")}


def request_of(case, world, convention, avenant):
    """Return the address of a case and what it sends, in a world to which it adds what the case is about."""
    CommuneFactory()
    remark = None
    if "remark" in case.kwargs:
        remark = world.remark_on(avenant) if avenant else world.remark(convention)
    known = {
        "MESSAGE": MessageFactory().pk,
        "STUDENT": world.student.pk,
        "INSTITUTION": world.student.institution_id,
        "HOST": convention.organisation.pk,
        **(hosts_beside(convention.organisation, world) if "organisations:" in case.name else {}),
        "REMARK": remark.pk if remark else None,
        **({"ELSEWHERE": avenant.pk + 1} if avenant else {}),
        **(attachments_of(convention) if "attachment" in case.kwargs else {}),
        "SUMMARY": documents.summarise(convention).pk if "document" in case.kwargs else None,
    }
    kwargs = {name: known.get(value, value) for name, value in case.kwargs.items()}
    data = {name: known.get(value, value) for name, value in case.data.items()}
    if case.name.startswith("conventions:") and case.name not in ABOUT_NONE:
        kwargs["pk"] = convention.pk
        if avenant:
            kwargs.setdefault("avenant", avenant.pk)
    return reverse(case.name, kwargs=kwargs), data


def session_of(world, role):
    """Return the session of somebody of a world who signed in, or that of a stranger: none."""
    client = Client()
    if role != "anonymous":
        client.force_login(world.people[role])
    return client.cookies.get(settings.SESSION_COOKIE_NAME)


def browser(session):
    """Return a browser that opens with a session."""
    client = Client()
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session.value
    return client


@pytest.mark.parametrize(
    ("state", "status"),
    dict.fromkeys((case.state, case.avenant) for case in MATRIX),
    ids=lambda value: str(value or "itself"),
)
def test_addresses(state, status, settings, tmp_path, subtests):
    """One world for an agreement, or an avenant, in a state: each request is undone before the next."""
    settings.MEDIA_ROOT = tmp_path
    world = World()
    started = world.convention_in(state)
    avenant = world.avenant_in(status, started) if status else None
    sessions = [session_of(world, role) for role in EVERYONE]
    for case in MATRIX:
        if (case.state, case.avenant) != (state, status):
            continue
        with subtests.test(str(case)), undone():
            cache.clear()
            url, data = request_of(case, world, Convention.objects.get(pk=started.pk), avenant)
            answers = []
            for session in sessions:
                client = browser(session)
                with undone():
                    answer = getattr(client, case.method)(url, data)
                is_login = answer.status_code == 302 and answer.url.startswith(reverse(settings.LOGIN_URL))
                answers.append(LOGIN if is_login and case.name != "account_logout" else answer.status_code)
            assert dict(zip(EVERYONE, answers, strict=True)) == dict(
                zip(EVERYONE, case.expected, strict=True)
            )


ADMIN_PAGES = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    for model in admin.site._registry
    for page in ("changelist", "add")
] + ["admin:index", "admin:jsi18n"]


# Written by the application alone, or by whoever administers every institution.
READ_ONLY = {
    "admin:accounts_institution_add",
    "admin:socialaccount_socialaccount_add",
    "admin:accounts_message_add",
    "admin:conventions_attachment_add",
    "admin:conventions_avenant_add",
    "admin:conventions_completion_add",
    "admin:conventions_convention_add",
    "admin:conventions_document_add",
    "admin:conventions_event_add",
    "admin:organisations_ban_add",
    "admin:organisations_merge_add",
}


def test_the_administration_is_for_administrators(subtests):
    world = World()
    for role in EVERYONE:
        client = browser(session_of(world, role))
        for page in ADMIN_PAGES:
            with subtests.test(page, by=role):
                expected = {302, 403} if role != "admin" else {403} if page in READ_ONLY else {200}
                assert client.get(reverse(page)).status_code in expected
