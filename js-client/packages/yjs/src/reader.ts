/** Reads what lib0 writes. Bytes that end too early throw a `RangeError`. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** A number of up to 53 bits, seven in each byte, the lowest first. */
  varint(): number {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || factor > 2 ** 49) {
        throw new RangeError('not a message');
      }
      number += (byte & 127) * factor;
      if (byte < 128) {
        return number;
      }
    }
  }

  /** Bytes behind their number. Not a copy. */
  bytes(): Uint8Array {
    const length = this.varint();
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      throw new RangeError('not a message');
    }
    return this.#bytes.subarray(from, this.#at);
  }
}
