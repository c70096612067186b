import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toJson } from '../src/json.ts';
import type { Write } from '../src/index.ts';
import { FakeServer } from '../src/testing.ts';
import { Random, SEED, replay } from './random.ts';
import { FakeBrowser, type FakeTab } from './tab.ts';

/** How many schedules are played. */
const ROUNDS = Number(process.env['REJOIN_TAB_ROUNDS'] ?? 20);
/** So many steps of an idle time are enough for all that can still happen to happen. */
const IDLE_STEPS = 400;
/** So many of them in which nothing waits: what a tab shows may still be of a leader that has ended, and the next one has yet to be told that its lease is gone. */
const QUIET_STEPS = 5;

/*
 * Only the seed decides what happens: timers wait until the schedule says so, ids come from the seed, and everything else happens in
 * turns of the event loop.
 */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function seedIds(random: Random): void {
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const bytes = array as unknown as Uint8Array;
    bytes.forEach((_, i) => (bytes[i] = random.below(256)));
    return array;
  });
  vi.spyOn(crypto, 'randomUUID').mockImplementation(() => `${random.next()}-0-0-0-0`);
}

/** What no leader has taken, and what has no verdict, as the database says. */
async function waiting(browser: FakeBrowser): Promise<string[]> {
  const opening = browser.factory.open('rejoin:notes/1');
  const database = await new Promise<IDBDatabase>((resolve) => (opening.onsuccess = () => resolve(opening.result)));
  const all = database.transaction('transactions').objectStore('transactions').getAll() as IDBRequest<{ id?: string; replica: string; last: number; to?: string; accepted?: boolean }[]>;
  const records = await new Promise<typeof all.result>((resolve) => (all.onsuccess = () => resolve(all.result)));
  database.close();
  return records.filter(({ to, accepted }) => to === undefined && !accepted).map(({ replica, last }) => `${replica} ${last}`);
}

interface Outcome {
  readonly trace: readonly string[];
  readonly saved: ReadonlySet<string>;
  /** Writes that a tab said to be durable before the server had them. */
  readonly premature: readonly string[];
  /** What waits for ever. */
  readonly stuck: readonly string[];
  /** Writes that were to be taken back, and whether they were; undefined where the tab has ended, or was closed, before it heard. */
  readonly regretted: ReadonlyMap<string, boolean | undefined>;
  /** What depends on which. */
  readonly upon: ReadonlyMap<string, string>;
  readonly tabs: readonly FakeTab[];
  readonly server: FakeServer;
  readonly browser: FakeBrowser;
}

/** Tabs come, write, take back, are closed and end; the connection is cut, leases go to others, and the server decides or not, and refuses some writes. Then a last tab comes, and nothing goes wrong any more. */
async function play(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  seedIds(new Random(seed ^ 0x5eed));
  const [server, browser] = [new FakeServer(), new FakeBrowser(random)];
  server.validate = ({ changes }) => (changes.some(({ value }) => /[37]$/.test(String(value))) ? 'content-rejected' : '');
  const trace: string[] = [];
  const saved = new Set<string>();
  const premature: string[] = [];
  const upon = new Map<string, string>();
  const regretted = new Map<string, boolean | undefined>();
  const latest = new Map<FakeTab, { name: string; write: Write }>();
  const tell = (what: string): number => trace.push(what);
  let tabs: FakeTab[] = [];
  let written = 0;
  const open = async (): Promise<void> => {
    const tab = await browser.open(server);
    tab.client.onStatus(({ connection, sync, pending }) => tell(`${browser.tabs.indexOf(tab)} ${connection} ${sync} ${pending}`));
    tabs.push(tab);
  };
  const leave = (tab: FakeTab): void => {
    tabs = tabs.filter((each) => each !== tab);
  };
  const ends = (tab: FakeTab): void => {
    tell(`${browser.tabs.indexOf(tab)} ends`);
    leave(tab);
    tab.crash();
  };
  const writes = (tab: FakeTab): void => {
    const name = `w${written++}`;
    const before = random.chance(0.3) ? latest.get(tab) : undefined;
    tell(`${browser.tabs.indexOf(tab)} writes ${name}${before ? ` upon ${before.name}` : ''}`);
    const write = tab.client.transact(
      (document) => {
        document.counter('count').increment();
        document.set('all').add(name);
        document.register('last').set(name);
      },
      { after: before ? [before.write] : [] },
    );
    latest.set(tab, { name, write });
    if (before) {
      upon.set(name, before.name);
    }
    write.savedLocally.then(
      () => {
        tell(`${name} is saved`);
        saved.add(name);
      },
      () => undefined,
    );
    write.durable.then(
      () => {
        if (!tab.isDead && !server.document.set('all').values.includes(name)) {
          premature.push(name);
        }
      },
      () => undefined,
    );
  };
  const regrets = (tab: FakeTab): void => {
    const { name, write } = latest.get(tab) ?? {};
    if (name !== undefined && !regretted.has(name)) {
      tell(`${browser.tabs.indexOf(tab)} takes ${name} back`);
      regretted.set(name, undefined);
      void tab.client.cancel(write!).then((isCancelled) => {
        if (tabs.includes(tab)) {
          tell(`${name} is ${isCancelled ? 'taken back' : 'kept'}`);
          regretted.set(name, isCancelled);
        }
      });
    }
  };
  for (let i = 0; i < 60; i++) {
    const what = random.below(28);
    const living = browser.tabs.filter((tab) => !tab.isDead);
    if (what < 11) {
      if (tabs.length) {
        writes(random.pick(tabs));
      }
    } else if (what < 13) {
      if (living.length > 1 && tabs.length) {
        const tab = random.pick(tabs);
        writes(tab);
        await turns(random.below(10));
        ends(tab);
      }
    } else if (what < 16) {
      if (living.length < 4) {
        tell('a tab comes');
        void open().catch(() => undefined);
      }
    } else if (what < 18) {
      if (living.length > 1) {
        ends(random.pick(living));
      }
    } else if (what === 18) {
      if (tabs.length > 1) {
        const gone = random.pick(tabs);
        tell(`${browser.tabs.indexOf(gone)} is closed`);
        leave(gone);
        // It may end while it is being closed.
        void gone.client.close().catch(() => undefined).finally(() => gone.crash());
      }
    } else if (what === 19) {
      if (random.chance(0.3)) {
        tell('somebody else has the leases');
        server.leases.forEach((_, replica) => server.leases.set(replica, 'somebody else'));
      }
      server.cut();
    } else if (what === 20) {
      server.deciding = !server.deciding;
      if (server.deciding) {
        server.resume();
      }
    } else if (what === 21 || what === 22) {
      if (tabs.length) {
        regrets(random.pick(tabs));
      }
    } else if (what === 23) {
      vi.advanceTimersByTime(random.below(2000));
    } else {
      await turns(random.below(random.chance(0.3) ? 100 : 12));
    }
  }
  server.resume();
  void open().catch(() => undefined);
  let stuck: string[] = ['everything'];
  for (let i = 0, quiet = 0; i < IDLE_STEPS && quiet < QUIET_STEPS; i++) {
    await turns(20);
    vi.advanceTimersByTime(100);
    const busy = tabs.filter(({ client: { status } }) => status.connection !== 'connected' || status.pending).map((tab) => `${browser.tabs.indexOf(tab)} ${tab.client.status.connection} ${tab.client.status.pending}`);
    stuck = [...(await waiting(browser)), ...busy, ...(tabs.length ? [] : ['no tab'])];
    quiet = stuck.length ? 0 : quiet + 1;
  }
  await turns(50);
  return { trace, saved, premature, stuck, regretted, upon, tabs, server, browser };
}

test(`whatever tabs end, and whenever: what was saved is there or on the list of refusals, what was taken back is in neither, nothing is there twice, and nothing without what it depends on (${ROUNDS} schedules)`, async () => {
  for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
    const command = `${replay(seed)} test/tabs-crashes.test.ts`;
    const { trace, saved, premature, stuck, regretted, upon, tabs, server, browser } = await play(seed).catch((cause: unknown) => {
      throw new Error(command, { cause });
    });
    const told = `${command}\n${trace.join('\n')}`;
    expect(stuck, told).toEqual([]);
    expect(premature, told).toEqual([]);
    for (const { client } of tabs) {
      const { count = 0, all = [], last } = toJson(client.document) as { count?: number; all?: string[]; last?: string };
      const listed = client.rejections.map(({ code, mutations }) => ({ code, name: mutations.at(-1)!.value as string }));
      const refused = listed.filter(({ code }) => code !== 'unknown-outcome').map(({ name }) => name);
      const isThere = (name: string): boolean => all.includes(name) || listed.some((each) => each.name === name);
      expect([...saved].filter((name) => !isThere(name) && !(regretted.has(name) && regretted.get(name) !== false)), told).toEqual([]);
      expect([...regretted].filter(([name, isCancelled]) => isCancelled && isThere(name)), told).toEqual([]);
      expect(refused.filter((name, i) => all.includes(name) || refused.indexOf(name) !== i), told).toEqual([]);
      expect(all.filter((name) => upon.has(name) && !all.includes(upon.get(name)!)), told).toEqual([]);
      expect(count, told).toBe(all.length);
      expect(all.length === 0 || all.includes(last!), told).toBe(true);
      expect(client.document.confirmedState(), told).toEqual(server.judge.everything());
    }
    await browser.close();
  }
});

test('a seed plays the same schedule again', async () => {
  const first = await play(SEED);
  await first.browser.close();
  vi.setSystemTime(Date.UTC(2030, 0, 1));
  const second = await play(SEED);
  await second.browser.close();
  expect(second.trace, replay(SEED)).toEqual(first.trace);
  expect(second.server.judge.everything()).toEqual(first.server.judge.everything());
});
