import type { LocksLike } from '../src/idb.ts';

/** Web Locks of one browser: held until released, or until the tab is gone. */
export class Locks implements LocksLike {
  private readonly held = new Set<string>();

  async request(name: string, _options: { ifAvailable: true }, body: (lock: unknown) => Promise<void> | undefined): Promise<unknown> {
    if (this.held.has(name)) {
      return body(null);
    }
    this.held.add(name);
    try {
      return await body({});
    } finally {
      this.held.delete(name);
    }
  }

  /** All tabs are gone without a word. */
  crash(): void {
    this.held.clear();
  }
}
