type Later = (run: () => void) => unknown;

/** The real ones, also where a test puts others in their place later. */
const { setTimeout: realTimeout, setImmediate: realImmediate } = globalThis as { setTimeout: Later; setImmediate?: Later };
/** Turns of the event loop after which what is under way without timers has happened; where they take no time, as many as a database in memory needs. */
const TURNS = realImmediate ? 64 : 8;

/** Lets everything happen that is under way, but no timer of the clients. */
export async function settle(): Promise<void> {
  await new Promise<void>(realTimeout);
  for (let i = 1; i < TURNS; i++) {
    await new Promise<void>(realImmediate ?? realTimeout);
  }
}

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly run: () => void;
}

/**
 * Time that passes only when a test says so: `Date.now`, `setTimeout` and `clearTimeout` of this process from {@link install} to {@link uninstall}. Timers run in the
 * order in which they are due.
 */
export class VirtualClock {
  /** Milliseconds since 1970. */
  now: number;
  private timers: Timer[] = [];
  private last = 0;
  private replaced: (() => void) | undefined;

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.now = now;
  }

  /** Takes the place of the real clock. */
  install(): this {
    if (!this.replaced) {
      const { setTimeout, clearTimeout } = globalThis;
      const { now } = Date;
      this.replaced = () => {
        Object.assign(globalThis, { setTimeout, clearTimeout });
        Date.now = now;
      };
      Date.now = () => this.now;
      Object.assign(globalThis, {
        setTimeout: (run: (...values: unknown[]) => void, millis = 0, ...values: unknown[]): number => {
          const id = ++this.last;
          this.timers.push({ id, at: this.now + Math.max(0, millis), run: () => run(...values) });
          return id;
        },
        clearTimeout: (id: unknown): void => {
          this.timers = this.timers.filter((timer) => timer.id !== id);
        },
      });
    }
    return this;
  }

  /** Gives the real clock back; timers that have not run never do. */
  uninstall(): void {
    this.replaced?.();
    this.replaced = undefined;
    this.timers = [];
  }

  /** Lets so many milliseconds pass, and after each timer everything happen that it has begun. */
  async advance(millis: number): Promise<void> {
    const end = this.now + millis;
    await settle();
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) {
        break;
      }
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      due.run();
      await settle();
    }
    this.now = end;
  }
}
