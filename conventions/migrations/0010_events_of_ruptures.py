from django.db import migrations

# An agreement that an avenant had broken off has no line of its own in its journal: the day it took effect is.
BROKEN_OFF = """
    INSERT INTO conventions_event (convention_id, action, at, before, after, comment, findings)
    SELECT one.id, 'terminate', avenant.applied_at, 'signed', 'terminated', avenant.reason, '[]'
    FROM conventions_convention AS one JOIN conventions_avenant AS avenant ON avenant.convention_id = one.id
    WHERE one.status = 'terminated' AND avenant.status = 'effective' AND 'termination' = ANY(avenant.kinds)
        AND NOT EXISTS (
            SELECT FROM conventions_event AS event
            WHERE event.convention_id = one.id AND event.avenant_id IS NULL
                AND event.before <> 'terminated' AND event.after = 'terminated'
        )
"""


class Migration(migrations.Migration):

    dependencies = [('conventions', '0009_after_validation')]

    operations = [migrations.RunSQL(BROKEN_OFF, migrations.RunSQL.noop)]
