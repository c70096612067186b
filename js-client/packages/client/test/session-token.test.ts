import { describe, expect, it } from 'vitest';
import type { Client } from '../src/client.ts';
import { sessionOf } from '../src/session-token.ts';

/** A position as a server writes it: the incarnation in eight bytes, little endian, and the number as a varint. */
function position(incarnation: bigint, ...sequence: number[]): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = 0x09;
  new DataView(bytes.buffer).setBigUint64(1, incarnation, true);
  return Uint8Array.of(...bytes, ...(sequence.length ? [0x10, ...sequence] : []));
}

/** What the session sees of a client. */
function client(document: string): { -readonly [K in 'epoch' | 'position']: Client[K] } & Client {
  return { options: { url: '', document }, epoch: 0n, position: undefined, onStatus: () => () => undefined } as never;
}

describe('a session token', () => {
  it('is empty before the first connection', () => {
    expect(sessionOf(client('shop/1')).token).toBe('');
  });

  it('names what two servers have brought the client to, in the bytes of the Java library', () => {
    const ours = client('shop/1');
    const session = sessionOf(ours);
    ours.epoch = 0xf00dfeedcafe1234n;
    ours.position = position(0x0123456789abcdefn, 0xac, 0x02);
    expect(session.token).not.toBe('');
    ours.position = position(0xfedcba9876543210n, 0x01);
    // SessionToken.of("shop/1", 0xf00dfeedcafe1234L, v, v) where v holds (0x0123456789abcdef, 300) and (0xfedcba9876543210, 1)
    expect(session.token).toBe('El7KqyrwDf7tyv4SNAEjRWeJq9gE_ty6mHZUAg');
  });

  it('never goes back, and forgets what was another life of the document', () => {
    const ours = client('shop/1');
    const session = sessionOf(ours);
    ours.epoch = 1n;
    ours.position = position(0x0123456789abcdefn, 0xac, 0x02);
    const far = session.token;
    ours.position = position(0x0123456789abcdefn, 0x05);
    expect(session.token).toBe(far);
    ours.epoch = 2n;
    expect(session.token).not.toBe(far);
    expect(session.token.length).toBeLessThan(far.length + 1);
  });

  it('belongs to its client', () => {
    const ours = client('shop/1');
    expect(sessionOf(ours)).toBe(sessionOf(ours));
    expect(sessionOf(client('shop/1'))).not.toBe(sessionOf(ours));
  });
});
