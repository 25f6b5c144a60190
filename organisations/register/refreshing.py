"""What the public register says of our hosts: read when one is added, then again by night."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.background import BrokerLost, hand_over
from accounts.folding import fold
from organisations import directory
from organisations.models import HeadcountBand, LegalForm, Organisation
from organisations.register import naf, sirene

logger = logging.getLogger(__name__)

REFRESHED_EVERY = timedelta(days=7)
# A run begins every five minutes of the night: some 200,000 hosts a week, at half of what the register bears.
LONGEST_RUN = 200.0  # seconds
HOSTS_A_RUN = 1_000
PAUSE = 0.25


def examine_soon(host: Organisation) -> None:
    """Have a new or corrected host compared with the register and with the others, once it is committed."""
    transaction.on_commit(partial(_hand_over, examine_host, host.pk))


def compare_soon(hosts: Iterable[Organisation]) -> None:
    """Have many new hosts compared with the others, once they are committed; the night reads the register for them."""
    keys = [host.pk for host in hosts]
    if keys:
        transaction.on_commit(partial(_hand_over, compare_hosts, keys))


def _hand_over(task: Task[[Any], None], hosts: int | list[int]) -> None:
    """Hand hosts to a worker; when the broker is lost, the night still reads the register for them."""
    try:
        hand_over(task, hosts)
    except BrokerLost as error:
        logger.warning(
            "The broker did not take %s %s: %s. The night reads the register.", task.name, hosts, error
        )


@shared_task(name="organisations.tasks.compare_hosts")
def compare_hosts(keys: list[int]) -> None:
    """Note which hosts resemble each of these; run twice, it changes nothing more."""
    for host in Organisation.objects.filter(pk__in=keys, merged_into=None):
        directory.note_resemblances(host)


@shared_task(name="organisations.tasks.examine_host")
def examine_host(pk: int) -> None:
    """Note which hosts resemble a new one, and what the register says of it; run twice, it changes nothing more."""
    host = Organisation.objects.filter(pk=pk, merged_into=None).first()
    if host is None:
        return
    directory.note_resemblances(host)
    if host.siret:
        with suppress(sirene.Unavailable):  # the night tries again
            refresh(host)


@shared_task(name="organisations.tasks.refresh_hosts")
def refresh_hosts() -> int:
    """Read again the hosts that were read longest ago, until the register fails; return how many were read."""
    due = Q(refreshed_at=None) | Q(refreshed_at__lt=timezone.now() - REFRESHED_EVERY)
    hosts = Organisation.objects.filter(due, siret__isnull=False, merged_into=None)
    read, deadline = 0, time.monotonic() + LONGEST_RUN
    for host in hosts.order_by(F("refreshed_at").asc(nulls_first=True), "pk")[:HOSTS_A_RUN]:
        try:
            refresh(host)
        except sirene.Unavailable as error:
            logger.info("The register stopped answering after %s hosts: %s", read, error)
            break
        read += 1
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    return read


def refresh(host: Organisation) -> None:
    """Put on a host what the register says of its SIRET. Raises sirene.Unavailable."""
    assert host.siret
    found = sirene.get(host.siret)
    with transaction.atomic():
        stored = Organisation.objects.select_for_update().get(pk=host.pk)
        stored.refreshed_at = timezone.now()
        if found and stored.siret == found.siret:
            follow(stored, found)
        stored.save()


def _stays_private(host: Organisation) -> bool:
    """Whether a host that the register does not hide has names to hide all the same.

    The staff keeps its own values, or merged a private record into it.
    """
    return host.is_private and (host.is_locked or host.absorbed.filter(is_private=True).exists())


def follow(host: Organisation, found: sirene.Establishment) -> None:
    """Set on a host what the register says; on a locked one, and for what the register hides, only its state."""
    host.register = found.source
    host.is_private = found.is_hidden or _stays_private(host)
    if not (found.is_open and found.is_hidden):  # a hidden one may be closed without our being told
        host.is_open, host.closed_on = found.is_open, found.closed_on
    if host.is_locked or found.is_hidden:
        return
    rename(host, found)
    classify(host, found)
    if found.street and found.city and found.country:
        for part in ("street", "address_extra", "postal_code", "city", "country"):
            setattr(host, part, getattr(found, part))


def rename(host: Organisation, found: sirene.Establishment) -> None:
    """Set on a host its names; one that really changes is kept among the former names."""
    if found.name and fold(found.name) != fold(host.name):
        if host.name not in host.former_names:
            host.former_names = [*host.former_names, host.name]
        host.name = found.name
    host.acronym = found.acronym or host.acronym
    host.trade_name = next(iter(found.trade_names), host.trade_name)


def classify(host: Organisation, found: sirene.Establishment) -> None:
    """Set on a host its legal form, its activity and its size, where our lists know what the register says."""
    if form := LegalForm.objects.filter(code=found.legal_form).first():
        host.legal_form = form
    if code := naf.find(found.naf, timezone.localdate(), found.naf_version):
        host.naf_code = code
    if band := HeadcountBand.objects.filter(code=found.headcount_band).first():
        host.headcount_band = band
