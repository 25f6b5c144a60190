

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0017_versions_and_notes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='convention',
            name='freeze_content',
        ),
        migrations.RemoveConstraint(
            model_name='avenant',
            name='avenant_kinds_known',
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_birth_date',
            field=models.DateField(blank=True, null=True, verbose_name='Date de naissance'),
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_birth_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Nom de naissance'),
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_civil_first_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Prénom d’état civil'),
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_first_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Prénom'),
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_last_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Nom'),
        ),
        migrations.AddField(
            model_name='convention',
            name='corrected_usage_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='Nom d’usage'),
        ),
        migrations.AlterField(
            model_name='avenant',
            name='kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('extension', 'Prolongation du stage'), ('postponement', 'Report du stage'), ('suspension', 'Interruption ou absences'), ('hours', 'Temps de présence et congés'), ('gratification', 'Gratification et avantages'), ('subject', 'Sujet et missions'), ('place', 'Lieu ou service d’accueil'), ('tutor', 'Tuteur professionnel'), ('signatory', 'Signataire de l’organisme'), ('teacher', 'Enseignant référent'), ('identity', 'Identité de l’étudiant'), ('termination', 'Fin du stage avant son terme'), ('other', 'Autre changement')], max_length=20), size=None, verbose_name='Ce qui change'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='convention',
            trigger=pgtrigger.compiler.Trigger(name='freeze_content', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE mutable TEXT[];', func='\n                    IF OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number THEN\n                        RAISE EXCEPTION \'pstage: the number % of an agreement never changes\', OLD.number\n                            USING ERRCODE = \'integrity_constraint_violation\';\n                    END IF;\n                    IF OLD.purged_at IS NOT NULL THEN\n                        mutable := ARRAY[\'organisation_id\', \'search_key\', \'updated_at\'];\n                        IF to_jsonb(NEW) - mutable IS DISTINCT FROM to_jsonb(OLD) - mutable\n                            OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id AND NOT EXISTS (\n    SELECT FROM organisations_merge AS merge WHERE\n        (merge.dropped_id, merge.kept_id) = (OLD.organisation_id, NEW.organisation_id) AND merge.undone_at IS NULL\n        OR (merge.kept_id, merge.dropped_id) = (OLD.organisation_id, NEW.organisation_id)\n            AND merge.undone_at IS NOT NULL AND merge.moved -> \'conventions.convention\' @> to_jsonb(OLD.id)\n) THEN\n                            RAISE EXCEPTION \'pstage: agreement % is frozen: it has been anonymised\', OLD.id\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                        RETURN NEW;\n                    END IF;\n                    IF NEW.purged_at IS NOT NULL THEN\n                        mutable := ARRAY[\'purged_at\', \'student_id\', \'enrolment_id\', \'search_key\'];\n                        IF NEW.purged_at <> transaction_timestamp()\n                            OR to_jsonb(NEW) - mutable <> (to_jsonb(OLD) || \'{"benefits": "", "corrected_birth_date": null, "corrected_birth_name": "", "corrected_civil_first_name": "", "corrected_first_name": "", "corrected_last_name": "", "corrected_usage_name": "", "created_by_id": null, "details": "", "earlier_hours": null, "exceptional_work": "", "follow_up": "", "guardian_name": "", "health_fund_id": null, "health_fund_other": "", "hold_reason": "", "hold_until": null, "hours_reason": "", "insurance_end": null, "insurance_policy": "", "insurance_start": null, "insured_status_id": null, "insurer": "", "internal_rules": "", "leave_terms": "", "missions": "", "previous_end": null, "previous_start": null, "record": {}, "schedule_comment": "", "signatory_id": null, "skills": "", "student_address_extra": "", "student_city": "", "student_country": "", "student_personal_email": "", "student_phone": "", "student_postal_code": "", "student_street": "", "subject": "", "teacher_id": null, "travel_decision": "", "tutor_id": null}\'::jsonb) - mutable\n                            OR NOT EXISTS (\n                                SELECT FROM accounts_student AS nobody WHERE nobody.id = NEW.student_id\n                                    AND nobody.is_anonymous AND nobody.institution_id = NEW.institution_id\n                            ) OR ROW(\n                                (SELECT (programme_id, academic_year) FROM organisations_enrolment\n                                    WHERE id = NEW.enrolment_id AND student_id = NEW.student_id)\n                            ) IS DISTINCT FROM ROW(\n                                (SELECT (programme_id, academic_year) FROM organisations_enrolment\n                                    WHERE id = OLD.enrolment_id)\n                            ) THEN\n                            RAISE EXCEPTION \'pstage: agreement % is frozen: a purge erases all of it, once, now\', OLD.id\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                        RETURN NEW;\n                    END IF;\n                    IF OLD.status IN (\'validated\', \'signing\', \'signed\', \'terminated\', \'refused\', \'cancelled\') THEN\n                        IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (\n                            (\'validated\', \'signing\'), (\'validated\', \'signed\'), (\'validated\', \'terminated\'), (\'validated\', \'cancelled\'), (\'signing\', \'signed\'), (\'signing\', \'terminated\'), (\'signed\', \'terminated\'), (\'signed\', \'signing\'), (\'signing\', \'validated\')\n                        ) THEN\n                            RAISE EXCEPTION \'pstage: agreement % cannot go from % to %\', OLD.id, OLD.status, NEW.status\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                        IF NEW.status = \'signed\' AND OLD.status <> \'signed\'\n                            AND EXISTS (SELECT FROM conventions_turn AS turn WHERE turn.purpose = \'signature\' AND turn.done_at IS NULL AND turn.convention_id = NEW.id AND turn.avenant_id IS NULL) THEN\n                            RAISE EXCEPTION \'pstage: agreement % is not signed by all\', OLD.id\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                        IF OLD.status = \'signed\' AND NEW.status = \'terminated\' AND NOT EXISTS (\n                            SELECT FROM conventions_avenant AS avenant\n                            WHERE avenant.convention_id = OLD.id AND avenant.applied_at = transaction_timestamp()\n                                AND \'termination\' = ANY(avenant.kinds)\n                        ) THEN\n                            RAISE EXCEPTION \'pstage: agreement % is signed: only an avenant ends it\', OLD.id\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                        mutable := ARRAY[\'status\', \'updated_at\', \'search_key\', \'hold_reason\', \'hold_until\'];\n                        IF NEW.status = \'terminated\' AND OLD.status IN (\'validated\', \'signing\') THEN\n                            mutable := mutable || \'terminated_on\'::text;\n                        END IF;\n                        IF NEW.organisation_id IS DISTINCT FROM OLD.organisation_id AND EXISTS (\n    SELECT FROM organisations_merge AS merge WHERE\n        (merge.dropped_id, merge.kept_id) = (OLD.organisation_id, NEW.organisation_id) AND merge.undone_at IS NULL\n        OR (merge.kept_id, merge.dropped_id) = (OLD.organisation_id, NEW.organisation_id)\n            AND merge.undone_at IS NOT NULL AND merge.moved -> \'conventions.convention\' @> to_jsonb(OLD.id)\n) THEN\n                            mutable := mutable || \'organisation_id\'::text;\n                        END IF;\n                        IF to_jsonb(NEW) - mutable IS DISTINCT FROM to_jsonb(OLD) - mutable\n                            AND EXISTS (\n    SELECT FROM jsonb_each_text(to_jsonb(OLD) - mutable) AS was\n        JOIN jsonb_each_text(to_jsonb(NEW)) AS becomes USING (key)\n    WHERE was.value IS DISTINCT FROM becomes.value AND NOT EXISTS (\n        SELECT FROM conventions_avenant AS avenant\n        WHERE avenant.convention_id = OLD.id AND avenant.applied_at = transaction_timestamp()\n            AND avenant.changes ? key\n            AND avenant.changes -> key ->> \'before\' IS NOT DISTINCT FROM was.value\n            AND avenant.changes -> key ->> \'after\' IS NOT DISTINCT FROM becomes.value\n    )\n) THEN\n                            RAISE EXCEPTION \'pstage: agreement % is frozen: only an avenant changes its content\', OLD.id\n                                USING ERRCODE = \'integrity_constraint_violation\';\n                        END IF;\n                    ELSIF NEW.status IN (\'signing\', \'signed\', \'terminated\') THEN\n                        RAISE EXCEPTION \'pstage: agreement % has not been validated\', OLD.id\n                            USING ERRCODE = \'integrity_constraint_violation\';\n                    ELSE\n                        \n        IF NEW.status <> OLD.status AND NEW.status IN (\'draft\', \'returned\', \'submitted\', \'validated\', \'signing\', \'signed\', \'refused\', \'terminated\', \'cancelled\')\n            AND (OLD.status, NEW.status) NOT IN ((\'draft\', \'submitted\'), (\'draft\', \'cancelled\'), (\'returned\', \'submitted\'), (\'returned\', \'cancelled\'), (\'submitted\', \'draft\'), (\'submitted\', \'returned\'), (\'submitted\', \'validated\'), (\'submitted\', \'refused\'), (\'submitted\', \'cancelled\')) THEN\n            RAISE EXCEPTION \'pstage: agreement % cannot go from % to %\', OLD.id, OLD.status, NEW.status\n                USING ERRCODE = \'integrity_constraint_violation\';\n        END IF;\n        IF NEW.status = \'validated\' AND (NEW.validated_at IS NULL\n            OR NOT EXISTS (SELECT FROM conventions_turn AS turn WHERE turn.purpose = \'signature\' AND turn.convention_id = NEW.id AND turn.avenant_id IS NULL)\n            OR EXISTS (\n                SELECT FROM conventions_turn AS turn\n                WHERE turn.purpose = \'approval\' AND turn.done_at IS NULL AND turn.convention_id = NEW.id AND turn.avenant_id IS NULL\n            )) THEN\n            RAISE EXCEPTION \'pstage: agreement % is validated with its circuit, once approved\', OLD.id\n                USING ERRCODE = \'integrity_constraint_violation\';\n        END IF;\n    \n                    END IF;\n                    RETURN NEW;\n                ', hash='7322ecfc39752e8d411c441e87648b42a6090221', operation='UPDATE', pgid='pgtrigger_freeze_content_17642', table='conventions_convention', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='avenant',
            constraint=models.CheckConstraint(condition=models.Q(('kinds__contained_by', ['extension', 'postponement', 'suspension', 'hours', 'gratification', 'subject', 'place', 'tutor', 'signatory', 'teacher', 'identity', 'termination', 'other']), ('kinds__len__gt', 0)), name='avenant_kinds_known'),
        ),
    ]
