import { expect, test, vi } from 'vitest';
import { openAtOneOf, type FailoverOptions } from '../src/failover.ts';
import { MemoryStore, open, type Client, type WebSocketLike, type Write } from '../src/index.ts';
import { HANDSHAKE_MILLIS } from '../src/limits.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { A, B, Pair, clients, replicate } from './pair.ts';
import { Random, SEED, replay } from './random.ts';
import { WAIT } from './wait.ts';

test('a client begins at the first server and stays there over a short absence', async () => {
  const pair = new Pair();
  const client = await pair.join();
  const { replica } = client;
  pair.a.deciding = false;
  const write = client.document.counter('likes').increment();
  await quiet();
  pair.a.cut();
  await quiet();
  pair.now += 9_000;
  pair.a.resume();
  client.goOnline();
  await write.durable;
  expect(client.replica).toBe(replica);
  expect([pair.a.submits, pair.b.hellos]).toEqual([2, 0]);
  expect(pair.seen).toEqual([]);
});

test('a client whose server is gone goes to the next under a new replica id', async () => {
  const pair = new Pair();
  const client = await pair.join();
  const { replica } = client;
  await client.document.set('tags').add('before').durable;
  await pair.loseA(client);
  await client.document.set('tags').add('after').durable;
  expect(client.replica).not.toBe(replica);
  expect(pair.b.leases.has(replica)).toBe(false);
  expect(client.document.set('tags').values).toEqual(expect.arrayContaining(['before', 'after']));
  expect(pair.seen).toEqual([B]);
  pair.a.down = false;
  pair.b.cut();
  await quiet();
  client.goOnline();
  await quiet();
  expect(client.status.connection).toBe('connected');
  expect(pair.seen).toEqual([B]);
});

test('what may have been accepted is issued again only where twice is the same as once', async () => {
  const pair = new Pair();
  const client = await pair.join();
  pair.a.deciding = false;
  const sent = [client.document.set('tags').add('sent'), client.document.counter('likes').increment(2)] as const;
  await quiet();
  expect(sent.map(({ state }) => state)).toEqual(['sent', 'sent']);
  pair.a.down = true;
  pair.a.cut();
  await quiet();
  const unsent = client.document.counter('likes').increment(3);
  await pair.loseA(client);
  await Promise.all([sent[0].durable, unsent.durable]);
  expect(client.rejections.map(({ code, mutations }) => [code, mutations[0]!.value])).toEqual([['unknown-outcome', 2]]);
  expect(client.document.counter('likes').value).toBe(3);
  expect(client.document.set('tags').values).toEqual(['sent']);
});

test('issuing increments again would count them twice', async () => {
  const pair = new Pair();
  const client = await pair.join();
  // accepted, and the answer does not arrive
  const [peer] = pair.a.peers;
  Object.assign(peer!, { deliver: () => undefined });
  client.document.counter('likes').increment(1);
  await quiet();
  expect(pair.a.submits).toBe(1);
  await pair.loseA(client);
  await client.rejections[0]!.retry().durable;
  expect((await valueAt(pair.a)) + (await valueAt(pair.b))).toBe(2);
});

/** A client that has moved from A, which has judged an increment by 5 and whose answer was lost. */
async function inDoubt(pair: Pair, options: Partial<FailoverOptions> = {}): Promise<Client> {
  const client = await pair.join(options);
  const [peer] = pair.a.peers;
  Object.assign(peer!, { deliver: () => undefined });
  client.document.counter('likes').increment(5);
  await quiet();
  await pair.loseA(client);
  expect(client.rejections.map(({ code }) => code)).toEqual(['unknown-outcome']);
  return client;
}

test('an increment in doubt leaves the list when state of others shows it', async () => {
  const pair = new Pair();
  const client = await inDoubt(pair);
  pair.b.write((document) => document.set('tags').add('tells nothing'));
  await quiet();
  expect(client.rejections).toHaveLength(1);
  replicate(pair.a, pair.b);
  await quiet();
  expect(client.rejections).toEqual([]);
  expect(client.document.counter('likes').value).toBe(5);
});

test('an increment in doubt is voided when state of others shows that it was refused', async () => {
  const pair = new Pair();
  pair.a.validate = () => 'content-rejected';
  const client = await inDoubt(pair);
  const heard: string[] = [];
  client.onRejected(({ code }) => heard.push(code));
  replicate(pair.a, pair.b);
  await quiet();
  expect(heard).toEqual(['voided']);
  expect(client.rejections.map(({ code, mutations }) => [code, mutations[0]!.value])).toEqual([['voided', 5]]);
  await client.rejections[0]!.retry().durable;
  expect(client.rejections).toEqual([]);
  expect(client.document.counter('likes').value).toBe(5);
});

test('an increment in doubt stays so where a reset hides what became of it', async () => {
  const pair = new Pair();
  const client = await inDoubt(pair);
  pair.a.write((document) => document.counter('likes').reset());
  replicate(pair.a, pair.b);
  await quiet();
  expect(client.rejections.map(({ code }) => code)).toEqual(['unknown-outcome']);
  expect(client.document.counter('likes').value).toBe(0);
});

test.each([true, false])('what is in doubt is followed after a reload (accepted: %s)', async (accepted) => {
  const pair = new Pair();
  pair.a.validate = () => (accepted ? '' : 'content-rejected');
  const store = new MemoryStore();
  const first = await inDoubt(pair, { store });
  await first.close();
  replicate(pair.a, pair.b);
  const second = await pair.join({ store });
  await vi.waitFor(() => expect(second.rejections.map(({ code }) => code)).toEqual(accepted ? [] : ['voided']), WAIT);
  await second.close();
  const third = await pair.join({ store });
  expect(third.rejections.map(({ code }) => code)).toEqual(accepted ? [] : ['voided']);
});

test.each([true, false])('to come to another server behind the same name is a move: what is in doubt is followed (accepted: %s)', async (accepted) => {
  const pair = new Pair();
  Object.assign(pair.a, { log: 1n, validate: () => (accepted ? '' : 'content-rejected') });
  pair.b.log = 2n;
  let at = pair.a;
  const webSocket = function (url: string, protocol: string): WebSocketLike {
    return new at.webSocket(url, protocol);
  } as never;
  const client = await pair.join({ urls: [A], webSocket });
  pair.a.loses = 'answers';
  client.document.counter('likes').increment(5);
  await quiet();
  at = pair.b;
  pair.a.cut();
  await client.document.set('tags').add('at b').durable;
  expect(client.rejections.map(({ code }) => code)).toEqual(['unknown-outcome']);
  expect(pair.b.document.counter('likes').value).toBe(0);
  replicate(pair.a, pair.b);
  await quiet();
  expect(client.rejections.map(({ code }) => code)).toEqual(accepted ? [] : ['voided']);
  expect(client.document.counter('likes').value).toBe(accepted ? 5 : 0);
});

test('what is in doubt and was discarded or tried again is not followed', async () => {
  const pair = new Pair();
  pair.a.validate = () => 'content-rejected';
  const client = await inDoubt(pair);
  await client.rejections[0]!.retry().durable;
  replicate(pair.a, pair.b);
  await quiet();
  expect(client.rejections).toEqual([]);
  expect(client.document.counter('likes').value).toBe(5);
});

test('after a reload a client begins at the server that leased its replica id', async () => {
  const pair = new Pair();
  const store = new MemoryStore();
  const first = await pair.join({ store });
  await pair.loseA(first);
  const waiting = first.document.counter('likes').increment();
  await waiting.durable;
  const { replica } = first;
  await first.close();
  pair.a.down = false;
  const { hellos } = pair.a;
  const second = await pair.join({ store });
  expect(second.replica).toBe(replica);
  expect(pair.a.hellos).toBe(hellos);
  expect(pair.seen).toEqual([B]);
});

test('a replica id of a server that is not listed any more is not shown to another', async () => {
  const pair = new Pair();
  const store = new MemoryStore();
  const first = await pair.join({ store, urls: [B] });
  await first.document.set('tags').add('mine').durable;
  const { replica } = first;
  await first.close();
  const second = await pair.join({ store, urls: [A] });
  await vi.waitFor(() => expect(second.status.connection).toBe('connected'), WAIT);
  expect(pair.a.leases.has(replica)).toBe(false);
});

test('a server that takes the connection and says nothing counts as gone', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const mute = class extends (new FakeServer().webSocket) {
      override send(): void {}
    };
    const pair = new Pair();
    const { client } = await openAtOneOf({
      urls: [A, B],
      document: 'notes/1',
      clock: () => pair.now,
      onMove: (url) => pair.seen.push(url),
      webSocket: function (url: string) {
        return url === A ? new mute(url, '') : new pair.b.webSocket(url, '');
      } as never,
    });
    clients.push(client);
    for (let i = 0; i < 100 && client.status.connection !== 'connected'; i++) {
      pair.now += HANDSHAKE_MILLIS / 5;
      await vi.advanceTimersByTimeAsync(HANDSHAKE_MILLIS / 5);
    }
    expect(client.status.connection).toBe('connected');
    expect(pair.seen).toEqual([B]);
  } finally {
    vi.useRealTimers();
  }
});

test('a client can be moved while its server is well, and stays offline if it was', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await client.document.set('tags').add('mine').durable;
  pair.placed.moveOn();
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  expect([pair.placed.url, pair.seen]).toEqual([B, [B]]);
  client.goOffline();
  pair.placed.moveOn();
  await quiet();
  expect(client.status).toMatchObject({ connection: 'disconnected', code: 'offline' });
  client.goOnline();
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  expect(pair.placed.url).toBe(A);
});

test('a refusal that is final moves nobody', async () => {
  const pair = new Pair();
  const client = await pair.join();
  pair.a.refuseAll('needs-auth', 4401);
  await quiet();
  pair.now += 60_000;
  client.goOnline();
  await quiet();
  expect(client.status).toMatchObject({ connection: 'error', code: 'needs-auth' });
  expect(pair.b.hellos).toBe(0);
});

test('in generated schedules no increment counts twice and none that was accepted is lost', { timeout: 60_000 }, async () => {
  for (let run = 0; run < 15; run++) {
    const seed = SEED + run;
    const random = new Random(seed);
    const pair = new Pair();
    const client = await pair.join({ store: new MemoryStore() });
    const writes: Write[] = [];
    // Accepted, and the answer is lost with the connection.
    const loseAnswers = (server: FakeServer): void => server.peers.forEach((peer) => Object.assign(peer, { deliver: () => undefined }));
    if (random.chance(0.5)) loseAnswers(pair.a);
    for (let step = 0; step < 40; step++) {
      const server = random.pick([pair.a, pair.b]);
      const other = server === pair.a ? pair.b : pair.a;
      if (random.chance(0.5) && writes.length < 30) {
        writes.push(client.document.counter('likes').increment(2 ** writes.length));
      } else if (random.chance(0.3) && !other.down) {
        server.down = true;
        server.cut();
      } else if (random.chance(0.3)) {
        server.down = false;
      } else if (random.chance(0.2)) {
        loseAnswers(server);
      } else if (random.chance(0.5)) {
        server.deciding = !server.deciding;
        if (server.deciding) server.resume();
      } else {
        pair.now += random.below(15_000);
        client.goOnline();
      }
      await quiet();
    }
    for (const server of [pair.a, pair.b]) {
      server.down = false;
      server.resume();
      server.cut();
    }
    await quiet();
    for (let i = 0; i < 20 && client.status.pending > 0; i++) {
      client.goOnline();
      await quiet();
    }
    const total = (await valueAt(pair.a)) + (await valueAt(pair.b));
    const sum = (of: readonly Write[]): number => of.reduce((all, write) => all + 2 ** writes.indexOf(write), 0);
    const durable = sum(writes.filter(({ state }) => state === 'durable'));
    const inDoubt = sum(writes.filter(({ state }) => state === 'rejected'));
    expect(durable + inDoubt, replay(seed)).toBe(2 ** writes.length - 1);
    expect(total - durable, replay(seed)).toBeGreaterThanOrEqual(0);
    expect((total - durable) & ~inDoubt, replay(seed)).toBe(0);
    // What is passed on tells of all that a server has judged.
    client.goOnline();
    await vi.waitFor(() => expect(client.status.connection, replay(seed)).toBe('connected'), WAIT);
    replicate(pair.a, pair.b);
    replicate(pair.b, pair.a);
    await quiet();
    const listed = (code: string): number => client.rejections.filter((each) => each.code === code).reduce((all, each) => all + (each.mutations[0]!.value as number), 0);
    expect(listed('voided'), replay(seed)).toBe(0);
    expect(client.document.counter('likes').value, replay(seed)).toBe(total);
    expect(total + listed('unknown-outcome'), replay(seed)).toBe(2 ** writes.length - 1);
    await client.close();
  }
});

/** What one server alone has accepted. */
async function valueAt(server: FakeServer): Promise<number> {
  Object.assign(server, { down: false });
  const reader = await open({ url: 'ws://reader/sync', document: 'notes/1', webSocket: server.webSocket });
  await quiet();
  const { value } = reader.document.counter('likes');
  await reader.close();
  return value;
}
