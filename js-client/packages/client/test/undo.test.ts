import 'fake-indexeddb/auto';
import { afterEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import { type ClientView, type Document } from '../src/index.ts';
import { MAX_UNDO_ELEMENTS, MAX_UNDO_ENTRIES, undoHistory } from '../src/undo.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import type { Value } from '../src/values.ts';
import { FakeBrowser } from './tab.ts';
import { closeAll, join } from './joining.ts';
import { Random, SEED, replay } from './random.ts';
import { WAIT } from './wait.ts';

afterEach(async () => {
  await closeAll();
});

async function untilQuiet(client: ClientView): Promise<void> {
  await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
}

/** What shows, without counters at 0 and switches that are off, and sets in an order of their own. */
function shown(document: Document): unknown {
  const plain = (value: Value): Value => {
    if (Array.isArray(value)) {
      return [...(value as readonly Value[])].map(String).sort();
    }
    if (value && typeof value === 'object') {
      const rest = Object.entries(value as Record<string, Value>).map(([key, each]) => [key, plain(each)] as const);
      return Object.fromEntries(rest.filter(([, each]) => each !== 0 && each !== false && JSON.stringify(each) !== '{}'));
    }
    return value;
  };
  return plain(toJson(document));
}

test('every kind of change is undone and redone', async () => {
  const client = await join(new FakeServer());
  const { document } = client;
  await client.transact(() => {
    document.map('list').set('tags').add('kept');
    document.map('list').counter('n').increment(2);
    document.register('title').set('old');
    document.removeWinsSet('rw').add('x');
  }).durable;
  const before = shown(document);
  const history = undoHistory(client);
  document.register('title').set('new');
  document.register('new').set('was empty');
  document.mvRegister('several').set(1);
  document.flag('done').enable();
  document.disableWinsFlag('done').enable();
  document.counter('likes').decrement(5);
  document.removeWinsSet('rw').remove('x');
  document.map('list').set('tags').add('added');
  document.map('list').clear();
  const after = shown(document);
  const writes = 9;
  expect(history.undoable).toBe(writes);
  for (let i = 0; i < writes; i++) {
    expect(history.undo()).toBeDefined();
  }
  expect(history.undo()).toBeUndefined();
  expect(history.redoable).toBe(writes);
  await untilQuiet(client);
  expect(shown(document)).toEqual(before);
  for (let i = 0; i < writes; i++) {
    expect(history.redo()).toBeDefined();
  }
  expect(history.redo()).toBeUndefined();
  await untilQuiet(client);
  expect(shown(document)).toEqual(after);
});

test('undoing and redoing as much leaves what others have done in between', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const title = client.document.register('title');
  const history = undoHistory(client);
  title.set('mine');
  await title.set('mine too').durable;
  server.write((document) => document.register('title').set('theirs'));
  await vi.waitFor(() => expect(title.value).toBe('theirs'), WAIT);
  history.undo();
  expect(title.value).toBe('mine');
  history.undo();
  expect(title.value).toBeUndefined();
  history.redo();
  history.redo();
  expect(title.value).toBe('theirs');
  await untilQuiet(client);
  expect(toJson(server.document)).toEqual({ title: 'theirs' });
});

test('what others have added to a counter or a set stays', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const history = undoHistory(client);
  await client.transact((document) => {
    document.counter('likes').increment(5);
    document.set('tags').add('mine');
  }).durable;
  server.write((document) => {
    document.counter('likes').increment(100);
    document.set('tags').add('theirs');
  });
  await quiet();
  await history.undo()!.durable;
  expect(toJson(server.document)).toEqual({ likes: 100, tags: ['theirs'] });
});

test('a write is undone offline, and undone it comes to the server', async () => {
  const server = new FakeServer();
  const client = await join(server, { online: false });
  const history = undoHistory(client);
  client.document.counter('likes').increment(5);
  const undone = history.undo()!;
  expect(client.document.counter('likes').value).toBe(0);
  history.redo();
  expect(client.document.counter('likes').value).toBe(5);
  const again = history.undo()!;
  client.goOnline();
  await Promise.all([undone.durable, again.durable]);
  expect(server.document.counter('likes').value).toBe(0);
});

test('a refused write leaves the stacks, and its undoing does not happen', async () => {
  const server = new FakeServer();
  server.validate = ({ changes }) => (changes.some(({ value }) => value === 'forbidden') ? 'content-rejected' : '');
  const client = await join(server);
  const { document } = client;
  const history = undoHistory(client);
  await document.counter('likes').increment(1).durable;
  server.hold();
  const refused = client.transact(() => {
    document.counter('likes').increment(100);
    document.set('tags').add('forbidden');
  });
  const undoing = history.undo()!;
  expect(document.counter('likes').value).toBe(1);
  expect([history.undoable, history.redoable]).toEqual([1, 1]);
  server.resume();
  await refused.rejected;
  expect((await undoing.rejected).code).toBe('dependency-rejected');
  expect([history.undoable, history.redoable]).toEqual([1, 0]);
  await untilQuiet(client);
  // What nobody wants any more is not laid before the user.
  expect(client.rejections.map(({ code }) => code)).toEqual(['content-rejected']);
  expect(document.counter('likes').value).toBe(1);
  await history.undo()!.durable;
  expect(server.document.counter('likes').value).toBe(0);
});

test('only what is in scope is recorded and undone', async () => {
  const client = await join(new FakeServer());
  const { document } = client;
  const history = undoHistory(client, 'title');
  document.counter('likes').increment();
  expect(history.undoable).toBe(0);
  client.transact(() => {
    document.register('title').set('x');
    document.counter('likes').increment();
  });
  await history.undo()!.durable;
  expect(toJson(document)).toEqual({ likes: 2 });
  expect(history.redoable).toBe(1);
  document.counter('likes').increment();
  expect(history.redoable).toBe(1);
  document.register('title').set('z');
  expect(history.redoable).toBe(0);
  history.close();
  document.register('title').set('y');
  expect([history.undoable, history.redoable]).toEqual([0, 0]);
});

test('what a grow-only counter has counted is not recorded, and what others do neither', async () => {
  const server = new FakeServer();
  const client = await join(server);
  const history = undoHistory(client);
  client.document.gcounter('views').increment();
  server.write((document) => document.set('tags').add('theirs'));
  await quiet();
  expect(history.undoable).toBe(0);
  client.document.set('tags').add('theirs');
  // It changes nothing that is to be seen.
  expect(history.undoable).toBe(0);
});

test('an undoing inside a transaction is a part of that one', async () => {
  const client = await join(new FakeServer());
  const { document } = client;
  const history = undoHistory(client);
  document.counter('likes').increment(1);
  document.counter('likes').increment(10);
  const write = client.transact(() => {
    document.set('tags').add('x');
    expect(history.undo()).toBeDefined();
  });
  expect(toJson(document)).toEqual({ likes: 1, tags: ['x'] });
  expect(history.undoable).toBe(2);
  history.undo();
  expect(toJson(document)).toEqual({ likes: 11 });
  await write.durable;
});

test('a listener that writes when something is undone is recorded as a write of its own', async () => {
  const client = await join(new FakeServer());
  const { document } = client;
  const history = undoHistory(client);
  document.register('title').set('one');
  let answered = false;
  document.register('title').subscribe(() => {
    if (!answered) {
      answered = true;
      document.counter('changes').increment();
    }
  });
  history.undo();
  expect([history.undoable, history.redoable]).toEqual([1, 0]);
  history.undo();
  expect(document.counter('changes').value).toBe(0);
});

test('the oldest entries are forgotten, and a write that is too large for it empties it', async () => {
  const client = await join(new FakeServer(), { online: false });
  const { document } = client;
  const history = undoHistory(client);
  for (let i = 0; i < MAX_UNDO_ENTRIES + 5; i++) {
    document.counter('likes').increment();
  }
  expect(history.undoable).toBe(MAX_UNDO_ENTRIES);
  document.set('many').addAll(Array.from({ length: MAX_UNDO_ELEMENTS + 1 }, (_, i) => i));
  expect(history.undoable).toBe(0);
});

test('a tab undoes what it has written itself, whoever leads', async () => {
  const [server, shared] = [new FakeServer(), new FakeBrowser()];
  const [leader, follower] = [await shared.open(server), await shared.open(server)];
  try {
    await untilQuiet(follower.client);
    const history = undoHistory(follower.client);
    await follower.client.document.counter('likes').increment(5).durable;
    leader.client.document.counter('likes').increment(100);
    await untilQuiet(leader.client);
    await vi.waitFor(() => expect(follower.client.document.counter('likes').value).toBe(105), WAIT);
    expect(history.undoable).toBe(1);
    await history.undo()!.durable;
    expect(server.document.counter('likes').value).toBe(100);
    leader.crash();
    await history.redo()!.durable;
    expect(server.document.counter('likes').value).toBe(105);
  } finally {
    await shared.close();
  }
});

/** Undoing some of many writes and redoing as many is nothing, whatever they were and whatever others have written in between. */
test('undoing some writes and redoing as many leaves the document as it was, in generated schedules among writes of others', { timeout: 120_000 }, async () => {
  const write = (document: Document, random: Random): void => {
    const name = `n${random.below(3)}`;
    const element = `e${random.below(4)}`;
    switch (random.below(8)) {
      case 0:
        document.counter(name).add(random.below(9) - 4);
        break;
      case 1:
        document.set(name).add(element);
        break;
      case 2:
        document.set(name).remove(element);
        break;
      case 3:
        document.register(name).set(`v${random.below(100)}`);
        break;
      case 4:
        document.register(name).clear();
        break;
      case 5:
        document.flag(name).enable();
        break;
      case 6:
        document.map('m').removeWinsSet(name).add(element);
        break;
      default:
        document.map('m').counter(name).increment();
    }
  };
  let turned = 0;
  for (let run = 0; run < 20; run++) {
    const seed = SEED + run;
    const random = new Random(seed);
    const server = new FakeServer();
    const client = await join(server);
    const history = undoHistory(client);
    for (let i = 0; i < 100; i++) {
      if (random.chance(0.3)) {
        server.write((document) => write(document, random));
        await quiet();
      } else {
        client.transact((document) => {
          for (let k = random.below(3); k >= 0; k--) {
            write(document, random);
          }
        });
      }
      if (random.chance(0.2)) {
        await quiet();
      }
      if (random.chance(0.3)) {
        const before = shown(client.document);
        const turns = 1 + random.below(5);
        let undone = 0;
        while (undone < turns && history.undo()) {
          undone++;
        }
        for (let redone = 0; redone < undone; redone++) {
          // What has no effect when it is done again is passed over.
          history.redo();
        }
        turned += undone;
        expect(shown(client.document), replay(seed)).toEqual(before);
      }
    }
    await untilQuiet(client);
    expect(client.rejections, replay(seed)).toEqual([]);
    expect(client.document.confirmedState(), replay(seed)).toEqual(server.judge.everything());
    await client.close();
  }
  expect(turned).toBeGreaterThan(100);
});
