import { ByteReader, ByteWriter, hex } from './bytes.ts';

/** A protobuf message as it came: by number, what its fields hold. */
export type Fields = Map<number, (bigint | Uint8Array)[]>;

/** The fields of a message. */
export function parse(bytes: Uint8Array): Fields {
  const input = new ByteReader(bytes);
  const fields: Fields = new Map();
  while (!input.done) {
    const tag = input.varint();
    let value: bigint | Uint8Array;
    if (tag % 8 === 0) {
      value = input.varint64();
    } else if (tag % 8 === 2) {
      value = input.view(input.varint()).slice();
    } else {
      value = BigInt('0x' + hex(input.view(tag % 8 === 1 ? 8 : 4).slice().reverse()));
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

/** A field of a message to be written. */
export type Item = [field: number, value: number | bigint | string | Uint8Array | Item[], as?: 'fixed64' | 'fixed32'];

/** The bytes of a message with these fields. */
export function message(items: Item[]): Uint8Array {
  const out = new ByteWriter();
  for (const [field, value, as] of items) {
    if (as) {
      out.varint(field * 8 + (as === 'fixed64' ? 1 : 5));
      for (let i = 0n; i < (as === 'fixed64' ? 8n : 4n); i++) {
        out.byte(Number((BigInt(value as bigint) >> (8n * i)) & 255n));
      }
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      out.varint(field * 8);
      out.varint(value);
    } else {
      out.varint(field * 8 + 2);
      out.lengthPrefixed(typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : message(value));
    }
  }
  return out.finish();
}
