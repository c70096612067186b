/** A seeded generator (mulberry32): the same seed gives the same schedule. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** The seed of this run: REJOIN_SEED replays one. */
export const SEED = Number(process.env['REJOIN_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

export function replay(seed: number): string {
  return `replay: REJOIN_SEED=${seed} npx vitest run`;
}
