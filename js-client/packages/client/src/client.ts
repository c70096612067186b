import { chainAfter, hex } from './bytes.ts';
import type { ClientStore, Lease, StoreBatch, StoredDocument, StoredRejection, StoredTransaction } from './client-store.ts';
import { Document } from './document.ts';
import { RejoinError } from './errors.ts';
import { decodeFragment } from './fragment.ts';
import { BACKOFF_MAX_MILLIS, BACKOFF_MIN_MILLIS, HEALTHY_MILLIS, SAVE_DELAY_MILLIS } from './limits.ts';
import { decodeMutations, encodeMutations, subjectOf, type Mutation } from './mutation.ts';
import { startSession, type Judged, type Outcome, type Session } from './session.ts';
import { syncOf, type ConnectionState, type Status } from './status.ts';
import { Store, type PendingTransaction } from './store.ts';
import { Topic } from './topic.ts';
import { NOTHING, helloFrame, type Welcome } from './wire.ts';
import { Write, type Rejection, type WriteState } from './write.ts';

/** What every client of a document has in common, also one that shares its connection with other tabs. */
export type ClientView = Pick<
  Client,
  'document' | 'status' | 'rejections' | 'onStatus' | 'onWrite' | 'onRejected' | 'transact' | 'cancel' | 'pending' | 'goOffline' | 'goOnline' | 'close'
>;

export interface TransactOptions {
  /**
   * Writes of this client without which this one is not to happen. It is sent when they are accepted, and what is written after it waits behind it. If one of
   * them is refused, or its outcome unknown, it is refused with code `dependency-rejected`, and nothing of it is sent but its dots.
   */
  readonly after?: readonly Write[];
}

/** A write that awaits its verdict, and what it wants to do. */
export interface PendingWrite {
  readonly write: Write;
  readonly mutations: readonly Mutation[];
}

/** The part of a browser's WebSocket that the client uses. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export interface OpenOptions {
  /** Address of the server's `/sync` endpoint, `ws:` or `wss:`. */
  readonly url: string;
  readonly document: string;
  /** Where pending writes and confirmed state survive a reload; default nowhere: they live as long as the client. */
  readonly store?: ClientStore;
  /** Replica id of 16 hex digits for a client that continues nothing; default random. */
  readonly replica?: string;
  /** Default: the global `WebSocket`. */
  readonly webSocket?: new (url: string, protocol: string) => WebSocketLike;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Fills the array with random bytes; default from `crypto`. */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  /** Credentials for the server. */
  readonly token?: string;
  /** False to begin offline, as after {@link Client.goOffline}. */
  readonly online?: boolean;
}

/** @internal */
export interface Refused {
  readonly write: Write;
  readonly stored: StoredRejection;
}

/** The code with which a pending transaction is refused; true: it may have been accepted. */
type Refuses = (entry: PendingTransaction) => string | boolean | undefined;

/** Close codes that the client answers itself; of others the server has said in a frame why. */
const CLOSE_CODES: Record<number, string> = { 4409: 'replica-conflict', 4410: 'session-replaced', 4417: 'lease-elsewhere' };
const DEPENDENCY_REJECTED = 'dependency-rejected';
/** Not in any rejection: these writes go on in another tab. */
const HANDED_OVER = '-';

/** Opens a document: loads what the store holds and, without waiting for it, connects. */
export async function open(options: OpenOptions): Promise<Client> {
  return new Client(options, (await options.store?.load()) ?? { pending: [], rejections: [] });
}

/**
 * One open document: its optimistic view, its connection, its writes without a verdict and those that were refused.
 * Made by {@link open}.
 */
export class Client {
  readonly document: Document;
  /** @internal */
  readonly options: OpenOptions;
  /** @internal */
  readonly store: Store;
  /** @internal */
  readonly clock: () => number;
  private lease!: Lease;
  /** @internal */
  epoch = 0n;
  /** @internal What is issued again is stored together. */
  collecting = false;
  /** @internal Goes into the store together with the next transaction, or with what is taken back next. */
  alongside: StoreBatch | undefined;
  private savesLocally: boolean;
  /** The last verdicts are in the store; before that no new session may begin. */
  private recorded: Promise<void> = Promise.resolve();

  private socket: WebSocketLike | undefined;
  private session: Session | undefined;
  private connection: ConnectionState = 'disconnected';
  private reason = { code: '', message: '' };
  private wantOnline: boolean;
  /** @internal A server has told this client, since it was opened, all that it held at the last connection. */
  isCaughtUp = false;
  private attempt = 0;
  private connectedAt = Infinity;
  /** When a session was last ended because another of the same replica had begun; not there before that. */
  private declare replacedAt: number;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private sessionTimer: ReturnType<typeof setTimeout> | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly ended = new AbortController();

  private currentStatus!: Status;
  /** @internal */
  rejected: readonly Rejection[] = [];
  private readonly statusListeners = new Topic<Status>();
  private readonly writeListeners = new Topic<Write>();
  private readonly rejectionListeners = new Topic<Rejection>();
  /** @internal Is asked what a Hello says of the session over all servers, and hears each frame after it was dealt with. */
  tap: { greeting(): Uint8Array; frame(bytes: Uint8Array): void } | undefined;
  /** @internal What the other sessions show, as it came. */
  readonly shown = new Map<bigint, Uint8Array>();
  /** @internal Called when what they show has changed while connected. */
  onShown: (() => void) | undefined;

  /** @internal */
  constructor(options: OpenOptions, stored: StoredDocument) {
    this.options = options;
    this.savesLocally = !!options.store;
    this.clock = options.clock ?? Date.now;
    this.wantOnline = options.online ?? true;
    this.store = new Store('', this.clock);
    this.document = new Document(this.store, (transaction) => this.issued(transaction));
    this.rejected = stored.rejections.map((each) => this.rejection(each));
    if (stored.state) {
      this.epoch = stored.state.epoch;
      stored.state.fragments.forEach((fragment) => this.store.join(decodeFragment(fragment)));
    }
    if (stored.lease) {
      this.adopt(stored.lease, stored.pending);
    } else {
      this.begin(options.replica);
      this.save({ lease: this.lease, renew: true });
    }
    this.store.changes();
    this.refresh();
    this.listen('online', () => {
      if (this.connection === 'disconnected') {
        this.connect();
      }
    });
    this.listen('pagehide', () => this.saveState(true));
    this.connect();
  }

  /** The same object until something in it changes. */
  get status(): Status {
    return this.currentStatus;
  }

  /** The replica id under which this client writes, as 16 hex digits. */
  get replica(): string {
    return this.store.replica;
  }

  /** Calls the listener after each change of the status; returns how to stop that. */
  onStatus(listener: (status: Status) => void): () => void {
    return this.statusListeners.add(listener);
  }

  /** Calls the listener after each step in the life of a write; returns how to stop that. */
  onWrite(listener: (write: Write) => void): () => void {
    return this.writeListeners.add(listener);
  }

  /** Calls the listener when a write is not accepted, after it has left the view; returns how to stop that. */
  onRejected(listener: (rejection: Rejection) => void): () => void {
    return this.rejectionListeners.add(listener);
  }

  /** @internal */
  get judged(): Judged {
    return this.lease.judged;
  }

  /** @internal Transactions without a verdict, oldest first; also those of which only the dots are left. */
  get unjudged(): readonly PendingTransaction[] {
    return this.store.pending;
  }

  /** @internal Those that are to have an effect, which is what users call pending. */
  get undecided(): readonly PendingTransaction[] {
    return this.unjudged.filter(({ mutations }) => mutations.length);
  }

  /** Runs several changes as one write; see {@link Document.transact}. */
  transact(body: (document: Document) => void, { after = [] }: TransactOptions = {}): Write {
    return this.document.transact(() => {
      this.store.dependsOn(after);
      body(this.document);
    });
  }

  /**
   * Takes back a write that has not been sent, as if it had never been made: it is `rejected` with code `cancelled`, and not on the list of rejections. What was written
   * after it stays; what depends on it is refused. Resolves with true when that is stored, with false if the write may have been sent, has its verdict, is not of this
   * client, or a transaction is open; and, where tabs share a connection, if this tab is closed before it hears.
   */
  async cancel(write: Write): Promise<boolean> {
    const entry = this.unjudged.at(-1)?.last && !write.isSent && this.undecided.find((each) => each.write === write);
    if (!entry) {
      return false;
    }
    const refused: Refused[] = [];
    let changed!: PendingTransaction[];
    this.document.step('local', () => {
      changed = this.refuseDependants([], refused, entry);
      changed.push(...this.took([], []));
    });
    const [own, ...dependants] = refused;
    const saving = this.save(this.alongside, changed, dependants);
    this.move(write, 'rejected', this.rejection(own!.stored));
    this.refresh();
    await saving;
    return true;
  }

  /** The writes that await their verdict, oldest first. */
  pending(): readonly PendingWrite[] {
    return this.undecided.map(({ write, mutations }) => ({ write, mutations }));
  }

  /** Writes that were not accepted, oldest first, until they are retried or discarded; they survive a reload. */
  get rejections(): readonly Rejection[] {
    return this.rejected;
  }

  /** Closes the connection and stays offline until {@link goOnline}. Writing goes on. */
  goOffline(): void {
    this.wantOnline = false;
    this.hangUp();
    this.show('disconnected', 'offline');
    this.saveState();
  }

  /** Connects now; also after an error that has ended reconnecting. */
  goOnline(): void {
    this.wantOnline = true;
    if (!this.socket) {
      this.connect();
    }
  }

  /** Ends this client; what is pending stays in the store for the next one. */
  async close(): Promise<void> {
    if (this.connection !== 'closed') {
      this.hangUp();
      this.show('closed');
      this.ended.abort();
      this.saveState();
      await this.options.store?.close();
    }
  }

  /* Leases and transactions */

  private begin(replica = hex(this.random(8))): void {
    this.adopt({ replica, leaseKey: this.random(16), judged: { last: 0, chain: 0 } });
  }

  private adopt(lease: Lease, pending: readonly StoredTransaction[] = []): void {
    this.lease = lease;
    this.store.replica = lease.replica;
    this.store.next = lease.judged.last + 1;
    for (const { id, fragment, first, last, chain, mutations, after = [] } of pending) {
      const entry = this.store.restore(fragment, first, last, decodeMutations(mutations), id ? new Write(id) : undefined);
      const { write } = entry;
      this.unjudged.forEach((each) => after.includes(each.write.id) && write.after.push(each.write));
      write.advance(entry.mutations.length ? 'saved-locally' : 'durable');
      entry.chain = chain;
      // Whether the earlier run has sent it is not known, so it counts as sent: it may also have heard a verdict that is not stored.
      entry.sendable = entry.saved = write.isSent = true;
    }
  }

  /** @internal */
  issued(entry: PendingTransaction): void {
    entry.chain = chainAfter((this.unjudged.at(-2) ?? this.judged).chain, entry.fragment);
    if (!this.collecting) {
      const batch = this.alongside;
      this.alongside = undefined;
      const refused: Refused[] = [];
      this.refuseDependants(entry.write.after.filter(({ state }) => state === 'rejected'), refused);
      void this.save(batch, [entry], refused);
      this.refresh();
    }
  }

  /** @internal Stores the batch, with these transactions, which are sent once they are stored, and refusals, which are told at once. */
  async save(batch: StoreBatch = {}, entries: readonly PendingTransaction[] = [], refused: readonly Refused[] = [], then?: () => void): Promise<void> {
    const append = entries.map((entry) => (entry.stored = stored(entry)));
    const whole = { ...batch, append, addRejections: [...(batch.addRejections ?? []), ...refused.map((each) => each.stored)] };
    try {
      const committed = this.options.store?.commit(whole);
      refused.forEach((each) => this.refuse(each));
      await committed;
      entries.forEach((entry, i) => {
        // Not if it was given to the store once more since.
        if (entry.stored === append[i]) {
          entry.sendable = entry.saved = true;
          this.move(entry.write, 'saved-locally');
        }
      });
      then?.();
    } catch (error) {
      if (error instanceof RejoinError && error.code === 'session-replaced') {
        if (!entries.length || entries.some((entry) => this.unjudged.includes(entry))) {
          this.handOver(whole);
        }
      } else {
        // Without the store the writes still reach the server; they just do not survive a reload.
        this.savesLocally = false;
        for (const entry of entries) {
          entry.sendable = true;
          entry.write.notSaved(new RejoinError('local-storage-failed', String(error)));
        }
      }
    }
    this.pump();
    this.refresh();
  }

  /**
   * Refuses what depends on these, or on one that is cancelled, directly or over others: none of it was sent, and only its dots are left of it. Returns what is to
   * be stored, since its place in the history is another one.
   */
  private refuseDependants(gone: Write[], refused: Refused[], cancelled?: PendingTransaction): PendingTransaction[] {
    let before: Judged = this.judged;
    let differs = false;
    return this.unjudged.filter((entry) => {
      const depends = dependsOn(entry, gone);
      if (depends || entry === cancelled) {
        gone.push(entry.write);
        refused.push(...refusal(entry, depends ? DEPENDENCY_REJECTED : 'cancelled'));
        this.store.hollow(entry);
        differs = true;
      }
      if (differs) {
        entry.sendable = false;
        entry.chain = chainAfter(before.chain, entry.fragment);
      }
      before = entry;
      return differs;
    });
  }

  /** Another tab has taken this lease over, with all that is stored under it. */
  private handOver(lost: StoreBatch): void {
    this.renew((entry) => entry.saved && HANDED_OVER, lost);
    this.connect();
  }

  /**
   * Takes a new replica id and issues the pending transactions again, except those for which there is a code, and, of those of which it is true that they may have
   * been accepted, increments and what depends on one that is gone.
   */
  private renew(refuse: Refuses, batch: StoreBatch = {}): void {
    const old = [...this.unjudged];
    const refused: Refused[] = [];
    const gone: Write[] = [];
    this.collecting = true;
    this.document.step('local', () => {
      old.forEach((entry) => this.store.withdraw(entry));
      if (batch.forget) {
        this.store.forget();
      }
      this.begin();
      for (const entry of old) {
        const { write, mutations } = entry;
        const why = refuse(entry);
        const code = why === true ? !mayRepeat(entry, gone) && 'unknown-outcome' : why;
        if (!code) {
          this.document.applyAll(mutations, write);
        } else {
          gone.push(write);
          if (code !== HANDED_OVER) {
            refused.push(...refusal(entry, code));
          }
        }
      }
      this.refuseDependants(gone, refused);
      this.took(old);
      this.collecting = false;
    });
    const { addRejections = [], removeRejections = [], forget = false } = batch;
    this.save({ lease: this.lease, renew: true, forget, removeRejections, addRejections }, [...this.unjudged], refused);
  }

  /** @internal */
  refuse({ write, stored }: Refused): void {
    const rejection = this.rejection(stored);
    this.rejected = [...this.rejected, rejection];
    this.move(write, 'rejected', rejection);
    this.rejectionListeners.tell(rejection);
  }

  private rejection({ id, code, message, mutations }: StoredRejection): Rejection {
    const wanted = decodeMutations(mutations);
    const takeOff = (): boolean => {
      const { rejected } = this;
      this.rejected = rejected.filter((each) => each !== rejection);
      return this.rejected.length < rejected.length;
    };
    const rejection: Rejection = {
      id,
      code,
      message,
      mutations: wanted,
      retry: () => {
        if (!takeOff()) {
          throw new RejoinError('not-rejected');
        }
        // One step of the store takes it off the list and makes it pending.
        this.alongside = { removeRejections: [id] };
        const write = this.document.applyAll(wanted);
        if (this.alongside) {
          this.save(this.alongside);
          this.alongside = undefined;
        }
        this.refresh();
        return write;
      },
      discard: () => {
        if (takeOff()) {
          this.save({ removeRejections: [id] });
          this.refresh();
        }
      },
    };
    return rejection;
  }

  /** @internal */
  settle(outcomes: readonly Outcome[], through: number, bytes: Uint8Array, reached: 'accepted' | 'durable', isUpToDate: boolean): void {
    const remote = bytes.length ? decodeFragment(bytes) : [];
    const done = this.unjudged.filter(({ last }) => last <= through);
    const voided: number[] = [];
    const refused: Refused[] = [];
    const again: PendingTransaction[] = [];
    const gone: Write[] = [];
    let changed!: PendingTransaction[];
    const decided = done.map((entry) => ({ entry, ...outcomes.find(({ last }) => last === entry.last) }));
    this.document.step('remote', () => {
      for (const { entry, code, lost } of decided) {
        const { last, chain, write } = entry;
        if (lost) {
          // What became of its dots comes from the server.
          this.store.withdraw(entry);
        } else {
          this.store.confirm(entry, !!code);
        }
        this.lease = { ...this.lease, judged: { last, chain } };
        if (code) {
          voided.push(last);
          gone.push(write);
        }
      }
      this.store.join(remote);
      changed = this.refuseDependants(gone, refused);
      // What is issued again comes behind all that is pending, so nothing that was written after it, and is not issued again with it, may be about the same.
      const later = decided.some(({ lost }) => lost) ? this.unjudged.flatMap(subjectsOf) : [];
      for (const { entry, code, message, lost } of decided.reverse()) {
        const subjects = subjectsOf(entry);
        if (lost && mayRepeat(entry, gone) && !subjects.some((one) => later.some((other) => one.startsWith(other) || other.startsWith(one)))) {
          again.unshift(entry);
        } else {
          later.push(...subjects);
          if (code) {
            refused.unshift(...refusal(entry, code, message));
          }
        }
      }
      again.forEach(({ mutations, write }) => this.document.applyAll(mutations, write));
      changed.push(...this.took(done, outcomes));
    });
    if (done.length || changed.length) {
      const { last } = this.judged;
      this.recorded = this.save({ lease: this.lease, settled: { through, voided } }, changed, refused, () => this.session?.verdictsKnown(last));
      done.forEach(({ write }) => gone.includes(write) || this.move(write, reached));
    }
    this.saveTimer ??= setTimeout(() => this.saveState(), SAVE_DELAY_MILLIS);
    this.isCaughtUp ||= isUpToDate;
    this.refresh();
  }

  /**
   * @internal Is called in each step that has taken outcomes of these transactions, or has issued them again under a new replica id, and may make writes of
   * its own in it, which it returns. These have no mutations; they are sent and judged like others, and are on no list.
   */
  took(_entries: readonly PendingTransaction[], _outcomes?: readonly Outcome[]): PendingTransaction[] {
    return [];
  }

  private saveState(leaving = false): void {
    clearTimeout(this.saveTimer);
    this.saveTimer = undefined;
    if (this.epoch) {
      this.save({ lease: this.lease, state: { epoch: this.epoch, fragment: this.store.state(), through: this.judged.last }, leaving });
    }
  }

  private move(write: Write, state: WriteState, rejection?: Rejection): void {
    if (write.advance(state, rejection)) {
      this.writeListeners.tell(write);
    }
  }

  /* Connection */

  private connect(): void {
    if (!this.wantOnline || this.connection === 'closed') {
      return;
    }
    this.hangUp();
    const { url, document, webSocket = WebSocket as never, token = '' } = this.options;
    let socket: WebSocketLike;
    try {
      socket = this.socket = new webSocket(url, 'rejoin.v1');
    } catch (error) {
      this.show('error', 'bad-url', String(error));
      return;
    }
    this.connection = 'connecting';
    this.refresh();
    socket.binaryType = 'arraybuffer';
    // A socket that is no longer this client's has nothing to say any more.
    const mine = (): boolean => this.socket === socket;
    socket.onopen = () => {
      void this.recorded.then(() => {
        if (mine()) {
          const version = this.epoch ? this.store.version() : NOTHING;
          this.session = startSession(this, helloFrame(document, this.lease, this.epoch, version, 'rejoin-js/0.1.0', token, this.tap?.greeting()));
          this.arm();
        }
      });
    };
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      if (mine() && this.session) {
        const bytes = new Uint8Array(data);
        this.session.receive(bytes);
        this.session && this.tap?.frame(bytes);
        this.arm();
      }
    };
    socket.onclose = ({ code, reason = '' }: { code: number; reason?: string }) => {
      if (mine()) {
        const final = code >= 4400 && code < 4500;
        // Over a closed socket there is no leaving any more.
        this.session = undefined;
        this.lost(CLOSE_CODES[code] ?? `close-${code}`, reason, !final);
      }
    };
    socket.onerror = () => undefined;
  }

  /* What the session does to the world around it */

  /** @internal */
  send(frame: Uint8Array): void {
    this.socket?.send(frame as Uint8Array<ArrayBuffer>);
  }

  /** @internal */
  sent({ write }: PendingTransaction): void {
    write.isSent = true;
    this.move(write, 'sent');
  }

  /** @internal */
  conflict(outcomes: readonly Outcome[], isOpen: (entry: PendingTransaction) => boolean): void {
    this.settle(outcomes, outcomes.at(-1)?.last ?? 0, NOTHING, 'durable', false);
    this.comeBack('replica-conflict', isOpen);
  }

  /** @internal */
  oversized(entry: PendingTransaction): void {
    this.comeBack('too-large', (each) => each === entry && 'too-large');
  }

  /** Goes on under a new replica id, over a new connection. */
  private comeBack(code: string, refuse: Refuses): void {
    this.renew(refuse);
    this.lost(code, '', true);
  }

  /** @internal */
  presence(session: bigint, payload: Uint8Array): void {
    if (payload.length) {
      this.shown.set(session, payload);
    } else {
      this.shown.delete(session);
    }
    this.onShown?.();
  }

  /** @internal */
  opened({ epoch, serverTimeMillis, log }: Welcome): void {
    const now = this.clock();
    const { log: lessor = 0n } = this.lease;
    this.isCaughtUp = false;
    // A server that should have refused the lease and does not know it, or another life of the document: nothing of the old one can be assumed in it.
    const reason = lessor && lessor !== log ? 'lease-elsewhere' : this.epoch && this.epoch !== epoch ? 'epoch-changed' : '';
    if (reason) {
      this.lost(reason, '', false);
      return;
    }
    if (lessor !== log) {
      // Nothing may be sent before it is stored who judges it, so what waits is stored with that.
      const waiting = [...this.unjudged];
      waiting.forEach((entry) => (entry.sendable = false));
      this.lease = { ...this.lease, log };
      this.save({ lease: this.lease }, waiting);
    }
    if (serverTimeMillis) {
      // Stamps follow the server's clock, so that a wrong clock of this device spoils no write.
      const offset = serverTimeMillis - now;
      this.store.clock = () => this.clock() + offset;
    }
    if (!this.epoch) {
      this.epoch = epoch;
      this.saveState();
    }
    this.connectedAt = now;
    this.show('connected');
  }

  /** @internal */
  lost(code: string, message: string, retryable: boolean): void {
    this.hangUp();
    if (code === 'epoch-changed' || code === 'document-deleted') {
      // What is confirmed here is not there any more, and what was written upon it is not sent but shown.
      this.epoch = 0n;
      this.renew(() => code, { forget: true });
      retryable = code === 'epoch-changed';
    } else if (!retryable && ['replica-conflict', 'lease-elsewhere'].includes(code)) {
      // Somebody else has this replica id, or the server is not its judge. What was sent may have been accepted under it or not.
      this.renew(({ write }) => write.isSent);
      retryable = true;
    } else if (code === 'session-replaced') {
      // Another tab has taken the lease over, and the store says so; or a late session of our own has; or, if it comes again, a copy of us is alive.
      const before = this.replacedAt;
      this.replacedAt = this.clock();
      (async () => this.options.store?.commit({}))().then(
        () => {
          if (this.replacedAt - before < HEALTHY_MILLIS) {
            this.renew((entry) => entry.saved);
          }
          this.connect();
        },
        () => this.handOver({}),
      );
      this.show('disconnected', code, message);
      return;
    }
    this.show(retryable ? 'disconnected' : 'error', code, message);
    if (retryable && this.wantOnline) {
      const ceiling = Math.min(BACKOFF_MAX_MILLIS, BACKOFF_MIN_MILLIS * 2 ** this.attempt++);
      this.retryTimer = setTimeout(() => this.connect(), (ceiling * this.random(1)[0]!) / 256);
    }
  }

  /** Drops the connection, if there is one, without saying why. */
  private hangUp(): void {
    const { socket } = this;
    clearTimeout(this.retryTimer);
    clearTimeout(this.sessionTimer);
    if (this.clock() - this.connectedAt >= HEALTHY_MILLIS) {
      this.attempt = 0;
    }
    this.connectedAt = Infinity;
    try {
      this.session?.leave();
    } catch {
      // The socket may be closed already; leaving needs no answer.
    }
    this.session = this.socket = undefined;
    this.shown.clear();
    socket?.close(1000);
  }

  /** @internal Says something that needs no answer, if the server has welcomed us. */
  say(frame: Uint8Array): void {
    if (this.connection === 'connected') {
      this.session?.say(frame);
      this.arm();
    }
  }

  private pump(): void {
    this.session?.pump();
    this.arm();
  }

  /** Wakes the session when it wants to be woken. */
  private arm(): void {
    clearTimeout(this.sessionTimer);
    const due = this.session?.deadline() ?? Infinity;
    if (due < Infinity) {
      this.sessionTimer = setTimeout(() => {
        this.session?.tick();
        this.arm();
      }, Math.max(0, due - this.clock()));
    }
  }

  /* What is shown */

  private show(connection: ConnectionState, code = '', message = ''): void {
    this.connection = connection;
    this.reason = { code, message };
    this.refresh();
  }

  /** @internal */
  refresh(): void {
    const pending = this.unjudged.filter(({ mutations, removed }) => mutations.length || removed.size).length;
    const status: Status = Object.freeze({
      connection: this.connection,
      ...this.reason,
      sync: syncOf(this.connection, pending, this.rejected.length, this.isCaughtUp),
      pending,
      savesLocally: this.savesLocally,
    });
    if (JSON.stringify(status) !== JSON.stringify(this.currentStatus)) {
      this.currentStatus = status;
      this.statusListeners.tell(status);
    }
  }

  private random(length: number): Uint8Array {
    const { random = (bytes) => crypto.getRandomValues(bytes) } = this.options;
    return random(new Uint8Array(length));
  }

  private listen(event: string, listener: () => void): void {
    // Only browsers have these events; elsewhere the client works without them.
    globalThis.addEventListener?.(event, listener, { signal: this.ended.signal });
  }
}

function dependsOn({ write }: PendingTransaction, gone: readonly Write[]): boolean {
  return write.after.some((each) => gone.includes(each));
}

/** Of what may have been accepted, increments must not be issued twice, nor what depends on one that is gone; everything else may. */
function mayRepeat(entry: PendingTransaction, gone: readonly Write[]): boolean {
  return !dependsOn(entry, gone) && entry.mutations.every(({ op }) => op !== 'increment');
}

/** It matters which of two comes first if a subject of one begins with one of the other. */
function subjectsOf({ mutations }: PendingTransaction): string[] {
  return mutations.map(subjectOf);
}

/** Of a transaction of which only the dots are left, nothing. */
function refusal({ write, mutations }: PendingTransaction, code: string, message = ''): Refused[] {
  return mutations.length ? [{ write, stored: { id: write.id, code, message, mutations: encodeMutations(mutations) } }] : [];
}

function stored({ first, last, chain, fragment, write, mutations }: PendingTransaction): StoredTransaction {
  return { id: write.id, first, last, chain, fragment, mutations: encodeMutations(mutations), after: write.after.map(({ id }) => id) };
}
