import { expect, test } from 'vitest';
import { Reader } from '../src/reader.ts';
import { add, subtract, type Units, type UnitSet } from '../src/units.ts';

const SEED = Number(process.env['REJOIN_SEED'] ?? Date.now() % 2 ** 31);

/** Numbers from 0 to below `n`, the same for a seed. */
function randomFrom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % n;
  };
}

test(`ranges are what a set of single units would be (REJOIN_SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  for (let round = 0; round < 500; round++) {
    const set: UnitSet = new Map();
    const naive = new Set<string>();
    for (let step = 0; step < 20; step++) {
      const from = random(30);
      const units: Units[] = [{ client: random(2), from, to: from + 1 + random(8) }];
      const [{ client, to }] = units as [Units];
      const adds = random(2) === 0;
      (adds ? add : subtract)(set, units);
      for (let clock = from; clock < to; clock++) {
        naive[adds ? 'add' : 'delete'](`${client}:${clock}`);
      }
      const flat = [...set].flatMap(([one, ranges]) => ranges.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => `${one}:${a + i}`)));
      expect(flat.length, `seed ${SEED}, round ${round}`).toBe(naive.size);
      expect(new Set(flat), `seed ${SEED}, round ${round}`).toEqual(naive);
    }
  }
});

test('numbers of up to 53 bits are read, and bytes that end too early are none', () => {
  const bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
  expect(new Reader(new Uint8Array(bytes)).varint()).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => new Reader(new Uint8Array([0x80])).varint()).toThrow(RangeError);
  expect(() => new Reader(new Uint8Array(Array(20).fill(0xff))).varint()).toThrow(RangeError);
  expect(() => new Reader(new Uint8Array([3, 1])).bytes()).toThrow(RangeError);
  expect([...new Reader(new Uint8Array([9, 2, 7, 8]), 1).bytes()]).toEqual([7, 8]);
});
