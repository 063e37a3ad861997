# The desk in a container. The image contains the built pages and no Node.
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
WORKDIR /app

FROM base AS packages
# To use another package index: docker build --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL
COPY requirements.txt constraints.txt ./
RUN python -m venv /opt/venv && pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM packages AS pages
ARG PIP_INDEX_URL
ARG NPM_CONFIG_REGISTRY
COPY requirements-build.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements-build.txt
COPY rxconfig.py ./
COPY reflex.lock reflex.lock
COPY assets assets
COPY ticket_app ticket_app
RUN python -m ticket_app build

FROM base
RUN useradd --system --uid 10001 --create-home desk && install -d -o desk -g desk /data /data/attachments
COPY --from=packages /opt/venv /opt/venv
COPY requirements.txt requirements-build.txt constraints.txt rxconfig.py alembic.ini ./
COPY alembic alembic
COPY reflex.lock reflex.lock
COPY assets assets
COPY ticket_app ticket_app
COPY --from=pages /app/.build .build
# Uses the pages of the previous stage. The build fails here if they are of other sources.
RUN python -m ticket_app build && python -m compileall -q ticket_app

USER desk
ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-m", "ticket_app", "health"]
CMD ["python", "-m", "ticket_app", "serve"]
