import { ByteReader, ByteWriter, malformed, utf8 } from './bytes.ts';
import type { Lease } from './client-store.ts';
import { RejoinError } from './errors.ts';

/*
 * The messages of sync.proto in the wire format of protocol buffers. The codec of the binary format already knows
 * varints and lengths, so the few rules that are left (tags, default values, unknown fields) stand here.
 */

/** What became of the transaction that ends with this dot; the checksum is told by a Welcome only. */
export interface Verdict {
  readonly last: number;
  readonly chain: number;
  readonly code: string;
  readonly message: string;
}

export interface Welcome {
  readonly protocolVersion: number;
  readonly epoch: bigint;
  readonly judgedThrough: number;
  readonly chain: number;
  readonly verdicts: readonly Verdict[];
  readonly maxFrameBytes: number;
  readonly maxInFlight: number;
  readonly heartbeatMillis: number;
  readonly serverTimeMillis: number;
  /** Names the log of the server; 0 = it does not say. */
  readonly log: bigint;
}

export interface Update {
  readonly fragment: Uint8Array;
  readonly ackedThrough: number;
  /** 1 accepted, 2 durable, 3 stable */
  readonly level: number;
  readonly rejections: readonly Verdict[];
}

/* Kinds of server frames: the fields of the message around them. */
export const WELCOME = 1;
export const UPDATE = 2;
export const WATERMARK = 3;
export const PRESENCE = 4;
export const PING = 5;
export const PONG = 6;
export const FAILURE = 7;

export type ServerFrame =
  | ({ readonly kind: typeof WELCOME } & Welcome)
  | ({ readonly kind: typeof UPDATE } & Update)
  | { readonly kind: typeof PRESENCE; readonly session: bigint; readonly payload: Uint8Array }
  | { readonly kind: typeof PING | typeof PONG; readonly nonce: bigint }
  | { readonly kind: typeof WATERMARK }
  | { readonly kind: typeof FAILURE; readonly code: string; readonly message: string; readonly retryable: boolean };

/* Client frames. Fields at their default are left out, as proto3 has it. */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** A number of a fixed width of 64 bits. */
type Fixed = readonly [bits: bigint];

type Item = number | bigint | string | Uint8Array | Fixed | undefined;

/** A frame whose only field is this message; the items are its fields 1, 2, … */
function frame(kind: number, items: readonly Item[] = []): Uint8Array {
  const body = new ByteWriter();
  items.forEach((item, i) => {
    const field = i * 8 + 8;
    const value = typeof item === 'string' ? utf8(item) : item;
    if (value instanceof Uint8Array) {
      if (value.length) {
        body.varint(field + DELIMITED);
        body.lengthPrefixed(value);
      }
    } else if (typeof value === 'object') {
      const [bits] = value;
      if (bits) {
        body.varint(field + FIXED64);
        for (let shift = 0n; shift < 64n; shift += 8n) {
          body.byte(Number((bits >> shift) & 255n));
        }
      }
    } else if (value) {
      // A varint, whose type is 0.
      body.varint(field);
      body.varint(value);
    }
  });
  const out = new ByteWriter();
  out.byte(kind * 8 + DELIMITED);
  out.lengthPrefixed(body.finish());
  return out.finish();
}

/** `version` is empty where nothing is held, `sessionToken` undefined where no session is kept over several servers. */
export function helloFrame(
  document: string,
  { replica, leaseKey, judged, log = 0n }: Lease,
  epoch: bigint,
  version: Uint8Array,
  client: string,
  token: string,
  sessionToken: Uint8Array | undefined,
): Uint8Array {
  return frame(1, [1, document, [BigInt('0x' + replica)], leaseKey, [epoch], version, judged.last, client, token, sessionToken, [log]]);
}

export function submitFrame(fragment: Uint8Array): Uint8Array {
  return frame(2, [fragment]);
}

export function progressFrame(verdictsKnown: number, position?: Uint8Array): Uint8Array {
  return frame(3, [verdictsKnown, position]);
}

export function presenceFrame(payload: Uint8Array): Uint8Array {
  return frame(4, [undefined, payload]);
}

export function pingFrame(nonce: bigint): Uint8Array {
  return frame(5, [nonce]);
}

export function pongFrame(nonce: bigint): Uint8Array {
  return frame(6, [nonce]);
}

export function goodbyeFrame(): Uint8Array {
  return frame(7);
}

/** Asks for an answer once the document at the server is as fresh as this. */
export function awaitFrame(id: number, token: Uint8Array, level: string, timeoutMillis: number): Uint8Array {
  return frame(8, [id, token, level, timeoutMillis]);
}

/* Server frames. Unknown fields are skipped, and those that only a session over several servers needs (standing.ts); the last of a repeated single field counts. */

type Field = bigint | Uint8Array;

export const NOTHING = new Uint8Array();

/** The fields of a message: by number, what was read, in order. */
export function fieldsOf(bytes: Uint8Array): Map<number, Field[]> {
  const input = new ByteReader(bytes);
  const found = new Map<number, Field[]>();
  while (!input.done) {
    const tag = input.varint();
    const field = Math.floor(tag / 8);
    found.set(field, [...(found.get(field) ?? []), read(input, tag % 8)]);
  }
  return found;
}

function read(input: ByteReader, type: number): Field {
  if (type === VARINT) {
    return input.varint64();
  }
  if (type === DELIMITED) {
    return input.view(input.varint());
  }
  if (type !== FIXED64 && type !== FIXED32) {
    malformed();
  }
  let value = 0n;
  input.view(type === FIXED64 ? 8 : 4).forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
  return value;
}

/** Reads a message with the accessors for its fields. */
export function message<T>(
  bytes: Uint8Array,
  make: (
    number: (field: number) => number,
    body: (field: number) => Uint8Array,
    big: (field: number) => bigint,
    text: (field: number) => string,
    all: (field: number) => Uint8Array[],
  ) => T,
): T {
  const fields = fieldsOf(bytes);
  const expect = <F extends Field>(type: string, value: Field): F => (typeof value === type ? (value as F) : malformed());
  const last = (field: number): Field | undefined => fields.get(field)?.at(-1);
  const big = (field: number): bigint => expect('bigint', last(field) ?? 0n);
  const body = (field: number): Uint8Array => expect('object', last(field) ?? NOTHING);
  return make(
    (field) => Number(big(field)),
    body,
    big,
    (field) => new ByteReader(body(field)).text(body(field).length),
    (field) => (fields.get(field) ?? []).map((value) => expect('object', value)),
  );
}

function verdict(bytes: Uint8Array, last: number): Verdict {
  return message(bytes, (number, _, __, text) => ({ last: number(last), chain: number(2), code: text(3), message: text(4) }));
}

export function decodeServerFrame(input: Uint8Array): ServerFrame {
  const [[kind, [body]] = [0, [NOTHING]], more] = fieldsOf(input) as Map<number, [Uint8Array]>;
  if (more || !(body instanceof Uint8Array)) {
    malformed();
  }
  return message(body, (number, bytes, big, text, all) => {
    switch (kind) {
      case WELCOME:
        return {
          kind,
          protocolVersion: number(1),
          epoch: big(2),
          judgedThrough: number(5),
          chain: number(6),
          verdicts: all(7).map((each) => verdict(each, 1)),
          maxFrameBytes: number(8),
          maxInFlight: number(9),
          heartbeatMillis: number(10),
          serverTimeMillis: number(11),
          log: big(14),
        };
      case UPDATE:
        return {
          kind,
          fragment: bytes(2),
          ackedThrough: number(3),
          level: number(4),
          rejections: all(5).map((each) => verdict(each, 2)),
        };
      case PRESENCE:
        return { kind, session: big(1), payload: bytes(2) };
      case PING:
      case PONG:
        return { kind, nonce: big(1) };
      case WATERMARK:
        return { kind };
      case FAILURE:
        return { kind, code: text(1), message: text(2), retryable: big(3) > 0n };
      default:
        throw new RejoinError('protocol-error');
    }
  });
}
