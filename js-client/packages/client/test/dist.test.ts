import 'fake-indexeddb/auto';
import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type * as Idb from '../src/idb.ts';
import type * as Core from '../src/index.ts';
import type * as Json from '../src/json.ts';
import type * as PresenceEntry from '../src/presence.ts';
import type * as WritesEntry from '../src/writes.ts';
import { FakeServer } from '../src/testing.ts';
import { WAIT } from './wait.ts';

const DIST = new URL('../dist/', import.meta.url);

/** The build shortens the names of internal properties; what is published must still do what its sources do. */
test.skipIf(!existsSync(new URL('index.js', DIST)))('the built package writes, is refused, reloads, and is read by the sources', async () => {
  const core = (await import(/* @vite-ignore */ new URL('index.js', DIST).href)) as typeof Core;
  const idb = (await import(/* @vite-ignore */ new URL('idb.js', DIST).href)) as typeof Idb;
  const { toJson } = (await import(/* @vite-ignore */ new URL('json.js', DIST).href)) as typeof Json;
  const { presenceOf } = (await import(/* @vite-ignore */ new URL('presence.js', DIST).href)) as typeof PresenceEntry;
  const { exportJson } = (await import(/* @vite-ignore */ new URL('writes.js', DIST).href)) as typeof WritesEntry;
  const server = new FakeServer();
  server.validate = ({ changes }) => (changes.some(({ value }) => value === 'forbidden') ? 'content-rejected' : '');
  const open = (online: boolean): Promise<Core.Client> =>
    core.open({ url: 'ws://test/sync', document: 'd', webSocket: server.webSocket, store: new idb.IndexedDbStore('d', { locks: null }), online });

  const first = await open(true);
  const { document } = first;
  await first.transact(() => {
    document.counter('c').increment(5);
    document.counter('c').decrement(2);
    document.gcounter('g').increment();
    document.register('r').set({ deep: [1, null, 2n ** 60n] });
    document.mvRegister('m').set(new Uint8Array([1, 2]));
    document.set('s').addAll(['a', 'b']);
    document.set('s').remove('a');
    document.removeWinsSet('w').add(1.5);
    document.flag('f').enable();
    document.disableWinsFlag('d').enable();
    document.map('map').map('inner').counter('n').increment();
  }).durable;
  document.counter('c').reset();
  document.map('map').remove('inner');
  const refused = first.transact(() => {
    document.set('s').add('forbidden');
    document.register('x').set({ a: 1 });
  });
  expect(await refused.rejected).toMatchObject({ code: 'content-rejected', mutations: [{ path: ['s'], type: 'set', op: 'add' }, { path: ['x'] }] });
  expect(exportJson(first)).toContain('[["x"],"register","set",{"a":1}]');
  await vi.waitFor(() => expect(first.status).toMatchObject({ connection: 'connected', sync: 'rejected', pending: 0, savesLocally: true }), WAIT);
  first.goOffline();
  await document.counter('c').increment(7).savedLocally;
  await first.close();

  const second = await open(false);
  expect(second.rejections).toHaveLength(1);
  expect(second.document.counter('c').pendingSum()).toBe(7);
  second.rejections[0]!.discard();
  second.goOnline();
  await vi.waitFor(() => expect(second.status).toMatchObject({ connection: 'connected', sync: 'synchronized', pending: 0 }), WAIT);
  expect(toJson(second.document)).toEqual({
    c: 7,
    g: 1,
    r: { deep: [1, null, 2n ** 60n] },
    m: [new Uint8Array([1, 2])],
    s: ['b'],
    w: [1.5],
    f: true,
    d: true,
  });
  expect(second.document.confirmedState()).toEqual(server.judge.everything());
  const third = await core.open({ url: 'ws://test/sync', document: 'd', webSocket: server.webSocket });
  presenceOf(third, { name: 'Ada' });
  await vi.waitFor(() => expect([...presenceOf(second).presences.values()]).toEqual([{ name: 'Ada' }]), WAIT);
  await third.close();
  server.cut();
  await vi.waitFor(() => expect(second.status.connection).toBe('connected'), WAIT);
  await second.close();
});
