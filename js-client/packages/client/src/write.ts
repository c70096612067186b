import { RejoinError } from './errors.ts';
import type { Mutation } from './mutation.ts';

/** Where a write is in its life; the states follow each other, `rejected` may follow any but `durable`. */
export type WriteState = 'local' | 'saved-locally' | 'sent' | 'accepted' | 'durable' | 'rejected';

const ORDER: readonly WriteState[] = ['local', 'saved-locally', 'sent', 'accepted', 'durable', 'rejected'];

/** A write that was not accepted. It stays on the list until it is retried or discarded. */
export interface Rejection {
  readonly id: string;
  /** Stable name of the reason, for example `content-rejected` or `clock-skew`. */
  readonly code: string;
  readonly message: string;
  /** What the write wanted to do. */
  readonly mutations: readonly Mutation[];
  /** Takes the rejection off the list and issues its mutations as a new write. */
  retry(): Write;
  /** Takes the rejection off the list. */
  discard(): void;
}

/**
 * The handle of one write (a transaction): follows it from the local effect to the verdict. A promise of a
 * state that a rejected write can no longer reach rejects with a {@link RejoinError} of the rejection's code.
 */
export class Write {
  readonly id: string;
  /** Resolves when the write has reached the local store and survives a reload. */
  readonly savedLocally: Promise<void>;
  /** Resolves when the server has accepted the write. */
  readonly accepted: Promise<void>;
  /** Resolves when the write is on the server's disk. */
  readonly durable: Promise<void>;
  /** Resolves with the reason if the write is not accepted; stays open otherwise. */
  readonly rejected: Promise<Rejection>;
  /** @internal Writes without which it is not to happen. */
  readonly after: Write[] = [];
  /** @internal It may have reached a server, also under an earlier replica id. */
  declare isSent: boolean | undefined;
  private reached: WriteState = 'local';
  private reason: Rejection | undefined;
  private readonly watchers = new Set<() => void>();
  private failSaving!: (error: Error) => void;

  constructor(id: string) {
    this.id = id;
    this.savedLocally = this.reaching('saved-locally');
    this.accepted = this.reaching('accepted');
    this.durable = this.reaching('durable');
    this.rejected = new Promise((resolve) => this.onState(() => this.reason && resolve(this.reason)));
  }

  get state(): WriteState {
    return this.reached;
  }

  /** Why the write was not accepted; undefined unless `state` is `rejected`. */
  get rejection(): Rejection | undefined {
    return this.reason;
  }

  /** @internal It waits for the verdict on another one. */
  get isHeld(): boolean {
    return this.after.some((write) => !write.has('accepted'));
  }

  /** Resolves with the state once it is final, or with the state at the timeout (milliseconds). Never rejects. */
  settled({ timeout }: { timeout?: number } = {}): Promise<WriteState> {
    const late = new Promise((resolve) => timeout === undefined || setTimeout(resolve, timeout));
    return Promise.race([this.durable.catch(() => undefined), late]).then(() => this.reached);
  }

  /** Calls the listener after each change of state; returns how to stop that. */
  onState(listener: () => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  /** @internal Moves on to a later state; an earlier one is ignored. */
  advance(state: WriteState, rejection?: Rejection): boolean {
    if (this.has(state) || this.reached === 'durable') {
      return false;
    }
    this.reached = state;
    this.reason = rejection;
    this.watchers.forEach((watcher) => watcher());
    return true;
  }

  /** @internal The local store has failed; the write goes on without it. */
  notSaved(error: Error): void {
    this.failSaving(error);
  }

  private has(state: WriteState): boolean {
    return ORDER.indexOf(this.reached) >= ORDER.indexOf(state);
  }

  private reaching(state: WriteState): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.failSaving ??= reject;
      this.onState(() => {
        if (this.reason) {
          reject(new RejoinError(this.reason.code, this.reason.message));
        } else if (this.has(state)) {
          resolve();
        }
      });
    });
    // Nobody has to listen for the write to fail.
    promise.catch(() => undefined);
    return promise;
  }
}
