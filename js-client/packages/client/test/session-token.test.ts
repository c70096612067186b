import { afterEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../src/bytes.ts';
import { open, type Client } from '../src/index.ts';
import { MAX_PINS, MAX_WAITING, sessionOf, type ClientSession } from '../src/session-token.ts';
import { bytesOf, decodeToken, encodeToken, keyOf, textOf } from '../src/token.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import type { Item } from '../src/testing-frames.ts';
import { WAIT } from './wait.ts';

const OSLO = 0x0123456789abcdefn;
const ROME = 0xfedcba9876543210n;
const clients: Client[] = [];

async function join(server: FakeServer, document = 'shop/1', token = ''): Promise<{ client: Client; session: ClientSession }> {
  const client = await open({ url: 'ws://test/sync', document, webSocket: server.webSocket });
  clients.push(client);
  const session = sessionOf(client);
  if (token) {
    session.observe(token);
  }
  await quiet();
  return { client, session };
}

/** A token that asks for one entry. */
function asking(incarnation: bigint, sequence: bigint, epoch = 7n, document = 'shop/1'): string {
  return textOf(encodeToken({ key: keyOf(document), epoch, positions: new Map([[incarnation >> 16n, sequence]]) }));
}

function held(incarnation: bigint, sequence: number): Uint8Array {
  return Uint8Array.of(...[40n, 32n, 24n, 16n, 8n, 0n].map((shift) => Number(((incarnation >> 16n) >> shift) & 255n)), sequence);
}

const answer = (id: number | bigint, code = ''): Item => [3, [[1, id], ...(code ? [[2, code] as Item] : [])]];
const idOf = (server: FakeServer, at = -1): bigint => server.awaits.at(at)!.get(1)![0] as bigint;

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

describe('a session token', () => {
  it('is empty before the first connection', async () => {
    const server = new FakeServer();
    server.down = true;
    expect((await join(server)).session.token).toBe('');
  });

  it('names what two servers have brought the client to, in the bytes of the Java library', async () => {
    const server = new FakeServer();
    server.epoch = 0xf00dfeedcafe1234n;
    server.position = [OSLO, 300];
    const { session } = await join(server);
    server.stand([], [ROME, 1]);
    await quiet();
    // SessionToken.of("shop/1", 0xf00dfeedcafe1234L, v, v) where v holds (0x0123456789abcdef, 300) and (0xfedcba9876543210, 1)
    expect(session.token).toBe('El7KqyrwDf7tyv4SNAEjRWeJq9gE_ty6mHZUAg');
  });

  it('grows with what comes of other logs, never goes back, and goes along with the next Hello', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 5];
    server.standing = [[1, held(ROME, 9)]];
    const { session } = await join(server);
    const far = session.token;
    expect(decodeToken(bytesOf(far))[0]!.positions).toEqual(new Map([[OSLO >> 16n, 5n], [ROME >> 16n, 9n]]));
    server.stand([[1, held(ROME, 3)]], [OSLO, 4]);
    await quiet();
    expect(session.token).toBe(far);
    server.cut();
    await vi.waitFor(() => expect(server.tokens.length).toBe(2), WAIT);
    expect(hex(server.tokens[0]!)).toBe('1000');
    expect(textOf(server.tokens[1]!)).toBe(far);
  });

  it('does not grow with the restarts of servers: of each log it names the latest opening', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 5];
    server.standing = [[1, held(ROME, 1)]];
    const { session } = await join(server);
    for (let i = 1n; i <= 100n; i++) {
      server.stand([[1, held(ROME + (i << 16n), Number(i))]], [OSLO, 5]);
    }
    await quiet();
    const follows = new Map([[OSLO >> 16n, 5n], [(ROME >> 16n) + 100n, 100n]]);
    expect(decodeToken(bytesOf(session.token))[0]!.positions).toEqual(follows);
    // and by a Welcome, of the server that is connected to
    server.position = [OSLO + (1n << 16n), 6];
    server.standing = [[1, held(ROME + (100n << 16n), 100)]];
    server.cut();
    await vi.waitFor(() => expect(decodeToken(bytesOf(session.token))[0]!.positions).toEqual(new Map([[(OSLO >> 16n) + 1n, 6n], [(ROME >> 16n) + 100n, 100n]])), WAIT);
  });

  it('keeps what the server may still lack, whatever that tells of its logs', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 5];
    server.behind = true;
    const { session } = await join(server, 'shop/1', asking(ROME, 9n));
    server.stand([[1, held(ROME + (1n << 16n), 1)]], [OSLO, 5]);
    await quiet();
    expect(decodeToken(bytesOf(session.token))[0]!.positions.get(ROME >> 16n)).toBe(9n);
  });

  it('forgets what was another life of the document', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 300];
    const { session } = await join(server);
    const before = session.token;
    server.position = [OSLO, 1];
    server.recreate();
    await vi.waitFor(() => expect(session.token).toBe(asking(OSLO, 1n, 8n)), WAIT);
    expect(session.token).not.toBe(before);
  });

  it('belongs to its client', async () => {
    const { client, session } = await join(new FakeServer());
    expect(sessionOf(client)).toBe(session);
  });

  it('is read with and without a seal, and refused if it is none', () => {
    const plain = bytesOf(asking(OSLO, 5n));
    const sealed = Uint8Array.of(plain[0]! + 0x10, ...plain.subarray(1), ...new Uint8Array(16));
    expect(decodeToken(sealed)).toEqual(decodeToken(plain));
    for (const bad of ['A', 'MAA', 'EAAA', '!', 'x'.repeat(6_000), asking(OSLO, 5n).slice(0, -3)]) {
      expect(() => decodeToken(bytesOf(bad)), bad).toThrowError(expect.objectContaining({ code: 'token-invalid' }));
    }
  });
});

describe('a session', () => {
  it('is behind for what it takes in while the greetings cross', async () => {
    const server = new FakeServer();
    const client = await open({ url: 'ws://test/sync', document: 'shop/1', webSocket: server.webSocket });
    clients.push(client);
    const session = sessionOf(client);
    const tap = client.tap!;
    client.tap = {
      ...tap,
      greeting: () => {
        const said = tap.greeting();
        session.observe(asking(ROME, 9n));
        return said;
      },
    };
    await quiet();
    expect(session.freshness).toMatchObject({ behind: true, code: '' });
    server.stand([[1, held(ROME, 9)], answer(idOf(server))]);
    await quiet();
    expect(session.freshness.behind).toBe(false);
    expect(decodeToken(bytesOf(session.token))[0]!.positions.get(ROME >> 16n)).toBe(9n);
  });

  it('is behind until the server has what it has seen elsewhere', async () => {
    const server = new FakeServer();
    server.behind = true;
    const { session } = await join(server, 'shop/1', asking(ROME, 9n));
    const told: boolean[] = [];
    session.onFreshness(({ behind }) => told.push(behind));
    expect(session.freshness).toMatchObject({ behind: true, code: '' });
    expect(textOf(server.tokens[0]!)).toBe(asking(ROME, 9n));
    server.stand([[1, held(ROME, 9)], answer(0)]);
    await quiet();
    expect(session.freshness.behind).toBe(false);
    expect(told).toEqual([false]);
  });

  it('asks for a token that it is given while connected, and says why it does not show', async () => {
    const server = new FakeServer();
    const { client, session } = await join(server);
    session.observe(asking(ROME, 2n));
    await quiet();
    expect(session.freshness.behind).toBe(true);
    server.stand([answer(idOf(server), 'session-lost-writes')]);
    await quiet();
    expect(session.freshness).toMatchObject({ behind: false, code: 'session-lost-writes' });
    expect(() => session.observe('nonsense!')).toThrowError(expect.objectContaining({ code: 'token-invalid' }));
    expect(client.status.connection).toBe('connected');
  });

  it('asks once, and is told when it shows or why not', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 5];
    const { session } = await join(server);
    await session.awaitVisible(asking(OSLO, 5n), 1_000);
    expect(server.awaits.length).toBe(0);
    const waiting = session.awaitVisible(asking(ROME, 9n), 30_000);
    await quiet();
    expect(server.awaits.length).toBe(1);
    server.stand([[1, held(ROME, 9)], answer(idOf(server))]);
    await waiting;
    const late = session.awaitVisible(asking(ROME, 10n), 30_000);
    await quiet();
    server.stand([answer(idOf(server), 'session-not-satisfied')]);
    await expect(late).rejects.toMatchObject({ code: 'session-not-satisfied' });
    expect(session.freshness.behind).toBe(false);
  });

  it('asks the next server again, within its bounds', async () => {
    const server = new FakeServer();
    const { session } = await join(server);
    const waits = Array.from({ length: MAX_WAITING }, () => session.awaitVisible(asking(ROME, 9n), 60_000));
    await expect(session.awaitVisible(asking(ROME, 9n), 60_000)).rejects.toMatchObject({ code: 'overloaded' });
    await expect(session.awaitVisible(asking(ROME, 9n), 60_001)).rejects.toMatchObject({ code: 'bad-value' });
    server.cut();
    await vi.waitFor(() => expect(server.awaits.length).toBe(2 * MAX_WAITING), WAIT);
    server.stand(waits.map((_, i) => answer(idOf(server, -1 - i))));
    await Promise.all(waits);
  });

  it('is told when nobody can be asked', async () => {
    const server = new FakeServer();
    server.down = true;
    const { client, session } = await join(server);
    await expect(session.read('strong', 10)).rejects.toMatchObject({ code: 'timeout' });
    const open = session.read('session', 60_000);
    await client.close();
    await expect(open).rejects.toMatchObject({ code: 'closed' });
  });

  it('reads at a level', async () => {
    const server = new FakeServer();
    const { client, session } = await join(server);
    expect(await session.read('eventual', 1)).toBe(client.document);
    expect(await session.read('session', 1)).toBe(client.document);
    const strong = session.read('bounded-staleness=5000', 1_000);
    await quiet();
    expect(new TextDecoder().decode(server.awaits[0]!.get(3)![0] as Uint8Array)).toBe('bounded-staleness=5000');
    server.stand([answer(idOf(server), 'too-stale')]);
    await expect(strong).rejects.toMatchObject({ code: 'too-stale' });
  });

  it('hears how late the other servers are', async () => {
    const server = new FakeServer();
    server.standing = [[2, [[1, ROME >> 16n], [2, 20], [3, 10], [4, 30], [5, 900], [6, 5]]]];
    const { session } = await join(server);
    expect(session.lag).toEqual([{ origin: 'fedcba987654', lagMillis: 20, p50Millis: 10, p95Millis: 30, ageMillis: 900, uncertaintyMillis: 5, silent: false }]);
    expect(session.freshness.ageMillis).toBeGreaterThanOrEqual(905);
    const told: number[] = [];
    session.onLag(([one]) => told.push(one!.lagMillis));
    server.stand([[2, [[1, ROME >> 16n], [2, 3_000], [6, 0xffff_ffff], [7, 1]]]]);
    await quiet();
    expect(told).toEqual([3_000]);
    expect(session.lag[0]).toMatchObject({ silent: true, uncertaintyMillis: Infinity });
    expect(session.freshness.ageMillis).toBeUndefined();
  });

  it('that begins on an open connection asks where the server stands', async () => {
    const server = new FakeServer();
    server.position = [OSLO, 5];
    const client = await open({ url: 'ws://test/sync', document: 'shop/1', webSocket: server.webSocket });
    clients.push(client);
    await quiet();
    const session = sessionOf(client);
    await quiet();
    server.stand([[1, held(ROME, 9)], answer(idOf(server))]);
    await quiet();
    expect(decodeToken(bytesOf(session.token))[0]!.positions.size).toBe(2);
  });
});

describe('a pinned view', () => {
  it('is not moved by others, and shows what its client writes', async () => {
    const server = new FakeServer();
    const [{ client, session }, other] = [await join(server), await join(server)];
    client.document.set('tags').add('before');
    await quiet();
    const pin = session.pin();
    await other.client.document.set('tags').add('theirs').durable;
    await quiet();
    await client.document.set('tags').add('mine').durable;
    await quiet();
    expect(client.document.set('tags').values).toHaveLength(3);
    expect([...pin.document.set('tags').values].sort()).toEqual(['before', 'mine']);
    expect(pin.behindBy).toBe(1);
    expect(pin.document).toBe(pin.document);
    expect(() => pin.document.set('tags').add('x')).toThrowError(expect.objectContaining({ code: 'pinned' }));
    pin.repin();
    expect(pin.document.set('tags').values).toHaveLength(3);
    expect(pin.behindBy).toBe(0);
  });

  it('shows no write that was refused', async () => {
    const server = new FakeServer();
    server.validate = () => 'content-rejected';
    server.deciding = false;
    const { client, session } = await join(server);
    client.document.counter('likes').increment();
    const pin = session.pin();
    client.document.counter('likes').increment();
    expect(pin.document.counter('likes').value).toBe(2);
    server.resume();
    await quiet();
    expect(client.rejections).toHaveLength(2);
    expect(pin.document.counter('likes').value).toBe(0);
  });

  it('is bounded, and says so', async () => {
    const { session } = await join(new FakeServer());
    const pins = Array.from({ length: MAX_PINS }, () => session.pin());
    expect(() => session.pin()).toThrowError(expect.objectContaining({ code: 'too-many-pins' }));
    pins[0]!.close();
    expect(pins[0]!.isExpired).toBe(true);
    expect(() => pins[0]!.document).toThrowError(expect.objectContaining({ code: 'pin-expired' }));
    expect(() => pins[0]!.repin()).toThrowError(expect.objectContaining({ code: 'pin-expired' }));
    session.pin().close();
  });

  it('expires with its age, and can be pinned anew', async () => {
    const { session } = await join(new FakeServer());
    vi.useFakeTimers();
    try {
      const pin = session.pin();
      vi.advanceTimersByTime(899_999);
      expect(pin.isExpired).toBe(false);
      vi.advanceTimersByTime(1);
      expect(() => pin.behindBy).toThrowError(expect.objectContaining({ code: 'pin-expired' }));
      pin.repin();
      expect(pin.behindBy).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
