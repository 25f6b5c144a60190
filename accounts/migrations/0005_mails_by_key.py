from django.db import migrations, models

# A mail named the page that it speaks of; it names the agreement, and no list.
BY_KEY = r"""
    UPDATE accounts_message
    SET about = coalesce('convention:' || substring(about FROM '/conventions/([0-9]+)/'), '')
    WHERE about LIKE '%/%'
"""
BY_ADDRESS = r"""
    UPDATE accounts_message SET about = '/conventions/' || substring(about FROM '^convention:([0-9]+)$') || '/'
    WHERE about LIKE 'convention:%'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_after_validation'),
    ]

    operations = [
        migrations.RunSQL(BY_KEY, BY_ADDRESS),
        migrations.RemoveIndex(
            model_name='message',
            name='message_about',
        ),
        migrations.AlterField(
            model_name='message',
            name='about',
            field=models.CharField(blank=True, default='', editable=False, max_length=40),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('about'), name='message_about'),
        ),
    ]
