"""Addresses of the agreements, under the site's root."""

from django.urls import path

from conventions.views import (
    acting,
    attachments,
    avenants,
    certificate,
    choices,
    detail,
    drafts,
    lists,
    next_steps,
    pdfs,
    remarks,
    retention,
    signatures,
    wizard,
)

app_name = "conventions"

urlpatterns = [
    path("", lists.index, name="list"),
    path("nouvelle/", drafts.advice, name="advice"),
    path("saisir/", drafts.enter, name="enter"),
    path("conservation/", retention.report, name="retention"),
    path("conservation/liste.csv", retention.listing, name="retention_list"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/etapes/etablissement/registre/", choices.register, name="register"),
    path("<int:pk>/etapes/<slug:slug>/", wizard.step, name="step"),
    path("<int:pk>/etapes/<slug:slug>/nouveau/", choices.create, name="create"),
    path("<int:pk>/etapes/<slug:slug>/corriger/", choices.correct, name="correct"),
    path("<int:pk>/suite/", next_steps.next_steps, name="next"),
    path("<int:pk>/actions/sign/", signatures.sign, {"action": "sign"}, name="sign"),
    path("<int:pk>/copie-signee/", signatures.signed_copy, name="signed_copy"),
    path("<int:pk>/actions/<slug:action>/", acting.act, name="act"),
    path("<int:pk>/remarques/", remarks.add_remark, name="add_remark"),
    path("<int:pk>/remarques/<int:remark>/supprimer/", remarks.delete_remark, name="delete_remark"),
    path("<int:pk>/pieces/", attachments.attach, name="attach"),
    path("<int:pk>/pieces/<int:attachment>/", attachments.download, name="attachment"),
    path("<int:pk>/pieces/<int:attachment>/supprimer/", attachments.discard, name="discard_attachment"),
    path("<int:pk>/pieces/<int:attachment>/accepter/", attachments.accept, name="accept_attachment"),
    path("<int:pk>/pieces/<int:attachment>/refuser/", attachments.refuse, name="refuse_attachment"),
    path("<int:pk>/dupliquer/", drafts.duplicate, name="duplicate"),
    path("<int:pk>/supprimer/", drafts.delete, name="delete"),
    path("<int:pk>/conservation/", retention.hold, name="hold"),
    path("<int:pk>/avenants/nouveau/", avenants.begin, name="avenant_begin"),
    path("<int:pk>/avenants/<int:avenant>/", avenants.detail, name="avenant"),
    path("<int:pk>/avenants/<int:avenant>/objet/", avenants.purpose, name="avenant_purpose"),
    path("<int:pk>/avenants/<int:avenant>/etapes/<slug:slug>/", wizard.step, name="avenant_step"),
    path(
        "<int:pk>/avenants/<int:avenant>/etapes/<slug:slug>/nouveau/", choices.create, name="avenant_create"
    ),
    path(
        "<int:pk>/avenants/<int:avenant>/actions/sign/",
        signatures.sign,
        {"action": "sign"},
        name="avenant_sign",
    ),
    path("<int:pk>/avenants/<int:avenant>/copie-signee/", signatures.signed_copy, name="avenant_signed_copy"),
    path("<int:pk>/avenants/<int:avenant>/actions/<slug:action>/", acting.act, name="avenant_act"),
    path("<int:pk>/avenants/<int:avenant>/remarques/", remarks.add_remark, name="avenant_add_remark"),
    path("<int:pk>/avenants/<int:avenant>/reponses/", avenants.answer, name="avenant_answer"),
    path(
        "<int:pk>/avenants/<int:avenant>/remarques/<int:remark>/supprimer/",
        remarks.delete_remark,
        name="avenant_delete_remark",
    ),
    path("<int:pk>/avenants/<int:avenant>/supprimer/", avenants.delete, name="avenant_delete"),
    path("<int:pk>/convention.pdf", pdfs.pdf, name="pdf"),
    path("<int:pk>/documents/<int:document>/", pdfs.document, name="document"),
    path("<int:pk>/recapitulatif/", pdfs.summarise, name="summarise"),
    path("<int:pk>/attestation/", certificate.certificate, name="certificate"),
    path("<int:pk>/apercu.pdf", pdfs.preview, name="preview"),
]
