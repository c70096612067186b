import { hex } from './bytes.ts';
import type { ClientStore, StoreBatch, StoredDocument, StoredRejection, TakenWrite } from './client-store.ts';
import { Client, type OpenOptions } from './client.ts';
import { RejoinError } from './errors.ts';
import { decodeFragment, encodeFragment, voidOf } from './fragment.ts';
import { renameDots } from './tab-dots.ts';
import { decodeMutations, encodeMutations } from './mutation.ts';
import type { Outcome } from './session.ts';
import type { PendingTransaction } from './store.ts';
import type { ChannelLike, LeaderStep, Sequenced, TabMessage } from './tab-messages.ts';
import type { TabOutbox, TabWrite } from './tab-outbox.ts';
import { Write, type WriteState } from './write.ts';

/*
 * The leader of the tabs: the one client that has a lease and a socket.
 *
 * Dots. What a tab has written stands under dots of its own, which no server ever sees. The leader gives it dots of its lease, the same
 * for every dot of the write, and renames what the write removes of earlier writes of that tab. So the transaction means what it meant
 * where it was written, and every dot that leaves the browser has the judge of that one lease. Only where a dot that it removes
 * has gone with a former lease, the write is issued anew from its mutations.
 *
 * Once. The transaction is stored and the record in the outbox is marked as taken in one step of the database. Tabs are told of it only
 * after that: what they then write refers to dots that the next leader finds, too. What became of a write that has been taken, the
 * leader alone says: that it is over means that it is taken and not pending here any more, which nobody can tell from the database.
 *
 * All. Whatever a tab has stored, and told or not, is read by somebody. A tab holds a lock of its own from before its first word. The
 * leader listens, then asks which of these locks are held, then reads the outbox: a tab that was gone is in what it reads, of one that
 * lives it hears when it is gone and reads again, and one that comes later says so.
 */

/** Of so many writes that were taken back each step tells again; of older ones everybody has heard. */
const MAX_CANCELLED = 256;

/** The client of the leader, which tells of its steps. */
class LeadingClient extends Client {
  /** What has been confirmed since this was last emptied. */
  readonly confirmed: Uint8Array[] = [];
  declare onStep: (() => void) | undefined;

  override settle(outcomes: readonly Outcome[], through: number, bytes: Uint8Array, reached: 'accepted' | 'durable', isUpToDate: boolean): void {
    for (const entry of this.unjudged.filter(({ last }) => last <= through)) {
      const outcome = outcomes.find(({ last }) => last === entry.last);
      if (!outcome?.lost) {
        this.confirmed.push(outcome?.code ? encodeFragment(voidOf(this.replica, entry)) : entry.fragment);
      }
    }
    if (bytes.length) {
      this.confirmed.push(bytes);
    }
    super.settle(outcomes, through, bytes, reached, isUpToDate);
  }

  override refresh(): void {
    super.refresh();
    this.onStep?.();
  }
}

/** The tabs of this document, as the locks know them. */
export interface Tabs {
  living(): Promise<string[]>;
  /** Calls the function when the tab is gone, while this leader lives. */
  whenGone(tab: string, then: () => Promise<void>): void;
}

/** The confirmed state of one life of the document. */
export interface Seen {
  readonly epoch: bigint;
  readonly state: Uint8Array;
}

/** Leads from {@link start} on, until it is closed. */
export class Leader {
  private readonly client: LeadingClient;
  private readonly channel: ChannelLike;
  private readonly outbox: TabOutbox;
  private readonly leader: string;
  private readonly clock: () => number;
  private count = 0;
  private epoch: bigint;
  private readonly told = new Map<string, PendingTransaction>();
  /** What has been taken, dot by dot, and not been told of; by write. */
  private readonly untold = new Map<string, TakenWrite>();
  /** Tabs of which this leader will hear when they are gone. */
  private readonly watched = new Set<string>();
  private readonly tabs: Tabs;
  /** Writes that are over once that is stored. */
  private readonly ending = new Set<string>();
  /** States since the last step. */
  private readonly states = new Map<string, WriteState>();
  /** Ids of the writes that were refused: what depends on them may still be on its way. */
  private readonly refused = new Set<string>();
  /** The last writes that were taken back, and whether that is stored. */
  private readonly cancelled = new Map<string, boolean>();
  /** By tab, where the dots of its writes stand, oldest first. */
  private readonly taken = new Map<string, TakenWrite[]>();
  private flushing = false;
  /** Messages that wait until the outbox has been read. */
  private waiting: TabMessage[] | undefined = [];

  /** Begins to lead. What other tabs have shown as confirmed counts as confirmed here, too. */
  static async start(options: OpenOptions, store: ClientStore, outbox: TabOutbox, channel: ChannelLike, seen: Seen, tabs: Tabs): Promise<Leader> {
    const leader = new Leader(options, store, await store.load(), outbox, channel, seen, tabs);
    await leader.begin();
    return leader;
  }

  private constructor(options: OpenOptions, store: ClientStore, stored: StoredDocument, outbox: TabOutbox, channel: ChannelLike, seen: Seen, tabs: Tabs) {
    this.client = new LeadingClient({ ...options, store }, stored);
    this.clock = options.clock ?? Date.now;
    this.leader = hex(crypto.getRandomValues(new Uint8Array(8)));
    this.outbox = outbox;
    this.channel = channel;
    this.tabs = tabs;
    this.epoch = this.client.epoch;
    if (stored.state?.epoch === seen.epoch) {
      this.client.document.step('restore', () => this.client.store.join(decodeFragment(seen.state)));
    }
    if (options.online === false) {
      // so that whoever leads next knows of the wish, too
      this.client.goOffline();
    }
    this.client.onWrite(({ id, state: reached, rejection }) => {
      if (reached === 'rejected') {
        this.refused.add(id);
      }
      // What was taken back could be there again with the next leader until that is stored.
      if (rejection?.code !== 'cancelled') {
        this.states.set(id, reached);
      }
    });
    this.client.rejections.forEach(({ id }) => this.refused.add(id));
    for (const { write } of this.hollow) {
      if (!this.refused.has(write.id)) {
        this.refused.add(write.id);
        this.cancelled.set(write.id, true);
      }
    }
    this.client.onStep = () => this.plan();
    channel.onmessage = ({ data }) => this.hear(data as TabMessage);
  }

  async close(): Promise<void> {
    this.client.onStep = undefined;
    this.channel.close();
    await this.client.close();
  }

  private async begin(): Promise<void> {
    (await this.tabs.living()).forEach((tab) => this.watch(tab));
    await this.takeAll();
    const { waiting = [] } = this;
    this.waiting = undefined;
    waiting.forEach((message) => this.hear(message));
    this.tellWhole(false);
  }

  /** Takes what waits in the outbox. */
  private async takeAll(): Promise<void> {
    try {
      const { writes, taken } = await this.outbox.all();
      taken.forEach((each) => this.note(each));
      writes.forEach((write) => this.take(write));
      // What tabs have left that are gone is cleared away.
      [...writes, ...taken].forEach(({ tab }) => this.watch(tab));
    } catch {
      // A store that cannot be read is told by the client's status; what tabs write still comes over the channel.
    }
  }

  /** A tab may end between storing a write and telling of it: what it leaves is taken when it is gone. */
  private watch(tab: string): void {
    if (!this.watched.has(tab)) {
      this.watched.add(tab);
      this.tabs.whenGone(tab, async () => {
        await this.takeAll();
        await this.outbox.forget(tab).catch(() => undefined);
        this.settle(tab, Infinity);
      });
    }
  }

  /** Of a tab's writes before this dot it is enough to know that they have been taken: nothing refers to them any more. */
  private settle(tab: string, before: number): void {
    const taken = this.taken.get(tab) ?? [];
    const settled = taken.filter(({ last }) => last < before);
    if (settled.length > 1) {
      this.taken.set(tab, [{ tab, first: 1, last: settled.at(-1)!.last, replica: '', counter: 0 }, ...taken.slice(settled.length)]);
    }
  }

  private hear(message: TabMessage): void {
    if (this.waiting) {
      this.waiting.push(message);
    } else if (message.type === 'join') {
      this.watch(message.tab);
      this.tellWhole(false);
    } else if (message.type === 'write') {
      this.settle(message.write.tab, message.settledBefore);
      this.take(message.write);
    } else if (message.type === 'discard') {
      this.client.rejections.find(({ id }) => id === message.id)?.discard();
    } else if (message.type === 'cancel') {
      const { id } = message;
      const unsent = this.client.undecided.find(({ write }) => write.id === id && !write.isSent);
      if (unsent) {
        this.cancelled.set(id, false);
        // What depends on it may still be on its way, also to the next leader.
        const taken = [...this.taken.values()].flat().find(({ tab, first }) => `${tab}-${first}` === id);
        this.client.alongside = taken && { taken: { ...taken, refused: true } };
        const cancelling = this.client.cancel(unsent.write);
        this.client.alongside = undefined;
        void cancelling.then(() => {
          this.cancelled.set(id, true);
          this.plan();
        });
      } else if (!this.cancelled.has(id)) {
        this.channel.postMessage({ type: 'kept', id });
      }
    } else if (message.type === 'online') {
      if (message.online) {
        this.client.goOnline();
      } else {
        this.client.goOffline();
      }
    }
  }

  private note(taken: TakenWrite): void {
    const known = this.taken.get(taken.tab) ?? [];
    if (taken.refused) {
      this.refused.add(`${taken.tab}-${taken.first}`);
    }
    if (!known.some(({ first }) => first === taken.first)) {
      this.taken.set(taken.tab, [...known, taken]);
    }
  }

  /** Gives a write of a tab dots of the lease. Of one that has been taken before, says so if it is over. */
  private take(write: TabWrite): void {
    const { tab, first, last, retries } = write;
    const { client } = this;
    const id = `${tab}-${first}`;
    if (this.taken.get(tab)?.some((each) => each.first <= first && first <= each.last)) {
      if (!this.ending.has(id) && !this.isPending(id)) {
        // Of one that was taken back each step tells, once that is stored.
        if (!this.cancelled.has(id)) {
          this.states.set(id, client.rejections.some((each) => each.id === id) ? 'rejected' : 'durable');
        }
        this.plan();
      }
      return;
    }
    const taken = { tab, first, last, replica: client.replica, counter: client.store.next, refused: false };
    const again = client.rejections.find((each) => each.id === retries);
    client.alongside = { taken };
    try {
      if (again) {
        client.rejected = client.rejected.filter((each) => each !== again);
        client.alongside = { taken, removeRejections: [retries] };
      }
      const mutations = decodeMutations(write.mutations);
      if (write.refused || write.after.some((each) => this.refused.has(each))) {
        throw new RejoinError('dependency-rejected');
      }
      const renamed = this.renamed(write);
      const wanted = new Write(id);
      wanted.after.push(...client.undecided.map((each) => each.write).filter((each) => write.after.includes(each.id)));
      if (renamed) {
        client.document.step('local', () => client.issued(client.store.restore(renamed, taken.counter, taken.counter + last - first, mutations, wanted)));
        this.untold.set(id, taken);
      } else {
        // Its dots are others, and nothing that removes them can be renamed.
        taken.counter = 0;
        client.document.applyAll(mutations, wanted);
      }
      if (client.alongside) {
        // Nothing was left for it to do.
        this.end(id, client.alongside, () => this.states.set(id, 'durable'));
      }
    } catch (error) {
      const { code, message } = error as RejoinError;
      const stored: StoredRejection = { id, code: code ?? 'malformed', message, mutations: write.mutations };
      // Nothing stands under its dots, and what depends on it may come before that is stored.
      taken.counter = 0;
      taken.refused = true;
      this.end(id, { ...client.alongside, addRejections: [stored] }, () => client.refuse({ write: new Write(id), stored }));
    }
    client.alongside = undefined;
    this.note(taken);
    this.plan();
  }

  /** Takes a write that nothing is to be sent of. Its tab hears of it once that is stored. */
  private end(id: string, batch: StoreBatch, then: () => void): void {
    this.ending.add(id);
    void this.client.save(batch).then(() => {
      this.ending.delete(id);
      then();
      this.plan();
    });
  }

  /** Of these only the dots are left. */
  private get hollow(): readonly PendingTransaction[] {
    return this.client.unjudged.filter(({ mutations }) => !mutations.length);
  }

  private isPending(id: string): boolean {
    return this.client.undecided.some(({ write }) => write.id === id);
  }

  /** The transaction under the dots of the lease; nothing if something that it removes has gone with a former lease. */
  private renamed({ tab, first, fragment, leases }: TabWrite): Uint8Array | undefined {
    const { store } = this.client;
    const { next, replica: lease } = store;
    const known = (replica: string, counter: number): boolean => store.context.get(replica)?.contains(counter) ?? false;
    return renameDots(fragment, (replica, counter) => {
      if (replica !== tab) {
        return replica !== lease && leases.includes(replica) && !known(replica, counter) ? undefined : [replica, counter];
      }
      if (counter >= first) {
        return [lease, next + counter - first];
      }
      const taken = this.taken.get(tab)?.find((each) => each.first <= counter && counter <= each.last);
      if (!taken?.counter) {
        return undefined;
      }
      const dot = taken.counter + counter - taken.first;
      return taken.replica === lease || known(taken.replica, dot) ? [taken.replica, dot] : undefined;
    });
  }

  /** Tells of what happens in this turn as one step. */
  private plan(): void {
    if (!this.flushing) {
      this.flushing = true;
      queueMicrotask(() => {
        this.flushing = false;
        this.flush();
      });
    }
  }

  private flush(): void {
    if (this.waiting || !this.client.onStep) {
      return;
    }
    if (this.epoch && this.epoch !== this.client.epoch) {
      this.epoch = this.client.epoch;
      this.tellWhole(true);
      return;
    }
    this.epoch = this.client.epoch;
    const pending: Sequenced[] = [];
    const still = new Set<string>();
    for (const entry of this.client.undecided) {
      const { id } = entry.write;
      still.add(id);
      // One that is not stored yet could be given other dots by the next leader.
      if (entry.sendable && this.told.get(id) !== entry) {
        this.told.set(id, entry);
        pending.push(this.sequenced(entry));
      }
    }
    [...this.told.keys()].filter((id) => !still.has(id)).forEach((id) => this.told.delete(id));
    this.tell('step', this.client.confirmed.splice(0), pending, false);
  }

  private tellWhole(forget: boolean): void {
    if (!forget && this.count) {
      this.flush();
    }
    this.client.confirmed.length = 0;
    this.told.clear();
    const stored = this.client.undecided.filter(({ sendable }) => sendable);
    stored.forEach((entry) => this.told.set(entry.write.id, entry));
    [...this.taken.values()].flat().filter(({ counter }) => counter).forEach((each) => this.untold.set(`${each.tab}-${each.first}`, each));
    this.tell('whole', [this.client.document.confirmedState()], stored.map((entry) => this.sequenced(entry)), forget);
  }

  private tell(type: LeaderStep['type'], joins: readonly Uint8Array[], pending: readonly Sequenced[], forget: boolean): void {
    const { connection, code, message, savesLocally } = this.client.status;
    const taken: TakenWrite[] = [];
    // Where only the dots of a write are left, these are told of once that is stored.
    const isLeaving = this.hollow.some(({ sendable }) => !sendable);
    const cancelled = (isStored: boolean): string[] => [...this.cancelled.keys()].filter((id) => this.cancelled.get(id) === isStored);
    for (const [id, each] of this.untold) {
      if (this.told.has(id) || (!this.isPending(id) && !isLeaving)) {
        taken.push(each);
        this.untold.delete(id);
      }
    }
    const storing = [...this.client.undecided.map(({ write }) => write.id).filter((id) => !this.told.has(id)), ...cancelled(false)];
    const clockOffset = Math.round(this.client.store.clock() - this.clock());
    const told: LeaderStep = {
      type,
      leader: this.leader,
      count: ++this.count,
      life: this.client.epoch,
      joins,
      forget,
      pending,
      storing,
      taken,
      states: [...this.states],
      cancelled: cancelled(true),
      rejections: this.client.rejections.map(({ id, code: why, message: text, mutations }) => ({ id, code: why, message: text, mutations: encodeMutations(mutations) })),
      status: { connection, code, message, upToDate: this.client.isCaughtUp && !storing.length, savesLocally, clockOffset },
    };
    this.states.clear();
    this.channel.postMessage(told);
    told.cancelled.slice(0, -MAX_CANCELLED).forEach((id) => this.cancelled.delete(id));
  }

  private sequenced({ first, last, fragment, write, mutations }: PendingTransaction): Sequenced {
    return { id: write.id, replica: this.client.replica, first, last, fragment, mutations: encodeMutations(mutations), state: write.state };
  }
}
