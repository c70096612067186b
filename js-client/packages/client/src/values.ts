import { ByteReader, ByteWriter, canonicalOnly, hex, malformed, utf8 } from './bytes.ts';
import { RejoinError } from './errors.ts';

/**
 * A JSON-like value plus bytes. An integral double within ±(2^53 − 1) and the integer are the same value;
 * integers beyond that range are `bigint`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Greatest number of lists and maps around a value. */
export const MAX_VALUE_DEPTH = 64;
/** Greatest encoded size of a value in bytes. */
export const MAX_VALUE_BYTES = 1 << 20;

/** The canonical bytes of a value; equal values give equal bytes. */
export function encodeValue(value: Value): Uint8Array {
  const out = new ByteWriter();
  writeValue(out, value);
  return out.finish();
}

/** The value of these bytes, which must be exactly one canonical value. */
export function decodeValue(bytes: Uint8Array): Value {
  const input = new ByteReader(bytes);
  const value = readValue(input);
  return input.done ? canonicalOnly(bytes, value, encodeValue) : malformed();
}

/** An immutable copy of a value in its canonical form; what is not a value throws. */
export function canonical<T extends Value>(value: T): T {
  return decodeValue(encodeValue(value)) as T;
}

/** A string that is equal for equal values only. */
export function identityOf(value: Value): string {
  return typeof value === 'string' ? '"' + value : hex(encodeValue(value));
}

/** Order of strings by code point, which is the order of their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  return hex(utf8(a)) < hex(utf8(b)) ? -1 : 1;
}

export function writeValue(out: ByteWriter, value: Value): void {
  const start = out.length;
  write(out, value, 0);
  if (out.length - start > MAX_VALUE_BYTES) {
    throw new RejoinError('bad-value');
  }
}

function write(out: ByteWriter, value: Value, depth: number): void {
  if (value === null) {
    out.byte(0);
  } else if (typeof value === 'boolean') {
    out.byte(value ? 2 : 1);
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      writeInteger(out, BigInt(value));
    } else {
      out.byte(4);
      out.double(value === value ? value : NaN);
    }
  } else if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) {
      throw new RejoinError('bad-value');
    }
    writeInteger(out, value);
  } else if (typeof value === 'string') {
    const bytes = utf8(value);
    if (bytes.length < 64) {
      out.byte(0x40 + bytes.length);
      out.bytes(bytes);
    } else {
      out.byte(5);
      out.lengthPrefixed(bytes);
    }
  } else if (value instanceof Uint8Array) {
    out.byte(6);
    out.lengthPrefixed(value);
  } else if (typeof value !== 'object' || depth === MAX_VALUE_DEPTH) {
    throw new RejoinError('bad-value');
  } else if (Array.isArray(value)) {
    out.byte(7);
    out.varint(value.length);
    for (const item of value as readonly Value[]) {
      write(out, item, depth + 1);
    }
  } else {
    const map = value as { readonly [key: string]: Value };
    if (![Object.prototype, null].includes(Object.getPrototypeOf(map) as object | null)) {
      throw new RejoinError('bad-value');
    }
    const keys = Object.keys(map)
      .filter((key) => map[key] !== undefined)
      .sort(compareText);
    out.byte(8);
    out.varint(keys.length);
    for (const key of keys) {
      out.lengthPrefixed(utf8(key));
      write(out, map[key]!, depth + 1);
    }
  }
}

function writeInteger(out: ByteWriter, value: bigint): void {
  if (value >= -64n && value < 64n) {
    const n = Number(value);
    out.byte(0x80 + (n < 0 ? -2 * n - 1 : 2 * n));
  } else {
    out.byte(3);
    out.zigzag(value);
  }
}

/** Reads leniently: whether the form is canonical is seen when the whole is compared with what the encoder writes. */
export function readValue(input: ByteReader, depth = 0): Value {
  const tag = input.byte();
  if (tag >= 0x80) {
    return tag & 1 ? -((tag - 0x7f) >> 1) : (tag - 0x80) >> 1;
  }
  if (tag >= 0x40) {
    return input.text(tag - 0x40);
  }
  switch (tag) {
    case 0:
      return null;
    case 1:
    case 2:
      return tag === 2;
    case 3: {
      const value = input.zigzag();
      const n = Number(value);
      return Number.isSafeInteger(n) ? n : value;
    }
    case 4:
      return input.double();
    case 5:
      return input.text(input.varint());
    case 6:
      return input.view(input.varint()).slice();
    case 7:
    case 8: {
      if (depth === MAX_VALUE_DEPTH) {
        malformed();
      }
      const count = input.varint();
      const list: Value[] = [];
      const entries: [string, Value][] = [];
      for (let i = 0; i < count; i++) {
        if (tag === 7) {
          list.push(readValue(input, depth + 1));
        } else {
          const key = input.text(input.varint());
          entries.push([key, readValue(input, depth + 1)]);
        }
      }
      return Object.freeze(tag === 7 ? list : Object.fromEntries(entries));
    }
    default:
      return malformed();
  }
}
