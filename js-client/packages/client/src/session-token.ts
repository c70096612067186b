import { ByteReader, ByteWriter, utf8 } from './bytes.ts';
import type { Client } from './client.ts';

/** Origins that the short form of a token has room for. */
const SHORT_ORIGINS = 15;

const known = new WeakMap<Client, ClientSession>();

/** What this client has seen and written of its document, to be taken to another server; the same object for the same client. */
export function sessionOf(client: Client): ClientSession {
  let session = known.get(client);
  if (!session) {
    known.set(client, (session = new ClientSession(client)));
  }
  return session;
}

/** Follows the positions that a client has been brought to. Made by {@link sessionOf}. */
export class ClientSession {
  private readonly client: Client;
  private epoch = 0n;
  /** By opening of a log, through which of its entries. */
  private readonly seen = new Map<bigint, bigint>();

  /** @internal */
  constructor(client: Client) {
    this.client = client;
    client.onStatus(() => this.look());
  }

  /**
   * The session token, for the header `Session-Token` of a request to any server of the cluster: its answer then shows all that this client shows as
   * confirmed. Empty before the first connection; what a store has brought back from an earlier run counts from then on.
   */
  get token(): string {
    this.look();
    if (!this.seen.size) {
      return '';
    }
    const out = new ByteWriter();
    const origins = [...this.seen].sort(([a], [b]) => (a < b ? -1 : 1));
    if (origins.length <= SHORT_ORIGINS) {
      out.byte(0x10 | origins.length);
    } else {
      out.bytes(Uint8Array.of(0x10, 1));
      out.varint(origins.length);
    }
    bigEndian(out, BigInt(checksum(utf8(this.client.options.document))), 4);
    bigEndian(out, this.epoch, 8);
    for (const [origin, sequence] of origins) {
      bigEndian(out, origin, 6);
      out.varint(sequence << 1n);
    }
    return btoa(String.fromCharCode(...out.finish())).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  private look(): void {
    const { epoch, position } = this.client;
    if (!position) {
      return;
    }
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.seen.clear();
    }
    const [incarnation, sequence] = read(position);
    const origin = incarnation >> 16n;
    if (sequence > (this.seen.get(origin) ?? 0n)) {
      this.seen.set(origin, sequence);
    }
  }
}

/** A position as the server has written it: field 1 a fixed number of 64 bits, little endian, field 2 a varint; what is 0 is left out. */
function read(position: Uint8Array): [incarnation: bigint, sequence: bigint] {
  const input = new ByteReader(position);
  let incarnation = 0n;
  let sequence = 0n;
  while (!input.done) {
    if (input.byte() === 0x09) {
      const bytes = input.view(8);
      incarnation = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    } else {
      sequence = input.varint64();
    }
  }
  return [incarnation, sequence];
}

function bigEndian(out: ByteWriter, value: bigint, bytes: number): void {
  for (let shift = BigInt(8 * bytes - 8); shift >= 0n; shift -= 8n) {
    out.byte(Number((value >> shift) & 255n));
  }
}

/** CRC-32C, by which a token names a document. */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}
