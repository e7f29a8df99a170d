# One image for both ends: the node by default, the client by the entry point `chat`.

# Named by version and not by digest, which has to be raised each time Debian mends something; what a
# release was really built from is in its provenance.
FROM python:3.13-slim-trixie AS build
# No time of today's gets into what is built: the same commit gives the same files.
ARG SOURCE_DATE_EPOCH=315532800
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# No pip in here: it stays behind in this stage.
RUN python -m venv --without-pip /opt/chat
# What we depend on changes seldom; in a layer of its own it is not installed again for each change of
# ours. Only files whose hashes are known, and only wheels: to install these runs no code of theirs.
COPY requirements requirements
RUN pip install --require-hashes --only-binary :all: -r requirements/build.txt \
    && pip --python /opt/chat/bin/python install --require-hashes --only-binary :all: --no-compile \
        -r requirements/runtime.txt
COPY . .
# Compiled here, for nothing is written when it runs; and without the files' times.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/chat/bin/python install --no-index --no-deps --no-compile /wheel/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/chat/lib


FROM python:3.13-slim-trixie
# A fixed number, so that rules outside the image (file owners, security policies) can name it.
# A volume on /var/lib/chat, as the client's, begins with the owner and the mode of that folder.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin chat \
    && install -d -o chat -g chat -m 700 /var/lib/chat
COPY --from=build /opt/chat /opt/chat
ENV PATH=/opt/chat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CHAT_HOST=0.0.0.0 \
    CHAT_HTTP_HOST=0.0.0.0 \
    CHAT_HTTP_PORT=8080 \
    CHAT_WEB_PORT=8000
USER 10001:10001
EXPOSE 9999 8000 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-m", "node.cli.health_check"]
ENTRYPOINT ["chat-node"]
