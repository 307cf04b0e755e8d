"""Keys that expire, and senders of wrong ones (wire-contract.md#keys)."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from http_service import WORKSPACE, HttpService, open_service, open_socket, serve
from test_http_allowances import VOICES, clock_of
from test_http_socket import PATH

from myna.domain.scope import WRITE


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with open_service() as service:
        yield service


async def send_wrong(service: HttpService, num: int = 1) -> list[httpx.Response]:
    return [await service.get(VOICES, f"wrong-{number}") for number in range(num)]


def client_from(service: HttpService, address: str) -> httpx.AsyncClient:
    """Another sender, at the same application."""
    transport = service.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    return httpx.AsyncClient(transport=httpx.ASGITransport(transport.app, client=(address, 1)), base_url="http://myna")


async def status_from(service: HttpService, address: str, key: str = "wrong") -> int:
    async with client_from(service, address) as client:
        return (await client.get(VOICES, headers=service.auth(key))).status_code


async def test_an_expired_key_is_told_that_it_is() -> None:
    """401 with the moment and no more than four characters; on the socket the same words."""
    async with serve() as service:
        key, _ = await service.services.keys.create(WORKSPACE, WRITE, timedelta(days=1))
        assert (await service.get(VOICES, key)).status_code == 200
        clock_of(service).advance(86400)
        reply = await service.get(VOICES, key)
        assert (reply.status_code, reply.json()["code"], reply.json()["details"]) == (401, 16, [])
        message = f'API key "{key[:4]}***" expired at {clock_of(service).now():%Y-%m-%d %H:%M} UTC. Ask for a new one.'
        assert (reply.json()["message"], reply.headers["www-authenticate"]) == (message, message)
        assert reply.headers["x-myna-error-code"] == "CREDENTIALS_EXPIRED"
        url = service.base_url.replace("http", "ws", 1) + PATH
        async with open_socket(url, additional_headers=service.auth(key)) as connection:
            await connection.send("{}")
            assert json.loads(await connection.recv())["error"] == {"code": 16, "message": message, "details": []}


async def test_a_sender_of_wrong_keys_has_to_wait(service: HttpService) -> None:
    """Ten are answered at once; then 429, and a wait that doubles with each, up to a minute."""
    assert [reply.status_code for reply in await send_wrong(service, 10)] == [403] * 10
    for wait_s in (1, 2, 4, 8, 16, 32, 60, 60):
        [refused] = await send_wrong(service)
        assert (refused.status_code, refused.json()["code"]) == (429, 8)
        assert refused.headers["retry-after"] == str(wait_s)
        clock_of(service).advance(wait_s)
        [asked] = await send_wrong(service)
        assert asked.status_code == 403
    page = (await service.client.get("/metrics")).text
    assert 'myna_refusals_total{reason="wrong_keys"} 8.0' in page
    clock_of(service).advance(600)
    assert [reply.status_code for reply in await send_wrong(service, 11)] == [403] * 10 + [429]


async def test_others_do_not_wait(service: HttpService) -> None:
    """Another address, and a key that was right before at the same one; one that is new there waits too."""
    assert (await service.get(VOICES)).status_code == 200
    await send_wrong(service, 10)
    assert (await service.get(VOICES)).status_code == 200
    assert (await service.get(VOICES, service.read_key)).status_code == 429
    assert await status_from(service, "192.0.2.7", service.read_key) == 200
    assert (await service.get(VOICES, service.read_key)).status_code == 200
    clock_of(service).advance(1)
    assert (await service.get(VOICES, service.other_key)).status_code == 200


async def test_a_revoked_key_is_wrong_from_then_on(service: HttpService) -> None:
    """That it was right once does not help its sender."""
    key, row = await service.services.keys.create(WORKSPACE, WRITE)
    assert (await service.get(VOICES, key)).status_code == 200
    await service.services.keys.revoke(row.key_id)
    assert [(await service.get(VOICES, key)).status_code for _ in range(11)] == [403] * 10 + [429]


async def test_no_key_is_no_wrong_key(service: HttpService) -> None:
    """It stays 401 however often it comes."""
    assert {(await service.client.get(VOICES)).status_code for _ in range(15)} == {401}
    assert (await send_wrong(service))[0].status_code == 403


async def test_an_ipv6_network_is_one_sender(service: HttpService) -> None:
    """Its first 64 bits; the next network is another."""
    for number in range(10):
        assert await status_from(service, f"2001:db8:0:1::{number:x}") == 403
    assert await status_from(service, "2001:db8:0:1:ffff::1") == 429
    assert await status_from(service, "2001:db8:0:2::1") == 403


async def test_behind_a_proxy_of_this_machine_its_clients_are_told_apart() -> None:
    """By what it says of them; what a client claims before that is not believed."""
    async with serve() as service:
        for number in range(10):
            headers = service.auth("wrong") | {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"}
            assert (await service.client.get(VOICES, headers=headers)).status_code == 403
        for address, status in (("192.0.2.7", 429), ("192.0.2.8", 403)):
            headers = service.auth("wrong") | {"X-Forwarded-For": address}
            assert (await service.client.get(VOICES, headers=headers)).status_code == status
