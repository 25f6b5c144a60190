from django.db import migrations

# The centre of the first agreement that names somebody made them known.
FIRST = """
    UPDATE organisations_contact AS contact SET centre_id = first.centre_id
    FROM (
        SELECT DISTINCT ON (contact_id) contact_id, centre_id
        FROM (
            SELECT tutor_id AS contact_id, centre_id, created_at FROM conventions_convention
            UNION ALL
            SELECT signatory_id, centre_id, created_at FROM conventions_convention
        ) AS named
        WHERE contact_id IS NOT NULL AND centre_id IS NOT NULL
        ORDER BY contact_id, created_at
    ) AS first
    WHERE contact.id = first.contact_id AND contact.centre_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("conventions", "0007_follow_merged_hosts")]

    operations = [migrations.RunSQL(FIRST, migrations.RunSQL.noop, elidable=True)]
