import { hex } from './bytes.ts';
import type { StoredRejection, TakenWrite } from './client-store.ts';
import { open, type ClientView, type OpenOptions, type PendingWrite, type TransactOptions } from './client.ts';
import { Document } from './document.ts';
import { RejoinError } from './errors.ts';
import { decodeFragment } from './fragment.ts';
import { IndexedDbStore, type LocksLike } from './idb.ts';
import { decodeMutations, encodeMutations } from './mutation.ts';
import { syncOf, type Status } from './status.ts';
import { Store, type PendingTransaction } from './store.ts';
import { Leader } from './tab-leader.ts';
import { CHANNEL, type ChannelLike, type LeaderStatus, type LeaderStep, type Sequenced, type TabMessage } from './tab-messages.ts';
import { TabOutbox, type TabWrite } from './tab-outbox.ts';
import { renameDots } from './tab-dots.ts';
import { Topic } from './topic.ts';
import { Write, type Rejection, type WriteState } from './write.ts';

/** The part of the Web Locks API that the tabs use. */
export interface TabLocks {
  request(name: string, options: { readonly signal: AbortSignal }, body: () => Promise<void>): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

export interface TabsOptions extends Omit<OpenOptions, 'store' | 'replica'> {
  /** Default: the global `indexedDB`. */
  readonly indexedDB?: IDBFactory;
  /** Default: `navigator.locks`; null = none. */
  readonly locks?: TabLocks | null;
  /** How the tabs hear each other; default `BroadcastChannel`. */
  readonly channel?: new (name: string) => ChannelLike;
}

/** Every lock is free: whoever leads is alone with the leases. */
const ALONE: LocksLike = { request: async (_name, _options, body) => body({}) };

/**
 * Opens a document together with the other tabs of this browser. Every tab writes into one outbox that survives reloads; one of them,
 * the leader, has the connection, and when it goes another one takes over. All show the same confirmed state, pending writes, status and
 * rejections.
 *
 * Where there are no Web Locks or no `BroadcastChannel`, each tab is a client of its own over the same database, with a connection of
 * its own.
 */
export async function openTabs(options: TabsOptions): Promise<ClientView> {
  const { indexedDB: factory = indexedDB, locks = locksHere(), channel = globalThis.BroadcastChannel as TabsOptions['channel'], ...rest } = options;
  if (!locks || !channel) {
    return open({ ...rest, store: new IndexedDbStore(options.document, { indexedDB: factory }) });
  }
  const tab = new TabClient(rest, factory, locks, channel);
  await tab.ready;
  return tab;
}

function locksHere(): TabLocks | null {
  return ((globalThis.navigator as Navigator | undefined)?.locks as unknown as TabLocks | undefined) ?? null;
}

/** A write of this tab that nobody has taken yet. */
interface Own {
  transaction: PendingTransaction;
  readonly record: TabWrite;
  /** It has been told, which comes after storing it. */
  isSaid: boolean;
}

/** A pending write that the leader has taken, on the overlay of this tab. */
interface Overlaid {
  readonly transaction: PendingTransaction;
  readonly from: Sequenced;
}

/*
 * What one tab shows: the confirmed state and the pending writes that the leader tells of, and over them what this tab has written and
 * the leader has not taken yet. A step of the leader is one step here: pending writes that are gone leave the overlay as the same message
 * brings what was confirmed, so nothing blinks. The tab that leads shows in the same way; its leader is a second client inside it.
 */
class TabClient implements ClientView {
  readonly document: Document;
  readonly ready: Promise<void>;
  private readonly options: OpenOptions;
  private readonly factory: IDBFactory;
  private readonly locks: TabLocks;
  private readonly Channel: new (name: string) => ChannelLike;
  private readonly channel: ChannelLike;
  private readonly outbox: TabOutbox;
  private readonly store: Store;
  private readonly clock: () => number;
  private readonly leaving = new AbortController();
  private leading: Promise<Leader> | undefined;
  /** The replica id of what nobody has taken yet. */
  private readonly tab = hex(crypto.getRandomValues(new Uint8Array(8)));
  private readonly own = new Map<string, Own>();
  private readonly overlaid = new Map<string, Overlaid>();
  /** Writes of this tab without a final state. */
  private readonly writes = new Map<string, Write>();
  private retrying = '';
  /** By write, who waits to hear whether it was taken back. */
  private readonly cancelling = new Map<string, (isCancelled: boolean) => void>();
  /** Whether this tab wants a connection, until a leader shows that it has heard so, or another tab wants something. */
  private wish: boolean | undefined;
  private epoch = 0n;
  private heard = { leader: '', count: 0 };
  private asked = false;
  private from: LeaderStatus = { connection: 'disconnected', code: '', message: '', upToDate: false, savesLocally: true, clockOffset: 0 };
  private saves = true;
  private closed = false;
  private shown!: Status;
  private refused: readonly Rejection[] = [];
  /** Ids of rejections that this tab has discarded and a leader still lists. */
  private discarded: readonly string[] = [];
  private readonly statusListeners = new Topic<Status>();
  private readonly writeListeners = new Topic<Write>();
  private readonly rejectionListeners = new Topic<Rejection>();
  private opened!: () => void;
  private failed!: (error: unknown) => void;

  constructor(options: OpenOptions, factory: IDBFactory, locks: TabLocks, channel: new (name: string) => ChannelLike) {
    this.options = options;
    this.factory = factory;
    this.locks = locks;
    this.Channel = channel;
    this.clock = options.clock ?? Date.now;
    this.store = new Store(this.tab, () => this.clock() + this.from.clockOffset);
    this.document = new Document(this.store, (transaction) => this.issued(transaction));
    this.outbox = new TabOutbox(options.document, factory);
    this.channel = new channel(CHANNEL + options.document);
    this.ready = new Promise((resolve, reject) => {
      this.opened = resolve;
      this.failed = reject;
    });
    this.refresh();
    this.channel.onmessage = ({ data }) => this.hear(data as TabMessage);
    // A leader knows the tabs by this lock, so it comes before all that this tab says and stores.
    this.hold(this.tab, () => {
      this.ask();
      this.hold('', () => this.lead());
    });
  }

  get status(): Status {
    return this.shown;
  }

  get rejections(): readonly Rejection[] {
    return this.refused;
  }

  onStatus(listener: (status: Status) => void): () => void {
    return this.statusListeners.add(listener);
  }

  onWrite(listener: (write: Write) => void): () => void {
    return this.writeListeners.add(listener);
  }

  onRejected(listener: (rejection: Rejection) => void): () => void {
    return this.rejectionListeners.add(listener);
  }

  transact(body: (document: Document) => void, { after = [] }: TransactOptions = {}): Write {
    return this.document.transact(() => {
      this.store.dependsOn(after);
      body(this.document);
    });
  }

  async cancel(write: Write): Promise<boolean> {
    const { id } = write;
    if (this.closed || this.writes.get(id) !== write || this.cancelling.has(id)) {
      return false;
    }
    return new Promise((resolve) => {
      this.cancelling.set(id, resolve);
      this.sayCancelled(id);
    });
  }

  pending(): readonly PendingWrite[] {
    return this.store.pending.map(({ write, mutations }) => ({ write, mutations }));
  }

  goOffline(): void {
    this.want(false);
  }

  goOnline(): void {
    this.want(true);
  }

  private want(online: boolean): void {
    this.wish = online;
    this.say({ type: 'online', online });
  }

  async close(): Promise<void> {
    if (!this.closed) {
      this.closed = true;
      this.cancelling.forEach((tell) => tell(false));
      this.channel.close();
      this.refresh();
      await (await this.leading)?.close();
      this.leaving.abort();
      this.held.forEach((release) => release());
      await this.outbox.close().catch(() => undefined);
    }
  }

  /* Leading */

  private readonly held: (() => void)[] = [];

  /** Waits for a lock of the document, and holds it until this tab is closed or gone. */
  private hold(name: string, then: () => void): void {
    this.whenFree(name, () => {
      const released = new Promise<void>((release) => this.held.push(release));
      then();
      return released;
    });
  }

  private whenFree(name: string, then: () => Promise<void>): void {
    this.locks
      .request(this.lockOf(name), { signal: this.leaving.signal }, () => (this.closed ? Promise.resolve() : then()))
      // It was not needed any more.
      .catch(() => undefined);
  }

  private lockOf(name: string): string {
    return `rejoin:tabs:${this.options.document}:${name}`;
  }

  private async living(): Promise<string[]> {
    const prefix = this.lockOf('');
    const { held = [] } = await this.locks.query();
    const names = held.filter(({ name }) => name?.startsWith(prefix)).map(({ name }) => name!.slice(prefix.length));
    // The lock of who leads is not one of a tab, nor are those of a document whose name begins like this one's.
    return names.filter((name) => /^[0-9a-f]{16}$/.test(name));
  }

  private lead(): void {
    const { factory, outbox } = this;
    // Offline was a wish, and it outlives the leader that heard of it.
    const options = (this.wish ?? this.from.code !== 'offline') ? this.options : { ...this.options, online: false };
    const channel = new this.Channel(CHANNEL + options.document);
    const store = new IndexedDbStore(options.document, { indexedDB: factory, locks: ALONE });
    const seen = { epoch: this.epoch, state: this.document.confirmedState() };
    const tabs = { living: () => this.living(), whenGone: (tab: string, then: () => Promise<void>) => this.whenFree(tab, then) };
    this.leading = Leader.start(options, store, outbox, channel, seen, tabs);
    this.leading.catch((error: unknown) => {
      // A tab that cannot read the store leaves the lead to one that can.
      this.leading = undefined;
      this.failed(error);
      channel.close();
      void this.close();
    });
  }

  /* Writing */

  private issued(transaction: PendingTransaction): void {
    const { first, last, fragment, write, mutations, removed } = transaction;
    const open = [...removed.values()].filter(([replica, counter]) => replica !== this.tab && !this.store.context.get(replica)?.contains(counter));
    const leases = [...new Set(open.map(([replica]) => replica))];
    const after = write.after.map(({ id }) => id);
    const refused = write.after.some(({ state }) => state === 'rejected');
    const record: TabWrite = { tab: this.tab, first, last, fragment, mutations: encodeMutations(mutations), retries: this.retrying, leases, after, refused };
    // Where nothing of this tab waits, nothing that it writes from here on refers to its own dots, and what is over nothing depends on any more.
    const oldest = [...this.writes.keys()].find((id) => id.startsWith(this.tab));
    const settledBefore = this.own.size ? 0 : oldest ? Number(oldest.slice(this.tab.length + 1)) : first;
    const own: Own = { transaction, record, isSaid: false };
    this.own.set(write.id, own);
    this.writes.set(write.id, write);
    this.refresh();
    void this.outbox
      .put(record, settledBefore)
      .then(
        () => this.move(write, 'saved-locally'),
        (error: unknown) => {
          this.saves = false;
          write.notSaved(new RejoinError('local-storage-failed', String(error)));
          this.refresh();
        },
      )
      .then(() => {
        own.isSaid = true;
        this.say({ type: 'write', write: record, settledBefore });
        this.sayCancelled(write.id);
      });
  }

  /** The leader takes back what it has heard of; of a write that is still to be told it hears with that. */
  private sayCancelled(id: string): void {
    if (this.cancelling.has(id) && this.own.get(id)?.isSaid !== false) {
      this.say({ type: 'cancel', id });
    }
  }

  private answer(id: string, isCancelled: boolean): void {
    this.cancelling.get(id)?.(isCancelled);
    this.cancelling.delete(id);
  }

  private move(write: Write, state: WriteState, rejection?: Rejection): void {
    if (write.advance(state, rejection)) {
      this.writeListeners.tell(write);
    }
  }

  private say(message: TabMessage): void {
    if (!this.closed) {
      this.channel.postMessage(message);
    }
  }

  private ask(): void {
    if (!this.asked) {
      this.asked = true;
      this.say({ type: 'join', tab: this.tab });
    }
  }

  /* What the leader tells */

  private hear(message: TabMessage): void {
    if (message.type === 'online') {
      this.wish = undefined;
    } else if (message.type === 'kept') {
      this.answer(message.id, false);
    }
    if (message.type !== 'step' && message.type !== 'whole') {
      return;
    }
    const { leader, count } = message;
    const follows = leader === this.heard.leader && count === this.heard.count + 1;
    if (message.type === 'step' && !follows) {
      this.asked = this.asked && leader === this.heard.leader;
      this.heard = { leader, count: NaN };
      this.ask();
      return;
    }
    this.heard = { leader, count };
    const whole = message.type === 'whole' && (!follows || message.forget);
    this.asked &&= message.type !== 'whole';
    this.show(message, whole);
    this.opened();
  }

  private show(message: LeaderStep, whole: boolean): void {
    const { pending, states, cancelled, rejections, status, life } = message;
    const ended = new Set([...cancelled, ...states.filter(([, state]) => isFinal(state)).map(([id]) => id)]);
    const wanted = new Map(cancelled.map((id) => [id, this.writes.get(id) && (this.own.get(id) ?? this.overlaid.get(id))?.transaction.mutations]));
    const forget = message.forget || (whole && this.epoch !== 0n && life !== 0n && this.epoch !== life);
    const repeats = message.type === 'whole' && !whole;
    const still = new Set(pending.map(({ id }) => id));
    const storing = new Set(message.storing);
    this.epoch = life;
    this.from = status;
    if (this.wish ? status.connection === 'connected' : status.code === 'offline') {
      this.wish = undefined;
    } else if (whole && this.wish !== undefined) {
      // Nobody led when it was said.
      this.say({ type: 'online', online: this.wish });
    }
    this.document.step('remote', () => {
      for (const [id, { transaction, from }] of this.overlaid) {
        const next = pending.find((each) => each.id === id);
        if (ended.has(id) || (whole && !next && !storing.has(id)) || (next && !sameDots(next, from))) {
          this.store.withdraw(transaction);
          this.overlaid.delete(id);
        }
      }
      if (forget) {
        this.store.forget();
      }
      for (const [id, { transaction }] of this.own) {
        if (still.has(id) || ended.has(id)) {
          this.store.withdraw(transaction);
          this.own.delete(id);
        }
      }
      message.taken.forEach((each) => this.follow(each));
      if (!repeats) {
        message.joins.forEach((each) => this.store.join(decodeFragment(each)));
      }
      pending.forEach((each) => this.overlay(each));
    });
    const fresh = this.list(rejections);
    for (const [id, mutations = []] of wanted) {
      this.reach(id, 'rejected', this.rejection({ id, code: 'cancelled', message: '', mutations: encodeMutations(mutations) }));
    }
    for (const [id, state] of [...pending.map((each) => [each.id, each.state] as const), ...states]) {
      this.reach(id, state);
    }
    if (whole) {
      this.reconcile(new Set([...still, ...storing]));
    }
    fresh.forEach((each) => this.rejectionListeners.tell(each));
    this.refresh();
  }

  private overlay(from: Sequenced): void {
    if (this.overlaid.has(from.id)) {
      return;
    }
    const { store } = this;
    const { next } = store;
    store.replica = from.replica;
    let write = this.writes.get(from.id);
    if (!write) {
      write = new Write(from.id);
      write.advance(from.state);
      this.writes.set(from.id, write);
    }
    const transaction = store.restore(from.fragment, from.first, from.last, decodeMutations(from.mutations), write);
    store.replica = this.tab;
    store.next = next;
    this.overlaid.set(from.id, { transaction, from });
  }

  /** What later writes of this tab remove of a write that has been taken, they remove under its new dots. */
  private follow({ tab, first, last, replica: to, counter: start }: TakenWrite): void {
    const isTaken = (replica: string, counter: number): boolean => replica === tab && counter >= first && counter <= last;
    for (const own of tab === this.tab ? this.own.values() : []) {
      const { transaction } = own;
      if ([...transaction.removed.values()].some(([replica, counter]) => isTaken(replica, counter))) {
        const renamed = renameDots(transaction.fragment, (replica, counter) => (isTaken(replica, counter) ? [to, start + counter - first] : [replica, counter]));
        const { next } = this.store;
        this.store.withdraw(transaction);
        own.transaction = this.store.restore(renamed!, transaction.first, transaction.last, transaction.mutations, transaction.write);
        this.store.next = next;
      }
    }
  }

  private reach(id: string, state: WriteState, rejection = this.refused.find((each) => each.id === id)): void {
    const write = this.writes.get(id);
    if (write) {
      this.move(write, state, rejection);
      if (isFinal(state)) {
        this.writes.delete(id);
        this.answer(id, write.rejection?.code === 'cancelled');
      }
    }
  }

  /**
   * After a leader has gone. What it may not have heard is said again. What it had taken and the next one does not have any more has had its verdict. Of what it may not have
   * taken, only a leader knows what became of it: it takes it, or answers.
   */
  private reconcile(still: ReadonlySet<string>): void {
    for (const id of [...this.writes.keys()]) {
      if (!still.has(id) && !this.own.has(id)) {
        this.reach(id, this.refused.some((each) => each.id === id) ? 'rejected' : 'durable');
      }
    }
    this.discarded.forEach((id) => this.say({ type: 'discard', id }));
    for (const { record, isSaid } of this.own.values()) {
      if (isSaid) {
        this.say({ type: 'write', write: record, settledBefore: 0 });
      }
    }
    [...this.cancelling.keys()].forEach((id) => this.sayCancelled(id));
  }

  /* Rejections */

  /** Takes over the list; returns what is new on it. */
  private list(stored: readonly StoredRejection[]): Rejection[] {
    const known = new Map(this.refused.map((each) => [each.id, each]));
    const fresh: Rejection[] = [];
    this.discarded = this.discarded.filter((id) => stored.some((each) => each.id === id));
    const gone = new Set([...this.discarded, ...[...this.own.values()].map(({ record }) => record.retries)]);
    const listed = stored
      .filter(({ id }) => !gone.has(id))
      .map((each) => {
        const rejection = known.get(each.id) ?? this.rejection(each);
        if (!known.has(each.id)) {
          fresh.push(rejection);
        }
        return rejection;
      });
    if (fresh.length || listed.length !== this.refused.length) {
      this.refused = listed;
    }
    return this.heard.leader ? fresh : [];
  }

  private rejection({ id, code, message, mutations }: StoredRejection): Rejection {
    const wanted = decodeMutations(mutations);
    const takeOff = (): boolean => {
      const before = this.refused;
      this.refused = before.filter((each) => each.id !== id);
      return this.refused.length < before.length;
    };
    return {
      id,
      code,
      message,
      mutations: wanted,
      retry: () => {
        if (!takeOff()) {
          throw new RejoinError('not-rejected');
        }
        this.retrying = id;
        try {
          return this.document.applyAll(wanted);
        } finally {
          this.retrying = '';
          this.refresh();
        }
      },
      discard: () => {
        if (takeOff()) {
          this.discarded = [...this.discarded, id];
          this.say({ type: 'discard', id });
          this.refresh();
        }
      },
    };
  }

  private refresh(): void {
    const { code, message, upToDate, savesLocally } = this.from;
    const connection = this.closed ? 'closed' : this.from.connection;
    const pending = this.own.size + this.overlaid.size;
    const status: Status = Object.freeze({
      connection,
      code,
      message,
      sync: syncOf(connection, pending, this.refused.length, upToDate),
      pending,
      savesLocally: savesLocally && this.saves,
    });
    if (JSON.stringify(status) !== JSON.stringify(this.shown)) {
      this.shown = status;
      this.statusListeners.tell(status);
    }
  }
}

/** No state follows, as far as pending goes: the leader has had a verdict. */
function isFinal(state: WriteState): boolean {
  return state === 'accepted' || state === 'durable' || state === 'rejected';
}

function sameDots(a: Sequenced, b: Sequenced): boolean {
  return a.replica === b.replica && a.first === b.first;
}
