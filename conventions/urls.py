"""Addresses of the agreements, under the site's root."""

from django.urls import path

from conventions.views import choices, detail, drafts, lists, wizard

app_name = "conventions"

urlpatterns = [
    path("", lists.index, name="list"),
    path("nouvelle/", drafts.advice, name="advice"),
    path("saisir/", drafts.enter, name="enter"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/etapes/etablissement/registre/", choices.register, name="register"),
    path("<int:pk>/etapes/<slug:slug>/", wizard.step, name="step"),
    path("<int:pk>/etapes/<slug:slug>/nouveau/", choices.create, name="create"),
    path("<int:pk>/etapes/<slug:slug>/corriger/", choices.correct, name="correct"),
    path("<int:pk>/suite/", detail.next_steps, name="next"),
    path("<int:pk>/actions/<slug:action>/", detail.act, name="act"),
    path("<int:pk>/remarques/", detail.add_remark, name="add_remark"),
    path("<int:pk>/remarques/<int:remark>/supprimer/", detail.delete_remark, name="delete_remark"),
    path("<int:pk>/dupliquer/", drafts.duplicate, name="duplicate"),
    path("<int:pk>/supprimer/", drafts.delete, name="delete"),
    path("<int:pk>/convention.pdf", detail.pdf, name="pdf"),
    path("<int:pk>/apercu.pdf", detail.preview, name="preview"),
]
