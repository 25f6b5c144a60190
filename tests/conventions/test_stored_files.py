"""Every stored file that has a digest is read again each night, whatever it is and whatever stored it."""

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db.models import FileField

from accounts.models import Message
from conventions import documents
from conventions.documents import checking
from conventions.models import Attachment, Convention, Document, Status
from tests import files
from tests.factories import AttachmentFactory
from tests.worlds import World


@pytest.fixture
def convention(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.ADMINS = [("Odile", "odile@univ.example")]
    return World().convention_in(Status.VALIDATED)


@pytest.fixture
def made(convention):
    """The stored documents of an agreement: itself and its summary."""
    loaded = Convention.objects.for_detail().get(pk=convention.pk)
    return [documents.make(convention.documents.get().pk), documents.summarise(loaded)]


@pytest.fixture
def scan(convention):
    """The scan of a signed agreement."""
    return AttachmentFactory(
        convention=convention,
        kind=Attachment.Kind.SIGNED_AGREEMENT,
        valid_from=None,
        valid_until=None,
        content=b"%PDF-1.7 what everybody signed",
    )


def reports():
    return Message.objects.filter(recipient="odile@univ.example")


def test_files_as_they_were_stored_are_reported_to_nobody(made, scan, capsys):
    documents.check_documents()
    call_command("check_documents")
    assert "Every stored file is what was stored." in capsys.readouterr().out
    assert reports().count() == 0


DAMAGES = [
    (lambda path: path.write_bytes(b"%PDF-1.7 autre chose"), "its SHA-256 is"),
    (lambda path: path.unlink(), "the file is lost"),
    (lambda path: (path.unlink(), path.mkdir()), "the file cannot be read"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_a_lost_or_different_document_is_reported(made, tmp_path, caplog, capsys, damage, says):
    damage(tmp_path / made[1].file.name)
    before = Document.objects.order_by("pk").values("pk", "sha256", "file")
    kept = list(before)
    documents.check_documents()
    told = reports().get().text
    assert made[1].file.name in told
    assert says in told
    assert made[0].file.name not in told
    assert made[1].file.name in caplog.text
    with pytest.raises(CommandError, match="1 files are not"):
        call_command("check_documents")
    assert says in capsys.readouterr().out
    assert list(before) == kept


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_a_lost_or_different_scan_of_what_was_signed_is_reported(made, scan, tmp_path, capsys, damage, says):
    damage(tmp_path / scan.file.name)
    documents.check_documents()
    told = reports().get().text
    for expected in (scan.file.name, says, "Convention signée", scan.convention.number):
        assert expected in told
    assert made[0].file.name not in told
    with pytest.raises(CommandError, match="1 files are not"):
        call_command("check_documents")
    assert scan.file.name in capsys.readouterr().out


@pytest.fixture
def logo(convention):
    institution = convention.institution
    institution.logo.save("logo.png", ContentFile(files.photo("PNG")))
    return institution.logo


def test_every_model_that_stores_a_file_with_a_digest_is_read(made, scan, logo, tmp_path):
    """Whatever is added later: its digest is called ``sha256`` and its file ``file``, or it is named here."""
    keep = {
        model
        for model in apps.get_models()
        if any(isinstance(field, FileField) for field in model._meta.fields)
        and any("sha" in field.name or "digest" in field.name for field in model._meta.fields)
    }
    assert keep == {kept.model for kept in checking.stored_files()}
    for kept in checking.stored_files():
        stored = getattr(kept.model.objects.exclude(**{kept.digest: ""}).first(), kept.file)
        (tmp_path / stored.name).unlink()
        assert stored.name in {damage.name for damage in documents.damaged()}


def test_every_column_that_stores_a_file_has_a_digest_beside_it():
    """Else nobody would notice that it is lost."""
    columns = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField) and not model._meta.proxy
    }
    assert columns == {(kept.model, kept.file) for kept in checking.stored_files()}
    for kept in checking.stored_files():
        assert kept.model._meta.get_field(kept.digest).max_length == 64


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_a_lost_or_different_logo_is_reported(logo, tmp_path, damage, says):
    damage(tmp_path / logo.name)
    documents.check_documents()
    told = reports().get().text
    for expected in (logo.name, says, "Logo", logo.instance.name):
        assert expected in told


def test_a_logo_without_its_digest_is_reported(logo):
    type(logo.instance).objects.update(logo_sha256="")
    assert ["none was stored" in str(damage) for damage in documents.damaged()] == [True]


def test_a_logo_taken_away_is_not_lost(logo, tmp_path):
    logo.instance.logo = ""
    logo.instance.save()
    assert logo.instance.logo_sha256 == ""
    assert list(documents.damaged()) == []


def test_what_was_deleted_meanwhile_is_not_lost(made, scan, tmp_path, monkeypatch):
    read = checking._wrong

    def deleted_first(stored, sha256):
        if stored.instance == scan:
            (tmp_path / scan.file.name).unlink()
            scan.delete()
        return read(stored, sha256)

    monkeypatch.setattr(checking, "_wrong", deleted_first)
    documents.check_documents()
    assert reports().count() == 0


def test_files_are_read_a_batch_at_a_time(made, scan, monkeypatch, tmp_path):
    (tmp_path / made[1].file.name).unlink()
    asked = []
    monkeypatch.setattr(checking, "BATCH", 1)
    monkeypatch.setattr(checking.check_documents, "delay", lambda *place: asked.append(place))
    documents.check_documents()
    assert asked == [("conventions.Attachment.file", scan.pk)]
    documents.check_documents(*asked.pop())
    assert asked == [("conventions.Document.file", made[0].pk)]
    assert reports().count() == 0
    documents.check_documents(*asked.pop())
    assert asked == [("conventions.Document.file", made[1].pk)]
    assert reports().count() == 1
    documents.check_documents(*asked.pop())
    assert asked == []
    assert [damage.name for damage in documents.damaged()] == [made[1].file.name]
