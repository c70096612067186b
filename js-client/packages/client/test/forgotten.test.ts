import { afterEach, expect, test, vi } from 'vitest';
import { Document } from '../src/document.ts';
import { MemoryStore, type Client, type Document as Shown, type Value } from '../src/index.ts';
import { toJson } from '../src/json.ts';
import { Store } from '../src/store.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { closeAll, join } from './joining.ts';
import { Random, SEED, replay } from './random.ts';

/*
 * A client whose server no longer keeps how it has judged what the client takes for pending, as when a store was put back from a copy. What was written later stays
 * later.
 */

const WAIT = { timeout: 60_000 };
const SCHEDULES = Number(process.env['REJOIN_SCHEDULES'] ?? 100);

type Body = (document: Shown) => void;

const milk: Body = (d) => d.set('tags').add('milk');
const noMilk: Body = (d) => d.set('tags').remove('milk');
const bread: Body = (d) => d.set('tags').add('bread');

/** What is shown, sets in order. */
function shown(document: Shown): Value {
  const inOrder = (value: Value): Value =>
    Array.isArray(value)
      ? [...value].sort()
      : value && typeof value === 'object' && !(value instanceof Uint8Array)
        ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inOrder(each)]))
        : value;
  return inOrder(toJson(document));
}

function codes(client: Client): string[] {
  return client.rejections.map(({ code }) => code);
}

interface Met {
  /** What the server holds in the end. */
  readonly document: Value;
  /** Codes on the list of refusals. */
  readonly listed: string[];
}

/**
 * Writes all of this; of the first ones the server is sent, it judges them and nobody hears. Then, after a restart, it is met again.
 *
 * @param sent how many
 * @param forgotten of how many of these it does not keep the verdicts
 */
async function meetAgain(sent: number, forgotten: number, writes: readonly Body[]): Promise<Met> {
  const server = new FakeServer();
  const store = new MemoryStore();
  const before = await join(server, { store });
  server.loses = 'answers';
  writes.slice(0, sent).forEach((write) => before.transact(write));
  await quiet();
  expect(server.submits).toBe(sent);
  before.goOffline();
  writes.slice(sent).forEach((write) => before.transact(write));
  await before.close();
  server.keptVerdicts = sent - forgotten;
  server.loses = 'nothing';
  const client = await join(server, { store });
  await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  await vi.waitFor(() => expect(shown(client.document)).toEqual(shown(server.document)), WAIT);
  const met = { document: shown(server.document), listed: codes(client) };
  await client.close();
  return met;
}

afterEach(closeAll);

test('an addition is not issued again behind a later removal that is pending', async () => {
  const { document, listed } = await meetAgain(1, 1, [milk, noMilk, bread]);
  expect(document).toEqual({ tags: ['bread'] });
  expect(listed).toEqual(['unknown-outcome']);
});

test('an addition is not issued again behind a later removal that was accepted', async () => {
  const { document, listed } = await meetAgain(2, 1, [milk, noMilk]);
  expect(document).toEqual({});
  expect(listed).toEqual(['unknown-outcome']);
});

test('a removal is not issued again behind a later addition', async () => {
  const { document } = await meetAgain(2, 2, [milk, noMilk, milk]);
  expect(document).toEqual({ tags: ['milk'] });
});

test('a reset is not issued again behind a later increment', async () => {
  const { document } = await meetAgain(2, 2, [(d) => d.counter('likes').increment(5), (d) => d.counter('likes').reset(), (d) => d.counter('likes').increment(2)]);
  expect(document).toEqual({ likes: 2 });
});

test('what was put into a map is not issued again behind what has emptied the map', async () => {
  const title: Body = (d) => d.map('card').register('title').set('old');
  for (const emptied of [(d: Shown) => d.remove('card'), (d: Shown) => d.map('card').clear(), (d: Shown) => d.map('card').remove('title')]) {
    const { document, listed } = await meetAgain(1, 1, [title, emptied]);
    expect(document).toEqual({});
    expect(listed).toEqual(['unknown-outcome']);
  }
});

test('what has emptied a map is not issued again behind what was put there later', async () => {
  const { document } = await meetAgain(2, 2, [(d) => d.map('card').register('title').set('old'), (d) => d.clear(), (d) => d.map('card').register('title').set('new')]);
  expect(document).toEqual({ card: { title: 'new' } });
});

test('what nothing later is about is issued again and is on no list', async () => {
  const { document, listed } = await meetAgain(1, 1, [milk, bread, (d) => d.counter('likes').increment(2)]);
  expect(document).toEqual({ likes: 2, tags: ['bread', 'milk'] });
  expect(listed).toEqual([]);
});

test('other elements, other names, and other types under one name are about something else', async () => {
  const { document, listed } = await meetAgain(4, 4, [
    milk,
    (d) => d.register('title').set('a'),
    (d) => d.map('map').flag('on').enable(),
    (d) => d.register('tags').set('a'),
    bread,
    (d) => d.register('title2').set('b'),
    (d) => d.map('map').remove('off'),
    (d) => d.map('map2').flag('on').enable(),
    (d) => d.set('title').clear(),
  ]);
  expect(document).toEqual({ map: { on: true }, map2: { on: true }, 'tags:register': 'a', 'tags:set': ['bread', 'milk'], title: 'a', title2: 'b' });
  expect(listed).toEqual([]);
});

test('what is issued again together keeps its order', async () => {
  const { document, listed } = await meetAgain(2, 2, [(d) => d.register('title').set('old'), (d) => d.register('title').set('new')]);
  expect(document).toEqual({ title: 'new' });
  expect(listed).toEqual([]);
});

test('a removal that is refused with the addition that it depends on does not keep that from being issued again', async () => {
  const server = new FakeServer();
  server.hold();
  const client = await join(server);
  const added = client.transact(milk);
  client.transact(noMilk, { after: [added] });
  await quiet();
  expect(server.submits).toBe(1);
  server.loses = 'answers';
  server.resume();
  server.keptVerdicts = 0;
  server.cut();
  server.loses = 'nothing';
  await vi.waitFor(() => expect(added.state).toBe('durable'), WAIT);
  expect(codes(client)).toEqual(['dependency-rejected']);
  expect(shown(server.document)).toEqual({ tags: ['milk'] });
});

/** A client writes this, the second after the first, and has both verdicts; then its store is put back from a copy that has neither, and the server keeps this many. */
async function putBack(keptVerdicts: number, first: Body, second: Body): Promise<Met> {
  const server = new FakeServer();
  const store = new MemoryStore();
  server.hold();
  const before = await join(server, { store });
  const done = before.transact(first);
  const after = before.transact(second, { after: [done] });
  await after.savedLocally;
  const copy = Object.assign(new MemoryStore(), structuredClone({ ...store }));
  server.resume();
  await after.durable;
  await before.close();
  server.keptVerdicts = keptVerdicts;
  const client = await join(server, { store: copy });
  await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'connected', pending: 0 }), WAIT);
  await vi.waitFor(() => expect(shown(client.document)).toEqual(shown(server.document)), WAIT);
  return { document: shown(server.document), listed: codes(client) };
}

test('an addition is not issued again behind a removal that depended on it and was accepted', async () => {
  expect(await putBack(1, milk, noMilk)).toEqual({ document: {}, listed: ['unknown-outcome'] });
  expect((await putBack(0, milk, noMilk)).document).toEqual({});
});

test('what depended on a write in doubt is in doubt with it', async () => {
  const { document, listed } = await putBack(0, (d) => d.counter('likes').increment(5), milk);
  expect(document).toEqual({ likes: 5, tags: ['milk'] });
  expect(listed).toEqual(['unknown-outcome', 'unknown-outcome']);
});

test('what is in doubt is on the list where it was written', async () => {
  const { listed } = await meetAgain(3, 3, [milk, (d) => d.counter('likes').increment(1), noMilk, milk]);
  expect(listed).toEqual(['unknown-outcome', 'unknown-outcome', 'unknown-outcome']);
});

/** Each is played on a document whose author has lost nothing. */
test('in generated histories what is there in the end is what its author has written, in that order', { timeout: 600_000 }, async () => {
  let behind = 0;
  for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
    const random = new Random(seed);
    const store = new Store('00000000000000ff', () => 0);
    const twin = new Document(store);
    const writes: Body[] = [];
    for (let n = 2 + random.below(6); n > 0; n--) {
      const write = generated(random);
      const { next } = store;
      twin.transact(() => write(twin));
      if (store.next > next) {
        writes.push(write);
      }
    }
    const sent = random.below(writes.length + 1);
    const forgotten = random.below(sent + 1);
    behind += forgotten && writes.length > forgotten ? 1 : 0;
    const { document } = await meetAgain(sent, forgotten, writes);
    expect(document, `${replay(seed)} test/forgotten.test.ts, with REJOIN_SCHEDULES=1; sent ${sent}, forgotten ${forgotten}: ${writes.join('; ')}`).toEqual(shown(twin));
  }
  expect(behind > 0 || SCHEDULES < 20, 'something was behind what was forgotten').toBe(true);
  console.log(`${SCHEDULES} histories from seed ${SEED}: in ${behind} something was behind what was forgotten`);
});

function generated(random: Random): Body {
  const tag = random.pick(['milk', 'bread']);
  const value = random.below(100);
  const bodies: Body[] = [
    (d) => d.counter('likes').increment(1 + value),
    (d) => d.counter('likes').reset(),
    (d) => d.set('tags').clear(),
    (d) => d.register('title').set(`title ${value}`),
    (d) => d.flag('done').enable(),
    (d) => d.flag('done').disable(),
    (d) => d.set('tags').remove(tag),
    (d) => d.set('tags').add(tag),
    (d) => d.map('card').set('tags').add(tag),
    (d) => d.map('card').register('title').set(value),
    (d) => d.map('card').remove('tags'),
    (d) => d.remove('card'),
  ];
  return random.pick(bodies);
}
