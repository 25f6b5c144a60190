"""The forms of an import: the file, in which encoding it was written, which of its columns are ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution
from organisations.fields import compact
from organisations.models import ImportKind
from organisations.records.encodings import NAMES, Guess
from organisations.records.headers import Match
from organisations.records.kinds import Kind
from organisations.records.tables import Line, Source, name_of

LARGEST_FILE = 2 * 1024 * 1024
MOST_LINES = 5_000
MOST_WITHOUT_SIRET = 500
LARGEST_OTHER_FILE = 8 * 1024 * 1024
MOST_OTHER_LINES = 20_000


class ImportForm(forms.Form):
    """A file to import; ``cleaned_data["file"]`` is its content."""

    use_required_attribute = False
    institution = forms.ModelChoiceField(
        Institution.objects.order_by("name"), label=_("Établissement"), required=False, empty_label=None
    )
    file = forms.FileField(
        label=_("Fichier CSV ou Excel (.xlsx)"),
        error_messages={"required": _("Choisissez un fichier."), "empty": _("Ce fichier est vide.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx,text/csv,text/plain"}),
    )
    creates_alike = forms.BooleanField(
        label=_("Ajouter aussi les établissements sans SIRET qui ressemblent à une fiche de l’annuaire"),
        required=False,
    )

    def __init__(self, *args: Any, kind: Kind, institution: Institution | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own, self.is_of_hosts = institution, kind.code == ImportKind.HOSTS
        if self.is_of_hosts:
            self.fields["file"].help_text = _("2 Mo et 5 000 lignes au plus, dont 500 sans SIRET.")
        else:
            self.fields["file"].help_text = _("8 Mo et 20 000 lignes au plus.")
            del self.fields["creates_alike"]
        if self.is_of_hosts or institution:
            del self.fields["institution"]
        else:
            self.fields["institution"].required = True

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if self.is_of_hosts and file.size > LARGEST_FILE:
            raise ValidationError(_("Ce fichier dépasse 2 Mo : importez-le en plusieurs fois."), "large")
        if file.size > LARGEST_OTHER_FILE:
            raise ValidationError(_("Ce fichier dépasse 8 Mo : importez-le en plusieurs fois."), "large")
        content: bytes = file.read()
        return content

    @property
    def chosen_institution(self) -> Institution | None:
        found: Institution | None = self.cleaned_data.get("institution", self.own)
        return None if self.is_of_hosts else found


def check_size(kind: Kind, lines: Source) -> None:
    """Raise ValidationError when a page cannot try a file out while somebody waits."""
    found = list(lines)
    is_of_hosts = kind.code == ImportKind.HOSTS
    if not found:
        raise ValidationError(_("Ce fichier nomme des colonnes, et n’a aucune autre ligne."), "no_line")
    if is_of_hosts and len(found) > MOST_LINES:
        raise ValidationError(_("Ce fichier dépasse 5 000 lignes : importez-le en plusieurs fois."), "long")
    if len(found) > MOST_OTHER_LINES:
        raise ValidationError(_("Ce fichier dépasse 20 000 lignes : importez-le en plusieurs fois."), "long")
    without = sum(isinstance(line, Line) and not compact(line.cells.get("siret", "")) for line in found)
    if is_of_hosts and without > MOST_WITHOUT_SIRET:
        raise ValidationError(
            _(
                "Plus de 500 lignes n’ont pas de SIRET, et chacune se compare à tout l’annuaire : "
                "importez-les en plusieurs fois."
            ),
            "without_siret",
        )


class EncodingForm(forms.Form):
    """In which encoding a file was written, by what its accents become."""

    use_required_attribute = False
    encoding = forms.ChoiceField(label=_("Encodage du fichier"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, guesses: Sequence[Guess] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["encoding"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (guess.encoding, f"{', '.join(guess.samples)} – {guess.name}") for guess in guesses
        ] or list(NAMES.items())


class MappingForm(forms.Form):
    """Which column of a file is each of ours; remembered for the next one."""

    use_required_attribute = False
    remembers = forms.BooleanField(
        label=_("Retenir ces correspondances pour les prochains fichiers"), required=False, initial=True
    )

    def __init__(self, *args: Any, kind: Kind, header: Sequence[str], proposed: Match, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = {name_of(name): name for name in header if name_of(name)}
        self.columns = list(kind.columns)
        for column, meaning in kind.columns.items():
            is_required = column in kind.required
            self.fields[self.field_of(column)] = forms.ChoiceField(
                label=column,
                help_text=str(meaning),
                choices=[("", _("Absente du fichier")), *theirs.items()],
                required=is_required,
                initial=proposed.ours.get(column, ""),
                error_messages={"required": _("Choisissez la colonne du fichier qui le dit.")},
            )
        self.order_fields([*map(self.field_of, self.columns), "remembers"])

    @staticmethod
    def field_of(column: str) -> str:
        return f"column_{column}"

    @property
    def mapping(self) -> dict[str, str]:
        """Return our column → theirs."""
        chosen = {column: self.cleaned_data[self.field_of(column)] for column in self.columns}
        return {column: theirs for column, theirs in chosen.items() if theirs}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [theirs for name, theirs in data.items() if name != "remembers" and theirs]
        twice = sorted({theirs for theirs in chosen if chosen.count(theirs) > 1})
        if twice:
            raise ValidationError(
                _("Une colonne du fichier ne peut pas en remplir deux : %(names)s."),
                "twice",
                {"names": ", ".join(twice)},
            )
        return data
