import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { open, type Client, type OpenOptions } from '../src/index.ts';
import { IndexedDbStore, type LocksLike } from '../src/idb.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { Locks } from './locks.ts';
import { WAIT } from './wait.ts';

const clients: Client[] = [];

/** Without a server nothing is final; with one, presence and updates flow at once. */
async function tab(server: FakeServer, factory: IDBFactory, locks: LocksLike | null, options: Partial<OpenOptions> = {}): Promise<Client> {
  const store = new IndexedDbStore('notes/1', { indexedDB: factory, locks });
  const client = await open({ url: 'ws://test/sync', document: 'notes/1', webSocket: server.webSocket, store, ...options });
  clients.push(client);
  await settle();
  return client;
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await quiet();
  }
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('what is written offline is there after a reload, pending, and is sent exactly once', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const first = await tab(server, factory, locks);
  await first.document.counter('likes').increment(1).durable;
  first.goOffline();
  await first.document.counter('likes').increment(10).savedLocally;
  await first.document.set('tags').add('offline').savedLocally;
  const { replica } = first;
  locks.crash();

  const second = await tab(server, factory, locks, { online: false });
  expect(second.replica).toBe(replica);
  expect(toJson(second.document)).toEqual({ likes: 11, tags: ['offline'] });
  expect(second.status.pending).toBe(2);
  second.goOnline();
  await vi.waitFor(() => expect(second.status).toMatchObject({ sync: 'synchronized', pending: 0 }), WAIT);
  expect(toJson((await tab(server, factory, locks)).document)).toEqual({ likes: 11, tags: ['offline'] });
  expect(server.submits).toBe(3);
});

test('who has taken a lease over keeps it, however much is written under it', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const first = await tab(server, factory, locks);
  await first.document.counter('likes').increment().durable;
  const { replica } = first;
  locks.crash();

  const second = await tab(server, factory, locks);
  for (let i = 0; i < 3; i++) {
    await second.document.counter('likes').increment().durable;
    await settle();
  }
  expect(second.replica).toBe(replica);
  expect(toJson(second.document)).toEqual({ likes: 4 });
});

test('an accepted write is there after a reload offline although no state was stored since', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const first = await tab(server, factory, locks);
  await first.document.register('title').set('kept').durable;
  await settle();
  locks.crash();
  const second = await tab(server, factory, locks, { online: false });
  expect(toJson(second.document)).toEqual({ title: 'kept' });
  expect(second.status.pending).toBe(0);
});

test('a page that goes away at once still keeps what it has seen, without an answer of the store', async () => {
  const window = new EventTarget();
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const author = await tab(server, new IDBFactory(), new Locks());
  const first = await tab(server, factory, locks);
  const asked = vi.spyOn(IDBObjectStore.prototype, 'get');
  await author.document.set('tags').addAll(['seen', 'also seen']).durable;
  await vi.waitFor(() => expect(first.document.set('tags').size).toBe(2), WAIT);
  await first.document.set('tags').remove('also seen').durable;
  await settle();
  first.goOffline();
  await first.document.counter('likes').increment(10).savedLocally;
  await settle();
  asked.mockClear();
  window.dispatchEvent(new Event('pagehide'));
  expect(asked).not.toHaveBeenCalled();
  await settle();
  locks.crash();
  const second = await tab(server, factory, locks, { online: false });
  expect(second.replica).toBe(first.replica);
  expect(toJson(second.document)).toEqual({ likes: 10, tags: ['seen'] });
  expect(second.status.pending).toBe(1);
  second.goOnline();
  await vi.waitFor(() => expect(second.status).toMatchObject({ sync: 'synchronized', pending: 0 }), WAIT);
  await vi.waitFor(() => expect(toJson(author.document)).toEqual({ likes: 10, tags: ['seen'] }), WAIT);
});

test('who goes offline keeps what it has seen, although the page then goes without a word', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const author = await tab(server, new IDBFactory(), new Locks());
  const first = await tab(server, factory, locks);
  await author.document.counter('likes').increment(2).durable;
  await vi.waitFor(() => expect(first.document.counter('likes').value).toBe(2), WAIT);
  first.goOffline();
  await first.document.counter('likes').increment(10).savedLocally;
  locks.crash();
  const second = await tab(server, factory, locks, { online: false });
  expect(toJson(second.document)).toEqual({ likes: 12 });
  expect(second.status.pending).toBe(1);
});

test('two open tabs have replica ids of their own, and a new one sees what an old one had confirmed', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const first = await tab(server, factory, locks);
  await first.document.counter('likes').increment(3).durable;
  await settle();
  const second = await tab(server, factory, locks, { online: false });
  expect(second.replica).not.toBe(first.replica);
  expect(toJson(second.document)).toEqual({ likes: 3 });
  expect(second.status.pending).toBe(0);
});

test('without locks a new tab takes pending writes over; the old tab goes on under a new replica id; each counts once', async () => {
  const [server, factory] = [new FakeServer(), new IDBFactory()];
  const first = await tab(server, factory, null);
  await first.document.counter('likes').increment(1).durable;
  first.goOffline();
  await first.document.counter('likes').increment(10).savedLocally;
  const second = await tab(server, factory, null, { online: false });
  expect(second.replica).toBe(first.replica);
  expect(second.document.counter('likes').value).toBe(11);

  first.document.counter('likes').increment(100);
  await settle();
  expect(first.replica).not.toBe(second.replica);
  first.goOnline();
  second.goOnline();
  await vi.waitFor(() => expect([first.status, second.status].map(({ connection, pending }) => connection + pending)).toEqual(['connected0', 'connected0']), WAIT);
  await settle();
  expect([first, second].map(({ document }) => document.counter('likes').value)).toEqual([111, 111]);
});

test('rejections survive a reload', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  server.validate = () => 'content-rejected';
  const first = await tab(server, factory, locks);
  await first.document.set('tags').add('forbidden').rejected;
  await settle();
  await first.close();
  const second = await tab(server, factory, locks);
  expect(second.rejections.map(({ code }) => code)).toEqual(['content-rejected']);
  second.rejections[0]!.discard();
  await settle();
  await second.close();
  expect((await tab(server, factory, locks)).rejections).toEqual([]);
});

test('a store that fails is said, and the write goes to the server all the same', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const store = new IndexedDbStore('notes/1', { indexedDB: factory, locks });
  const client = await open({ url: 'ws://test/sync', document: 'notes/1', webSocket: server.webSocket, store });
  clients.push(client);
  await settle();
  vi.spyOn(store, 'commit').mockRejectedValue(new Error('QuotaExceededError'));
  const write = client.document.counter('likes').increment();
  await expect(write.savedLocally).rejects.toMatchObject({ code: 'local-storage-failed' });
  await write.durable;
  expect(client.status.savesLocally).toBe(false);
});

test('the writes of a second closed tab are not lost', async () => {
  const [server, factory, locks] = [new FakeServer(), new IDBFactory(), new Locks()];
  const [first, second] = [await tab(server, factory, locks, { online: false }), await tab(server, factory, locks, { online: false })];
  await first.document.counter('likes').increment(1).savedLocally;
  await second.document.counter('likes').increment(10).savedLocally;
  await Promise.all([first.close(), second.close()]);
  const third = await tab(server, factory, locks);
  await vi.waitFor(() => expect(third.status.pending).toBe(0), WAIT);
  await third.close();
  const fourth = await tab(server, factory, locks);
  await vi.waitFor(() => expect(fourth.status.pending).toBe(0), WAIT);
  expect(fourth.document.counter('likes').value).toBe(11);
});
