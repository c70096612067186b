import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { MemoryStore, type ChangeEvent } from '../src/index.ts';
import { presenceOf } from '../src/presence.ts';
import { encodeValue } from '../src/values.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { closeAll, join } from './joining.ts';
import { Random, SEED, replay } from './random.ts';
import { WAIT } from './wait.ts';

/** Refuses a transaction that adds this value anywhere. */
function forbids(value: unknown): FakeServer['validate'] {
  return ({ changes }) => (changes.some((each) => each.value === value) ? 'content-rejected' : '');
}

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

test('a write shows at once, becomes durable, and reaches the others', async () => {
  const server = new FakeServer();
  const [a, b] = [await join(server), await join(server)];
  const write = a.document.counter('likes').increment(2);
  expect(write.state).toBe('local');
  expect(a.document.counter('likes').value).toBe(2);
  expect(a.document.counter('likes').pendingSum()).toBe(2);
  await write.durable;
  await quiet();
  expect(write.state).toBe('durable');
  expect(a.document.counter('likes').pendingSum()).toBe(0);
  expect(b.document.counter('likes').value).toBe(2);
  expect(a.status).toMatchObject({ connection: 'connected', sync: 'synchronized', pending: 0 });
  expect(a.document.confirmedState()).toEqual(b.document.confirmedState());
});

test('a server that keeps documents in memory accepts any number of writes, refuses others, and promises no disk', async () => {
  const server = new FakeServer();
  server.durable = false;
  server.maxUnanswered = 4;
  server.validate = forbids('forbidden');
  const client = await join(server);
  const tags = client.document.set<string>('tags');
  const writes = Array.from({ length: 20 }, (_, i) => tags.add(`t${i}`));
  const refused = tags.add('forbidden');
  await Promise.all(writes.map((write) => write.accepted));
  expect((await refused.rejected).code).toBe('content-rejected');
  expect(writes.every((write) => write.state === 'accepted')).toBe(true);
  expect(tags.size).toBe(20);
  expect(client.status).toMatchObject({ pending: 0 });
});

test('a refused write leaves the view with a reason and stays on the list until it is discarded', async () => {
  const server = new FakeServer();
  server.validate = forbids('forbidden');
  const store = new MemoryStore();
  const client = await join(server, { store });
  const tags = client.document.set<string>('tags');
  const seen: string[] = [];
  client.onRejected(({ code }) => seen.push(code));
  const kept = tags.add('fine');
  const refused = tags.add('forbidden');
  expect(tags.values).toContain('forbidden');
  expect(tags.pendingFor('forbidden')).toBe(refused);
  const { code, message, mutations } = await refused.rejected;
  await kept.durable;
  expect({ code, message }).toEqual({ code: 'content-rejected', message: 'because of content-rejected' });
  expect(mutations).toEqual([{ path: ['tags'], type: 'set', op: 'add', value: 'forbidden' }]);
  expect(tags.values).toEqual(['fine']);
  expect(seen).toEqual(['content-rejected']);
  expect(client.status.sync).toBe('rejected');
  await expect(refused.durable).rejects.toMatchObject({ code: 'content-rejected' });
  await client.close();

  const again = await join(server, { store });
  expect(again.rejections).toHaveLength(1);
  server.validate = () => '';
  const retried = again.rejections[0]!.retry();
  expect(again.rejections).toHaveLength(0);
  await retried.durable;
  expect(again.document.set('tags').has('forbidden')).toBe(true);
  await again.close();
  expect((await join(server, { store })).rejections).toHaveLength(0);
});

test('an acknowledgement that changes nothing to see makes no event and keeps the snapshots', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const tags = client.document.set<string>('tags');
  server.deciding = false;
  tags.add('one');
  client.document.register('title').set({ text: 'hello' });
  const events: ChangeEvent[] = [];
  client.document.onChange((event) => events.push(event));
  const before = [tags.values, client.document.register('title').value];
  server.resume();
  await quiet();
  expect(client.status.pending).toBe(0);
  expect(events).toEqual([]);
  expect(tags.values).toBe(before[0]);
  expect(client.document.register('title').value).toBe(before[1]);
});

test('what is written offline survives a reload and is sent exactly once', async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  const first = await join(server, { store });
  await first.document.counter('likes').increment(1).durable;
  first.goOffline();
  const write = first.document.counter('likes').increment(10);
  await write.savedLocally;
  expect(first.status).toMatchObject({ connection: 'disconnected', sync: 'offline-pending', pending: 1 });
  await first.close();

  const second = await join(server, { store, online: false });
  expect(second.document.counter('likes').value).toBe(11);
  expect(second.document.counter('likes').pendingSum()).toBe(10);
  expect(second.pending()[0]!.mutations).toEqual([{ path: ['likes'], type: 'counter', op: 'increment', value: 10 }]);
  second.goOnline();
  await quiet();
  expect(second.status).toMatchObject({ sync: 'synchronized', pending: 0 });
  expect((await join(server)).document.counter('likes').value).toBe(11);
});

test('a verdict that was lost with its connection is found at the next one', async () => {
  const server = new FakeServer();
  server.validate = forbids('forbidden');
  const client = await join(server);
  server.deciding = false;
  const kept = client.document.counter('likes').increment(5);
  const refused = client.document.set('tags').add('forbidden');
  await quiet();
  // The server decides, but its answer does not arrive.
  server.loses = 'answers';
  server.resume();
  server.cut();
  server.loses = 'nothing';
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
  expect([kept.state, refused.state]).toEqual(['durable', 'rejected']);
  expect(client.document.counter('likes').value).toBe(5);
  expect(server.submits).toBe(2);
});

test('a transaction that throws leaves nothing', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const { document } = client;
  await document.set('tags').add('kept').durable;
  const events: unknown[] = [];
  document.onChange((event) => events.push(event));
  const values = document.set('tags').values;
  expect(() =>
    client.transact((d) => {
      d.counter('likes').increment();
      d.set('tags').remove('kept');
      d.register('title').set('x');
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(toJson(document)).toEqual({ tags: ['kept'] });
  expect(document.set('tags').values).toBe(values);
  expect(events).toEqual([]);
  expect(client.pending()).toHaveLength(0);
  await document.counter('likes').increment().durable;
});

test('several changes are one write', async () => {
  const server = new FakeServer();
  server.validate = forbids('forbidden');
  const client = await join(server);
  const write = client.transact((d) => {
    d.counter('likes').increment(3);
    d.map('deep').map('er').flag('on').enable();
    d.set('tags').add('forbidden');
  });
  expect(toJson(client.document)).toEqual({ likes: 3, deep: { er: { on: true } }, tags: ['forbidden'] });
  await write.rejected;
  expect(toJson(client.document)).toEqual({});
});

test('a document that was created anew drops the old confirmed state and lists what was pending', async () => {
  const server = new FakeServer();
  const client = await join(server);
  await client.document.counter('likes').increment(1).durable;
  client.goOffline();
  const write = client.document.counter('likes').increment(2);
  const replica = client.replica;
  server.recreate();
  client.goOnline();
  expect((await write.rejected).code).toBe('epoch-changed');
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  expect(toJson(client.document)).toEqual({});
  expect(client.replica).not.toBe(replica);
  await client.rejections[0]!.retry().durable;
  expect(client.document.counter('likes').value).toBe(2);
});

test('a deleted document is not brought back: what was pending is listed, and comes only when it is retried', async () => {
  const server = new FakeServer();
  const client = await join(server);
  await client.document.counter('likes').increment(1).durable;
  client.goOffline();
  const write = client.document.counter('likes').increment(2);
  server.refuseAll('document-deleted', 4414);
  client.goOnline();
  expect((await write.rejected).code).toBe('document-deleted');
  expect(client.status.connection).toBe('error');
  expect(toJson(client.document)).toEqual({});
  expect(server.submits).toBe(1);
  server.answer = undefined;
  server.recreate();
  client.goOffline();
  client.goOnline();
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  expect(toJson(client.document)).toEqual({});
  await client.rejections[0]!.retry().durable;
  expect(client.document.counter('likes').value).toBe(2);
});

test('a client that holds what the server has lost begins with what the server has', async () => {
  const server = new FakeServer();
  const client = await join(server);
  await client.document.counter('likes').increment(1).durable;
  const replica = client.replica;
  server.refuseAll('epoch-changed', 4412);
  await vi.waitFor(() => expect(client.replica).not.toBe(replica), WAIT);
  server.answer = undefined;
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  expect(client.document.counter('likes').value).toBe(1);
});

test('a replica id that belongs to somebody else is given up, and nothing is issued twice', async () => {
  const server = new FakeServer();
  server.leases.set('00000000000000aa', 'someone');
  const client = await join(server, { replica: '00000000000000aa' });
  const write = client.document.counter('likes').increment(4);
  await vi.waitFor(() => expect(write.state).toBe('durable'), WAIT);
  expect(client.replica).not.toBe('00000000000000aa');
  expect(client.document.counter('likes').value).toBe(4);
});

test('a copied store is detected; each copy counts what it wrote itself once', async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  const first = await join(server, { store });
  await first.document.counter('likes').increment(1).durable;
  first.goOffline();
  await first.document.counter('likes').increment(10).savedLocally;
  await first.close();
  const copy = Object.assign(new MemoryStore(), structuredClone({ ...store }));

  const a = await join(server, { store, online: false });
  const b = await join(server, { store: copy, online: false });
  a.document.counter('likes').increment(100);
  b.document.counter('likes').increment(1000);
  a.goOnline();
  await vi.waitFor(() => expect(a.status.pending).toBe(0), WAIT);
  a.goOffline();
  b.goOnline();
  await vi.waitFor(() => expect(b.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  expect(b.replica).not.toBe(a.replica);
  expect(b.document.counter('likes').value).toBe(1111);
});

test('a session that another of the same replica ended loses no write', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const { replica } = client;
  const [peer] = server.peers;
  Object.assign(peer!, { deliver: () => undefined });
  const heard = client.document.counter('likes').increment(1);
  await quiet();
  delete (peer as unknown as Record<string, unknown>).deliver;
  peer!.fail('session-replaced', 4410, false);
  const unsent = client.document.counter('likes').increment(10);
  await vi.waitFor(() => expect([heard.state, unsent.state]).toEqual(['durable', 'durable']), WAIT);
  expect(client.replica).toBe(replica);
  expect(client.document.counter('likes').value).toBe(11);
  expect(client.rejections).toEqual([]);
});

test('of two live copies one gives way, and each write counts once', async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  await (await join(server, { store, online: false })).close();
  const copy = Object.assign(new MemoryStore(), structuredClone({ ...store }));
  const a = await join(server, { store });
  const b = await join(server, { store: copy });
  a.document.counter('likes').increment(1);
  b.document.counter('likes').increment(10);
  await vi.waitFor(() => expect([a.document.counter('likes').value, b.document.counter('likes').value]).toEqual([11, 11]), WAIT);
  await vi.waitFor(() => expect([a.status.pending, b.status.pending]).toEqual([0, 0]), WAIT);
  expect(a.replica).not.toBe(b.replica);
  expect([...a.rejections, ...b.rejections]).toEqual([]);
});

test('where a verdict is no longer kept, an increment is not issued twice and everything else is', async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  const client = await join(server, { store });
  server.deciding = false;
  const increment = client.document.counter('likes').increment(5);
  const tag = client.document.set('tags').add('one');
  const after = client.document.counter('likes').increment(1);
  await quiet();
  server.loses = 'answers';
  server.resume();
  // Only the newest verdict is kept.
  server.keptVerdicts = 1;
  server.cut();
  server.loses = 'nothing';
  await vi.waitFor(() => expect([increment.state, tag.state, after.state]).toEqual(['rejected', 'durable', 'durable']), WAIT);
  expect((await increment.rejected).code).toBe('unknown-outcome');
  expect(toJson(client.document)).toEqual({ likes: 6, tags: ['one'] });
});

test('a final failure ends reconnecting and says why', async () => {
  const server = new FakeServer();
  const client = await join(server);
  client.document.counter('likes').increment();
  await quiet();
  server.deciding = false;
  client.document.counter('likes').increment();
  [...server.peers][0]!.fail('needs-auth', 4401, false);
  await quiet();
  expect(client.status).toMatchObject({ connection: 'error', code: 'needs-auth', sync: 'blocked', pending: 1 });
  server.deciding = true;
  client.goOnline();
  await quiet();
  expect(client.status).toMatchObject({ connection: 'connected', sync: 'synchronized' });
});

test('a transaction larger than the server takes is refused by the client, the others go on', async () => {
  const server = new FakeServer();
  server.maxFrame = 2000;
  const client = await join(server);
  const small = client.document.counter('likes').increment();
  const large = client.document.register('title').set('x'.repeat(3000));
  const after = client.document.counter('likes').increment();
  expect((await large.rejected).code).toBe('too-large');
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
  expect([small.state, after.state]).toEqual(['durable', 'durable']);
  expect(toJson(client.document)).toEqual({ likes: 2 });
});

test('others see who is here, and that they have left', async () => {
  const server = new FakeServer();
  const a = await join(server);
  const b = await join(server);
  const mine = presenceOf(a, { name: 'Ada' });
  const seen: number[] = [];
  const others = presenceOf(b);
  others.onPresence((presences) => seen.push(presences.size));
  mine.own = { name: 'Ada', at: 'title' };
  await new Promise((resolve) => setTimeout(resolve, 100));
  await quiet();
  expect([...others.presences.values()]).toEqual([{ name: 'Ada', at: 'title' }]);
  expect(presenceOf(a)).toBe(mine);
  mine.own = null;
  await new Promise((resolve) => setTimeout(resolve, 100));
  await quiet();
  expect(others.presences.size).toBe(0);
  expect(seen[0]).toBe(1);
  expect(seen.at(-1)).toBe(0);
});

test('whoever looks late still sees who is here, and sees nobody while offline', async () => {
  const server = new FakeServer();
  const [a, b] = [await join(server), await join(server)];
  presenceOf(a, 'Ada');
  await quiet();
  const others = presenceOf(b);
  expect([...others.presences.values()]).toEqual(['Ada']);
  b.goOffline();
  expect(others.presences.size).toBe(0);
});

test('presence is told anew to each connection', async () => {
  const server = new FakeServer();
  const [a, b] = [await join(server), await join(server)];
  presenceOf(a, 'Ada');
  const others = presenceOf(b);
  await quiet();
  a.goOffline();
  a.goOnline();
  await vi.waitFor(() => expect([...others.presences.values()].at(-1)).toBe('Ada'), WAIT);
  expect(presenceOf(a).own).toBe('Ada');
});

test('a presence that is no value is not shown and ends nothing', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const others = presenceOf(client);
  client.presence(1n, new Uint8Array([0xff, 1]));
  client.presence(2n, encodeValue('fine'));
  client.presence(3n, new Uint8Array([9]));
  expect([...others.presences.values()]).toEqual(['fine']);
  expect(client.status.connection).toBe('connected');
});

test('a presence of more than 4 KiB is refused where it is set', async () => {
  const client = await join(new FakeServer());
  expect(() => presenceOf(client, 'x'.repeat(4097))).toThrow('too-large');
});

test('a client is not synchronized before a server has said so, and remains so when the connection is lost', async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  const first = await join(server, { store });
  await first.document.counter('likes').increment().durable;
  await first.close();
  const client = await join(server, { store, online: false });
  expect(client.document.counter('likes').value).toBe(1);
  expect(client.status.sync).toBe('synchronizing');
  client.goOnline();
  await vi.waitFor(() => expect(client.status.sync).toBe('synchronized'), WAIT);
  client.goOffline();
  expect(client.status.sync).toBe('synchronized');
});

test('a write without effect is durable at once', async () => {
  const client = await join(new FakeServer());
  const write = client.document.set('tags').remove('never');
  expect(write.state).toBe('durable');
  expect(await write.settled()).toBe('durable');
});

test('settled never hangs and never rejects', async () => {
  const server = new FakeServer();
  server.down = true;
  const client = await join(server);
  expect(await client.document.counter('likes').increment().settled({ timeout: 20 })).toBe('saved-locally');
});

test('a listener that throws disturbs nobody; one that writes starts a write of its own, told in order', async () => {
  const client = await join(new FakeServer());
  const thrown: unknown[] = [];
  vi.stubGlobal('setTimeout', ((body: () => void) => {
    try {
      body();
    } catch (error) {
      thrown.push(error);
    }
  }) as never);
  const told: unknown[] = [];
  client.document.onChange(() => {
    throw new Error('mine');
  });
  client.document.onChange(({ changes }) => {
    if (changes[0]!.path[0] === 'a') {
      client.document.counter('b').increment();
    }
  });
  client.document.onChange(({ changes }) => told.push(changes[0]!.path[0]));
  client.document.counter('a').increment();
  vi.unstubAllGlobals();
  expect(told).toEqual(['a', 'b']);
  expect(thrown).toHaveLength(2);
});

test('over cut connections, refusals and reloads every write has one verdict and all agree', async () => {
  for (let i = 0; i < 25; i++) {
    const seed = SEED + i;
    const random = new Random(seed);
    vi.spyOn(Math, 'random').mockImplementation(() => random.next());
    const server = new FakeServer();
    server.validate = forbids('forbidden');
    const stores = [new MemoryStore(), new MemoryStore()];
    // Reconnects come at once: the wait is a random part of nothing.
    const options = { random: (bytes: Uint8Array<ArrayBuffer>) => (bytes.length === 2 ? bytes : crypto.getRandomValues(bytes)) };
    const mine = await Promise.all(stores.map((store) => join(server, { store, ...options })));
    let expected = 0;
    for (let step = 0; step < 40; step++) {
      const at = random.below(2);
      const client = mine[at]!;
      const choice = random.below(12);
      if (choice < 5) {
        expected += 1;
        client.document.counter('n').increment();
      } else if (choice < 7) {
        client.transact((d) => {
          d.counter('n').increment(100);
          d.set('tags').add('forbidden');
        });
      } else if (choice === 7) {
        server.deciding = !server.deciding;
        if (server.deciding) {
          server.resume();
        }
      } else if (choice === 8) {
        server.cut();
      } else if (choice === 9) {
        client.goOffline();
      } else if (choice === 10) {
        client.goOnline();
      } else {
        await quiet();
        await client.close();
        mine[at] = await join(server, { store: stores[at]!, ...options });
      }
      if (random.chance(0.5)) {
        await quiet();
      }
    }
    server.resume();
    mine.forEach((client) => client.goOnline());
    await vi.waitFor(() => expect(mine.map(({ status }) => status.connection + status.pending + status.code), replay(seed)).toEqual(['connected0', 'connected0']), WAIT);
    await quiet();
    for (const client of mine) {
      expect(toJson(client.document), replay(seed)).toEqual(expected ? { n: expected } : {});
      expect(client.document.confirmedState(), replay(seed)).toEqual(server.judge.everything());
      await client.close();
    }
  }
});
