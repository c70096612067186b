import type { TakenWrite } from './client-store.ts';
import { finished, ofReplica, openDatabase, result, TAB, TRANSACTIONS } from './idb.ts';

/** A write as its tab has stored it: under dots of the tab's own, which no server ever sees. */
export interface TabWrite {
  readonly tab: string;
  readonly first: number;
  readonly last: number;
  readonly fragment: Uint8Array;
  readonly mutations: Uint8Array;
  /** Id of the rejection that it is a second attempt of; empty if it is none. */
  readonly retries: string;
  /** The leases of the dots that it removes and that had no verdict when it was written. */
  readonly leases: readonly string[];
  /** Ids of the writes that had no verdict when it was written, and without which it is not to happen. */
  readonly after: readonly string[];
  /** One that it depends on had been refused; once it is taken: it was refused itself. */
  readonly refused: boolean;
}

interface TabRecord extends Partial<TabWrite> {
  readonly replica: string;
  readonly first: number;
  readonly last: number;
  /** Where the dots stand since the leader has taken the write; not there before that. */
  readonly to?: string;
  readonly counter?: number;
}

/**
 * What the tabs of a browser have written and no leader has taken yet, in the database of the document, beside the transactions of
 * the leases. A leader takes a write in the same step of the database in which it stores its own transaction in place of it; what
 * it leaves says where the dots have gone, for later writes of that tab that refer to them.
 */
export class TabOutbox {
  private readonly opening: Promise<IDBDatabase>;

  constructor(document: string, factory: IDBFactory) {
    this.opening = openDatabase(`rejoin:${document}`, factory);
    // Whoever waits for it hears of it.
    this.opening.catch(() => undefined);
  }

  /** Resolves when the write survives a reload. What was taken of this tab's writes before `settledBefore` is forgotten in the same step. */
  async put({ tab, ...write }: TabWrite, settledBefore: number): Promise<void> {
    const transaction = await this.begin('readwrite');
    const done = finished(transaction);
    const transactions = transaction.objectStore(TRANSACTIONS);
    if (settledBefore > 1) {
      transactions.delete(ofReplica(TAB + tab, settledBefore - 1));
    }
    transactions.put({ replica: TAB + tab, ...write });
    await done;
  }

  /** All that is written and not taken, in the order of each tab, and what was taken. */
  async all(): Promise<{ writes: TabWrite[]; taken: TakenWrite[] }> {
    const transaction = await this.begin('readonly');
    const range = IDBKeyRange.bound([TAB, 0], [TAB + '\uffff', Infinity]);
    const records = await result(transaction.objectStore(TRANSACTIONS).getAll(range) as IDBRequest<TabRecord[]>);
    const writes: TabWrite[] = [];
    const taken: TakenWrite[] = [];
    for (const { replica, first, last, to, counter, fragment, mutations, retries = '', leases = [], after = [], refused = false } of records) {
      const tab = replica.slice(TAB.length);
      if (to !== undefined && counter !== undefined) {
        taken.push({ tab, first, last, replica: to, counter, refused });
      } else if (fragment && mutations) {
        writes.push({ tab, first, last, fragment, mutations, retries, leases, after, refused });
      }
    }
    return { writes, taken };
  }

  /** Forgets what was taken of a tab that is gone. What waits stays. */
  async forget(tab: string): Promise<void> {
    const transaction = await this.begin('readwrite');
    const done = finished(transaction);
    const cursor = transaction.objectStore(TRANSACTIONS).openCursor(ofReplica(TAB + tab));
    cursor.onsuccess = () => {
      const at = cursor.result;
      if (at) {
        if ((at.value as TabRecord).to !== undefined) {
          at.delete();
        }
        at.continue();
      }
    };
    await done;
  }

  async close(): Promise<void> {
    (await this.opening).close();
  }

  private async begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    return (await this.opening).transaction(TRANSACTIONS, mode, { durability: 'strict' });
  }
}
