import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { IndexedDbStore } from '../src/idb.ts';
import { MemoryStore, type Client, type ClientStore, type ClientView, type Write } from '../src/index.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { undoHistory } from '../src/undo.ts';
import { couldLose } from '../src/unload.ts';
import { closeAll, join } from './joining.ts';
import type { LeaderStep } from '../src/tab-messages.ts';
import { Random, SEED, replay } from './random.ts';
import { FakeBrowser, type FakeTab } from './tab.ts';
import { WAIT } from './wait.ts';

const forbidden: FakeServer['validate'] = ({ changes }) => (changes.some(({ value }) => value === 'forbidden') ? 'content-rejected' : '');

function add(client: Pick<Client, 'transact'>, tag: string, ...after: Write[]): Write {
  return client.transact((document) => document.set('tags').add(tag), { after });
}

function codes(client: Pick<Client, 'rejections'>): string[] {
  return client.rejections.map(({ code }) => code);
}

async function untilQuiet(...clients: ClientView[]): Promise<void> {
  for (const client of clients) {
    await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  }
}

afterEach(closeAll);

test('a write that was not sent is taken back as if it had never been made, and later ones stay', async () => {
  const server = new FakeServer();
  const client = await join(server, { online: false });
  const told: string[] = [];
  client.onRejected(({ code }) => told.push(code));
  const regretted = client.document.counter('likes').increment(100);
  const later = add(client, 'x');
  const cancelling = client.cancel(regretted);
  expect(client.document.counter('likes').value).toBe(0);
  expect(client.status).toMatchObject({ pending: 1, sync: 'offline-pending' });
  expect(await cancelling).toBe(true);
  expect(await client.cancel(regretted)).toBe(false);
  expect([regretted.state, (await regretted.rejected).code]).toEqual(['rejected', 'cancelled']);
  expect((await regretted.rejected).mutations).toEqual([{ path: ['likes'], type: 'counter', op: 'increment', value: 100 }]);
  await expect(regretted.durable).rejects.toMatchObject({ code: 'cancelled' });
  expect(() => regretted.rejection!.retry()).toThrow('not-rejected');
  expect([client.rejections, told]).toEqual([[], []]);
  client.goOnline();
  await later.durable;
  expect(await client.cancel(later)).toBe(false);
  expect(later.state).toBe('durable');
  expect(toJson(server.document)).toEqual({ tags: ['x'] });
  expect(client.document.confirmedState()).toEqual(server.judge.everything());
});

test('what may have been sent, what has its verdict and what is not of this client is kept', async () => {
  const server = Object.assign(new FakeServer(), { validate: forbidden });
  const store = new MemoryStore();
  const [client, other] = [await join(server, { store }), await join(server)];
  const refused = add(client, 'forbidden');
  await refused.rejected;
  server.hold();
  const sent = add(client, 'sent');
  await quiet();
  expect(await Promise.all([client.cancel(refused), client.cancel(sent), other.cancel(sent)])).toEqual([false, false, false]);
  expect(client.document.set('tags').values).toEqual(['sent']);
  client.goOffline();
  await add(client, 'waits').savedLocally;
  await client.close();
  // After a reload it is not known what was sent.
  const again = await join(server, { store, online: false });
  expect(await Promise.all(again.pending().map(({ write }) => again.cancel(write)))).toEqual([false, false]);
  expect(again.document.set('tags').values).toEqual(['sent', 'waits']);
});

test('what was sent under a replica id that was given up is kept', async () => {
  const server = new FakeServer();
  const client = await join(server);
  server.loses = 'answers';
  const write = add(client, 'sent');
  await quiet();
  server.loses = 'nothing';
  server.leases.set(client.replica, 'somebody else');
  server.hold();
  const { replica } = client;
  server.cut();
  await vi.waitFor(() => expect(client.replica).not.toBe(replica), WAIT);
  client.goOffline();
  expect(client.pending().map((each) => each.write)).toEqual([write]);
  expect(await client.cancel(write)).toBe(false);
});

test('what depends on a write that is taken back is refused, directly or over others, and what is written later', async () => {
  const server = new FakeServer();
  const client = await join(server, { online: false });
  const first = add(client, 'first');
  const second = add(client, 'second', first);
  const third = add(client, 'third', second);
  const alone = add(client, 'alone');
  expect(await client.cancel(first)).toBe(true);
  const late = add(client, 'late', first);
  expect([second, third, late].map(({ rejection }) => rejection?.code)).toEqual(['dependency-rejected', 'dependency-rejected', 'dependency-rejected']);
  expect(codes(client)).toEqual(['dependency-rejected', 'dependency-rejected', 'dependency-rejected']);
  expect(client.document.set('tags').values).toEqual(['alone']);
  client.goOnline();
  await alone.durable;
  expect(toJson(server.document)).toEqual({ tags: ['alone'] });
});

test('a dependant can be taken back while what it depends on awaits its verdict', async () => {
  const server = new FakeServer();
  const client = await join(server);
  server.hold();
  const first = add(client, 'first');
  const second = add(client, 'second', first);
  const third = add(client, 'third');
  await quiet();
  expect([first.state, second.state]).toEqual(['sent', 'saved-locally']);
  expect(await client.cancel(second)).toBe(true);
  server.resume();
  await third.durable;
  expect(toJson(server.document)).toEqual({ tags: ['first', 'third'] });
});

test('what was written upon a write that is taken back keeps its meaning', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const title = client.document.register('title');
  await title.set('old').durable;
  client.goOffline();
  const first = title.set('new');
  const second = title.set('newer');
  await client.cancel(first);
  expect([title.value, title.conflicts]).toEqual(['newer', []]);
  await client.cancel(second);
  expect([title.value, title.conflicts]).toEqual(['old', []]);
  const third = title.set('newest');
  client.goOnline();
  await third.durable;
  expect([title.value, title.conflicts]).toEqual(['newest', []]);
  expect(client.document.confirmedState()).toEqual(server.judge.everything());
});

test.each(['memory', 'IndexedDB'])('a write that was taken back is gone after a reload, also one that was still being stored (%s)', async (kind) => {
  const server = new FakeServer();
  const memory = new MemoryStore();
  const factory = new IDBFactory();
  const store = (): ClientStore => (kind === 'memory' ? memory : new IndexedDbStore('notes/1', { indexedDB: factory, locks: null }));
  const first = await join(server, { store: store(), online: false });
  const saved = first.document.counter('likes').increment(100);
  await saved.savedLocally;
  const storing = first.document.counter('likes').increment(200);
  expect(await Promise.all([first.cancel(saved), first.cancel(storing)])).toEqual([true, true]);
  await add(first, 'later').savedLocally;
  await first.close();
  const second = await join(server, { store: store() });
  await untilQuiet(second);
  await vi.waitFor(() => expect(second.document.confirmedState()).toEqual(server.judge.everything()), WAIT);
  expect(toJson(server.document)).toEqual({ tags: ['later'] });
  expect([codes(second), server.judge.histories.size]).toEqual([[], 1]);
});

test('inside a transaction nothing is taken back', async () => {
  const client = await join(new FakeServer(), { online: false });
  const before = add(client, 'before');
  let asked: Promise<boolean>[] = [];
  client.transact((document) => {
    const own = document.set('tags').add('own');
    asked = [client.cancel(before), client.cancel(own)];
  });
  expect(await Promise.all(asked)).toEqual([false, false]);
  expect(client.document.set('tags').values).toEqual(['before', 'own']);
});

test('what was taken back or refused, and of which only dots are to be sent, does not count as pending', async () => {
  const server = Object.assign(new FakeServer(), { validate: forbidden });
  const client = await join(server);
  await add(client, 'forbidden').rejected;
  const [first] = client.rejections;
  client.goOffline();
  const write = add(client, 'regretted');
  await client.cancel(write);
  expect(client.pending()).toEqual([]);
  expect(client.status).toMatchObject({ pending: 0, sync: 'rejected' });
  first!.discard();
  expect(client.status).toMatchObject({ pending: 0, sync: 'synchronized' });
  // It is not saved here, and nothing can be lost.
  expect([client.status.savesLocally, couldLose(client)]).toEqual([false, false]);
  client.goOnline();
  await vi.waitFor(() => expect(client.document.confirmedState()).toEqual(server.judge.everything()), WAIT);
  await vi.waitFor(() => expect(client.unjudged).toEqual([]), WAIT);
});

test('a write that is taken back is nothing to undo', async () => {
  const client = await join(new FakeServer(), { online: false });
  const history = undoHistory(client);
  add(client, 'kept');
  const write = add(client, 'regretted');
  await client.cancel(write);
  expect(history.undoable).toBe(1);
  history.undo();
  expect(client.document.set('tags').values).toEqual([]);
});

test('in generated schedules a write that was taken back is nowhere, and every other one is there', { timeout: 120_000 }, async () => {
  let [taken, kept] = [0, 0];
  for (let run = 0; run < 30; run++) {
    const seed = SEED + run;
    const random = new Random(seed);
    const server = new FakeServer();
    const store = new MemoryStore();
    let client = await join(server, { store });
    const written: { readonly name: string; readonly write: Write }[] = [];
    const cancelled = new Set<string>();
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.5)) {
        const name = `w${written.length}`;
        const write = client.transact((document) => {
          document.set('tags').add(name);
          document.register('last').set(name);
        });
        written.push({ name, write });
      } else if (random.chance(0.4) && written.length) {
        const { name, write } = random.pick(written);
        if (await client.cancel(write)) {
          cancelled.add(name);
          taken++;
        } else {
          kept++;
        }
      } else if (random.chance(0.3)) {
        server.deciding = !server.deciding;
        if (server.deciding) server.resume();
      } else if (random.chance(0.5)) {
        client.goOffline();
      } else if (random.chance(0.5)) {
        client.goOnline();
      } else {
        await client.close();
        client = await join(server, { store });
      }
      if (random.chance(0.4)) await quiet();
    }
    server.resume();
    client.goOnline();
    await untilQuiet(client);
    await vi.waitFor(() => expect(client.document.confirmedState(), replay(seed)).toEqual(server.judge.everything()), WAIT);
    const there = written.map(({ name }) => name).filter((name) => !cancelled.has(name));
    expect([...server.document.set('tags').values].sort(), replay(seed)).toEqual([...there].sort());
    expect(server.document.register('last').conflicts, replay(seed)).toEqual([]);
    expect([codes(client), server.judge.histories.size], replay(seed)).toEqual([[], 1]);
    await client.close();
  }
  expect([taken > 0, kept > 0]).toEqual([true, true]);
});

/* Over tabs */

async function withTabs(body: (server: FakeServer, leader: FakeTab, follower: FakeTab, browser: FakeBrowser) => Promise<void>): Promise<void> {
  const [server, browser] = [new FakeServer(), new FakeBrowser()];
  try {
    const [leader, follower] = [await browser.open(server), await browser.open(server)];
    await untilQuiet(leader.client, follower.client);
    await body(server, leader, follower, browser);
  } finally {
    await browser.close();
  }
}

async function goOffline(...tabs: FakeTab[]): Promise<void> {
  tabs[0]!.client.goOffline();
  for (const { client } of tabs) {
    await vi.waitFor(() => expect(client.status.code).toBe('offline'), WAIT);
  }
}

test('a tab takes back a write that the leader has not sent, in every tab, and what depends on it is refused', () =>
  withTabs(async (server, leader, follower) => {
    await goOffline(leader, follower);
    const regretted = add(follower.client, 'regretted');
    const upon = add(follower.client, 'upon', regretted);
    const later = add(follower.client, 'later');
    await vi.waitFor(() => expect(leader.client.document.set('tags').size).toBe(3), WAIT);
    const shownByLeader = leader.client.pending()[0]!.write;
    const told: string[] = [];
    leader.client.onRejected(({ code }) => told.push(code));
    expect(await follower.client.cancel(regretted)).toBe(true);
    expect(await follower.client.cancel(regretted)).toBe(false);
    expect((await regretted.rejected).code).toBe('cancelled');
    expect((await regretted.rejected).mutations).toEqual([{ path: ['tags'], type: 'set', op: 'add', value: 'regretted' }]);
    expect((await upon.rejected).code).toBe('dependency-rejected');
    await vi.waitFor(() => expect(shownByLeader.rejection?.code).toBe('cancelled'), WAIT);
    for (const { client } of [leader, follower]) {
      await vi.waitFor(() => expect([client.document.set('tags').values, codes(client), client.status.pending]).toEqual([['later'], ['dependency-rejected'], 1]), WAIT);
    }
    expect(told).toEqual(['dependency-rejected']);
    leader.client.goOnline();
    await later.durable;
    expect(toJson(server.document)).toEqual({ tags: ['later'] });
  }));

test('a tab takes back a write in the moment in which it is made, and a write of another tab', () =>
  withTabs(async (server, leader, follower) => {
    await goOffline(leader, follower);
    const mine = add(follower.client, 'mine');
    expect(await follower.client.cancel(mine)).toBe(true);
    const theirs = add(leader.client, 'theirs');
    await vi.waitFor(() => expect(follower.client.pending()).toHaveLength(1), WAIT);
    expect(await follower.client.cancel(follower.client.pending()[0]!.write)).toBe(true);
    expect((await theirs.rejected).code).toBe('cancelled');
    follower.client.goOnline();
    await add(follower.client, 'kept').durable;
    expect(toJson(server.document)).toEqual({ tags: ['kept'] });
  }));

test('however many writes are taken back, each is told of, and a step does not tell of all of them again', () =>
  withTabs(async (server, leader, follower, browser) => {
    await goOffline(leader, follower);
    const told: number[] = [];
    for (const channel of [...browser.channels].filter(({ tab }) => tab === leader)) {
      const post = channel.postMessage.bind(channel);
      channel.postMessage = (message) => {
        told.push((message as Partial<LeaderStep>).cancelled?.length ?? 0);
        post(message);
      };
    }
    const writes = Array.from({ length: 300 }, (_, i) => add(follower.client, `regretted ${i}`));
    expect(new Set(await Promise.all(writes.map((write) => follower.client.cancel(write))))).toEqual(new Set([true]));
    await add(follower.client, 'kept').savedLocally;
    await vi.waitFor(() => expect([leader.client.status.pending, told.at(-1)]).toEqual([1, 256]), WAIT);
    follower.client.goOnline();
    await untilQuiet(leader.client, follower.client);
    expect(toJson(server.document)).toEqual({ tags: ['kept'] });
  }));

test('what the leader has sent is kept', () =>
  withTabs(async (server, _, follower) => {
    server.hold();
    const write = add(follower.client, 'sent');
    await vi.waitFor(() => expect(write.state).toBe('sent'), WAIT);
    expect(await follower.client.cancel(write)).toBe(false);
    server.resume();
    await write.durable;
    expect(await follower.client.cancel(write)).toBe(false);
  }));

test('a write that is taken back while nobody leads is taken back by the next leader', () =>
  withTabs(async (server, leader, follower) => {
    await goOffline(leader, follower);
    leader.crash();
    const write = add(follower.client, 'regretted');
    expect(await follower.client.cancel(write)).toBe(true);
    follower.client.goOnline();
    await add(follower.client, 'kept').durable;
    expect(toJson(server.document)).toEqual({ tags: ['kept'] });
  }));

test('the leader ends when it has taken a write back and told nobody: the next one tells', () =>
  withTabs(async (server, leader, follower, browser) => {
    await goOffline(leader, follower);
    const write = add(follower.client, 'regretted');
    await vi.waitFor(() => expect(leader.client.pending()).toHaveLength(1), WAIT);
    for (const channel of browser.channels) {
      const post = channel.postMessage.bind(channel);
      channel.postMessage = (message) => {
        if ((message as Partial<LeaderStep>).cancelled?.length) {
          leader.crash();
        } else {
          post(message);
        }
      };
    }
    expect(await follower.client.cancel(write)).toBe(true);
    expect(leader.isDead).toBe(true);
    expect((await write.rejected).code).toBe('cancelled');
    follower.client.goOnline();
    await add(follower.client, 'kept').durable;
    expect(toJson(server.document)).toEqual({ tags: ['kept'] });
  }));

test('what depends on a write that was taken back is refused by a later leader, too, that has never seen that write', () =>
  withTabs(async (server, leader, follower, browser) => {
    await goOffline(leader, follower);
    const write = add(follower.client, 'regretted');
    await vi.waitFor(() => expect(leader.client.pending()).toHaveLength(1), WAIT);
    // It is stored, and no leader takes it.
    const [told] = [...browser.channels].filter((channel) => channel.tab === follower);
    const post = told!.postMessage.bind(told);
    told!.postMessage = (message) => (message as { type: string }).type === 'write' || post(message);
    const upon = add(follower.client, 'upon', write);
    await upon.savedLocally;
    expect(await leader.client.cancel(leader.client.pending()[0]!.write)).toBe(true);
    leader.client.goOnline();
    await vi.waitFor(() => expect(server.submits).toBe(1), WAIT);
    await add(leader.client, 'other').durable;
    leader.crash();
    follower.crash();
    const next = await browser.open(server);
    await vi.waitFor(() => expect(codes(next.client)).toEqual(['dependency-rejected']), WAIT);
    await untilQuiet(next.client);
    expect(toJson(server.document)).toEqual({ tags: ['other'] });
  }));

test('what depends on a write that was taken back is refused by a later leader, too, where its tab had not heard of that when it wrote', () =>
  withTabs(async (server, leader, follower, browser) => {
    await goOffline(leader, follower);
    const write = add(follower.client, 'regretted');
    await vi.waitFor(() => expect(leader.client.pending()).toHaveLength(1), WAIT);
    const { write: taken } = leader.client.pending()[0]!;
    add(leader.client, 'seen');
    // A step later than the one in which the write was taken.
    await vi.waitFor(() => expect(follower.client.document.set('tags').values).toContain('seen'), WAIT);
    follower.hears = 0;
    const [told] = [...browser.channels].filter((channel) => channel.tab === follower);
    told!.postMessage = () => undefined;
    expect(await leader.client.cancel(taken)).toBe(true);
    await add(follower.client, 'upon', write).savedLocally;
    leader.client.goOnline();
    await add(leader.client, 'other').durable;
    leader.crash();
    follower.crash();
    const next = await browser.open(server);
    await vi.waitFor(() => expect(codes(next.client)).toEqual(['dependency-rejected']), WAIT);
    await untilQuiet(next.client);
    expect(toJson(server.document)).toEqual({ tags: ['seen', 'other'] });
  }));
