import type { Status, SyncState } from './status.ts';

/** How long something has to last before it shows, in milliseconds. */
export const SMOOTH_DELAY_MILLIS = 1_000;
/** How long something shows at least, in milliseconds. */
export const SMOOTH_HOLD_MILLIS = 500;

/**
 * What of a status is worth showing: a write that is saved within a second shows no "saving", what shows stays long enough to be read,
 * and what needs somebody to act shows at once. A function of what it is told and of time, without a timer; O(1).
 */
export class SmoothStatus {
  private shown: SyncState;
  private shownAt = -Infinity;
  private next: SyncState | undefined;
  private nextAt = 0;

  constructor(first: SyncState) {
    this.shown = first;
  }

  /** The status is now this. */
  accept({ sync }: Status, now: number): void {
    this.at(now);
    if (sync === this.shown) {
      this.next = undefined;
    } else if (sync === 'rejected' || sync === 'blocked') {
      this.show(sync, now);
    } else if (sync !== this.next) {
      // What was waiting to show keeps its turn: pending by turns of two names is pending all the while.
      const goesOn = this.next !== undefined && isPassing(this.next) && isPassing(sync);
      const held = this.shownAt + SMOOTH_HOLD_MILLIS;
      this.nextAt = goesOn ? this.nextAt : Math.max(now + (isPassing(sync) ? SMOOTH_DELAY_MILLIS : 0), held);
      this.next = sync;
      this.at(now);
    }
  }

  /** What to show at this time. */
  at(now: number): SyncState {
    if (this.next !== undefined && now >= this.nextAt) {
      this.show(this.next, now);
    }
    return this.shown;
  }

  /** When something else shows by itself; `Infinity` if it does not. */
  get due(): number {
    return this.next === undefined ? Infinity : this.nextAt;
  }

  private show(sync: SyncState, now: number): void {
    this.shown = sync;
    this.shownAt = now;
    this.next = undefined;
  }
}

/** May be over before anybody can read it. */
function isPassing(sync: SyncState): boolean {
  return sync === 'synchronizing' || sync === 'offline-pending';
}
