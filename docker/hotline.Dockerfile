# The whole system in two images:
#   --target app       controller and web: Python and the console's scripts
#   --target asterisk  an Asterisk node and the worker that finalises its recordings: app, and Debian's Asterisk 22
#
# Build arguments, all optional:
#   TORCH_INDEX   where CPU builds of torch lie; empty where PIP_OPTIONS names a source of them
#   PIP_OPTIONS   more options for pip, such as --find-links /wheels
#   CA_BUNDLE     a certificate bundle inside the build, for networks that inspect TLS

# ---- The console's scripts, bundled by esbuild
FROM debian:bookworm-slim AS console
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm ca-certificates
WORKDIR /app
COPY package.json package-lock.json ./
ARG CA_BUNDLE=
RUN NODE_EXTRA_CA_CERTS="$CA_BUNDLE" npm ci --no-audit --no-fund --loglevel=error
COPY console console
RUN npm run --silent build

# ---- Python and everything it needs; torch first, in a layer of its own, since it is large and seldom changes
FROM debian:bookworm-slim AS app
ENV DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates tini \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG PIP_OPTIONS=
ARG CA_BUNDLE=
RUN export ${CA_BUNDLE:+PIP_CERT="$CA_BUNDLE"} \
    && python3 -m venv .venv \
    && .venv/bin/pip install --quiet ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} $PIP_OPTIONS "torch==2.13.0+cpu"
COPY pyproject.toml ./
RUN export ${CA_BUNDLE:+PIP_CERT="$CA_BUNDLE"} \
    && .venv/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/needs \
    && .venv/bin/pip install --quiet $PIP_OPTIONS -r /tmp/needs "setuptools>=70"
COPY README.md ./
COPY acd acd
COPY cases cases
COPY console console
COPY docker docker
COPY hotline hotline
COPY ivr ivr
COPY qa qa
COPY recordings recordings
COPY transcribe transcribe
COPY --from=console /app/console/static/dist console/static/dist
RUN .venv/bin/pip install --quiet --no-deps --no-build-isolation -e .
ENV PATH=/app/.venv/bin:$PATH HOTLINE_DATA=/data PYANNOTE_METRICS_ENABLED=0
VOLUME /data
ENTRYPOINT ["tini", "--", "hotline"]
CMD ["--help"]

# ---- Debian's Asterisk, which bookworm lacks, as a tree of its own that the node is chrooted into
FROM debian:forky-slim AS tree
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends asterisk ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb

FROM app AS asterisk
COPY --from=tree / /srv/asterisk
RUN mkdir -p /srv/asterisk/instances /srv/asterisk/dev
ENV HOTLINE_ASTERISK__ROOT=/srv/asterisk
VOLUME /srv/asterisk/instances
EXPOSE 5060/udp 8088/tcp
ENTRYPOINT ["tini", "--", "/app/docker/node-start.sh"]
CMD ["run", "asterisk"]
