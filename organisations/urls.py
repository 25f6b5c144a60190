"""Addresses of the directory of hosts and of what helps to fill in a place."""

from django.urls import path

from organisations.views import directory, imports, merging, places, upkeep

app_name = "organisations"
HOSTS = {"slug": "organismes"}  # the kind of import that the directory leads to
urlpatterns = [
    path("communes/", places.communes, name="communes"),
    path("annuaire/", directory.index, name="directory"),
    path("annuaire/a-verifier/", directory.to_verify, name="to_verify"),
    path("annuaire/importer/", imports.send, HOSTS, name="import_hosts"),
    path("annuaire/importer/appliquer/", imports.apply_import, HOSTS, name="apply_import"),
    path("annuaire/importer/modele.csv", imports.template, HOSTS, name="import_template"),
    path("imports/", imports.index, name="imports"),
    path("imports/rapport/<int:pk>/", imports.report, name="import_report"),
    path("imports/rapport/<int:pk>/defaire/", imports.undo_import, name="undo_import"),
    path("imports/<slug:slug>/", imports.send, name="import"),
    path("imports/<slug:slug>/appliquer/", imports.apply_import, name="apply_import"),
    path("imports/<slug:slug>/modele.csv", imports.template, name="import_template"),
    path("annuaire/doublons/", directory.resemblances, name="resemblances"),
    path("annuaire/doublons/<int:pk>/ecarter/", directory.dismiss, name="dismiss"),
    path("annuaire/fusions/<int:pk>/defaire/", merging.undo, name="undo_merge"),
    path("annuaire/<int:pk>/verifier/", directory.verify, name="verify"),
    path("annuaire/<int:pk>/corriger/", directory.edit, name="edit"),
    path("annuaire/<int:pk>/fusionner/", merging.merge_with, name="merge_with"),
    path("annuaire/<int:pk>/fusionner/<int:other>/", merging.merge, name="merge"),
    path("annuaire/<int:pk>/remarques/", upkeep.add_note, name="add_note"),
    path("annuaire/<int:pk>/exclure/", upkeep.ban, name="ban"),
    path("annuaire/<int:pk>/exclusion/lever/", upkeep.lift_ban, name="lift_ban"),
]
