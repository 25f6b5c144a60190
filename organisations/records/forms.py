"""The form that sends a file of hosts."""

from __future__ import annotations

import io

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from organisations.fields import compact
from organisations.records import host_file
from organisations.records.csv_file import CsvLine, UnreadableFileError

LARGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5_000
MOST_WITHOUT_SIRET = 500


class HostFileForm(forms.Form):
    """A file of hosts to import; ``cleaned_data["file"]`` is its content."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("Fichier CSV"),
        help_text=_("2 Mo et 5 000 lignes au plus, dont 500 sans SIRET."),
        error_messages={"required": _("Choisissez un fichier."), "empty": _("Ce fichier est vide.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    creates_alike = forms.BooleanField(
        label=_("Ajouter aussi les établissements sans SIRET qui ressemblent à une fiche de l’annuaire"),
        required=False,
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(_("Ce fichier dépasse 2 Mo : importez-le en plusieurs fois."), "large")
        content: bytes = file.read()
        try:
            lines = list(host_file.lines(io.BytesIO(content)))
        except UnreadableFileError as error:
            raise ValidationError(str(error), "unreadable") from error
        if not lines:
            raise ValidationError(_("Ce fichier nomme des colonnes, et n’a aucune autre ligne."), "no_line")
        if len(lines) > MOST_LINES:
            raise ValidationError(
                _("Ce fichier dépasse 5 000 lignes : importez-le en plusieurs fois."), "long"
            )
        if (
            sum(isinstance(line, CsvLine) and not compact(line.cells["siret"]) for line in lines)
            > MOST_WITHOUT_SIRET
        ):
            raise ValidationError(
                _(
                    "Plus de 500 lignes n’ont pas de SIRET, et chacune se compare à tout l’annuaire : "
                    "importez-les en plusieurs fois."
                ),
                "without_siret",
            )
        return content
