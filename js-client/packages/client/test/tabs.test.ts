import 'fake-indexeddb/auto';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { Client, type Write } from '../src/index.ts';
import { openTabs } from '../src/tabs.ts';
import { FakeServer } from '../src/testing.ts';
import { FakeBrowser, type FakeTab } from './tab.ts';
import { WAIT } from './wait.ts';

const browsers: FakeBrowser[] = [];

function browser(): FakeBrowser {
  const made = new FakeBrowser();
  browsers.push(made);
  return made;
}

/** Lets what is under way between tabs and their database happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const forbidden: FakeServer['validate'] = ({ changes }) => (changes.some(({ value }) => value === 'forbidden') ? 'content-rejected' : '');

async function saved(...tabs: FakeTab[]): Promise<void> {
  for (const { client } of tabs) {
    await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  }
}

afterEach(async () => {
  for (const each of browsers.splice(0)) {
    await each.close();
  }
});

test('two tabs have one connection, and each shows what the other has written, pending and confirmed', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  server.deciding = false;
  const write = follower.client.transact((document) => {
    document.counter('likes').increment(2);
    document.set('tags').add('here');
  });
  expect(follower.client.document.counter('likes').value).toBe(2);
  await write.savedLocally;
  await vi.waitFor(() => expect(leader.client.document.set('tags').pendingFor('here')?.id).toBe(write.id), WAIT);
  expect(leader.client.status).toMatchObject({ pending: 1, sync: 'synchronizing' });
  await vi.waitFor(() => expect(write.state).toBe('sent'), WAIT);
  server.resume();
  await write.durable;
  await saved(leader, follower);
  expect(server.hellos).toBe(1);
  for (const { client } of [leader, follower]) {
    expect(toJson(client.document)).toEqual({ likes: 2, tags: ['here'] });
    expect(client.document.confirmedState()).toEqual(server.judge.everything());
  }
});

test('what others have written reaches every tab, as one event each', async () => {
  const [server, shared, other] = [new FakeServer(), browser(), browser()];
  const tabs = [await shared.open(server), await shared.open(server)];
  const author = await other.open(server);
  await saved(...tabs, author);
  const seen = tabs.map(() => [] as unknown[]);
  tabs.forEach(({ client }, i) => client.document.onChange(({ changes }) => seen[i]!.push(changes)));
  await author.client.transact((document) => {
    document.set('tags').add('far');
    document.register('title').set('away');
  }).durable;
  await vi.waitFor(() => expect(seen.map((each) => each.length)).toEqual([1, 1]), WAIT);
  expect(seen[0]).toEqual(seen[1]);
});

test('a write keeps its meaning: what it replaces of earlier writes of its tab is replaced, and nothing blinks', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  const { document } = follower.client;
  const shown: unknown[] = [];
  document.onChange(() => shown.push([document.register('title').value, [...document.set('tags').values].sort()]));
  document.register('title').set('one');
  document.set('tags').add('x');
  document.register('title').set('two');
  document.set('tags').remove('x');
  document.set('tags').add('y');
  await saved(follower, leader);
  expect(shown).toEqual([
    ['one', []],
    ['one', ['x']],
    ['two', ['x']],
    ['two', []],
    ['two', ['y']],
  ]);
  for (const { client } of [leader, follower]) {
    expect(client.document.register('title').conflicts).toEqual([]);
    expect(toJson(client.document)).toEqual({ title: 'two', tags: ['y'] });
  }
});

test('a refused write leaves every tab, and any of them can try again, once', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  server.validate = forbidden;
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  const heard: string[] = [];
  leader.client.onRejected(({ code }) => heard.push(code));
  const write = follower.client.document.set('tags').add('forbidden');
  expect((await write.rejected).code).toBe('content-rejected');
  await vi.waitFor(() => expect(leader.client.rejections.map(({ id }) => id)).toEqual([write.id]), WAIT);
  expect(heard).toEqual(['content-rejected']);
  expect([leader, follower].map(({ client }) => client.document.set('tags').values)).toEqual([[], []]);
  expect(follower.client.status.sync).toBe('rejected');

  server.validate = () => '';
  const again = leader.client.rejections[0]!.retry();
  await again.durable;
  await saved(leader, follower);
  await vi.waitFor(() => expect(toJson(follower.client.document)).toEqual({ tags: ['forbidden'] }), WAIT);
  expect(follower.client.rejections).toEqual([]);
});

test('what depends on a refused write is refused with it in every tab, also if it was discarded meanwhile, and nothing of it is sent', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  server.validate = forbidden;
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  server.hold();
  const add = (tab: FakeTab, tag: string, ...after: Write[]): Write => tab.client.transact((document) => document.set('tags').add(tag), { after });
  const first = add(follower, 'forbidden');
  const second = add(follower, 'second', first);
  const third = add(follower, 'third');
  await vi.waitFor(() => expect(leader.client.document.set('tags').size).toBe(3), WAIT);
  expect(server.submits).toBe(1);
  server.resume();
  await third.durable;
  expect([first, second].map(({ rejection }) => rejection?.code)).toEqual(['content-rejected', 'dependency-rejected']);
  await saved(leader, follower);
  expect(leader.client.rejections.map(({ code }) => code)).toEqual(['content-rejected', 'dependency-rejected']);

  const fourth = add(leader, 'forbidden');
  await fourth.rejected;
  leader.client.rejections.forEach((each) => each.discard());
  const fifth = add(leader, 'fifth', fourth);
  const sixth = add(leader, 'sixth', fifth);
  expect((await fifth.rejected).code).toBe('dependency-rejected');
  expect((await sixth.rejected).code).toBe('dependency-rejected');
  await saved(leader, follower);
  for (const { client } of [leader, follower]) {
    await vi.waitFor(() => expect(toJson(client.document)).toEqual({ tags: ['third'] }), WAIT);
  }
  expect(toJson(server.document)).toEqual({ tags: ['third'] });
});

test('a dependency outlives the leader and the tab that wrote it', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  server.validate = forbidden;
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  server.hold();
  const first = follower.client.document.set('tags').add('forbidden');
  await vi.waitFor(() => expect(first.state).toBe('sent'), WAIT);
  leader.client.goOffline();
  await vi.waitFor(() => expect(follower.client.status.code).toBe('offline'), WAIT);
  await follower.client.transact((document) => document.set('tags').add('second'), { after: [first] }).savedLocally;
  leader.crash();
  follower.crash();
  server.resume();
  const next = await shared.open(server);
  await vi.waitFor(() => expect(next.client.rejections.map(({ code }) => code)).toEqual(['content-rejected', 'dependency-rejected']), WAIT);
  expect(toJson(next.client.document)).toEqual({});
  expect(toJson(server.document)).toEqual({});
});

test('a rejection that one tab discards is gone in the other, and after all tabs are closed', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  server.validate = forbidden;
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await leader.client.document.set('tags').add('forbidden').rejected;
  await vi.waitFor(() => expect(follower.client.rejections).toHaveLength(1), WAIT);
  follower.client.rejections[0]!.discard();
  await vi.waitFor(() => expect(leader.client.rejections).toEqual([]), WAIT);
  await settle();
  await shared.close();
  expect((await shared.open(server)).client.rejections).toEqual([]);
});

test('a rejection that is discarded while nobody leads is gone with the next leader, and is not shown in between', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  server.validate = forbidden;
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await leader.client.document.set('tags').add('forbidden').rejected;
  await vi.waitFor(() => expect(follower.client.rejections).toHaveLength(1), WAIT);
  const heard: string[] = [];
  follower.client.onRejected(({ id }) => heard.push(id));
  leader.crash();
  follower.client.rejections[0]!.discard();
  await vi.waitFor(() => expect(server.hellos).toBe(2), WAIT);
  await saved(follower);
  await settle();
  await shared.close();
  expect((await shared.open(server)).client.rejections).toEqual([]);
  expect(heard).toEqual([]);
});

test('the leader is closed in the midst of sending: another tab goes on, and each write counts once', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  server.deciding = false;
  leader.client.document.counter('likes').increment(1);
  const mine = follower.client.document.counter('likes').increment(10);
  await vi.waitFor(() => expect(server.submits).toBe(2), WAIT);
  await vi.waitFor(() => expect(follower.client.document.counter('likes').value).toBe(11), WAIT);
  leader.crash();
  server.deciding = true;
  await mine.durable;
  await saved(follower);
  expect(follower.client.document.counter('likes').value).toBe(11);
  expect(follower.client.document.confirmedState()).toEqual(server.judge.everything());
});

test('a tab that wrote while nobody led is gone, too: the next one sends it', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  leader.client.goOffline();
  await follower.client.document.counter('likes').increment(1).savedLocally;
  await follower.client.document.counter('likes').increment(10).savedLocally;
  leader.crash();
  follower.crash();
  const next = await shared.open(server);
  const whenSynchronized: unknown[] = [];
  next.client.onStatus(({ sync }) => sync === 'synchronized' && whenSynchronized.push(toJson(server.document)));
  expect(next.client.status.sync).toBe('synchronizing');
  await vi.waitFor(() => expect(next.client.document.counter('likes').value).toBe(11), WAIT);
  await saved(next);
  expect(whenSynchronized).toEqual([{ likes: 11 }]);
  expect(next.client.document.confirmedState()).toEqual(server.judge.everything());
});

test('a tab ends between saving and telling, and the leader has never heard of it: the leader sends what it has saved', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [first, second, third] = [await shared.open(server), await shared.open(server), await shared.open(server)];
  await saved(first, second, third);
  third.hears = 0;
  first.crash();
  await vi.waitFor(() => expect(server.hellos).toBe(2), WAIT);
  await saved(second);
  const write = third.client.document.counter('likes').increment();
  write.onState(() => third.crash());
  await write.savedLocally;
  await vi.waitFor(() => expect(toJson(second.client.document)).toEqual({ likes: 1 }), WAIT);
  await saved(second);
  expect(toJson(server.document)).toEqual({ likes: 1 });
});

test('what the next leader has taken and not told yet is not durable', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [first, second, third] = [await shared.open(server), await shared.open(server), await shared.open(server)];
  await saved(first, second, third);
  server.hold();
  third.hears = 0;
  first.crash();
  await vi.waitFor(() => expect(server.hellos).toBe(2), WAIT);
  await saved(second);
  const write = third.client.document.counter('likes').increment();
  await vi.waitFor(() => expect(server.submits).toBe(1), WAIT);
  third.hears = 2;
  await settle();
  expect(third.hears).toBe(0);
  expect(write.state).toBe('saved-locally');
  third.hears = Infinity;
  await vi.waitFor(() => expect(write.state).toBe('sent'), WAIT);
  server.resume();
  await write.durable;
  expect(toJson(server.document)).toEqual({ likes: 1 });
});

test('what a write replaces was pending under a lease that a leader has given up and taken with it: the next leader issues the write anew', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  server.hold();
  const title = follower.client.document.register('title');
  const first = title.set('one');
  await vi.waitFor(() => expect(first.state).toBe('sent'), WAIT);
  follower.hears = 0;
  server.leases.forEach((_, replica) => server.leases.set(replica, 'somebody else'));
  server.cut();
  await vi.waitFor(() => expect(server.submits).toBe(2), WAIT);
  leader.crash();
  const second = title.set('two');
  follower.hears = Infinity;
  server.deciding = true;
  await second.durable;
  await saved(follower);
  expect(title.value).toBe('two');
  expect(title.conflicts).toEqual([]);
  expect(toJson(server.document)).toEqual({ title: 'two' });
});

test('a leader waits for the locks of the tabs of its document, and for no other', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  await shared.open(server, { document: 'notes/1:2' });
  await shared.open(server);
  await vi.waitFor(() => expect(shared.queue.filter(({ granted }) => !granted)).toHaveLength(2), WAIT);
  await settle();
  const [other, own] = shared.queue.filter(({ granted }) => !granted).map(({ name }) => name);
  expect(other).toMatch(/^rejoin:tabs:notes\/1:2:[0-9a-f]{16}$/);
  expect(own).toMatch(/^rejoin:tabs:notes\/1:[0-9a-f]{16}$/);
});

test('offline and online are a switch of the browser, and every tab says so', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await saved(leader, follower);
  follower.client.goOffline();
  await vi.waitFor(() => expect([leader, follower].map(({ client }) => client.status.code)).toEqual(['offline', 'offline']), WAIT);
  const write = follower.client.document.counter('likes').increment();
  await write.savedLocally;
  await vi.waitFor(() => expect(leader.client.status).toMatchObject({ sync: 'offline-pending', pending: 1 }), WAIT);
  leader.client.goOnline();
  await write.durable;
  await saved(leader, follower);
});

test('who goes online while nobody leads is online with the next leader', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const leader = await shared.open(server);
  const other = await shared.open(server);
  await saved(leader, other);
  leader.client.goOffline();
  await vi.waitFor(() => expect(other.client.status.code).toBe('offline'), WAIT);
  await other.client.document.counter('count').increment().savedLocally;
  leader.crash();
  other.client.goOnline();
  await saved(other);
  expect(toJson(server.document)).toEqual({ count: 1 });
});

test('another life of the document begins in every tab, and what was pending is laid before the user', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  await follower.client.document.set('tags').add('old').durable;
  await saved(leader, follower);
  server.deciding = false;
  const lost = follower.client.document.counter('likes').increment();
  await vi.waitFor(() => expect(lost.state).toBe('sent'), WAIT);
  server.recreate();
  server.deciding = true;
  expect((await lost.rejected).code).toBe('epoch-changed');
  await saved(leader, follower);
  for (const { client } of [leader, follower]) {
    await vi.waitFor(() => expect(toJson(client.document)).toEqual({}), WAIT);
    expect(client.rejections.map(({ code }) => code)).toEqual(['epoch-changed']);
  }
});

test('without Web Locks each tab is a client of its own over the same database', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const client = await openTabs({ url: 'ws://test/sync', document: 'notes/1', indexedDB: shared.factory, locks: null, webSocket: server.webSocket });
  expect(client).toBeInstanceOf(Client);
  await client.document.counter('likes').increment().durable;
  await client.close();
});

test('a store that cannot be opened is an error of the opening, as with one tab', async () => {
  const [server, shared] = [new FakeServer(), browser()];
  const indexedDB = {
    open: () => {
      const request = {} as { onerror?: () => void; error: Error };
      queueMicrotask(() => request.onerror?.());
      return Object.assign(request, { error: new Error('SecurityError') });
    },
  } as unknown as IDBFactory;
  await expect(shared.open(server, { indexedDB })).rejects.toThrow('SecurityError');
});
