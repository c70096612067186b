import { chainAfter, hex } from './bytes.ts';
import type { ClientStore, Lease, StoreBatch, StoredDocument, StoredRejection, StoredTransaction } from './client-store.ts';
import { Document } from './document.ts';
import { RejoinError } from './errors.ts';
import { decodeFragment, type Fragment } from './fragment.ts';
import { BACKOFF_MAX_MILLIS, BACKOFF_MIN_MILLIS, HEALTHY_MILLIS, SAVE_DELAY_MILLIS } from './limits.ts';
import { decodeMutations, encodeMutations, type Mutation } from './mutation.ts';
import { startSession, type Judged, type Outcome, type Session } from './session.ts';
import { syncOf, type ConnectionState, type Status } from './status.ts';
import { Store, type PendingTransaction } from './store.ts';
import { Topic } from './topic.ts';
import type { Welcome } from './wire.ts';
import { Write, type Rejection, type WriteState } from './write.ts';

/** What every client of a document has in common, also one that shares its connection with other tabs. */
export type ClientView = Pick<
  Client,
  'document' | 'status' | 'rejections' | 'onStatus' | 'onWrite' | 'onRejected' | 'transact' | 'pending' | 'goOffline' | 'goOnline' | 'close'
>;

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

const NAME = 'rejoin-js/0.1.0';
const NOTHING: Fragment = new Map();
const ACCEPTED: Outcome = { last: 0, code: '', message: '' };
/** What is written lives as long as the client. */
const NOWHERE: ClientStore = {
  load: async () => ({ pending: [], rejections: [] }),
  commit: async () => undefined,
  close: async () => undefined,
};
/** Close codes that the client answers itself; of others the server has said in a frame why. */
const CLOSE_CODES: Record<number, string> = { 4409: 'replica-conflict', 4410: 'session-replaced' };
/** Not in any rejection: these writes go on in another tab. */
const HANDED_OVER = 'handed-over';

/** Opens a document: loads what the store holds and, without waiting for it, connects. */
export async function open(options: OpenOptions): Promise<Client> {
  const store = options.store ?? NOWHERE;
  return new Client(options, store, await store.load());
}

/**
 * One open document: its optimistic view, its connection, its writes without a verdict and those that were refused.
 * Made by {@link open}.
 */
export class Client {
  readonly document: Document;
  /** @internal */
  readonly options: OpenOptions;
  private readonly storage: ClientStore;
  /** @internal */
  readonly store: Store;
  private readonly clock: () => number;
  private lease!: Lease;
  /** @internal */
  epoch = 0n;
  /** What is issued again is stored together. */
  private collecting = false;
  /** @internal Goes into the store together with the next transaction. */
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
  constructor(options: OpenOptions, storage: ClientStore, stored: StoredDocument) {
    this.options = options;
    this.storage = storage;
    this.savesLocally = storage !== NOWHERE;
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
    this.document.step('restore', () => undefined);
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

  /** @internal Transactions without a verdict, oldest first. */
  get entries(): readonly PendingTransaction[] {
    return this.store.pending;
  }

  /** Runs several changes as one write; see {@link Document.transact}. */
  transact(body: (document: Document) => void): Write {
    return this.document.transact(() => body(this.document));
  }

  /** The writes that await their verdict, oldest first. */
  pending(): readonly PendingWrite[] {
    return this.store.pending.map(({ write, mutations }) => ({ write, mutations }));
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
    if (!this.socket && this.connection !== 'closed') {
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
      await this.storage.close();
    }
  }

  /* Leases and transactions */

  private begin(replica = hex(this.random(8))): void {
    this.store.replica = replica;
    this.store.next = 1;
    this.lease = { replica, leaseKey: this.random(16), judged: { last: 0, chain: 0 } };
  }

  private adopt(lease: Lease, pending: readonly StoredTransaction[]): void {
    this.lease = lease;
    this.store.replica = lease.replica;
    this.store.next = lease.judged.last + 1;
    for (const { id, fragment, first, last, chain, mutations } of pending) {
      const entry = this.store.restore(fragment, first, last, decodeMutations(mutations), id ? new Write(id) : undefined);
      entry.write.advance('saved-locally');
      // Whether the earlier run has sent it is not known, so it counts as sent.
      Object.assign(entry, { chain, sendable: true, saved: true, sent: true });
    }
  }

  /** @internal */
  issued(entry: PendingTransaction): void {
    entry.chain = chainAfter((this.entries.at(-2) ?? this.judged).chain, entry.fragment);
    if (!this.collecting) {
      this.save({ ...this.alongside }, [entry]);
      this.alongside = undefined;
      this.refresh();
    }
  }

  /** @internal Stores the batch, these transactions in it; they are sent once they are stored. */
  save(batch: StoreBatch, entries: readonly PendingTransaction[] = [], then?: () => void): Promise<void> {
    const append = entries.map(stored);
    return this.storage
      .commit({ ...batch, append })
      .then(() => {
        for (const entry of entries) {
          entry.sendable = entry.saved = true;
          this.move(entry.write, 'saved-locally');
        }
        then?.();
      })
      .catch((error: unknown) => {
        if (error instanceof RejoinError && error.code === 'session-replaced') {
          if (!entries.length || entries.some((entry) => this.entries.includes(entry))) {
            this.handOver(batch);
          }
          return;
        }
        // Without the store the writes still reach the server; they just do not survive a reload.
        this.savesLocally = false;
        for (const entry of entries) {
          entry.sendable = true;
          entry.write.notSaved(new RejoinError('local-storage-failed', String(error)));
        }
      })
      .finally(() => {
        this.pump();
        this.refresh();
      });
  }

  /** Another tab has taken this lease over, with all that is stored under it. */
  private handOver(lost: StoreBatch): void {
    this.renew((entry) => (entry.saved ? HANDED_OVER : ''), lost);
    this.connect();
  }

  /** Takes a new replica id and issues the pending transactions again, except those for which there is a code. */
  private renew(refuse: (entry: PendingTransaction) => string, batch: StoreBatch = {}): void {
    const old = [...this.entries];
    const refused: Refused[] = [];
    this.collecting = true;
    this.document.step('local', () => {
      this.store.abandon();
      if (batch.forget) {
        this.store.forget();
      }
      this.begin();
      for (const entry of old) {
        const code = refuse(entry);
        if (!code) {
          this.document.applyAll(entry.mutations, entry.write);
        } else if (code !== HANDED_OVER) {
          refused.push(refusal(entry, code));
        }
      }
      this.collecting = false;
    });
    const { addRejections = [], removeRejections = [], forget = false } = batch;
    const rejections = [...addRejections, ...refused.map(({ stored }) => stored)];
    this.save({ lease: this.lease, renew: true, forget, removeRejections, addRejections: rejections }, [...this.entries]);
    refused.forEach((each) => this.refuse(each));
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
    const takeOff = (): void => {
      this.rejected = this.rejected.filter((each) => each !== rejection);
    };
    const rejection: Rejection = {
      id,
      code,
      message,
      mutations: wanted,
      retry: () => {
        if (!this.rejected.includes(rejection)) {
          throw new RejoinError('not-rejected');
        }
        takeOff();
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
        if (this.rejected.includes(rejection)) {
          takeOff();
          this.save({ removeRejections: [id] });
          this.refresh();
        }
      },
    };
    return rejection;
  }

  /** @internal */
  settle(outcomes: readonly Outcome[], through: number, bytes: Uint8Array | undefined, reached: 'accepted' | 'durable'): void {
    const remote = bytes ? decodeFragment(bytes) : NOTHING;
    const done = this.entries.filter(({ last }) => last <= through);
    const voided: number[] = [];
    const refused: Refused[] = [];
    const again: PendingTransaction[] = [];
    const accepted: Write[] = [];
    this.document.step('remote', () => {
      for (const entry of done) {
        const { last, chain, write } = entry;
        const { code, message, lost } = outcomes.find((each) => each.last === last) ?? ACCEPTED;
        if (lost) {
          // What became of its dots comes from the server.
          this.store.withdraw(entry);
        } else {
          this.store.confirm(entry, !!code);
        }
        this.lease = { ...this.lease, judged: { last, chain } };
        if (!code) {
          accepted.push(write);
          continue;
        }
        voided.push(last);
        if (lost && !increments(entry)) {
          again.push(entry);
        } else {
          refused.push(refusal(entry, code, message));
        }
      }
      this.store.join(remote);
      again.forEach(({ mutations, write }) => this.document.applyAll(mutations, write));
    });
    if (done.length) {
      const { last } = this.judged;
      const addRejections = refused.map(({ stored }) => stored);
      this.recorded = this.save({ lease: this.lease, settled: { through, voided }, addRejections }, [], () => {
        this.session?.verdictsKnown(last, this.clock());
        this.arm();
      });
      refused.forEach((each) => this.refuse(each));
      accepted.forEach((write) => this.move(write, reached));
    }
    this.saveTimer ??= setTimeout(() => this.saveState(), SAVE_DELAY_MILLIS);
    this.refresh();
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
    this.show('connecting', this.reason.code, this.reason.message);
    socket.binaryType = 'arraybuffer';
    // A socket that is no longer this client's has nothing to say any more.
    const mine = (): boolean => this.socket === socket;
    socket.onopen = () => {
      void this.recorded.then(() => {
        if (mine()) {
          const { replica, leaseKey } = this.lease;
          const version = this.epoch ? this.store.version() : new Uint8Array();
          const hello = { document, replica, leaseKey, epoch: this.epoch, version, verdictsKnown: this.judged.last, client: NAME, token, sessionToken: this.tap?.greeting() };
          this.session = startSession(this, hello, this.clock());
          this.arm();
        }
      });
    };
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      if (mine() && this.session) {
        const bytes = new Uint8Array(data);
        this.session.receive(bytes, this.clock());
        this.session && this.tap?.frame(bytes);
        this.arm();
      }
    };
    socket.onclose = ({ code, reason }: { code: number; reason?: string }) => {
      if (mine()) {
        const final = code >= 4400 && code < 4500;
        // Over a closed socket there is no leaving any more.
        this.session = undefined;
        this.lost(CLOSE_CODES[code] ?? `close-${code}`, reason ?? '', !final);
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
  sent(entry: PendingTransaction): void {
    entry.sent = true;
    this.move(entry.write, 'sent');
  }

  /** @internal */
  conflict(outcomes: readonly Outcome[], refused: (entry: PendingTransaction) => boolean): void {
    if (outcomes.length) {
      this.settle(outcomes, outcomes.at(-1)!.last, undefined, 'durable');
    }
    this.renew((entry) => (!refused(entry) && increments(entry) ? 'unknown-outcome' : ''));
    this.lost('replica-conflict', '', true);
  }

  /** @internal */
  oversized(entry: PendingTransaction): void {
    this.renew((each) => (each === entry ? 'too-large' : ''));
    this.lost('too-large', '', true);
  }

  /** @internal */
  caughtUp(): void {
    this.isCaughtUp = true;
    this.refresh();
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
  opened({ epoch, serverTimeMillis }: Welcome): boolean {
    const now = this.clock();
    this.isCaughtUp = false;
    if (this.epoch && this.epoch !== epoch) {
      // The document has begun another life: nothing of the old one can be assumed in it.
      this.lost('epoch-changed', '', false);
      return false;
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
    return true;
  }

  /** @internal */
  lost(code: string, message: string, retryable: boolean): void {
    this.hangUp();
    if (code === 'epoch-changed' || code === 'document-deleted') {
      // What is confirmed here is not there any more, and what was written upon it is not sent but shown.
      this.epoch = 0n;
      this.renew(() => code, { forget: true });
      retryable = code === 'epoch-changed';
    } else if (code === 'replica-conflict' && !retryable) {
      // Another owner has this replica id. What was sent may have been accepted under it or not.
      this.renew((entry) => (entry.sent && increments(entry) ? 'unknown-outcome' : ''));
      retryable = true;
    } else if (code === 'session-replaced') {
      // Another tab has taken the lease over, and the store says so; or a late session of our own has; or, if it comes again, a copy of us is alive.
      const before = this.replacedAt;
      this.replacedAt = this.clock();
      this.storage.commit({}).then(
        () => {
          if (this.replacedAt - before < HEALTHY_MILLIS) {
            this.renew((entry) => (entry.saved && increments(entry) ? 'unknown-outcome' : ''));
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
      const [a, b] = this.random(2) as unknown as [number, number];
      this.retryTimer = setTimeout(() => this.connect(), (ceiling * (a * 256 + b)) / 65536);
    }
  }

  /** Drops the connection, if there is one, without saying why. */
  private hangUp(): void {
    const { socket } = this;
    const now = this.clock();
    clearTimeout(this.retryTimer);
    clearTimeout(this.sessionTimer);
    if (now - this.connectedAt >= HEALTHY_MILLIS) {
      this.attempt = 0;
    }
    this.connectedAt = Infinity;
    try {
      this.session?.leave(now);
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
      this.session?.say(frame, this.clock());
      this.arm();
    }
  }

  private pump(): void {
    this.session?.pump(this.clock());
    this.arm();
  }

  /** Wakes the session when it wants to be woken. */
  private arm(): void {
    clearTimeout(this.sessionTimer);
    const due = this.session?.deadline() ?? Infinity;
    if (due < Infinity) {
      this.sessionTimer = setTimeout(() => {
        this.session?.tick(this.clock());
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
    const status: Status = Object.freeze({
      connection: this.connection,
      ...this.reason,
      sync: syncOf(this.connection, this.entries.length, this.rejected.length, this.isCaughtUp),
      pending: this.entries.length,
      savesLocally: this.savesLocally,
    });
    if (JSON.stringify(status) !== JSON.stringify(this.currentStatus)) {
      this.currentStatus = status;
      this.statusListeners.tell(status);
    }
  }

  private random(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return this.options.random ? this.options.random(bytes) : crypto.getRandomValues(bytes);
  }

  private listen(event: string, listener: () => void): void {
    // Only browsers have these events; elsewhere the client works without them.
    globalThis.addEventListener?.(event, listener, { signal: this.ended.signal });
  }
}

/** Increments that may have been accepted must not be issued twice; everything else may. */
function increments({ mutations }: PendingTransaction): boolean {
  return mutations.some(({ op }) => op === 'increment');
}

function refusal({ write, mutations }: PendingTransaction, code: string, message = ''): Refused {
  return { write, stored: { id: write.id, code, message, mutations: encodeMutations(mutations) } };
}

function stored({ first, last, chain, fragment, write, mutations }: PendingTransaction): StoredTransaction {
  return { id: write.id, first, last, chain, fragment, mutations: encodeMutations(mutations) };
}
