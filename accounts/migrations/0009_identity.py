

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_logos_with_a_digest'),
    ]

    operations = [
        migrations.AddField(
            model_name='student',
            name='birth_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Nom de naissance'),
        ),
        migrations.AddField(
            model_name='student',
            name='civil_first_name',
            field=models.CharField(blank=True, help_text='S’il n’est pas celui que l’étudiant utilise.', max_length=100, verbose_name='Prénom d’état civil'),
        ),
        migrations.AddField(
            model_name='student',
            name='sex',
            field=models.CharField(blank=True, choices=[(None, 'Non précisé'), ('F', 'Féminin'), ('M', 'Masculin')], max_length=1, verbose_name='Sexe à l’état civil'),
        ),
        migrations.AddField(
            model_name='student',
            name='usage_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Nom d’usage'),
        ),
        migrations.AlterField(
            model_name='user',
            name='search_key',
            field=models.CharField(default='', editable=False, max_length=440),
        ),
    ]
