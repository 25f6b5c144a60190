# Web, worker and beat are this one image with different commands: see docker-compose.yml.

FROM python:3.11.13-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
WORKDIR /app
COPY packages.txt .
RUN apt-get update \
    && apt-get install --yes --no-install-recommends $(awk '$2 == "run" {print $1}' packages.txt) \
    && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gettext
COPY requirements.txt .
RUN python -m venv /venv && pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# Neither command needs a secret, a database or Redis.
RUN PSTAGE_ENVIRONMENT=development python manage.py compilemessages \
    && PSTAGE_ENVIRONMENT=development python manage.py collectstatic --no-input

FROM base
RUN useradd --system --uid 10001 --no-create-home pstage && install --directory --owner=pstage /media
COPY --from=build /venv /venv
COPY --from=build /app /app
# The fonts' cache is the only thing written outside /media.
ENV HOME=/tmp PORT=8000 MEDIA_ROOT=/media
USER pstage
VOLUME /media
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "-m", "pstage.probe"]
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=4", "--threads=2", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "pstage.wsgi"]
