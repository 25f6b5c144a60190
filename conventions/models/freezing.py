"""What freezes an agreement and all that hangs on it, in the database itself: the SQL of the triggers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pgtrigger

from conventions.models.columns import ERASED
from conventions.models.status import AWAITS_SIGNATURES, FROZEN, Status

# What may still move once an agreement is frozen: its place in the workflow and what finds it, never its content.
MUTABLE_WHEN_FROZEN = ("status", "updated_at", "search_key", "hold_reason", "hold_until")
# And only where the workflow's own table leads; a test compares them.
MOVES_WHEN_FROZEN = (
    (Status.VALIDATED, Status.SIGNING),
    (Status.VALIDATED, Status.SIGNED),
    (Status.VALIDATED, Status.TERMINATED),
    (Status.VALIDATED, Status.CANCELLED),
    (Status.SIGNING, Status.SIGNED),
    (Status.SIGNING, Status.TERMINATED),
    (Status.SIGNED, Status.TERMINATED),
    # A recorded signature taken back with a reason.
    (Status.SIGNED, Status.SIGNING),
    (Status.SIGNING, Status.VALIDATED),
    # Taken back to be corrected, its signatures void.
    (Status.VALIDATED, Status.RETURNED),
    (Status.SIGNING, Status.RETURNED),
)
# What taking one back writes besides its status, in the transaction that does.
WRITTEN_WHEN_REOPENED = ("version", "reopened_at", "validated_at")
# Before that, the same; an agreement and its avenant move alike.
MOVES_BEFORE_FROZEN = (
    (Status.DRAFT, Status.SUBMITTED),
    (Status.DRAFT, Status.CANCELLED),
    (Status.RETURNED, Status.SUBMITTED),
    (Status.RETURNED, Status.CANCELLED),
    (Status.SUBMITTED, Status.DRAFT),
    (Status.SUBMITTED, Status.RETURNED),
    (Status.SUBMITTED, Status.VALIDATED),
    (Status.SUBMITTED, Status.REFUSED),
    (Status.SUBMITTED, Status.CANCELLED),
)
# What a purge writes besides what it erases: nobody instead of the student, and what finds the row.
REPLACED_BY_PURGE = ("purged_at", "student_id", "enrolment_id", "search_key")
# What may still move on an agreement that was anonymised: two records of its host made one.
MUTABLE_ONCE_PURGED = ("organisation_id", "search_key", "updated_at")
# Two records of one host made one, or apart again: the agreement follows, and its document keeps what was agreed.
MERGED = """
    SELECT FROM organisations_merge AS merge WHERE
        (merge.dropped_id, merge.kept_id) = (OLD.organisation_id, NEW.organisation_id) AND merge.undone_at IS NULL
        OR (merge.kept_id, merge.dropped_id) = (OLD.organisation_id, NEW.organisation_id)
            AND merge.undone_at IS NOT NULL AND merge.moved -> 'conventions.convention' @> to_jsonb(OLD.id)
"""
# A signature that an agreement or its avenant waits for.
AWAITED = "SELECT FROM conventions_turn AS turn WHERE turn.purpose = 'signature' AND turn.done_at IS NULL"
# Whether what a row hangs on is taken back to be corrected in this very transaction.
REOPENED_NOW = """
    (CASE WHEN OLD.avenant_id IS NULL
        THEN (SELECT reopened_at FROM conventions_convention WHERE id = OLD.convention_id)
        ELSE (SELECT reopened_at FROM conventions_avenant WHERE id = OLD.avenant_id)
    END = transaction_timestamp())
"""
# What is there before anything begins: no number, no date of the workflow.
NEVER_SUBMITTED = """
    NEW.status = 'draft' AND num_nonnulls(
        NEW.number, NEW.submitted_at, NEW.corrected_at, NEW.validated_at, NEW.reopened_at, NEW.terminated_on, NEW.purged_at
    ) = 0 AND NEW.version = 1
"""
# What keeps an agreement from being taken back: an avenant that is not given up, or the end of its stage.
RESTS_ON_AGREEMENT = """
    EXISTS (
        SELECT FROM conventions_avenant AS avenant
        WHERE avenant.convention_id = OLD.id AND avenant.status NOT IN ('refused', 'cancelled')
    ) OR EXISTS (SELECT FROM conventions_completion WHERE convention_id = OLD.id)
"""
# What differs between two frozen rows, and no avenant that takes effect in this very transaction says so.
UNEXPLAINED = """
    SELECT FROM jsonb_each_text(to_jsonb(OLD) - mutable) AS was
        JOIN jsonb_each_text(to_jsonb(NEW)) AS becomes USING (key)
    WHERE was.value IS DISTINCT FROM becomes.value AND NOT EXISTS (
        SELECT FROM conventions_avenant AS avenant
        WHERE avenant.convention_id = OLD.id AND avenant.applied_at = transaction_timestamp()
            AND avenant.changes ? key
            AND avenant.changes -> key ->> 'before' IS NOT DISTINCT FROM was.value
            AND avenant.changes -> key ->> 'after' IS NOT DISTINCT FROM becomes.value
    )
"""


def sql_list(values: Iterable[str]) -> str:
    """Return constants of ours, never user input, as a quoted SQL list."""
    return ", ".join(f"'{value}'" for value in values)


def of_workflow(what: str, key: str) -> str:
    """Return the SQL that judges a move before the freeze: where the workflow leads, its circuit there at validation.

    ``what`` is the word for the row, ``key`` the SQL that finds its turns.
    """
    moves = ", ".join(f"({sql_list(move)})" for move in MOVES_BEFORE_FROZEN)
    return f"""
        IF NEW.status <> OLD.status AND NEW.status IN ({sql_list(Status.values)})
            AND (OLD.status, NEW.status) NOT IN ({moves}) THEN
            RAISE EXCEPTION 'pstage: {what} % cannot go from % to %', OLD.id, OLD.status, NEW.status
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.status = 'validated' AND (NEW.validated_at IS NULL
            OR NOT EXISTS (SELECT FROM conventions_turn AS turn WHERE turn.purpose = 'signature' AND {key})
            OR EXISTS (
                SELECT FROM conventions_turn AS turn
                WHERE turn.purpose = 'approval' AND (turn.done_at IS NULL OR turn.is_refused) AND {key}
            )) THEN
            RAISE EXCEPTION 'pstage: {what} % is validated with its circuit, once approved', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    """


def once_reopened(what: str, *, unless: str = "FALSE") -> str:
    """Return the SQL that lets the version of a row rise when it is taken back to be corrected, now, and then only.

    ``unless`` is the SQL of what rests on it.
    """
    awaited = sql_list(AWAITS_SIGNATURES)
    return f"""
        IF OLD.status IN ({awaited}) AND NEW.status = 'returned' THEN
            IF NEW.reopened_at IS DISTINCT FROM transaction_timestamp() OR NEW.version <> OLD.version + 1
                OR NEW.validated_at IS NOT NULL OR {unless} THEN
                RAISE EXCEPTION 'pstage: {what} % is reopened as a whole, now, while nothing rests on it', OLD.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        ELSIF (NEW.version, NEW.reopened_at) IS DISTINCT FROM (OLD.version, OLD.reopened_at) THEN
            RAISE EXCEPTION 'pstage: {what} % is frozen: its version rises when it is reopened', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    """


def reopened_whole(what: str, table: str, key: str) -> pgtrigger.Trigger:
    """Return the trigger that asks, at commit, that nothing of the version of before counts: signatures, documents.

    ``table`` holds the row, ``key`` is the SQL that finds what hangs on it. When it is validated anew in that very
    transaction, which begins at ``reopened_at``, what was there before it is of the version of before.
    """
    validated = f"EXISTS (SELECT FROM {table} WHERE id = NEW.id AND validated_at IS NOT NULL)"
    return pgtrigger.Trigger(
        name="reopened_whole",
        operation=pgtrigger.UpdateOf("reopened_at"),
        when=pgtrigger.After,
        timing=pgtrigger.Deferred,
        func=f"""
            IF NEW.reopened_at IS DISTINCT FROM OLD.reopened_at AND (
                EXISTS (
                    SELECT FROM conventions_turn AS hung
                    WHERE hung.purpose = 'signature' AND {key}
                        AND (hung.done_at < NEW.reopened_at OR NOT {validated})
                ) OR EXISTS (
                    SELECT FROM conventions_document AS hung
                    WHERE hung.kind IN ('agreement', 'avenant') AND hung.superseded_at IS NULL AND {key}
                        AND (hung.created_at < NEW.reopened_at OR NOT {validated})
                )
            ) THEN
                RAISE EXCEPTION 'pstage: {what} % is not reopened as a whole', NEW.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        """,
    )


def begin_as_draft() -> pgtrigger.Trigger:
    """Return the trigger that lets an agreement begin as a draft only: whatever comes after is a move."""
    return pgtrigger.Trigger(
        name="begin_as_draft",
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        func=f"""
            IF NOT ({NEVER_SUBMITTED}) THEN
                RAISE EXCEPTION 'pstage: an agreement begins as a draft'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        """,
    )


# What moved in this transaction, each as « c1:draft>submitted »: the journal says no other move.
MOVED = "pstage.moved"


def tell_moves(letter: str) -> pgtrigger.Trigger:
    """Return the trigger that remembers a move until the end of its transaction, for the journal."""
    return pgtrigger.Trigger(
        name="tell_moves",
        operation=pgtrigger.UpdateOf("status"),
        when=pgtrigger.After,
        condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
        func=f"""
            PERFORM set_config('{MOVED}', concat(
                current_setting('{MOVED}', true), ' ', '{letter}', NEW.id, ':', OLD.status, '>', NEW.status, ' '
            ), true);
            RETURN NULL;
        """,
    )


def true_to_moves(moving: Iterable[str]) -> pgtrigger.Trigger:
    """Return the trigger that keeps the journal true: a line tells the state that is, and a move that was made.

    ``moving`` are the actions that always move.
    """
    return pgtrigger.Trigger(
        name="true_to_moves",
        operation=pgtrigger.Insert,
        when=pgtrigger.After,
        declare=[("now_is", "TEXT"), ("moved", "TEXT")],
        func=f"""
            IF NEW.avenant_id IS NULL THEN
                SELECT status INTO now_is FROM conventions_convention WHERE id = NEW.convention_id;
                moved := concat(' c', NEW.convention_id, ':', NEW.before, '>', NEW.after, ' ');
            ELSE
                SELECT status INTO now_is FROM conventions_avenant WHERE id = NEW.avenant_id;
                moved := concat(' a', NEW.avenant_id, ':', NEW.before, '>', NEW.after, ' ');
            END IF;
            IF NEW.after IS DISTINCT FROM now_is
                OR NEW.before NOT IN ('', NEW.after)
                    AND position(moved IN coalesce(current_setting('{MOVED}', true), '')) = 0
                OR NEW.before = NEW.after AND NEW.action IN ({sql_list(moving)})
                OR NEW.before = '' AND EXISTS (
                    SELECT FROM conventions_event AS earlier
                    WHERE earlier.convention_id = NEW.convention_id AND earlier.id <> NEW.id
                        AND earlier.avenant_id IS NOT DISTINCT FROM NEW.avenant_id
                ) THEN
                RAISE EXCEPTION 'pstage: the journal tells what happened: no % from % to %',
                    NEW.action, NEW.before, NEW.after USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        """,
    )


def only_grows() -> pgtrigger.Trigger:
    """Return the trigger that keeps a counter from giving a number again."""
    return pgtrigger.Trigger(
        name="only_grows",
        operation=pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func="""
            IF TG_OP = 'UPDATE' AND NEW.last >= OLD.last
                AND (NEW.institution_id, NEW.year) = (OLD.institution_id, OLD.year) THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'DELETE' AND OLD.last = 0 THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'pstage: the counter of numbers of % only grows', OLD.year
                USING ERRCODE = 'integrity_constraint_violation';
        """,
    )


def unless_purged(erased: Mapping[str, Any] | None = None) -> str:
    """Return the SQL that lets a purge through, in its own transaction: a deletion, or an update that erases.

    ``erased`` are the columns that a purge empties, and what it leaves in them.
    """
    return f"""
        IF TG_OP <> 'INSERT' AND EXISTS (
            SELECT FROM conventions_convention AS agreement
            WHERE agreement.id = OLD.convention_id AND agreement.purged_at = transaction_timestamp()
        ) THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            IF to_jsonb(NEW) = to_jsonb(OLD) || '{json.dumps(erased or {})}'::jsonb THEN RETURN NEW; END IF;
        END IF;
    """


# The agreement of a row that hangs on it, of both when an update takes the row from one to another. Its lock waits
# for a validation under way on another connection, or makes it wait: its status is read after. One that was
# anonymised is as closed as a cancelled one, whatever its status.
AGREEMENT_LOCKED = """
    SELECT CASE WHEN purged_at IS NULL THEN status ELSE 'cancelled' END FROM conventions_convention
    WHERE id IN (CASE TG_OP WHEN 'INSERT' THEN NEW.convention_id ELSE OLD.convention_id END,
                 CASE TG_OP WHEN 'DELETE' THEN OLD.convention_id ELSE NEW.convention_id END)
    FOR SHARE
"""


# The same for a row that hangs on an avenant: one in effect is as frozen as one signed.
AVENANT_LOCKED = """
    IF (CASE TG_OP WHEN 'INSERT' THEN NEW.avenant_id ELSE OLD.avenant_id END) IS NOT NULL THEN
        statuses := ARRAY(
            SELECT CASE status WHEN 'effective' THEN 'signed' ELSE status END FROM conventions_avenant
            WHERE (id, convention_id) = CASE TG_OP WHEN 'INSERT' THEN (NEW.avenant_id, NEW.convention_id)
                ELSE (OLD.avenant_id, OLD.convention_id) END
            FOR SHARE
        );
        IF statuses = '{}' OR TG_OP = 'UPDATE' AND NEW.avenant_id IS DISTINCT FROM OLD.avenant_id THEN
            RAISE EXCEPTION 'pstage: avenant % is not one of this agreement', OLD.avenant_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
"""


def freeze_with_agreement(*, unless: str = "", has_avenant: bool = False) -> pgtrigger.Trigger:
    """Return the trigger that freezes the rows that hang on an agreement when it is.

    ``unless`` is SQL that comes first, and may let a change through; rows that have an avenant freeze with it.
    """
    return pgtrigger.Trigger(
        name="freeze_with_agreement",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("statuses", "TEXT[]")],
        func=f"""
            {unless_purged()}
            statuses := ARRAY({AGREEMENT_LOCKED});
            {AVENANT_LOCKED if has_avenant else ""}
            {unless}
            IF statuses && ARRAY[{sql_list(FROZEN)}] THEN
                RAISE EXCEPTION 'pstage: agreement % is frozen: only an avenant changes its content',
                    CASE TG_OP WHEN 'INSERT' THEN NEW.convention_id ELSE OLD.convention_id END
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


# The SQL of these two keeps the spaces that the migrations know it by.


def freeze_content() -> pgtrigger.Trigger:
    """Return the trigger that freezes an agreement that is in force, refused or cancelled."""
    return pgtrigger.Trigger(
        name="freeze_content",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        declare=[("mutable", "TEXT[]")],
        func=f"""
                    IF OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number THEN
                        RAISE EXCEPTION 'pstage: the number % of an agreement never changes', OLD.number
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF OLD.purged_at IS NOT NULL THEN
                        mutable := ARRAY[{sql_list(MUTABLE_ONCE_PURGED)}];
                        IF to_jsonb(NEW) - mutable IS DISTINCT FROM to_jsonb(OLD) - mutable
                            OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id AND NOT EXISTS ({MERGED}) THEN
                            RAISE EXCEPTION 'pstage: agreement % is frozen: it has been anonymised', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF NEW.purged_at IS NOT NULL THEN
                        mutable := ARRAY[{sql_list(REPLACED_BY_PURGE)}];
                        IF NEW.purged_at <> transaction_timestamp()
                            OR to_jsonb(NEW) - mutable <> (to_jsonb(OLD) || '{json.dumps(ERASED)}'::jsonb) - mutable
                            OR NOT EXISTS (
                                SELECT FROM accounts_student AS nobody WHERE nobody.id = NEW.student_id
                                    AND nobody.is_anonymous AND nobody.institution_id = NEW.institution_id
                            ) OR ROW(
                                (SELECT (programme_id, academic_year) FROM organisations_enrolment
                                    WHERE id = NEW.enrolment_id AND student_id = NEW.student_id)
                            ) IS DISTINCT FROM ROW(
                                (SELECT (programme_id, academic_year) FROM organisations_enrolment
                                    WHERE id = OLD.enrolment_id)
                            ) THEN
                            RAISE EXCEPTION 'pstage: agreement % is frozen: a purge erases all of it, once, now', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    {once_reopened("agreement", unless=RESTS_ON_AGREEMENT)}
                    IF OLD.status IN ({sql_list(FROZEN)}) THEN
                        IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
                            {", ".join(f"({sql_list(move)})" for move in MOVES_WHEN_FROZEN)}
                        ) THEN
                            RAISE EXCEPTION 'pstage: agreement % cannot go from % to %', OLD.id, OLD.status, NEW.status
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        IF NEW.status = 'signed' AND OLD.status <> 'signed'
                            AND EXISTS ({AWAITED} AND turn.convention_id = NEW.id AND turn.avenant_id IS NULL) THEN
                            RAISE EXCEPTION 'pstage: agreement % is not signed by all', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        IF OLD.status = 'signed' AND NEW.status = 'terminated' AND NOT EXISTS (
                            SELECT FROM conventions_avenant AS avenant
                            WHERE avenant.convention_id = OLD.id AND avenant.applied_at = transaction_timestamp()
                                AND 'termination' = ANY(avenant.kinds)
                        ) THEN
                            RAISE EXCEPTION 'pstage: agreement % is signed: only an avenant ends it', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        mutable := ARRAY[{sql_list(MUTABLE_WHEN_FROZEN)}];
                        IF NEW.status = 'terminated' AND OLD.status IN ({sql_list(AWAITS_SIGNATURES)}) THEN
                            mutable := mutable || 'terminated_on'::text;
                        END IF;
                        IF NEW.status = 'returned' THEN
                            mutable := mutable || ARRAY[{sql_list(WRITTEN_WHEN_REOPENED)}];
                        END IF;
                        IF NEW.organisation_id IS DISTINCT FROM OLD.organisation_id AND EXISTS ({MERGED}) THEN
                            mutable := mutable || 'organisation_id'::text;
                        END IF;
                        IF to_jsonb(NEW) - mutable IS DISTINCT FROM to_jsonb(OLD) - mutable
                            AND EXISTS ({UNEXPLAINED}) THEN
                            RAISE EXCEPTION 'pstage: agreement % is frozen: only an avenant changes its content', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                    ELSIF NEW.status IN ('signing', 'signed', 'terminated') THEN
                        RAISE EXCEPTION 'pstage: agreement % has not been validated', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    ELSE
                        {of_workflow("agreement", "turn.convention_id = NEW.id AND turn.avenant_id IS NULL")}
                    END IF;
                    RETURN NEW;
                """,
    )


def keep_numbered() -> pgtrigger.Trigger:
    """Return the trigger that keeps an agreement once it was submitted."""
    return pgtrigger.Trigger(
        name="keep_numbered",
        operation=pgtrigger.Delete,
        when=pgtrigger.Before,
        func="""
                    IF OLD.status <> 'draft' OR OLD.number IS NOT NULL THEN
                        RAISE EXCEPTION 'pstage: agreement % has been submitted and cannot be deleted', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN OLD;
                """,
    )
