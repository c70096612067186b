import { ByteReader, ByteWriter, malformed, utf8 } from './bytes.ts';
import { RejoinError } from './errors.ts';

/*
 * Session tokens in the bytes of the Java library (its TokenCodec says what they are), and the vectors of positions that they are made of. A token is read
 * whether it is sealed or not: only servers have the keys.
 */

/** By origin, the upper 48 bits of the name of an opening of a log, through which of its entries; ascending by origin when encoded. */
export type Positions = ReadonlyMap<bigint, bigint>;

export const NOWHERE: Positions = new Map();

/** What a token says of one life of a document. */
export interface Life {
  readonly key: number;
  readonly epoch: bigint;
  readonly positions: Positions;
}

const PLAIN = 0x10;
const SEALED = 0x20;
const SEAL_BYTES = 16;
/** Origins that the short form of a token has room for. */
const SHORT_ORIGINS = 15;
const MAX_ORIGINS = 64;
const MAX_DOCUMENTS = 64;
const MAX_TEXT = 5_462;

/** What either holds. */
export function union(some: Positions, others: Positions): Positions {
  const all = new Map(some);
  others.forEach((sequence, origin) => sequence > (all.get(origin) ?? 0n) && all.set(origin, sequence));
  return all;
}

export function includes(some: Positions, others: Positions): boolean {
  return [...others].every(([origin, sequence]) => (some.get(origin) ?? 0n) >= sequence);
}

export function encodeToken(life: Life): Uint8Array {
  const out = new ByteWriter();
  const origins = [...life.positions].sort(([a], [b]) => (a < b ? -1 : 1));
  if (!origins.length) {
    return Uint8Array.of(PLAIN, 0);
  }
  if (origins.length <= SHORT_ORIGINS) {
    out.byte(PLAIN | origins.length);
  } else {
    out.bytes(Uint8Array.of(PLAIN, 1));
    out.varint(origins.length);
  }
  bigEndian(out, BigInt(life.key), 4);
  bigEndian(out, life.epoch, 8);
  for (const [origin, sequence] of origins) {
    bigEndian(out, origin, 6);
    out.varint(sequence << 1n);
  }
  return out.finish();
}

/** What a token asks for: of each origin the larger of what was read and what was written. */
export function decodeToken(bytes: Uint8Array): Life[] {
  return reading(() => {
    const sealed = bytes[0]! >> 4 === SEALED >> 4 && bytes.length > SEAL_BYTES;
    const input = new ByteReader(sealed ? bytes.subarray(0, -SEAL_BYTES) : bytes);
    const head = input.byte() - (sealed ? SEALED : PLAIN);
    if (head < 0 || head > SHORT_ORIGINS) {
      malformed();
    }
    const lives: Life[] = [];
    for (let left = head ? 1 : input.varint(MAX_DOCUMENTS); left; left--) {
      const origins = head || input.varint(MAX_ORIGINS);
      const key = Number(readBigEndian(input, 4));
      const epoch = readBigEndian(input, 8);
      const positions = new Map<bigint, bigint>();
      for (let i = 0; i < origins; i++) {
        const origin = readBigEndian(input, 6);
        const number = input.varint64();
        if (number & 1n) {
          input.varint64();
        }
        positions.set(origin, number >> 1n);
      }
      lives.push({ key, epoch, positions });
    }
    return input.done ? lives : malformed();
  });
}

/** A vector as a server sends it. */
export function decodePositions(bytes: Uint8Array): Positions {
  const input = new ByteReader(bytes);
  const positions = new Map<bigint, bigint>();
  while (!input.done) {
    const origin = readBigEndian(input, 6);
    positions.set(origin, input.varint64());
  }
  return positions;
}

export function textOf(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

export function bytesOf(text: string): Uint8Array {
  return reading(() => {
    if (!/^[\w-]*$/.test(text) || text.length > MAX_TEXT) {
      malformed();
    }
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  });
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new RejoinError('token-invalid');
  }
}

function bigEndian(out: ByteWriter, value: bigint, bytes: number): void {
  for (let shift = BigInt(8 * bytes - 8); shift >= 0n; shift -= 8n) {
    out.byte(Number((value >> shift) & 255n));
  }
}

function readBigEndian(input: ByteReader, bytes: number): bigint {
  return input.view(bytes).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** CRC-32C of its name, by which a token names a document. */
export function keyOf(document: string): number {
  let crc = ~0;
  for (const byte of utf8(document)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}
