from typing import Any

from django.conf import settings
from django.db import migrations, models

# A signature recorded without its date was given on the day it was recorded.
UNDATED = """
    UPDATE conventions_turn SET signed_on = (done_at AT TIME ZONE %s)::date
    WHERE purpose = 'signature' AND done_at IS NOT NULL AND signed_on IS NULL
"""


def date_signatures(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        # A recorded signature is never changed, but here.
        cursor.execute("ALTER TABLE conventions_turn DISABLE TRIGGER USER")
        cursor.execute(UNDATED, [settings.TIME_ZONE])
        cursor.execute("ALTER TABLE conventions_turn ENABLE TRIGGER USER")


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0010_events_of_ruptures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(date_signatures, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('purpose', 'signature'), _negated=True), ('done_at__isnull', True), ('signed_on__isnull', False), _connector='OR'), name='turn_signed_means_dated', violation_error_message='Une signature donnée porte sa date.'),
        ),
    ]
