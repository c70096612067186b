import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, test, vi } from 'vitest';
import { FormerWrites, MAX_FORMERS } from '../src/former.ts';
import { MemoryStore, open, type ChangeEvent, type Client, type Document, type WebSocketLike } from '../src/index.ts';
import { decodeFragment } from '../src/fragment.ts';
import { IndexedDbStore } from '../src/idb.ts';
import { toJson } from '../src/json.ts';
import { Store } from '../src/store.ts';
import { Document as Twin } from '../src/document.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { Locks } from './locks.ts';
import { A, B, Pair, replicate } from './pair.ts';
import { WAIT } from './wait.ts';

const FORBIDDEN = 'forbidden';
const C = 'ws://c/sync';

/** Server A takes these and answers nothing. */
async function strand(pair: Pair, client: Client, body: (document: Document) => void): Promise<void> {
  pair.a.loses = 'answers';
  client.transact(body);
  await quiet();
}

/** The client has written this at A, which has accepted it and was not heard, and is at B now. */
async function stranded(pair: Pair, client: Client, body: (document: Document) => void): Promise<void> {
  await strand(pair, client, body);
  await pair.loseA(client);
}

/** Server A is gone and B is not there yet. */
async function alone(pair: Pair): Promise<void> {
  pair.b.down = true;
  pair.a.down = true;
  pair.a.cut();
  await quiet();
}

async function goOn(pair: Pair, client: Client): Promise<void> {
  pair.b.down = false;
  await pair.loseA(client);
}

/** What A has admitted comes to B, and all that follows from it has happened. */
async function tell(pair: Pair, client: Client): Promise<void> {
  replicate(pair.a, pair.b);
  await quiet();
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
}

const shown = (server: FakeServer): unknown => toJson(server.document);
const milk = (document: Document): unknown => document.set('tags').add('milk');
const noMilk = (document: Document): unknown => document.set('tags').remove('milk');

test('an item that was issued again and deleted stays deleted when the former server tells of it', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, milk);
  expect(shown(pair.b)).toEqual({ tags: ['milk'] });
  await client.transact(noMilk).durable;
  const changes: ChangeEvent[] = [];
  client.document.onChange((event) => changes.push(event));
  await tell(pair, client);
  expect(pair.b.submits).toBe(3);
  expect(shown(pair.b)).toEqual({});
  expect(toJson(client.document)).toEqual({});
  expect(changes, 'what the page was told').toEqual([]);
  expect(client.rejections).toEqual([]);
});

test('what somebody else has added again stays', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, milk);
  await client.transact(noMilk).durable;
  pair.b.write(milk);
  await tell(pair, client);
  expect(pair.b.submits).toBe(3);
  expect(shown(pair.b)).toEqual({ tags: ['milk'] });
});

test('what was issued again stands once, and so anybody can delete it', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, milk);
  // Somebody who has seen the second only.
  const store = new Store('00000000000000ff', () => 0);
  store.join(decodeFragment(pair.b.judge.everything()));
  let removal!: Uint8Array;
  new Twin(store, ({ fragment }) => (removal = fragment)).set('tags').remove('milk');
  await tell(pair, client);
  expect(pair.b.submits).toBe(2);
  expect(shown(pair.b)).toEqual({ tags: ['milk'] });
  pair.b.judge.judge(store.replica, removal, () => '');
  expect(shown(pair.b)).toEqual({});
});

test('objects of every type are as their author has left them when the former server tells', async () => {
  const made = (d: Document): void => {
    milk(d);
    d.set('cleared').add('milk');
    d.removeWinsSet('again').remove('milk');
    d.flag('off').enable();
    d.disableWinsFlag('on').disable();
    d.register('emptied').set('a');
    d.mvRegister('rewritten').set('a');
    d.map('map').register('removed').set('a');
    d.map('map').set('tags').add('a');
  };
  const unmade = (d: Document): void => {
    noMilk(d);
    d.set('cleared').clear();
    d.removeWinsSet('again').add('milk');
    d.flag('off').disable();
    d.disableWinsFlag('on').enable();
    d.register('emptied').clear();
    d.mvRegister('rewritten').set('b');
    d.map('map').remove('removed');
    d.map('map').set('tags').remove('a');
  };
  const twin = new Twin(new Store('00000000000000ff', () => 0));
  made(twin);
  unmade(twin);
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, made);
  await client.transact(unmade).durable;
  await tell(pair, client);
  expect(pair.b.submits).toBe(3);
  expect(shown(pair.b)).toEqual(toJson(twin));
  expect(toJson(client.document)).toEqual(toJson(twin));
});

test('what a write in doubt had put somewhere stays deleted, also after a restart', async () => {
  const pair = new Pair();
  const store = new MemoryStore();
  const first = await pair.join({ store });
  await strand(pair, first, (d) => {
    d.counter('likes').increment(100);
    d.counter('reset').increment(5);
    milk(d);
    d.set('tags').add('bread');
  });
  await alone(pair);
  first.transact((d) => {
    d.counter('reset').reset();
    noMilk(d);
  });
  await goOn(pair, first);
  expect(first.rejections.map(({ code }) => code)).toEqual(['unknown-outcome']);
  expect(first.status.pending).toBe(0);
  await first.close();
  const offline = await pair.join({ store, online: false });
  expect(offline.rejections).toHaveLength(1);
  expect(toJson(offline.document)).toEqual({});
  await offline.close();
  const last = await pair.join({ store });
  await tell(pair, last);
  expect(last.rejections).toEqual([]);
  expect(toJson(last.document)).toEqual({ likes: 100, tags: ['bread'] });
  expect(shown(pair.b)).toEqual({ likes: 100, tags: ['bread'] });
});

test('a browser goes on with the replica id under which something is followed, although another one is free', async () => {
  const pair = new Pair();
  const [indexedDB, locks] = [new IDBFactory(), new Locks()];
  const join = (replica: string): Promise<Client> => pair.join({ store: new IndexedDbStore('notes/1', { indexedDB, locks }), replica });
  const client = await join('00000000000000aa');
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  await stranded(pair, client, milk);
  await client.transact(noMilk).durable;
  const { replica } = client;
  await (await join('0000000000000001')).close();
  await client.close();
  const again = await join('00000000000000bb');
  expect(again.replica).toBe(replica);
  await vi.waitFor(() => expect(again.status.connection).toBe('connected'), WAIT);
  await tell(pair, again);
  expect(shown(pair.b)).toEqual({});
  expect(toJson(again.document)).toEqual({});
});

test('a removal from before a write in doubt does not take off what that puts there again', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await client.transact(milk).durable;
  replicate(pair.a, pair.b);
  pair.a.loses = 'answers';
  client.transact(noMilk);
  await stranded(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
  });
  expect(shown(pair.b)).toEqual({});
  await tell(pair, client);
  expect(client.rejections).toEqual([]);
  expect(shown(pair.b)).toEqual({ likes: 100, tags: ['milk'] });
});

test('what was to be taken off by a refused removal shows again', async () => {
  const pair = new Pair();
  pair.b.validate = ({ changes }) => (changes.some(({ value }) => value === FORBIDDEN) ? 'content-rejected' : '');
  const client = await pair.join();
  await strand(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
  });
  await alone(pair);
  const refused = client.transact((d) => {
    noMilk(d);
    d.set('tags').add(FORBIDDEN);
  });
  replicate(pair.a, pair.b);
  await goOn(pair, client);
  expect((await refused.rejected).code).toBe('content-rejected');
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
  expect(toJson(client.document)).toEqual({ likes: 100, tags: ['milk'] });
  expect(shown(pair.b)).toEqual({ likes: 100, tags: ['milk'] });
  expect(client.rejections).toHaveLength(1);
});

test('what is later is still known at a third server', async () => {
  const pair = new Pair();
  const c = new FakeServer();
  const servers: Record<string, FakeServer> = { [A]: pair.a, [B]: pair.b, [C]: c };
  const webSocket = function (url: string, protocol: string): WebSocketLike {
    return new servers[url]!.webSocket(url, protocol);
  } as never;
  const client = await pair.join({ urls: [A, B, C], webSocket });
  pair.a.loses = 'answers';
  ['a', 'b', 'c'].forEach((tag) => client.document.set('tags').add(tag));
  await stranded(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
  });
  expect(client.rejections).toHaveLength(1);
  replicate(pair.b, c);
  pair.b.down = true;
  pair.b.cut();
  await quiet();
  pair.now += 10_000;
  client.goOnline();
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  await client.transact(milk).durable;
  await client.transact(noMilk).durable;
  expect(c.submits).toBe(2);
  replicate(pair.a, c);
  await quiet();
  expect(client.status.pending).toBe(0);
  expect(client.rejections).toEqual([]);
  expect(shown(c)).toMatchObject({ likes: 100 });
  expect(new Set(c.document.set('tags').values)).toEqual(new Set(['a', 'b', 'c']));
});

test('what depends on a write that has nothing to do any more is sent', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await strand(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
  });
  await alone(pair);
  const removed = client.transact(noMilk);
  const dependant = client.transact((d) => d.set('tags').add('bread'), { after: [removed] });
  await goOn(pair, client);
  await dependant.durable;
  expect(shown(pair.b)).toEqual({ tags: ['bread'] });
});

test('what only takes off counts as pending until its verdict, is on no list, and is not tried again when it is refused', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, milk);
  await client.transact(noMilk).durable;
  pair.b.hold();
  replicate(pair.a, pair.b);
  await quiet();
  expect([client.status.pending, client.status.sync]).toEqual([1, 'synchronizing']);
  expect(client.pending()).toEqual([]);
  pair.b.decide(1, 'content-rejected');
  await quiet();
  expect([client.status.pending, pair.b.waiting]).toEqual([0, 0]);
  expect(client.rejections).toEqual([]);
  expect(toJson(client.document)).toEqual({ tags: ['milk'] });
});

test('what is taken off because of a write that waits for its verdict depends on that', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await stranded(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
  });
  pair.b.write(milk);
  await quiet();
  pair.b.hold();
  const removed = client.transact(noMilk);
  await quiet();
  replicate(pair.a, pair.b);
  await quiet();
  expect([client.status.pending, pair.b.waiting]).toEqual([2, 1]);
  expect(toJson(client.document)).toEqual({ likes: 100 });
  pair.b.decide(1, 'content-rejected');
  pair.b.resume();
  await quiet();
  expect(removed.state).toBe('rejected');
  expect(client.status.pending).toBe(0);
  expect(toJson(client.document)).toEqual({ likes: 100, tags: ['milk'] });
  expect(client.rejections).toHaveLength(1);
});

/** Milk and bread are in doubt with an increment, and somebody else puts both there at server B. */
async function strandedTwo(pair: Pair, client: Client): Promise<void> {
  await stranded(pair, client, (d) => {
    d.counter('likes').increment(100);
    milk(d);
    d.set('tags').add('bread');
  });
  pair.b.write((d) => [milk(d), d.set('tags').add('bread')]);
  await quiet();
}

test('what is taken off because of two writes stays off where one of them is refused and the other accepted', async () => {
  const pair = new Pair();
  const client = await pair.join();
  await strandedTwo(pair, client);
  pair.b.hold();
  client.transact(noMilk);
  client.document.set('tags').remove('bread');
  await quiet();
  replicate(pair.a, pair.b);
  await quiet();
  pair.b.decide(1, 'content-rejected');
  pair.b.resume();
  await quiet();
  expect(client.status.pending).toBe(0);
  expect(toJson(client.document)).toEqual({ likes: 100, tags: ['milk'] });
  expect(shown(pair.b)).toEqual({ likes: 100, tags: ['milk'] });
});

test('what is taken off because of two writes stays off where one of them is taken back', async () => {
  const pair = new Pair();
  pair.b.maxUnanswered = 1;
  const client = await pair.join();
  await strandedTwo(pair, client);
  pair.b.hold();
  client.document.set('tags').add('first');
  const regretted = client.transact(noMilk);
  client.document.set('tags').remove('bread');
  await quiet();
  replicate(pair.a, pair.b);
  await quiet();
  expect(await client.cancel(regretted)).toBe(true);
  expect(new Set(client.document.set('tags').values)).toEqual(new Set(['milk', 'first']));
  pair.b.resume();
  await vi.waitFor(() => expect(client.status.pending).toBe(0), WAIT);
  expect(new Set(client.document.set('tags').values)).toEqual(new Set(['milk', 'first']));
  expect(client.rejections).toEqual([]);
});

test('in another life of the document nothing is followed any more', async () => {
  const pair = new Pair();
  const store = new MemoryStore();
  const client = await pair.join({ store });
  await stranded(pair, client, milk);
  expect((await store.load()).lease!.formers).toHaveLength(1);
  const { replica } = client;
  pair.b.recreate();
  await quiet();
  client.goOnline();
  await vi.waitFor(() => expect(client.replica).not.toBe(replica), WAIT);
  expect((await store.load()).lease!.formers).toEqual([]);
});

test('of former writes the last 1,024 are followed', () => {
  const store = new Store('00000000000000ff', () => 0);
  const document = new Twin(store);
  for (let i = 0; i < MAX_FORMERS + 6; i++) {
    document.set('tags').add(i).isSent = true;
  }
  const formers = new FormerWrites();
  formers.left(store.replica, store.pending, []);
  const stored = formers.stored();
  expect(stored).toHaveLength(1_024);
  expect(stored[0]!.first).toBe(7);
});

test.each([
  ['open', ['milk']],
  ['openAtOneOf', undefined],
])('behind one name, what was issued again and deleted is there again with open, and stays deleted with openAtOneOf (%s)', async (entry, tags) => {
  const pair = new Pair();
  pair.a.log = 1n;
  pair.b.log = 2n;
  let at = pair.a;
  const webSocket = function (url: string, protocol: string): WebSocketLike {
    return new at.webSocket(url, protocol);
  } as never;
  const client = entry === 'open' ? await open({ url: A, document: 'notes/1', webSocket }) : await pair.join({ urls: [A], webSocket });
  await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
  await strand(pair, client, milk);
  at = pair.b;
  pair.a.cut();
  await quiet();
  await client.transact(noMilk).durable;
  await tell(pair, client);
  expect(toJson(client.document)).toEqual(tags ? { tags } : {});
  expect(shown(pair.b)).toEqual(tags ? { tags } : {});
  await client.close();
});
