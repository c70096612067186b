import type { Client } from './client.ts';
import { Document } from './document.ts';
import { RejoinError } from './errors.ts';
import { decodeFragment } from './fragment.ts';
import { Store } from './store.ts';
import type { Write } from './write.ts';

/** How long a view stays pinned, in milliseconds. */
export const MAX_PIN_AGE_MILLIS = 900_000;
/** How many own writes are laid over a pinned version. */
export const MAX_PINNED_WRITES = 10_000;

/** A document that nobody writes to. */
class Pinned extends Document {
  override change(): Write {
    throw new RejoinError('pinned');
  }
}

/**
 * The document as it was when it was pinned, with what this client has written since: what others do does not move it. It expires after 15 minutes or 10,000
 * own writes (`pin-expired`), and keeps a copy of the confirmed state until then. Made by `ClientSession.pin`.
 */
export class PinnedView {
  private readonly client: Client;
  private readonly changesOfOthers: () => number;
  private readonly gone: (view: PinnedView) => void;
  private base: Uint8Array | undefined;
  private pinnedAt = 0;
  /** Own writes: those without a verdict when it was pinned, and all since; refused ones are taken out. */
  private readonly own = new Map<Write, Uint8Array>();
  private shown: Document | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unsubscribe: () => void;
  private closed = false;

  /** @internal */
  constructor(client: Client, changesOfOthers: () => number, gone: (view: PinnedView) => void) {
    this.client = client;
    this.changesOfOthers = changesOfOthers;
    this.gone = gone;
    this.unsubscribe = client.onWrite((write) => {
      this.collect();
      if (write.state === 'rejected' && this.own.delete(write)) {
        this.shown = undefined;
      }
    });
    this.repin();
  }

  /** What the view shows; the same object until this client writes. Writing to it throws `pinned`; throws `pin-expired`. */
  get document(): Document {
    this.collect();
    const base = this.required();
    if (!this.shown) {
      const store = new Store('', () => 0);
      store.join(decodeFragment(base));
      this.own.forEach((fragment) => store.join(decodeFragment(fragment)));
      store.changes();
      this.shown = new Pinned(store);
    }
    return this.shown;
  }

  /** How many changes of others the live document shows that this view does not; changes that came together count as one. Throws `pin-expired`. */
  get behindBy(): number {
    this.required();
    return this.changesOfOthers() - this.pinnedAt;
  }

  /** Whether it shows nothing any more. */
  get isExpired(): boolean {
    return !this.base;
  }

  /** Moves the view to what the live document shows now, also after it has expired; only a closed one stays closed. */
  repin(): void {
    if (this.closed) {
      throw new RejoinError('pin-expired');
    }
    this.release();
    this.base = this.client.document.confirmedState();
    this.pinnedAt = this.changesOfOthers();
    this.timer = setTimeout(() => this.release(), MAX_PIN_AGE_MILLIS);
    this.collect();
  }

  /** Lets go of what it keeps. */
  close(): void {
    this.closed = true;
    this.release();
    this.unsubscribe();
    this.gone(this);
  }

  /** Takes in what this client has written, before its verdict takes it off the list of what is pending. */
  private collect(): void {
    if (this.base) {
      for (const { write, fragment } of this.client.unjudged) {
        if (this.own.get(write) !== fragment) {
          this.own.set(write, fragment);
          this.shown = undefined;
        }
      }
      if (this.own.size > MAX_PINNED_WRITES) {
        this.release();
      }
    }
  }

  private required(): Uint8Array {
    if (!this.base) {
      throw new RejoinError('pin-expired');
    }
    return this.base;
  }

  private release(): void {
    clearTimeout(this.timer);
    this.base = this.shown = undefined;
    this.own.clear();
  }
}
