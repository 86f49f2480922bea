# The operator's image. The folder to build in is the repository's root; docs/images.md has the commands and arguments.
ARG BASE_IMAGE=docker.io/library/debian:12.15-slim

# What both the building and the finished image stand on: Debian's Python, and a user.
# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS base
# Versions are Debian's of the base image: a mirror keeps no older one that could be named here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/* \
    && useradd --uid 65532 --user-group --home-dir /tmp --no-create-home --shell /usr/sbin/nologin ingestion

FROM base AS dependencies
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /build \
    && python3 -m venv --without-pip /opt/ingestion
WORKDIR /source
# Before our own code, so that a change of that leaves this layer, the large one, as it is.
COPY pyproject.toml constraints.txt ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem \
    extras="operator" \
    && python3 -c 'import sys, tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; print(*project["dependencies"], *(each for extra in sys.argv[1].split() for each in project["optional-dependencies"][extra]), sep="\n")' \
        "${extras}" > requirements.txt \
    && /build/bin/pip --python /opt/ingestion/bin/python install --no-cache-dir --only-binary :all: \
        --constraint constraints.txt --requirement requirements.txt

FROM dependencies AS program
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem \
    /build/bin/pip install --no-cache-dir --only-binary :all: --constraint constraints.txt hatchling
COPY . .
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/ingestion/bin/python install --no-cache-dir --no-deps --no-index --root /program \
        --no-warn-script-location /wheels/*.whl

FROM base
COPY --from=dependencies /opt/ingestion /opt/ingestion
COPY --from=program /program /
ENV PATH=/opt/ingestion/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="ingestion-operator" \
    org.opencontainers.image.description="Turns large sets of videos into transcripts and embeddings on GPUs, and does not run out of memory" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENTRYPOINT ["ingestion-operator"]
CMD ["--help"]
