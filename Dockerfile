# The server with everything in it: no network is needed to run it. docs/deploy.md tells how to build and run it.

FROM python:3.11-slim-bookworm AS build
# A package registry of your own, if pip's default is not the one; left out of the image that is run.
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/myna
COPY requirements.lock requirements-dev.lock ./
# The driver for PostgreSQL is an extra: its pins are among those of the second file.
RUN sed -n '/^psycopg/,/# via/p' requirements-dev.lock > postgres.lock \
  && /opt/myna/bin/pip install --no-deps --require-hashes --requirement requirements.lock --requirement postgres.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY tests/data/demo_reference.flac tests/data/
RUN /opt/myna/bin/pip install --no-deps .
# The cache keeps the downloads of the last build: a pull fetches only what has changed.
RUN --mount=type=cache,target=/cache /opt/myna/bin/myna models pull --weights-dir /cache \
  && /opt/myna/bin/myna models verify --weights-dir /cache \
  && cp -r /cache /weights

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data myna \
  && install --directory --owner=myna --group=myna --mode=0700 /data
COPY --from=build /opt/myna /opt/myna
COPY --from=build /weights /weights
ENV PATH=/opt/myna/bin:$PATH \
  PYTHONUNBUFFERED=1 \
  MYNA_DATA_DIR=/data \
  MYNA_WEIGHTS_DIR=/weights \
  MYNA_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Not through the proxy that the environment may name; the certificate is for another name. The first start loads the
# engine.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
  CMD ["python", "-c", "import os, ssl, http.client as h; at = ('127.0.0.1', 8080); c = h.HTTPSConnection(*at, timeout=8, context=ssl._create_unverified_context()) if os.getenv('MYNA_TLS_CERTIFICATE') else h.HTTPConnection(*at, timeout=8); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["myna"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
