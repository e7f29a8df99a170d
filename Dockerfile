# One image for both ends: the node by default, the client by the entry point `chat`.

FROM python:3.13-slim AS build
WORKDIR /src
# No pip in here: it stays behind in this stage.
RUN python -m venv --without-pip /opt/chat
# What we depend on changes seldom; in a layer of its own it is not installed again for each change of ours.
COPY pyproject.toml .
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        > requirements.txt \
    && pip --python /opt/chat/bin/python install --no-cache-dir -r requirements.txt
COPY . .
RUN pip --python /opt/chat/bin/python install --no-cache-dir --no-deps .


FROM python:3.13-slim
# A fixed number, so that rules outside the image (file owners, security policies) can name it.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin chat
COPY --from=build /opt/chat /opt/chat
ENV PATH=/opt/chat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CHAT_HOST=0.0.0.0 \
    CHAT_HTTP_HOST=0.0.0.0 \
    CHAT_HTTP_PORT=8080
USER 10001:10001
EXPOSE 9999 8080
# The image has no curl. http.client, unlike urllib, never asks a proxy on the way to itself.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-I", "-c", "\
import http.client, os, sys; \
node = http.client.HTTPConnection('127.0.0.1', int(os.environ['CHAT_HTTP_PORT']), timeout=2); \
node.request('GET', '/readyz'); \
sys.exit(node.getresponse().status != 200)"]
ENTRYPOINT ["chat-node"]
