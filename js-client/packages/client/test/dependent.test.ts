import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { IndexedDbStore } from '../src/idb.ts';
import { MemoryStore, type Client, type OpenOptions, type Write } from '../src/index.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { closeAll, join } from './joining.ts';
import { Random, SEED, replay } from './random.ts';
import { WAIT } from './wait.ts';

const forbidden: FakeServer['validate'] = ({ changes }) => (changes.some(({ value }) => value === 'forbidden') ? 'content-rejected' : '');

function strict(): FakeServer {
  return Object.assign(new FakeServer(), { validate: forbidden });
}

function add(client: Pick<Client, 'transact'>, tag: string, ...after: Write[]): Write {
  return client.transact((document) => document.set('tags').add(tag), { after });
}

function codes(client: Client): string[] {
  return client.rejections.map(({ code }) => code);
}

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

test('what depends on a refused write is refused with it, directly or over others, and nothing else is', async () => {
  const server = strict();
  const client = await join(server, { online: false });
  const first = add(client, 'forbidden');
  const second = add(client, 'second', first);
  const third = client.transact((document) => document.counter('likes').increment(7), { after: [second] });
  const alone = add(client, 'alone');
  expect(client.document.set('tags').values).toEqual(['forbidden', 'second', 'alone']);
  client.goOnline();
  await alone.durable;
  expect([first, second, third].map(({ rejection }) => rejection?.code)).toEqual(['content-rejected', 'dependency-rejected', 'dependency-rejected']);
  expect(codes(client)).toEqual(['content-rejected', 'dependency-rejected', 'dependency-rejected']);
  expect(client.rejections[2]!.mutations).toEqual([{ path: ['likes'], type: 'counter', op: 'increment', value: 7 }]);
  expect(toJson(client.document)).toEqual({ tags: ['alone'] });
  expect(toJson(server.document)).toEqual({ tags: ['alone'] });
  expect(client.status).toMatchObject({ pending: 0, sync: 'rejected' });
  expect(client.pending()).toEqual([]);
});

test('a dependant is sent when what it depends on is accepted, and what follows it waits behind it', async () => {
  const server = strict();
  const client = await join(server);
  server.hold();
  const first = add(client, 'first');
  const beside = add(client, 'beside');
  const second = add(client, 'second', first);
  const later = add(client, 'later');
  await quiet();
  expect([first, beside, second, later].map(({ state }) => state)).toEqual(['sent', 'sent', 'saved-locally', 'saved-locally']);
  server.decide(1);
  await quiet();
  expect([first, beside, second, later].map(({ state }) => state)).toEqual(['durable', 'sent', 'sent', 'sent']);
  server.resume();
  await later.durable;
  await add(client, 'last', first, second).durable;
  expect(toJson(server.document)).toEqual({ tags: ['first', 'beside', 'second', 'later', 'last'] });
});

test('a refused dependant leaves what was written upon it with its meaning', async () => {
  const server = strict();
  const client = await join(server);
  server.hold();
  const first = add(client, 'forbidden');
  const second = client.transact((document) => document.register('title').set('second'), { after: [first] });
  const third = client.document.register('title').set('third');
  server.resume();
  await third.durable;
  expect(second.rejection?.code).toBe('dependency-rejected');
  expect(client.document.register('title').conflicts).toEqual([]);
  expect(toJson(server.document)).toEqual({ title: 'third' });
  expect(client.document.confirmedState()).toEqual(server.judge.everything());
});

test('what depends on a write that was refused before, or in doubt, is refused at once and never shows', async () => {
  const server = strict();
  const client = await join(server);
  const first = add(client, 'forbidden');
  await first.rejected;
  const seen: unknown[] = [];
  client.document.onChange(({ changes }) => seen.push(changes));
  const second = add(client, 'second', first);
  expect([second.state, second.rejection?.code]).toEqual(['rejected', 'dependency-rejected']);
  expect(add(client, 'third', second).rejection?.code).toBe('dependency-rejected');
  client.rejections.forEach((rejection) => rejection.discard());
  expect(add(client, 'fourth', first).rejection?.code).toBe('dependency-rejected');
  expect(seen).toEqual([]);
  await add(client, 'alone').durable;
  expect(client.status.pending).toBe(0);
  expect(toJson(server.document)).toEqual({ tags: ['alone'] });
});

test('what depends on a write in doubt is refused without having been sent', async () => {
  const server = strict();
  const client = await join(server);
  server.hold();
  const increment = client.document.counter('likes').increment(5);
  const tag = add(client, 'again');
  add(client, 'beside');
  const second = add(client, 'second', increment);
  const third = add(client, 'third', tag);
  await quiet();
  expect(server.submits).toBe(3);
  server.loses = 'answers';
  server.resume();
  // Only the newest verdict is kept.
  server.keptVerdicts = 1;
  server.cut();
  server.loses = 'nothing';
  await vi.waitFor(() => expect([increment, tag, second, third].map(({ state }) => state)).toEqual(['rejected', 'durable', 'rejected', 'rejected']), WAIT);
  expect(codes(client)).toEqual(['unknown-outcome', 'dependency-rejected', 'dependency-rejected']);
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
  expect(client.document.set('tags').values).toEqual(expect.arrayContaining(['again', 'beside']));
  expect(client.document.set('tags').size).toBe(2);
});

test.each(['memory', 'IndexedDB'])('a dependency and its refusal survive a reload (%s)', async (kind) => {
  const server = strict();
  const memory = new MemoryStore();
  const factory = new IDBFactory();
  const store = (): OpenOptions['store'] => (kind === 'memory' ? memory : new IndexedDbStore('notes/1', { indexedDB: factory, locks: null }));
  const first = await join(server, { store: store()!, online: false });
  const refused = add(first, 'forbidden');
  add(first, 'second', refused);
  await add(first, 'alone').savedLocally;
  await first.close();

  const second = await join(server, { store: store()! });
  await vi.waitFor(() => expect(second.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  await vi.waitFor(() => expect(second.document.confirmedState()).toEqual(server.judge.everything()), WAIT);
  expect(codes(second)).toEqual(['content-rejected', 'dependency-rejected']);
  expect(toJson(server.document)).toEqual({ tags: ['alone'] });
  await second.document.set('tags').add('more').durable;
  await second.close();

  const third = await join(server, { store: store()! });
  expect(codes(third).sort()).toEqual(['content-rejected', 'dependency-rejected']);
  expect(toJson(third.document)).toEqual({ tags: ['alone', 'more'] });
});

test('a dependant that a page may have sent before it ended is in doubt with what it depends on, and not refused', async () => {
  const server = strict();
  const store = new MemoryStore();
  const first = await join(server, { store, online: false });
  const bread = first.transact((document) => document.counter('loaves').increment());
  const more = first.transact((document) => document.counter('loaves').increment(), { after: [bread] });
  const butter = add(first, 'butter', bread);
  await Promise.all([bread, more, butter].map((write) => write.savedLocally));
  // What the store holds if the page ends when everything is accepted, and nothing of that is stored yet.
  const copy = Object.assign(new MemoryStore(), structuredClone({ ...store }));
  first.goOnline();
  await butter.durable;
  server.leases.set(first.replica, 'somebody else');

  const second = await join(server, { store: copy });
  await vi.waitFor(() => expect(second.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  expect(codes(second)).toEqual(['unknown-outcome', 'unknown-outcome', 'unknown-outcome']);
  expect(toJson(second.document)).toEqual({ loaves: 2, tags: ['butter'] });
});

test('a page that ends as soon as a dependant is refused finds it refused, and what follows it where it was', async () => {
  const server = strict();
  const store = new MemoryStore();
  const first = await join(server, { store });
  server.hold();
  const refused = add(first, 'forbidden');
  add(first, 'second', refused);
  const later = add(first, 'later');
  await later.savedLocally;
  await quiet();
  server.decide(1);
  await refused.rejected;
  await quiet();
  server.lose();
  await first.close();
  server.deciding = true;
  const second = await join(server, { store });
  await vi.waitFor(() => expect(second.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  expect(codes(second)).toEqual(['content-rejected', 'dependency-rejected']);
  expect(toJson(server.document)).toEqual({ tags: ['later'] });
  expect(server.judge.histories.size).toBe(1);
});

test('a dependency goes on under another replica id', async () => {
  const server = strict();
  server.leases.set('00000000000000aa', 'someone');
  const client = await join(server, { replica: '00000000000000aa', online: false });
  const fine = add(client, 'fine');
  const upon = add(client, 'upon', fine);
  const refused = add(client, 'forbidden', upon);
  const vain = add(client, 'vain', refused);
  client.goOnline();
  await upon.durable;
  expect((await vain.rejected).code).toBe('dependency-rejected');
  expect(client.replica).not.toBe('00000000000000aa');
  expect(toJson(server.document)).toEqual({ tags: ['fine', 'upon'] });
});

test('writes of another client, and the write itself, are nothing to wait for', async () => {
  const [server, elsewhere] = [strict(), strict()];
  const [client, other] = [await join(server), await join(elsewhere)];
  elsewhere.hold();
  const foreign = add(other, 'foreign');
  const write = client.transact((document) => {
    document.set('tags').add('mine');
    client.transact(() => document.counter('likes').increment(), { after: [document.set('tags').pending!] });
  }, { after: [foreign] });
  await write.durable;
  expect(toJson(server.document)).toEqual({ likes: 1, tags: ['mine'] });
});

/**
 * Writes depend on earlier ones at random, the server refuses some, connections and pages end in between. In the end a write is there exactly if it, and all that it
 * depends on, is nothing that the server refuses.
 */
test('in generated schedules a write is accepted exactly if it is fine and all that it depends on is accepted', { timeout: 120_000 }, async () => {
  for (let run = 0; run < 30; run++) {
    const seed = SEED + run;
    const random = new Random(seed);
    const server = Object.assign(new FakeServer(), { validate: (({ changes }) => (changes.some(({ value }) => /[37]$/.test(String(value))) ? 'content-rejected' : '')) as FakeServer['validate'] });
    const store = new MemoryStore();
    let client = await join(server, { store });
    /** By name, whether it is to be accepted. */
    const expected = new Map<string, boolean>();
    let handles = new Map<string, Write>();
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.5)) {
        const name = `w${expected.size}`;
        const after = [...handles].filter(() => random.chance(0.15));
        const isFine = !/[37]$/.test(name) && after.every(([each]) => expected.get(each)!);
        const write = client.transact(
          (document) => {
            document.set('tags').add(name);
            document.register('last').set(name);
          },
          { after: after.map(([, each]) => each) },
        );
        handles.set(name, write);
        expected.set(name, isFine);
      } else if (random.chance(0.3)) {
        server.hold();
      } else if (random.chance(0.3)) {
        server.resume();
      } else if (random.chance(0.3)) {
        server.decide(1 + random.below(3));
      } else if (random.chance(0.2)) {
        server.cut();
        client.goOffline();
        client.goOnline();
      } else if (random.chance(0.2)) {
        await client.close();
        client = await join(server, { store });
        handles = new Map();
      }
      if (random.chance(0.6)) {
        await quiet();
      }
    }
    server.resume();
    client.goOffline();
    client.goOnline();
    await vi.waitFor(() => expect(client.status, replay(seed)).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
    await vi.waitFor(() => expect(client.document.confirmedState(), replay(seed)).toEqual(server.judge.everything()), WAIT);
    const accepted = [...expected].filter(([, isFine]) => isFine).map(([name]) => name);
    expect([...server.document.set('tags').values].sort(), replay(seed)).toEqual([...accepted].sort());
    expect(server.document.register('last').conflicts, replay(seed)).toEqual([]);
    expect(client.rejections.map(({ mutations }) => mutations[0]!.value).sort(), replay(seed)).toEqual([...expected].filter(([, isFine]) => !isFine).map(([name]) => name).sort());
    expect(server.judge.histories.size, replay(seed)).toBe(1);
    await client.close();
  }
});
