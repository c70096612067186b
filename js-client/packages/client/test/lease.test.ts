import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { IndexedDbStore } from '../src/idb.ts';
import { MemoryStore, type Client, type ClientStore, type OpenOptions, type StoreBatch, type WebSocketLike } from '../src/index.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { closeAll, join } from './joining.ts';
import { FakeBrowser } from './tab.ts';
import { WAIT } from './wait.ts';

/** One name that leads to one of two servers, each with a log of its own. */
class OneName {
  readonly a = Object.assign(new FakeServer(), { log: 0xa11n });
  readonly b = Object.assign(new FakeServer(), { log: 0xb0bn });
  readonly webSocket: new (url: string, protocol: string) => WebSocketLike;
  private at = this.a;

  constructor() {
    const name = this;
    this.webSocket = function (url: string, protocol: string) {
      return new name.at.webSocket(url, protocol);
    } as never;
  }

  leadTo(server: FakeServer & { log: bigint }): void {
    const before = this.at;
    this.at = server;
    before.cut();
  }

  join(options: Partial<OpenOptions> = {}): Promise<Client> {
    return join(this.a, { webSocket: this.webSocket, ...options });
  }
}

function codes(client: Pick<Client, 'rejections'>): string[] {
  return client.rejections.map(({ code }) => code);
}

async function untilQuiet(client: Pick<Client, 'status'>): Promise<void> {
  await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
}

/** A store that does nothing while it is slow but note what it is to do. */
class SlowStore extends MemoryStore {
  isSlow = false;
  readonly waiting: { readonly batch: StoreBatch; readonly go: () => void }[] = [];

  override async commit(batch: StoreBatch): Promise<void> {
    if (this.isSlow) {
      await new Promise<void>((go) => this.waiting.push({ batch, go }));
    }
    await super.commit(batch);
  }
}

afterEach(closeAll);

test('what one server has judged and not answered is not judged by another one behind the same name', async () => {
  const name = new OneName();
  const client = await name.join();
  const { replica } = client;
  await client.document.set('tags').add('kept').durable;
  name.a.loses = 'answers';
  client.document.counter('likes').increment(5);
  const again = client.document.set('tags').add('sent');
  await quiet();
  expect(name.a.submits).toBe(3);
  name.leadTo(name.b);
  const unsent = client.document.counter('likes').increment(7);
  await Promise.all([again.durable, unsent.durable]);
  expect(codes(client)).toEqual(['unknown-outcome']);
  expect(client.replica).not.toBe(replica);
  expect(name.b.leases.has(replica)).toBe(false);
  expect(toJson(name.a.document)).toEqual({ likes: 5, tags: ['kept', 'sent'] });
  expect(toJson(name.b.document)).toEqual({ likes: 7, tags: ['sent'] });
  expect(client.document.set('tags').has('kept')).toBe(true);
});

test('a client that comes again to the server that leased its replica id goes on under it', async () => {
  const name = new OneName();
  const client = await name.join();
  const { replica } = client;
  name.a.loses = 'answers';
  const write = client.document.counter('likes').increment(5);
  await quiet();
  name.a.loses = 'nothing';
  name.a.cut();
  await write.durable;
  expect(client.replica).toBe(replica);
  expect(toJson(name.a.document)).toEqual({ likes: 5 });
});

test.each(['memory', 'IndexedDB'])('after a reload it is known whose log has leased the replica id (%s)', async (kind) => {
  const name = new OneName();
  const memory = new MemoryStore();
  const factory = new IDBFactory();
  const store = (): ClientStore => (kind === 'memory' ? memory : new IndexedDbStore('notes/1', { indexedDB: factory, locks: null }));
  const first = await name.join({ store: store() });
  await first.document.set('tags').add('at a').durable;
  const { replica } = first;
  first.goOffline();
  const waiting = first.document.counter('likes').increment();
  await waiting.savedLocally;
  await first.close();

  name.leadTo(name.b);
  const second = await name.join({ store: store() });
  await untilQuiet(second);
  expect(second.replica).not.toBe(replica);
  expect(name.b.leases.has(replica)).toBe(false);
  // After a reload it is not known what was sent.
  expect(codes(second)).toEqual(['unknown-outcome']);
  expect(toJson(name.b.document)).toEqual({});
});

test('a lease that was stored before this rule is nobody\'s until the next welcome', async () => {
  const name = new OneName();
  const store = new MemoryStore();
  name.a.log = 0n;
  const first = await name.join({ store });
  await first.document.set('tags').add('before').durable;
  const { replica } = first;
  await first.close();
  expect((await store.load()).lease).not.toHaveProperty('log');

  name.a.log = 0xa11n;
  const second = await name.join({ store });
  await second.document.set('tags').add('after').durable;
  expect(second.replica).toBe(replica);
  expect((await store.load()).lease).toMatchObject({ replica, log: 0xa11n });
  await second.close();

  name.leadTo(name.b);
  const third = await name.join({ store });
  await untilQuiet(third);
  expect(third.replica).not.toBe(replica);
  expect(name.b.leases.has(replica)).toBe(false);
});

test.each([0n, 0xb0bn])('a server that does not know the rule is left by the client itself (its log: %s)', async (log) => {
  const name = new OneName();
  name.b.log = log;
  name.b.refusesElsewhere = false;
  const client = await name.join();
  const { replica } = client;
  name.a.loses = 'answers';
  client.document.counter('likes').increment(5);
  await quiet();
  name.leadTo(name.b);
  await client.document.set('tags').add('at b').durable;
  expect(client.replica).not.toBe(replica);
  expect(codes(client)).toEqual(['unknown-outcome']);
  expect(toJson(name.b.document)).toEqual({ tags: ['at b'] });
});

test('nothing is sent before it is stored who judges it', async () => {
  const name = new OneName();
  const store = new SlowStore();
  const client = await name.join({ store, online: false });
  const waiting = client.document.counter('likes').increment(1);
  await waiting.savedLocally;
  store.isSlow = true;
  client.goOnline();
  await quiet();
  expect(client.status.connection).toBe('connected');
  const later = client.document.counter('likes').increment(2);
  await quiet();
  expect(store.waiting[0]!.batch.lease!.log).toBe(0xa11n);
  expect(name.a.submits).toBe(0);
  store.isSlow = false;
  store.waiting.forEach(({ go }) => go());
  await Promise.all([waiting.durable, later.durable]);
  expect(toJson(name.a.document)).toEqual({ likes: 3 });
});

test('what was being stored when the server said who it is is not sent before that is stored, too', async () => {
  const name = new OneName();
  const store = new SlowStore();
  const client = await name.join({ store, online: false });
  store.isSlow = true;
  const storing = client.document.counter('likes').increment();
  client.goOnline();
  await quiet();
  const [write, lease] = store.waiting;
  expect(write!.batch.append!.map(({ id }) => id)).toEqual([storing.id]);
  expect(lease!.batch.lease!.log).toBe(0xa11n);
  write!.go();
  await quiet();
  expect(name.a.submits).toBe(0);
  lease!.go();
  await quiet();
  expect(name.a.submits).toBe(1);
  store.isSlow = false;
  store.waiting.forEach(({ go }) => go());
  await storing.durable;
});

test('where the store fails, what waits is sent all the same', async () => {
  const name = new OneName();
  const store = new MemoryStore();
  const client = await name.join({ store, online: false });
  const waiting = client.document.counter('likes').increment(1);
  await waiting.savedLocally;
  store.commit = () => Promise.reject(new Error('full'));
  client.goOnline();
  await waiting.durable;
  expect(client.status.savesLocally).toBe(false);
});

test('the tabs of a browser leave a judge together', async () => {
  const [name, browser] = [new OneName(), new FakeBrowser()];
  const server = name as unknown as FakeServer;
  try {
    const [leader, follower] = [await browser.open(server), await browser.open(server)];
    await untilQuiet(leader.client);
    await untilQuiet(follower.client);
    name.a.loses = 'answers';
    const counted = follower.client.document.counter('likes').increment(5);
    await vi.waitFor(() => expect(counted.state).toBe('sent'), WAIT);
    name.leadTo(name.b);
    await follower.client.document.set('tags').add('at b').durable;
    for (const { client } of [leader, follower]) {
      await vi.waitFor(() => expect(codes(client)).toEqual(['unknown-outcome']), WAIT);
    }
    expect((await counted.rejected).code).toBe('unknown-outcome');
    expect(toJson(name.b.document)).toEqual({ tags: ['at b'] });
    leader.crash();
    await follower.client.document.set('tags').add('and on').durable;
    // The next leader goes on with the lease of the new judge.
    expect(name.b.leases.size).toBe(1);
  } finally {
    await browser.close();
  }
});
