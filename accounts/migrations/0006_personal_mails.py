from django.db import migrations, models

# A mail that opens an account is written when it leaves: what waited, or was set aside, held its link.
ERASE = """
    UPDATE accounts_message SET text = '', html = '' WHERE key LIKE 'password-reset/%'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_mails_by_key'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='text',
            field=models.TextField(blank=True, verbose_name='Texte'),
        ),
        migrations.RunSQL(ERASE, migrations.RunSQL.noop),
    ]
