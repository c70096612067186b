import { ByteReader, ByteWriter, canonicalOnly, malformed, utf8 } from './bytes.ts';
import { Ranges } from './ranges.ts';
import { readValue, writeValue, type Value } from './values.ts';

/** Type codes of objects. */
export const GCOUNTER = 1;
export const COUNTER = 2;
export const REGISTER = 3;
export const MV_REGISTER = 4;
export const SET = 5;
export const RW_SET = 6;
export const FLAG = 7;
export const DW_FLAG = 8;
export const MAP = 9;

/** Kinds of cells. */
export const VALUE = 1;
export const STAMPED = 2;
export const AMOUNT = 3;
export const TALLY = 4;
export const ABSENT = 5;
export const EXTENDED = 7;

/** Codes of extended cells. */
export const BASELINE = 1;
export const FOLD = 2;

/** Greatest counter of a dot. */
export const MAX_COUNTER = 2 ** 44 - 1;
/** Greatest number of objects on a path. */
export const MAX_PATH_DEPTH = 32;
/** Greatest length of a key in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
const MAX_MILLIS = 2 ** 47 - 1;

/** The immutable address of an object: parent, type and key. Equal addresses have equal ids. */
export interface ObjectKey {
  readonly parent: ObjectKey | null;
  readonly type: number;
  readonly key: string;
  readonly depth: number;
  /** Starts with the id of the parent. */
  readonly id: string;
}

/** Totals of one replica in one counter, up to and including its dot `upto`. */
export interface Total {
  readonly replica: string;
  readonly upto: number;
  readonly p: bigint;
  readonly n: bigint;
}

export type Payload =
  | { readonly kind: typeof VALUE; readonly value: Value }
  | { readonly kind: typeof STAMPED; readonly millis: number; readonly logical: number; readonly value: Value }
  | { readonly kind: typeof AMOUNT; readonly amount: bigint }
  | { readonly kind: typeof TALLY; readonly p: bigint; readonly n: bigint }
  | { readonly kind: typeof ABSENT; readonly value: Value }
  /** With totals where the code is known, else as it came. */
  | { readonly kind: typeof EXTENDED; readonly code: number; readonly totals?: readonly Total[]; readonly bytes?: Uint8Array };

/** What one dot holds. */
export interface Cell {
  readonly object: ObjectKey;
  readonly payload: Payload;
}

/** The dots of one replica that a fragment claims; those with a cell are live, the others dead. */
export interface Section {
  readonly claims: Ranges;
  readonly cells: Map<number, Cell>;
}

/** Sections by replica id (16 hex digits). */
export type Fragment = ReadonlyMap<string, Section>;

export function sectionOf(claims = new Ranges()): Section {
  return { claims, cells: new Map() };
}

/** What a refused transaction leaves: its dots are known, and nothing is under them. */
export function voidOf(replica: string, { first, last }: { readonly first: number; readonly last: number }): Map<string, Section> {
  const section = sectionOf();
  section.claims.add(first, last);
  return new Map([[replica, section]]);
}

export function objectKey(parent: ObjectKey | null, type: number, key: string): ObjectKey {
  return {
    parent,
    type,
    key,
    depth: parent ? parent.depth + 1 : 1,
    id: `${parent?.id ?? ''}/${type}:${key.length}:${key}`,
  };
}

export function baseline(totals: readonly Total[]): Payload {
  return { kind: EXTENDED, code: BASELINE, totals };
}

function bytesOf(totals: readonly Total[]): Uint8Array {
  const out = new ByteWriter();
  for (const { replica, upto, p, n } of totals) {
    out.replica(replica);
    out.varint(upto);
    out.varint(p);
    out.varint(n);
  }
  return out.finish();
}

/* Encoding */

export function encodeFragment(fragment: Fragment): Uint8Array {
  return encode(0x52, fragment);
}

/** The bytes of a version: the dots that are known, by replica. */
export function encodeVersion(version: ReadonlyMap<string, Ranges>): Uint8Array {
  return encode(0x56, new Map([...version].map(([replica, claims]) => [replica, sectionOf(claims)])));
}

function encode(format: number, fragment: Fragment): Uint8Array {
  const out = new ByteWriter();
  const objects = new Map<string, number>();
  let clock = 0;

  const define = (object: ObjectKey): void => {
    const { parent } = object;
    const known = parent ? objects.get(parent.id) : -1;
    out.varint(known === undefined ? objects.size + 1 : known + 1);
    if (parent && known === undefined) {
      define(parent);
    }
    objects.set(object.id, objects.size);
    out.varint(object.type);
    out.lengthPrefixed(utf8(object.key));
  };

  const writeCell = ({ object, payload }: Cell): void => {
    const index = objects.get(object.id);
    out.varint((index ?? objects.size) * 8 + payload.kind);
    if (index === undefined) {
      define(object);
    }
    switch (payload.kind) {
      case STAMPED:
        out.zigzag(BigInt(payload.millis - clock));
        clock = payload.millis;
        out.varint(payload.logical);
        writeValue(out, payload.value);
        break;
      case AMOUNT:
        out.zigzag(payload.amount);
        break;
      case TALLY:
        out.varint(payload.p);
        out.varint(payload.n);
        break;
      case EXTENDED:
        out.varint(payload.code);
        out.lengthPrefixed(payload.totals ? bytesOf(payload.totals) : payload.bytes!);
        break;
      default:
        writeValue(out, payload.value);
    }
  };

  out.byte(format);
  for (const [replica, { claims, cells }] of [...fragment].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const runs = runsOf(claims, cells);
    if (runs.length) {
      out.replica(replica);
    }
    runs.forEach(([low, high], i) => {
      const gap = i ? runs[i - 1]![0] - high - 1 : high;
      const live = cells.has(high);
      out.varint(gap * 8 + (i + 1 < runs.length ? 4 : 0) + (high > low ? 2 : 0) + (live ? 1 : 0));
      if (high > low) {
        out.varint(high - low - 1);
      }
      for (let counter = high; live && counter >= low; counter--) {
        writeCell(cells.get(counter)!);
      }
    });
  }
  return out.finish();
}

/** The maximal ranges of a section, descending, in which either all dots have a cell or none. Cells stand under dots that are claimed. */
function runsOf(claims: Ranges, cells: ReadonlyMap<number, Cell>): [low: number, high: number][] {
  const live = [...cells.keys()].sort((a, b) => b - a);
  const runs: [number, number][] = [];
  let at = 0;
  for (const [bottom, top] of [...claims].reverse()) {
    for (let low: number, high = top; high >= bottom; high = low - 1) {
      if (live[at] === high) {
        low = high;
        while (live[++at] === low - 1) {
          low--;
        }
      } else {
        low = Math.max(bottom, (live[at] ?? 0) + 1);
      }
      runs.push([low, high]);
    }
  }
  return runs;
}

/* Decoding */

export function decodeFragment(bytes: Uint8Array): Fragment {
  return canonicalOnly(bytes, decode(0x52, bytes), encodeFragment);
}

export function decodeVersion(bytes: Uint8Array): Map<string, Ranges> {
  const version = [...decode(0x56, bytes)].map(([replica, { claims }]) => [replica, claims] as const);
  return canonicalOnly(bytes, new Map(version), encodeVersion);
}

function decode(format: number, bytes: Uint8Array): Map<string, Section> {
  const input = new ByteReader(bytes);
  const objects: ObjectKey[] = [];
  let clock = 0;

  const define = (below: number): ObjectKey => {
    const size = objects.length;
    const link = input.varint(size + 1);
    if (below > MAX_PATH_DEPTH) {
      malformed();
    }
    const parent = link === 0 ? null : link <= size ? objects[link - 1]! : define(below + 1);
    const type = input.varint(0x7fffffff);
    const length = input.varint(MAX_KEY_BYTES);
    const object = objectKey(parent, type, input.text(length));
    if (!type || (parent && parent.type < MAP) || object.depth > MAX_PATH_DEPTH) {
      malformed();
    }
    objects.push(object);
    return object;
  };

  const readCell = (): Cell => {
    const head = input.varint();
    const index = Math.floor(head / 8);
    if (index > objects.length) {
      malformed();
    }
    const object = index < objects.length ? objects[index]! : define(1);
    const kind = head % 8;
    let payload: Payload;
    switch (kind) {
      case VALUE:
      case ABSENT:
        payload = { kind, value: readValue(input) };
        break;
      case STAMPED: {
        const millis = clock + Number(input.zigzag());
        if (!(millis >= 0 && millis <= MAX_MILLIS)) {
          malformed();
        }
        clock = millis;
        payload = { kind, millis, logical: input.varint(65535), value: readValue(input) };
        break;
      }
      case AMOUNT:
        payload = { kind, amount: input.zigzag() };
        break;
      case TALLY:
        payload = { kind, p: unsigned63(input), n: unsigned63(input) };
        break;
      case EXTENDED: {
        const code = input.varint(0x7fffffff) || malformed();
        const body = input.view(input.varint());
        payload = { kind, code, ...(code > FOLD ? { bytes: body.slice() } : { totals: readTotals(body, code) }) };
        break;
      }
      default:
        return malformed();
    }
    if (!belongs(object.type, payload)) {
      malformed();
    }
    return { object, payload };
  };

  const sections = new Map<string, Section>();
  if (input.byte() !== format) {
    malformed();
  }
  while (!input.done) {
    const section = sectionOf();
    sections.set(input.replica(), section);
    const runs: [number, number][] = [];
    for (let more = true, below = 0; more; ) {
      const token = input.varint();
      const gap = Math.floor(token / 8);
      const high = below ? below - 1 - gap : gap;
      const low = high - (token & 2 ? input.varint(MAX_COUNTER) + 1 : 0);
      if (low < 1 || high > MAX_COUNTER) {
        malformed();
      }
      for (let counter = high; token & 1 && counter >= low; counter--) {
        section.cells.set(counter, readCell());
      }
      runs.push([low, high]);
      below = low;
      more = (token & 4) !== 0;
    }
    // From below each one is added at the end.
    runs.reverse().forEach(([low, high]) => section.claims.add(low, high));
  }
  return sections;
}

function unsigned63(input: ByteReader): bigint {
  const value = input.varint64();
  return value >> 63n ? malformed() : value;
}

function readTotals(body: Uint8Array, code: number): Total[] {
  const input = new ByteReader(body);
  const totals: Total[] = [];
  do {
    const total = { replica: input.replica(), upto: input.varint(MAX_COUNTER), p: unsigned63(input), n: unsigned63(input) };
    const last = totals.at(-1);
    if (!total.upto || (last && (code === FOLD || last.replica >= total.replica))) {
      malformed();
    }
    totals.push(total);
  } while (!input.done);
  return totals;
}

const COUNTING = (1 << AMOUNT) | (1 << TALLY) | (1 << EXTENDED);
const ADDING = 1 << VALUE;
const REMOVING = ADDING | (1 << ABSENT);

/** The kinds of cells that may stand in an object, as bits, by its type. */
const KINDS = [0, COUNTING, COUNTING, 1 << STAMPED, ADDING, ADDING, REMOVING, ADDING, REMOVING, 0];

/** Whether a cell with this payload may stand in an object of this type; any may in an unknown type. */
function belongs(type: number, payload: Payload): boolean {
  if (type > MAP) {
    return true;
  }
  if (payload.kind === EXTENDED && payload.code > FOLD) {
    return true;
  }
  const { amount = 1n, n = 0n, totals = [], value } = payload as { amount?: bigint; n?: bigint; totals?: Total[]; value?: Value };
  return (
    ((KINDS[type]! >> payload.kind) & 1) === 1 &&
    amount !== 0n &&
    (type !== GCOUNTER || (amount > 0n && ![n, ...totals.map((total) => total.n)].some(Boolean))) &&
    (type < FLAG || value === true)
  );
}

