import type { ClientStore, StoreBatch, StoredDocument, StoredRejection, StoredState, StoredTransaction, Lease } from './client-store.ts';
import { RejoinError } from './errors.ts';

/** The part of the Web Locks API that the store uses. */
export interface LocksLike {
  request(name: string, options: { ifAvailable: true }, body: (lock: unknown) => Promise<void> | undefined): Promise<unknown>;
}

export interface IndexedDbOptions {
  /** Default: the global `indexedDB`. */
  readonly indexedDB?: IDBFactory;
  /** Default: `navigator.locks`; null = none, the leases of open tabs are then told apart by the store alone. */
  readonly locks?: LocksLike | null;
}

interface SessionRecord extends Lease {
  /** The run that may write under this lease. */
  readonly owner: string;
  readonly state?: { readonly epoch: bigint; readonly fragment: Uint8Array; readonly savedAt: number };
}

interface TransactionRecord extends StoredTransaction {
  readonly replica: string;
  /** It has been confirmed, but no stored state contains it yet. */
  readonly accepted?: boolean;
}

const SESSIONS = 'sessions';
/** @internal */
export const TRANSACTIONS = 'transactions';
const REJECTIONS = 'rejections';
/** @internal What the keys of the outbox of the tabs begin with, see tab-outbox.ts; no lease is called so. */
export const TAB = 'tab:';

/*
 * One database per document. Every open tab has a session record of its own: a lease, and the confirmed state as that
 * tab last saw it; its transactions stand beside it under [replica, last]. Rejections are shared.
 *
 * A tab holds the Web Lock of its replica id while it lives. A tab that opens takes over a record whose lock is free,
 * one with pending writes first, or with former ones that are followed, and continues that replica; records of other tabs only lend their confirmed state,
 * which joins (a tab's state is always a state of the document). Where there are no locks, a record with pending writes
 * is taken over in any case. Each takeover writes a new owner into the record in the transaction that reads it, and every
 * batch checks the owner in its own transaction: a tab that has lost its lease learns it at its next write, before that
 * write could leave it, and goes on under a new one. So no write is sent by two tabs and none is lost between them.
 *
 * Records that nobody holds and that have nothing pending and follow nothing are removed once a tab has stored a state that contains theirs.
 */

/** A store in the browser's IndexedDB; `savedLocally` then means: on the disk, as far as the browser can tell. */
export class IndexedDbStore implements ClientStore {
  private readonly name: string;
  private readonly factory: IDBFactory;
  private readonly locks: LocksLike | null;
  private readonly owner = crypto.randomUUID();
  private readonly releases = new Map<string, () => void>();
  private spent: string[] = [];
  private database: IDBDatabase | undefined;
  private replica = '';
  /** Batches that are on their way. */
  private running = 0;

  constructor(document: string, options: IndexedDbOptions = {}) {
    this.name = `rejoin:${document}`;
    this.factory = options.indexedDB ?? indexedDB;
    this.locks = options.locks === undefined ? ((globalThis.navigator as Navigator | undefined)?.locks as LocksLike | undefined) ?? null : options.locks;
  }

  async load(): Promise<StoredDocument> {
    this.database = await openDatabase(this.name, this.factory);
    const seen = this.begin('readonly');
    const [records, waiting] = await Promise.all([
      result(seen.objectStore(SESSIONS).getAll() as IDBRequest<SessionRecord[]>),
      result(seen.objectStore(TRANSACTIONS).getAll() as IDBRequest<TransactionRecord[]>),
    ]);
    const busy = new Set([...records.filter(({ formers }) => formers?.length), ...waiting.filter(({ accepted }) => !accepted)].map(({ replica }) => replica));
    let taken = '';
    for (const replica of records.map((record) => record.replica).sort((a, b) => Number(busy.has(b)) - Number(busy.has(a)))) {
      if (this.locks ? await this.lock(replica) : busy.has(replica) && !taken) {
        if (!taken) {
          taken = replica;
        } else if (busy.has(replica)) {
          this.release(replica);
        } else {
          this.spent.push(replica);
        }
      }
    }
    return this.takeOver(taken);
  }

  async commit(batch: StoreBatch): Promise<void> {
    const atOnce = batch.leaving && !this.running && this.releases.has(this.replica);
    this.running++;
    try {
      await (atOnce ? this.leave(batch) : this.apply(batch));
    } finally {
      this.running--;
    }
  }

  private async apply(batch: StoreBatch): Promise<void> {
    const renewed = batch.renew ? batch.lease!.replica : undefined;
    const before = this.replica;
    if (renewed !== undefined) {
      // Later batches belong to the new lease, also while this one is on its way.
      this.replica = renewed;
    }
    const transaction = this.begin('readwrite');
    const done = finished(transaction);
    const sessions = transaction.objectStore(SESSIONS);
    const request = sessions.get(before) as IDBRequest<SessionRecord | undefined>;
    request.onsuccess = () => {
      const record = request.result;
      const mine = record?.owner === this.owner;
      if (!mine && renewed === undefined) {
        transaction.abort();
      } else {
        this.write(transaction, batch, mine ? record : undefined);
      }
    };
    try {
      await done;
    } catch (error) {
      if (request.readyState === 'done' && !request.error && renewed === undefined && request.result?.owner !== this.owner) {
        throw new RejoinError('session-replaced', 'another tab has taken over the lease');
      }
      throw error;
    }
    if (renewed !== undefined) {
      this.release(before);
      await this.lock(renewed);
    }
    if (batch.state) {
      this.spent.splice(0).forEach((replica) => this.release(replica));
    }
  }

  async close(): Promise<void> {
    this.releases.forEach((release) => release());
    this.releases.clear();
    this.database?.close();
  }

  /**
   * A page that is going away gets no more answers, and its open transactions are undone. So this one asks nothing: its
   * lock says that the record is still its own, and the batch has all of it.
   */
  private leave({ lease, state }: StoreBatch): Promise<void> {
    const transaction = this.begin('readwrite');
    const done = finished(transaction);
    transaction.objectStore(SESSIONS).put(recordOf(lease!, this.owner, state!));
    transaction.objectStore(TRANSACTIONS).delete(ofReplica(this.replica, state!.through));
    transaction.commit();
    return done;
  }

  private async takeOver(taken: string): Promise<StoredDocument> {
    const transaction = this.begin('readwrite');
    const done = finished(transaction);
    const sessions = transaction.objectStore(SESSIONS);
    const [records, transactions, rejections] = await Promise.all([
      result(sessions.getAll() as IDBRequest<SessionRecord[]>),
      result(transaction.objectStore(TRANSACTIONS).getAll() as IDBRequest<TransactionRecord[]>),
      result(transaction.objectStore(REJECTIONS).getAll() as IDBRequest<StoredRejection[]>),
    ]);
    const lease = records.find(({ replica }) => replica === taken);
    if (lease) {
      sessions.put({ ...lease, owner: this.owner });
    }
    await done;
    this.replica = taken;
    return {
      lease: lease && leaseOf(lease),
      pending: transactions.filter(({ replica, accepted }) => replica === taken && !accepted),
      state: newest(records, transactions),
      rejections,
    };
  }

  private write(transaction: IDBTransaction, batch: StoreBatch, record: SessionRecord | undefined): void {
    const sessions = transaction.objectStore(SESSIONS);
    const transactions = transaction.objectStore(TRANSACTIONS);
    const rejections = transaction.objectStore(REJECTIONS);
    const { lease, settled, state } = batch;
    let next = record;
    if (batch.renew) {
      if (record) {
        sessions.delete(record.replica);
        transactions.delete(ofReplica(record.replica));
      }
      next = { ...lease!, owner: this.owner, ...(record?.state && !batch.forget ? { state: record.state } : {}) };
    } else if (lease) {
      next = { ...record!, ...lease };
    }
    if (batch.forget) {
      const all = sessions.getAll() as IDBRequest<SessionRecord[]>;
      all.onsuccess = () =>
        all.result.forEach(({ state: _, ...each }) => {
          if (each.replica !== next!.replica) {
            sessions.put(each);
          }
        });
    }
    const { replica } = next!;
    if (batch.taken) {
      const { tab, replica: to, ...rest } = batch.taken;
      transactions.put({ replica: TAB + tab, to, ...rest });
    }
    for (const each of batch.append ?? []) {
      transactions.put({ ...each, replica });
    }
    const through = Math.max(settled?.through ?? 0, state?.through ?? 0);
    if (through) {
      const cursor = transactions.openCursor(ofReplica(replica, through));
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (at) {
          const each = at.value as TransactionRecord;
          if ((state && each.last <= state.through) || settled?.voided.includes(each.last)) {
            at.delete();
          } else if (settled) {
            at.update({ ...each, accepted: true });
          }
          at.continue();
        }
      };
    }
    if (state) {
      next = recordOf(next!, this.owner, state);
      for (const spent of this.spent) {
        sessions.delete(spent);
        transactions.delete(ofReplica(spent));
      }
    }
    if (next !== record) {
      sessions.put(next!);
    }
    batch.addRejections?.forEach((each) => rejections.put(each));
    batch.removeRejections?.forEach((id) => rejections.delete(id));
  }

  private begin(mode: IDBTransactionMode): IDBTransaction {
    return this.database!.transaction([SESSIONS, TRANSACTIONS, REJECTIONS], mode, { durability: 'strict' });
  }

  /** Holds the lock of this replica id until it is released or the tab is gone; says whether it was free. */
  private lock(replica: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.locks) {
        resolve(true);
        return;
      }
      this.locks
        .request(`${this.name}:${replica}`, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock ? new Promise((release) => this.releases.set(replica, release)) : undefined;
        })
        .catch(() => resolve(false));
    });
  }

  private release(replica: string): void {
    this.releases.get(replica)?.();
    this.releases.delete(replica);
  }
}

/** @internal */
export function openDatabase(name: string, factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(SESSIONS, { keyPath: 'replica' });
    request.result.createObjectStore(TRANSACTIONS, { keyPath: ['replica', 'last'] });
    request.result.createObjectStore(REJECTIONS, { keyPath: 'id' });
  };
  return result(request);
}

/** Without what the store keeps beside it, which is not its holder's to give back. */
function leaseOf({ owner: _, state: __, ...lease }: SessionRecord): Lease {
  return lease;
}

function recordOf(lease: Lease, owner: string, { epoch, fragment }: { epoch: bigint; fragment: Uint8Array }): SessionRecord {
  return { ...lease, owner, state: { epoch, fragment, savedAt: Date.now() } };
}

/** The confirmed states of the life of the document that was stored last, and what was accepted since. */
function newest(records: readonly SessionRecord[], transactions: readonly TransactionRecord[]): StoredState | undefined {
  const states = records.filter(({ state }) => state).sort((a, b) => b.state!.savedAt - a.state!.savedAt);
  const epoch = states[0]?.state!.epoch;
  if (epoch === undefined) {
    return undefined;
  }
  const same = states.filter(({ state }) => state!.epoch === epoch);
  const replicas = new Set(same.map(({ replica }) => replica));
  const accepted = transactions.filter((each) => each.accepted && replicas.has(each.replica));
  return { epoch, fragments: [...same.map(({ state }) => state!.fragment), ...accepted.map(({ fragment }) => fragment)] };
}

/** @internal */
export function ofReplica(replica: string, through = Infinity): IDBKeyRange {
  return IDBKeyRange.bound([replica, 0], [replica, through]);
}

/** @internal */
export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}

/** @internal */
export function finished(transaction: IDBTransaction): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
  });
  // Whoever has failed before waiting for it, because it was over already, has told so itself.
  done.catch(() => undefined);
  return done;
}
