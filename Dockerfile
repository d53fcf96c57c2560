# The service in an image: built in one stage, without the tools of the build in the other.
#   docker build -t cosyvoice-lite .
#   docker build -t cosyvoice-lite --build-arg PRUNE=--without-conversion .   # 30 MB less, no pull

ARG PYTHON=3.12-slim-bookworm

FROM python:${PYTHON} AS build
ARG PRUNE=""
WORKDIR /source
RUN python -m venv /opt/app
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN /opt/app/bin/pip install --no-cache-dir --no-compile ".[serve,audio]"
COPY deploy/prune.py deploy/prune.py
RUN python deploy/prune.py /opt/app ${PRUNE} \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/app/lib

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="cosyvoice-lite" \
      org.opencontainers.image.description="CosyVoice-300M speech on a plain CPU" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cosyvoice \
    && install -d -o cosyvoice -g cosyvoice /data
COPY --from=build /opt/app /opt/app
ENV PATH=/opt/app/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    COSYVOICE_LITE_HOME=/data \
    COSYVOICE_LITE_HOST=0.0.0.0
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('COSYVOICE_LITE_PORT', '8000') + '/livez', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["cosyvoice-lite"]
CMD ["serve"]
