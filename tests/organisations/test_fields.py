"""Hours and numbers as people write them, and what is said of those that cannot be."""

from decimal import Decimal

import pytest
from django import forms

from organisations.fields import DecimalField, HoursField, WholeNumberField
from organisations.forms import say_what_to_do


def hours(text, **limits):
    return HoursField(max_digits=5, decimal_places=2, **limits).clean(text)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("35", "35"),
        ("35,5", "35.5"),
        ("35.50", "35.50"),
        ("35h", "35"),
        ("35 h", "35"),
        ("35 H", "35"),
        ("35 heures", "35"),
        ("1 heure", "1"),
        ("35,5 h", "35.5"),
        ("17h30", "17.5"),
        ("17 h 30", "17.5"),
        ("17\N{NO-BREAK SPACE}h\N{NARROW NO-BREAK SPACE}30", "17.5"),
        ("3h30", "3.5"),
        ("3h05", "3.08"),
        ("3h5", "3.08"),
        ("3 h 45 min", "3.75"),
        ("3 heures 15 minutes", "3.25"),
        ("7:30", "7.5"),
        ("07:00", "7"),
        ("7h20mn", "7.33"),
        ("45 min", "0.75"),
        ("90 minutes", "1.5"),
        ("35h/semaine", "35"),
        ("35 h par semaine", "35"),
        ("7h/jour", "7"),
        ("35 hours per week", "35"),
        ("0", "0"),
    ],
)
def test_hours_as_people_write_them(typed, expected):
    assert hours(typed) == Decimal(expected)


@pytest.mark.parametrize(
    "typed", ["abc", "h", "3h75", "3h30h", "-", "35 jours", "h30", "3:60", "1,2,3", "trente", "²"]
)
def test_what_is_no_number_of_hours(typed):
    with pytest.raises(forms.ValidationError, match="Saisissez un nombre"):
        hours(typed)


class Several(forms.Form):
    amount = DecimalField(
        min_value=Decimal("0.01"), max_value=Decimal("9999.5"), max_digits=6, decimal_places=2
    )
    count = WholeNumberField(min_value=1)
    kind = forms.ChoiceField(choices=[("a", "A")])
    radio = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    text = forms.CharField(max_length=5)

    def __init__(self, **typed):
        super().__init__({"amount": "1", "count": "1", "kind": "a", "radio": "a", "text": "a"} | typed)
        say_what_to_do(self)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("amount", "0", "C’est trop peu : 0,01 au moins."),
        ("amount", "9999,9", "C’est trop : 9999,5 au plus."),
        ("amount", "1,234", "Écrivez 2 chiffres au plus après la virgule."),
        ("amount", "12345678", "C’est trop : 9999,5 au plus."),
        ("amount", "", "Remplissez ce champ."),
        ("count", "0", "C’est trop peu : 1 au moins."),
        ("kind", "z", "Cette réponse n’est plus dans la liste : choisissez-en une autre."),
        ("kind", "", "Choisissez dans la liste."),
        ("radio", "", "Cochez une réponse."),
        ("text", "trop long", "C’est trop long : 9 caractères, pour 5 au plus."),
        ("text", "a\0", "Ce texte contient un caractère invisible : tapez-le à nouveau."),
    ],
)
def test_what_to_do_is_said_in_words_of_ours(field, typed, said):
    errors = Several(**{field: typed}).errors
    assert list(errors) == [field]
    assert said in [message.replace("\N{NO-BREAK SPACE}", " ") for message in errors[field]]
    assert "Assurez-vous" not in str(errors)
