/** A mutable set of counters of one replica, held as sorted, disjoint, non-adjacent ranges. */
export class Ranges {
  /** low, high, low, high, … ascending and inclusive */
  private readonly bounds: number[] = [];

  add(low: number, high: number = low): void {
    const { bounds } = this;
    const from = this.search(low - 1);
    let to = from;
    for (; bounds[to]! <= high + 1; to += 2) {
      low = Math.min(low, bounds[to]!);
      high = Math.max(high, bounds[to + 1]!);
    }
    bounds.splice(from, to - from, low, high);
  }

  contains(counter: number): boolean {
    return this.bounds[this.search(counter)]! <= counter;
  }

  /** The ranges as pairs, ascending. */
  *[Symbol.iterator](): Iterator<[low: number, high: number]> {
    for (let i = 0; i < this.bounds.length; i += 2) {
      yield [this.bounds[i]!, this.bounds[i + 1]!];
    }
  }

  /** Index of the first range whose high end is at least `counter`. */
  private search(counter: number): number {
    let low = 0;
    let high = this.bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bounds[middle * 2 + 1]! < counter) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low * 2;
  }
}
