import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chainAfter, hex } from '../src/bytes.ts';
import { Document } from '../src/document.ts';
import {
  ABSENT, AMOUNT, BASELINE, EXTENDED, FOLD, STAMPED, TALLY, VALUE,
  decodeFragment, decodeVersion, encodeFragment, encodeVersion,
  type Cell, type Fragment, type ObjectKey, type Total,
} from '../src/fragment.ts';
import { startSession, type SessionHost } from '../src/session.ts';
import { Store } from '../src/store.ts';
import { message, type Item } from '../src/testing-frames.ts';
import { decodeValue, encodeValue, type Value } from '../src/values.ts';
import type { OriginLag } from '../src/lag.ts';
import { readWhereabouts } from '../src/standing.ts';
import { decodePositions, union, type Positions } from '../src/token.ts';
import { FAILURE, PING, PONG, PRESENCE, UPDATE, WATERMARK, WELCOME, awaitFrame, decodeServerFrame, goodbyeFrame, helloFrame, pingFrame, pongFrame, presenceFrame, progressFrame, submitFrame } from '../src/wire.ts';

/** Bytes that Java wrote are read and written alike here; bytes that are written here stand in a file that Java checks. */

interface Case {
  readonly kind: string;
  readonly name?: string;
  readonly hex: string;
  readonly json: unknown;
  readonly dump: unknown;
  readonly why?: string;
  readonly ranges: unknown;
  readonly fragments: string[];
  readonly chain: number[];
}

const JAVA = new URL('../../../../crdt-core/src/test/resources/golden/java.json', import.meta.url);
const FRAMES = new URL('../../../../sync-protocol/src/test/resources/golden/frames.json', import.meta.url);
const MINE = new URL('../../../golden/typescript.json', import.meta.url);

const java = (JSON.parse(readFileSync(JAVA, 'utf8')) as { cases: Case[] }).cases;
const of = (kind: string): Case[] => java.filter((each) => each.kind === kind);

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function tagged(value: Value): unknown {
  if (typeof value === 'bigint') {
    return { $int: String(value) };
  }
  if (typeof value === 'number' && (Object.is(value, -0) || !(Number.isSafeInteger(value) || value % 1))) {
    return { $double: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value instanceof Uint8Array) {
    return { $bytes: hex(value) };
  }
  if (Array.isArray(value)) {
    return (value as Value[]).map(tagged);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, tagged(item as Value)] as const);
    return entries.some(([key]) => key.startsWith('$')) ? { $map: entries } : Object.fromEntries(entries);
  }
  return value;
}

function integer(n: bigint): unknown {
  return tagged(decodeValue(encodeValue(n)));
}

function pathOf(object: ObjectKey | null): unknown[] {
  return object ? [...pathOf(object.parent), [object.type, object.key]] : [];
}

function totalOf({ replica, upto, p, n }: Total): unknown {
  return { owner: replica, upto, p: integer(p), n: integer(n) };
}

function payloadOf({ payload }: Cell): [kind: string, payload: unknown] {
  switch (payload.kind) {
    case VALUE:
      return ['VALUE', tagged(payload.value)];
    case ABSENT:
      return ['ABSENT', tagged(payload.value)];
    case STAMPED:
      return ['STAMPED', { millis: payload.millis, logical: payload.logical, value: tagged(payload.value) }];
    case AMOUNT:
      return ['AMOUNT', integer(payload.amount)];
    case TALLY:
      return ['TALLY', { p: integer(payload.p), n: integer(payload.n) }];
    case EXTENDED:
      if (payload.code === BASELINE) {
        return ['BASELINE', payload.totals!.map(totalOf)];
      }
      return payload.code === FOLD ? ['FOLD', totalOf(payload.totals![0]!)] : ['OPAQUE', { code: payload.code, hex: hex(payload.bytes!) }];
  }
}

function dump(fragment: Fragment): unknown[] {
  const lines: unknown[] = [];
  for (const [replica, { claims, cells }] of fragment) {
    const live = [...cells].sort(([a], [b]) => b - a);
    for (const [low, high] of [...claims].reverse()) {
      let top = high;
      for (const [counter, cell] of live.filter(([counter]) => counter >= low && counter <= high)) {
        if (counter < top) {
          lines.push({ replica, low: counter + 1, high: top, live: false });
        }
        const [kind, payload] = payloadOf(cell);
        lines.push({ replica, counter, live: true, path: pathOf(cell.object), kind, payload });
        top = counter - 1;
      }
      if (top >= low) {
        lines.push({ replica, low, high: top, live: false });
      }
    }
  }
  return lines;
}

test.each(of('value'))('value $name is read and written as Java does', ({ hex: bytes, json }) => {
  const value = decodeValue(unhex(bytes));
  // Each side prints doubles in its own way.
  const { $double } = (json ?? {}) as { $double?: string };
  expect(tagged(value)).toEqual($double && $double !== '-0' ? { $double: String(Number($double)) } : json);
  expect(hex(encodeValue(value))).toBe(bytes);
});

test.each(of('fragment'))('fragment $name is read and written as Java does', ({ hex: bytes, dump: expected }) => {
  const fragment = decodeFragment(unhex(bytes));
  expect(dump(fragment)).toEqual(expected);
  expect(hex(encodeFragment(fragment))).toBe(bytes);
});

test.each(of('version'))('version $name is read and written as Java does', ({ hex: bytes }) => {
  expect(hex(encodeVersion(decodeVersion(unhex(bytes))))).toBe(bytes);
});

test.each(of('chain'))('chain $name', ({ fragments, chain }) => {
  let at = 0;
  expect(fragments.map((fragment) => (at = chainAfter(at, unhex(fragment))))).toEqual(chain);
});

test.each(java.filter(({ kind }) => kind.startsWith('invalid-')))('$kind is refused: $why', ({ kind, hex: bytes }) => {
  const decode: (bytes: Uint8Array) => unknown = kind === 'invalid-value' ? decodeValue : kind === 'invalid-version' ? decodeVersion : decodeFragment;
  expect(() => decode(unhex(bytes))).toThrow(expect.objectContaining({ code: 'malformed' }));
});

/* Frames */

interface FrameCase {
  readonly name: string;
  readonly direction: 'client' | 'server';
  readonly hex: string;
  readonly json: any;
  readonly error?: string;
}

const frames = JSON.parse(readFileSync(FRAMES, 'utf8')) as FrameCase[];

function position({ incarnation, sequence }: { incarnation: string; sequence: number }): Uint8Array {
  const fixed = BigInt('0x' + incarnation);
  return message([...(fixed ? [[1, fixed, 'fixed64'] as Item] : []), ...(sequence ? [[2, sequence] as Item] : [])]);
}

function clientFrame({ json }: FrameCase): Uint8Array {
  const big = (text: string): bigint => BigInt('0x' + text);
  switch (json.kind) {
    case 'hello':
      return helloFrame(
        json.document,
        { replica: json.replica, leaseKey: unhex(json.leaseKey), judged: { last: json.verdictsKnown, chain: 0 } },
        big(json.epoch),
        unhex(json.version),
        json.client,
        json.token,
        unhex(json.sessionToken ?? ''),
      );
    case 'submit':
      return submitFrame(unhex(json.fragment));
    case 'progress':
      return progressFrame(json.verdictsKnown, json.position ? position(json.position) : new Uint8Array());
    case 'presence':
      return presenceFrame(unhex(json.payload));
    case 'ping':
      return pingFrame(BigInt(json.nonce));
    case 'pong':
      return pongFrame(BigInt(json.nonce));
    case 'await':
      return awaitFrame(json.id, unhex(json.token), json.level, json.timeoutMillis);
    default:
      return goodbyeFrame();
  }
}

/** The frame with everything as text, so that both sides compare. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (value instanceof Uint8Array) {
    return hex(value);
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          typeof item === 'bigint' && ['epoch', 'session', 'incarnation'].includes(key) ? item.toString(16).padStart(16, '0') : plain(item),
        ]),
      )
    : value;
}

test.each(frames.filter(({ direction, error }) => direction === 'client' && !error))('client frame $name is written as Java does', (frame) => {
  expect(hex(clientFrame(frame))).toBe(frame.hex);
});

const KINDS = { [WELCOME]: 'welcome', [UPDATE]: 'update', [WATERMARK]: 'watermark', [PRESENCE]: 'presence', [PING]: 'ping', [PONG]: 'pong', [FAILURE]: 'failure' };

test.each(frames.filter(({ direction, error }) => direction === 'server' && !error))('server frame $name is read as Java does', ({ hex: bytes, json }) => {
  const frame = decodeServerFrame(unhex(bytes));
  const mine = { ...(plain(frame) as Record<string, unknown>), kind: KINDS[frame.kind] } as Record<string, unknown>;
  const levels = ['ACK_LEVEL_UNSPECIFIED', 'ACCEPTED', 'DURABLE', 'STABLE'];
  for (const [key, value] of Object.entries(json as object).filter(([key]) => !elsewhere(json.kind, key))) {
    const got = key === 'level' && typeof value === 'string' ? levels[mine[key] as number] : mine[key];
    if (key === 'rejections') {
      // Where a refused transaction begins, its author knows.
      (value as { first?: number }[]).forEach((each) => delete each.first);
      (got as { chain?: number }[]).forEach((each) => delete each.chain);
    }
    expect(got || value === 0 || value === '' || value === false ? got : null, key).toEqual(value);
  }
});

/** What the core of the client does not look at: the entry for sessions over several servers reads most of it, and of some nothing is made. */
function elsewhere(kind: string, key: string): boolean {
  return ['position', 'standing', 'behind', 'held'].includes(key) || (kind === 'welcome' && key === 'session') || (kind === 'watermark' && key === 'serverTimeMillis');
}

test.each(frames.filter(({ direction, json }) => direction === 'server' && ['welcome', 'update', 'watermark'].includes(json?.kind)))(
  'what server frame $name says of where the server stands is read as Java does',
  ({ hex: bytes, json }) => {
    const said = readWhereabouts(unhex(bytes));
    const positions = (encoded = ''): Positions => decodePositions(unhex(encoded));
    const { incarnation, sequence } = json.position ?? { incarnation: '0', sequence: 0 };
    const at: Positions = sequence ? new Map([[BigInt('0x' + incarnation) >> 16n, BigInt(sequence)]]) : new Map();
    expect(said.held).toEqual(union(positions(json.held ?? json.standing?.held), at));
    expect(said.behind).toBe(json.behind ?? false);
    expect(said.epoch).toBe(json.kind === 'welcome' ? BigInt('0x' + json.epoch) : 0n);
    expect(said.changes).toBe(!!json.fragment);
    const lag = (json.standing?.lag ?? []) as OriginLag[];
    expect(said.lag).toEqual(lag.map((one) => ({ ...one, uncertaintyMillis: one.uncertaintyMillis === 0xffff_ffff ? Infinity : one.uncertaintyMillis })));
    const answers = (json.standing?.answers ?? []) as { lost: string; surviving: string }[];
    expect(said.answers).toEqual(answers.map((one) => ({ ...one, lost: positions(one.lost), surviving: positions(one.surviving) })));
  },
);

test.each(frames.filter(({ direction, error }) => direction === 'server' && error))('server frame $name is refused with $error', ({ hex: bytes, error }) => {
  const ends: string[] = [];
  const host = { clock: () => 0, send: () => undefined, lost: (code: string) => ends.push(code), judged: { last: 0, chain: 0 } } as never as SessionHost;
  startSession(host, new Uint8Array()).receive(unhex(bytes));
  expect(ends).toEqual([error]);
});

/* Written here, checked by Java */

function written(): unknown[] {
  const values: Value[] = [
    null, true, false, 0, -64, 63, 64, -65, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 63n - 1n, -(2n ** 63n), 2 ** 53, 0.5, -0, NaN, Infinity, 1e300,
    '', 'a', 'é€😀', 'x'.repeat(63), 'x'.repeat(64), '\ufeffbom', new Uint8Array(), new Uint8Array([0, 255]), [], [1, [2, [null]]], {},
    { b: 1, a: [true], '\uffff': 1, '😀': 2, __proto__x: 'p' },
  ];
  const cases: unknown[] = values.map((value, i) => ({ kind: 'value', name: `value ${i}`, hex: hex(encodeValue(value)), json: tagged(value) }));
  let now = 1_700_000_000_000;
  const fragments: Uint8Array[] = [];
  const store = new Store('c3c3c3c3c3c3c3c3', () => (now += 7));
  const document: Document = new Document(store, ({ fragment }) => fragments.push(fragment));
  const writes: (() => unknown)[] = [
    () => document.counter('likes').increment(5),
    () => document.counter('likes').decrement(2n ** 40n),
    () => document.gcounter('views').increment(),
    () => document.register('title').set({ text: 'hello', bytes: new Uint8Array([1]) }),
    () => document.register('title').set('again'),
    () => document.mvRegister('owner').set([1, 2.5]),
    () => document.set('tags').addAll(['red', 'green', 3, null]),
    () => document.set('tags').remove('green'),
    () => document.set('tags').add('red'),
    () => document.removeWinsSet('blocked').add('x'),
    () => document.removeWinsSet('blocked').remove('y'),
    () => document.flag('done').enable(),
    () => document.disableWinsFlag('locked').disable(),
    () => document.map('m').map('inner').counter('c').increment(1),
    () => document.transact(() => [document.map('m').set('s').add('e'), document.map('m').map('inner').flag('f').enable(), document.set('tags').clear()]),
    () => [...store.pending].forEach((each) => store.confirm(each, each.last === 3)),
    () => document.counter('likes').reset(),
    () => document.map('m').remove('inner'),
    () => document.map('m').clear(),
  ];
  writes.forEach((write) => write());
  fragments.push(store.state());
  fragments.forEach((bytes, i) => cases.push({ kind: 'fragment', name: `transaction ${i}`, hex: hex(bytes), dump: dump(decodeFragment(bytes)) }));
  let at = 0;
  cases.push({ kind: 'chain', name: 'these transactions', fragments: fragments.map(hex), chain: fragments.map((bytes) => (at = chainAfter(at, bytes))) });
  return cases;
}

test('the golden file of this side is up to date', () => {
  const text = `{"cases": [\n${written()
    .map((each) => JSON.stringify(each))
    .join(',\n')}\n]}\n`;
  if (import.meta.env.MODE === 'golden') {
    writeFileSync(MINE, text);
  }
  expect(existsSync(MINE) && readFileSync(MINE, 'utf8'), 'run `npm run golden`').toBe(text);
});
