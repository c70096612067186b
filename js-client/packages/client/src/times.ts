/** Durations kept of each kind of operation. */
const KEPT = 64;
/** Kinds kept; the one used longest ago is forgotten first. */
const MAX_KINDS = 256;
/** Fewer durations than this say nothing yet. */
const MIN_SAMPLES = 5;

/**
 * How long operations of each kind have taken here, and from that what to tell somebody who waits for one. Of each kind the last 64 successes count, so
 * quantiles are exact and follow a server that has become slower. The same as the Java client's `OperationTimes`.
 */
export class OperationTimes {
  private readonly kinds = new Map<string, readonly number[]>();
  private readonly now: () => number;

  /** Measures with this clock, in milliseconds; default `performance.now`. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Measures from now until the promise resolves, for example that of `write.durable`; one that rejects does not count. */
  follow(operation: string, done: Promise<unknown>): void {
    const began = this.now();
    done.then(
      () => this.record(operation, this.now() - began),
      () => undefined,
    );
  }

  /** Notes that one of this kind has succeeded after so many milliseconds. */
  record(operation: string, millis: number): void {
    const durations = [...(this.kinds.get(operation) ?? []), Math.max(0, millis)].slice(-KEPT);
    this.kinds.delete(operation);
    this.kinds.set(operation, durations);
    if (this.kinds.size > MAX_KINDS) {
      this.kinds.delete(this.kinds.keys().next().value!);
    }
  }

  /** Half of this kind have taken no longer, in milliseconds; undefined below five of them. */
  expected(operation: string): number | undefined {
    return this.quantile(operation, 50);
  }

  /** 95 of 100 of this kind have taken no longer, in milliseconds; undefined below five of them. */
  slowAfter(operation: string): number | undefined {
    return this.quantile(operation, 95);
  }

  /** For people: `usually 2–3 s`, `usually under 1 s`; empty if too little is known. */
  usually(operation: string): string {
    const [half, most] = [this.expected(operation), this.slowAfter(operation)];
    if (half === undefined || most === undefined) {
      return '';
    }
    if (most < 1_000) {
      return 'usually under 1 s';
    }
    const [from, to] = [Math.round(half / 1_000), Math.ceil(most / 1_000)];
    return from === 0 || from >= to ? `usually up to ${to} s` : `usually ${from}–${to} s`;
  }

  private quantile(operation: string, percent: number): number | undefined {
    const sorted = [...(this.kinds.get(operation) ?? [])].sort((a, b) => a - b);
    return sorted.length < MIN_SAMPLES ? undefined : sorted[Math.ceil((sorted.length * percent) / 100) - 1];
  }
}
