"""The table of mails: what the documentation says of it, and what it says of itself."""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import translation

from accounts.mail import outbox
from accounts.models import Message
from conventions import notices, workflow
from conventions.models import Status
from conventions.notices import NOTICES, Once
from conventions.retention import purging
from conventions.standing import words
from conventions.workflow import avenants
from tests.factories import MessageFactory
from tests.worlds import World

ROOT = Path(__file__).parents[2]
MAILS = ROOT / "templates" / "conventions" / "mails"
# What happens beside the journal, in words.
HAPPENS = {
    "attachment refused": "Pièce refusée",
    "stage ends": "Le stage se termine, ou est terminé sans attestation",
    "certificates missing": "Chaque semaine, des stages terminés n’ont pas d’attestation",
    "agreements to purge": "Chaque mois, des conventions sont à anonymiser",
}
TO = {
    "student": "l’étudiant",
    "teacher": "l’enseignant référent",
    "people": "l’étudiant et l’enseignant référent",
    "managers": "le centre (ses gestionnaires ou sa boîte)",
    "other_side": "l’enseignant référent et l’étudiant, ou le centre si l’étudiant agit",
    "others": "l’étudiant et l’enseignant référent, sauf qui agit",
    "others_and_managers": "l’étudiant et l’enseignant référent, sauf qui agit ; le centre si l’un d’eux agit",
    "everybody": "l’étudiant, l’enseignant référent et le centre",
    "author": "qui a commencé l’avenant, l’étudiant si c’est un gestionnaire",
    "officers": "les fonctionnaires de sécurité et de défense de l’établissement",
    "tutor": "le tuteur professionnel",
    "signed_inside": "l’étudiant et l’enseignant référent, sauf qui corrige ; le centre, si l’université avait signé",
    "signed_outside": "le tuteur et le signataire de l’organisme, s’ils avaient signé",
    "administrators": "les administrateurs de l’établissement",
}
WHEN = {
    "always": "",
    "acted_for": ", si un autre agit pour lui",
    "approval_asked": ", si le centre demande son approbation",
    "clearance_asked": ", si la destination demande une autorisation de départ",
    "approved_again": ", s’il approuve ou approuvait ce qui change",
    "cleared_again": ", si ce qui change demande leur autorisation",
    "numbered": ", si elle a été soumise",
    "ranked": ", s’il a été soumis",
    "signed_by_all": ", à la dernière",
    "was_signed": ", si toutes étaient réunies",
    "still_here": "",
}
OFTEN = {
    Once.EACH_TIME: "chaque fois",
    Once.LATELY: "pas deux fois en une demi-heure",
    Once.ONCE: "une fois",
}


def happens(event):
    """Return what happens in words, those of the journal where it tells of it."""
    avenant, _colon, action = event.rpartition(":")
    told = words.AVENANT_HAPPENED if avenant else words.HAPPENED
    return HAPPENS.get(event) or str(told[action])


def mail_table() -> str:
    """Return the table of mails as Markdown, from the one that sends them."""
    lines = ["| ce qui arrive | qui est prévenu | courriel | | pour information |", "|---|---|---|---|---|"]
    with translation.override("fr"):
        for notice in NOTICES:
            who = TO[notice.to.__name__]
            lines.append(
                f"| {happens(notice.event)}{WHEN[notice.when.__name__]} | {who} | `{notice.template}` "
                f"| {OFTEN[notice.once]} | {'oui' if notice.refusable else 'non'} |"
            )
    return "\n".join(lines)


def test_the_documentation_of_mails_is_the_tables_own():
    page = (ROOT / "docs" / "administration.md").read_text(encoding="utf-8")
    written = re.search(r"<!-- mails -->\n(.*?)<!-- /mails -->", page, re.DOTALL)[1].strip()
    assert written == mail_table()


def test_each_mail_has_its_row_and_each_row_what_happens():
    assert {notice.template for notice in NOTICES} == {path.stem for path in MAILS.glob("*.txt")}
    actions = {*workflow.ACTIONS, "complete", *(f"avenant:{name}" for name in avenants.ACTIONS)}
    assert {notice.event for notice in NOTICES} <= {*actions, "avenant:take_effect", *HAPPENS}


def test_what_is_written_once_names_its_cause_apart():
    """Two rows of one thing that go to the same person each have a mail of their own."""
    for event in {notice.event for notice in NOTICES}:
        rows = [(notice.key, notice.template) for notice in NOTICES if notice.event == event]
        assert len(rows) == len(set(rows)) or event == "unsign"


@pytest.mark.django_db
def test_a_mail_knows_its_agreement_whatever_the_address_of_its_page(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = World()
    convention = world.convention_in(Status.SIGNED)
    mails = Message.objects.filter(about=notices.about(convention))
    assert mails.count() == Message.objects.count() > 0
    with transaction.atomic():
        outbox.queue(
            "event/1", "a@valmont.example", "conventions/mails/validated.txt", {"convention": convention}
        )
    assert purging.purge(convention.pk, convention.end + timedelta(days=366 * 20), by=None)
    assert not mails.exists()
    assert Message.objects.get().about == ""


@pytest.mark.django_db
def test_mails_of_before_name_their_agreement_too():
    addresses = {
        "/conventions/12/": "convention:12",
        "/conventions/12/avenants/3/": "convention:12",
        "/conventions/?statut=attestations": "",
        "/conventions/conservation/": "",
        "": "",
    }
    rows = [(MessageFactory(about=address).pk, key) for address, key in addresses.items()]
    migration = import_module("accounts.migrations.0005_mails_by_key")
    with connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute(migration.BY_KEY)
        assert list(Message.objects.order_by("pk").values_list("pk", "about")) == rows
        cursor.execute(migration.BY_ADDRESS)
    assert Message.objects.filter(about="/conventions/12/").count() == 2
