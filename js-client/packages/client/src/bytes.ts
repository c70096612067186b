import { RejoinError } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a well-formed string; a lone surrogate throws. */
export function utf8(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) {
    throw new RejoinError('bad-value');
  }
  return encoder.encode(text);
}

/** A byte buffer that grows as it is written. */
export class ByteWriter {
  private buffer = new Uint8Array(64);
  length = 0;

  byte(value: number): void {
    this.room(1)[this.length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.room(value.length).set(value, this.length);
    this.length += value.length;
  }

  /** Unsigned LEB128; a number must be a safe integer. */
  varint(value: number | bigint): void {
    for (; value > 127; value = BigInt(value) >> 7n) {
      this.byte(Number(BigInt(value) & 127n) | 128);
    }
    this.byte(Number(value));
  }

  zigzag(value: bigint): void {
    this.varint(value < 0n ? -value * 2n - 1n : value * 2n);
  }

  lengthPrefixed(value: Uint8Array): void {
    this.varint(value.length);
    this.bytes(value);
  }

  replica(hex: string): void {
    for (let i = 0; i < 16; i += 2) {
      this.byte(parseInt(hex.slice(i, i + 2), 16));
    }
  }

  double(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    this.bytes(bytes);
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** The buffer, with room for so many more. */
  private room(more: number): Uint8Array {
    const { buffer } = this;
    if (this.length + more > buffer.length) {
      this.buffer = new Uint8Array((this.length + more) * 2);
      this.buffer.set(buffer);
    }
    return this.buffer;
  }
}

/** Bytes from outside are not what they should be. */
export function malformed(): never {
  throw new RejoinError('malformed');
}

/** A cursor over hostile bytes: every read is bounded. */
export class ByteReader {
  private readonly input: Uint8Array;
  private offset = 0;

  constructor(input: Uint8Array) {
    this.input = input;
  }

  get done(): boolean {
    return this.offset === this.input.length;
  }

  byte(): number {
    return this.done ? malformed() : this.input[this.offset++]!;
  }

  /** The next `length` bytes as a view of the input. */
  view(length: number): Uint8Array {
    if (length > this.input.length - this.offset) {
      malformed();
    }
    return this.input.subarray(this.offset, (this.offset += length));
  }

  varint64(): bigint {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const next = this.byte();
      if (shift === 63n && next > 1) {
        malformed();
      }
      result |= BigInt(next & 127) << shift;
      if (next < 128) {
        return result;
      }
    }
  }

  /** A varint that must not exceed `limit`, which is a safe integer. */
  varint(limit = Number.MAX_SAFE_INTEGER): number {
    const value = Number(this.varint64());
    return value > limit ? malformed() : value;
  }

  zigzag(): bigint {
    const n = this.varint64();
    return n & 1n ? -(n >> 1n) - 1n : n >> 1n;
  }

  text(length: number): string {
    const bytes = this.view(length);
    try {
      return decoder.decode(bytes);
    } catch {
      return malformed();
    }
  }

  replica(): string {
    return hex(this.view(8));
  }

  double(): number {
    return new DataView(this.view(8).slice().buffer).getFloat64(0);
  }
}

/** The one form is what the encoder writes: what it would not have written is refused, whatever the deviation. */
export function canonicalOnly<T>(bytes: Uint8Array, decoded: T, encode: (decoded: T) => Uint8Array): T {
  const again = encode(decoded);
  if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i])) {
    malformed();
  }
  return decoded;
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const b of bytes) {
    text += (b + 256).toString(16).slice(1);
  }
  return text;
}

/** CRC32C (Castagnoli) of the chain so far, as four bytes big-endian, and a fragment. */
export function chainAfter(chain: number, fragment: Uint8Array): number {
  let crc = ~0;
  for (const byte of [chain >>> 24, chain >>> 16, chain >>> 8, chain, ...fragment]) {
    crc ^= byte & 255;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}
