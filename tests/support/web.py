"""A few lines of HTTP: what a probe or a scraper sees of a node."""

import asyncio

WITHIN = 20.0


async def get(address: tuple[str, int], path: str, *fields: str) -> tuple[int, str]:
    """Return the status and the body of a page; ``fields`` are those of the request's head."""
    async with asyncio.timeout(WITHIN):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(
            "\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", "")).encode()
        )
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


async def ready(address: tuple[str, int], wanted: bool = True, within: float = WITHIN) -> str:
    """Wait until a node says that it is ready, or that it is not; return what it says then."""
    async with asyncio.timeout(within):
        while True:
            status, body = await get(address, "/readyz")
            assert status in (200, 503), (status, body)
            if (status == 200) is wanted:
                return body
            # Nothing tells of it but asking, as a load balancer does.
            await asyncio.sleep(0.05)
