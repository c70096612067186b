import type { ClientStore, StoreBatch, StoredDoubt, StoredFormer, StoredRejection } from './client-store.ts';
import { Client, type OpenOptions, type WebSocketLike } from './client.ts';
import { doubtOf, outcomeOf } from './doubt.ts';
import { FormerWrites } from './former.ts';
import { decodeFragment, type Fragment } from './fragment.ts';
import { HANDSHAKE_MILLIS, MAX_TRANSACTION_DOTS } from './limits.ts';
import { encodeMutations } from './mutation.ts';
import type { Outcome } from './session.ts';
import type { PendingTransaction, StoreCell } from './store.ts';
import { UPDATE, decodeServerFrame } from './wire.ts';
import { Write } from './write.ts';

/** How long a server has to be gone, in milliseconds, before its clients move; see {@link FailoverOptions.moveAfter}. */
const MOVE_AFTER_MILLIS = 10_000;
/** The first byte of the frame that takes a client in. */
const WELCOME = 0x0a;
/** The close code upon which a client leaves its judge. */
const LEASE_ELSEWHERE = 4417;

export interface FailoverOptions extends Omit<OpenOptions, 'url'> {
  /**
   * The `/sync` endpoints of servers that replicate each other, each with a log of its own. Servers behind one log are one address. The
   * client begins at the first, or, with a store, where it was last; a store that was used with a single address before counts for the first.
   */
  readonly urls: readonly string[];
  /**
   * How long a server has to be gone before the client goes to the next, in milliseconds; default 10,000. A server that comes back before that tells what
   * became of each write; moving leaves that open for the increments that were sent.
   */
  readonly moveAfter?: number;
  /** Called with the new address after each move. */
  readonly onMove?: (url: string) => void;
}

/** A client that goes from server to server; made by {@link openAtOneOf}. */
export interface Placed {
  readonly client: Client;
  /** Where it is. */
  readonly url: string;
  /** Goes to the next server now, though the present one may be well; what that leaves open is listed as after any move. */
  moveOn(): void;
}

/**
 * Opens a document at one of several servers, and goes to another one when its own is gone.
 *
 * Each server judges what was written under the replica ids that it leased, so the client takes a new one before it says Hello to another server. What was
 * never sent, and what means the same once and twice, is issued again; increments that may have been accepted go to `client.rejections` as
 * `unknown-outcome`, until state of other servers tells: what was accepted leaves the list, what was refused becomes `voided`. The store keeps with the lease which
 * server gave it.
 */
export async function openAtOneOf({ urls, moveAfter = MOVE_AFTER_MILLIS, onMove, ...rest }: FailoverOptions): Promise<Placed> {
  const { store, webSocket: Socket = WebSocket as never, clock = Date.now } = rest;
  let at = 0;
  /** When the present server was first seen to be gone. */
  let goneSince: number | undefined;
  let due = false;
  let client: Client | undefined;
  /** Of the rejections, by id, those whose outcome may still be told. */
  const doubts = new Map<string, StoredDoubt>();
  /** What may be in doubt, while the client leaves a judge. */
  let leaving = new Map<string, StoredDoubt>();
  /** The replica id that the client leaves with its judge, while it does. */
  let abandoned: string | undefined;
  let formers = new FormerWrites();

  const failed = (): void => {
    goneSince ??= clock();
    due = urls.length > 1 && clock() - goneSince >= moveAfter;
  };
  const well = (): void => {
    goneSince = undefined;
    due = false;
  };

  class Watched implements WebSocketLike {
    onopen: ((event: never) => void) | null = null;
    onmessage: ((event: never) => void) | null = null;
    onclose: ((event: never) => void) | null = null;
    onerror: ((event: never) => void) | null = null;
    private socket: WebSocketLike | undefined;
    private openedAt = Infinity;
    private isAnswered = false;
    private isOver = false;
    private readonly timer: ReturnType<typeof setTimeout>;

    constructor(url: string, protocol: string) {
      if (due) {
        this.timer = setTimeout(() => this.end({ code: LEASE_ELSEWHERE }));
        return;
      }
      // A server that takes no connection and refuses none is gone, too.
      this.timer = setTimeout(() => {
        const { socket } = this;
        this.end({ code: 1006 });
        socket?.close();
      }, HANDSHAKE_MILLIS);
      const socket = (this.socket = new Socket(url, protocol));
      socket.onopen = (event) => {
        clearTimeout(this.timer);
        this.openedAt = clock();
        this.onopen?.(event);
      };
      socket.onmessage = (event: { data: ArrayBuffer }) => {
        const isFirst = !this.isAnswered;
        this.isAnswered = true;
        this.onmessage?.(event as never);
        if (doubts.size) {
          hear(new Uint8Array(event.data));
        }
        if (isFirst && new Uint8Array(event.data)[0] === WELCOME) {
          well();
        } else if (isFirst && client?.status.connection === 'disconnected') {
          failed(); // it refuses for now
        }
      };
      socket.onclose = (event: { code: number; reason?: string }) => this.end(event);
      socket.onerror = () => undefined;
    }

    get binaryType(): string {
      return 'arraybuffer';
    }

    set binaryType(type: string) {
      if (this.socket) {
        this.socket.binaryType = type;
      }
    }

    send(data: Uint8Array<ArrayBuffer>): void {
      this.socket?.send(data);
    }

    /** The client hangs up. Whether because the server has said nothing for too long is seen from the time. */
    close(code?: number, reason?: string): void {
      if (!this.isOver && !this.isAnswered && clock() - this.openedAt >= HANDSHAKE_MILLIS) {
        failed();
      }
      this.isOver = true;
      clearTimeout(this.timer);
      this.socket?.close(code, reason);
    }

    private end(event: { code: number; reason?: string }): void {
      if (this.isOver) {
        return;
      }
      this.isOver = true;
      clearTimeout(this.timer);
      if (event.code < 4400 || event.code >= 4500) {
        failed();
      }
      if (!due) {
        this.onclose?.(event as never);
        return;
      }
      well();
      at = (at + 1) % urls.length;
      this.onclose?.({ code: LEASE_ELSEWHERE } as never);
      onMove?.(urls[at]!);
      client?.goOnline();
    }
  }

  /** Notes what may be in doubt when it leaves a judge: one that is gone, or one that another server behind the same name has taken the place of. */
  class Leaving extends Client {
    override lost(code: string, message: string, retryable: boolean): void {
      if (code === 'lease-elsewhere') {
        const { replica, unjudged } = this;
        abandoned = replica;
        leaving = new Map(unjudged.map((entry, i) => [entry.write.id, doubtOf(replica, entry, unjudged.slice(i + 1))]));
      }
      super.lost(code, message, retryable);
      leaving = new Map();
      abandoned = undefined;
    }

    override took(entries: readonly PendingTransaction[], outcomes?: readonly Outcome[]): PendingTransaction[] {
      const { document, store, collecting, unjudged } = this;
      const pending = [...unjudged];
      if (outcomes) {
        formers.judged(entries, outcomes);
      } else if (this.epoch) {
        formers.left(abandoned, entries, pending);
      } else {
        // In another life of the document there is nothing to follow.
        formers = new FormerWrites();
      }
      this.collecting = true;
      const known = ({ replica, first, last }: StoredFormer): boolean => [...(store.context.get(replica) ?? [])].some(([low, high]) => low <= first && last <= high);
      for (const { former, counters, after } of formers.unwanted(known, pending)) {
        const cells = [...counters].map((counter) => store.cellAt(former.replica, counter)).filter((cell) => cell && !store.hides(cell)) as StoreCell[];
        if (cells.length) {
          document.change(() => {
            store.remove(cells.slice(0, MAX_TRANSACTION_DOTS - 1));
            store.dependsOn(after);
          });
        }
      }
      this.collecting = collecting;
      const settled = formers.unwanted(known, unjudged).filter(({ former, counters }) => ![...counters].some((counter) => store.cellAt(former.replica, counter)));
      formers.forget(settled.map(({ former }) => former));
      return unjudged.slice(pending.length);
    }
  }

  const hear = (frame: Uint8Array): void => {
    try {
      const said = decodeServerFrame(frame);
      if (said.kind === UPDATE && said.fragment.length) {
        settle(decodeFragment(said.fragment));
      }
    } catch {
      // The client has said what is wrong with it.
    }
  };

  /** Ends the doubts that this tells the outcome of. */
  const settle = (remote: Fragment): void => {
    for (const [id, doubt] of doubts) {
      const rejection = client!.rejections.find((each) => each.id === id);
      const outcome = outcomeOf(doubt, remote);
      if (outcome === 'open' && rejection) {
        continue;
      }
      doubts.delete(id);
      if (outcome === 'accepted') {
        rejection?.discard();
      } else if (rejection) {
        const { code, message, mutations } = rejection;
        const stored: StoredRejection = { id, code, message, mutations: encodeMutations(mutations) };
        const voided = { ...stored, code: 'voided', message: 'the server that was sent this has refused it' };
        if (outcome === 'voided') {
          client!.rejected = client!.rejected.filter((each) => each !== rejection);
          client!.refuse({ write: new Write(id), stored: voided });
        }
        void client!.save({ addRejections: [outcome === 'voided' ? voided : stored] });
      }
    }
  };

  /** In doubt is an increment that is refused because its judge was left. */
  const doubting = (rejection: StoredRejection): StoredRejection => {
    const doubt = rejection.code === 'unknown-outcome' ? leaving.get(rejection.id) : undefined;
    return doubt ? { ...rejection, doubt } : rejection;
  };

  const noting: ClientStore | undefined = store && {
    load: async () => {
      const stored = await store.load();
      stored.rejections.forEach(({ id, doubt }) => doubt && doubts.set(id, doubt));
      const { server = urls[0] } = stored.lease ?? {};
      formers = new FormerWrites(stored.lease?.formers);
      const known = urls.indexOf(server!);
      // The judge of what waits is not among the servers any more.
      due = known < 0;
      at = Math.max(0, due ? urls.length - 1 : known);
      return stored;
    },
    commit: ({ lease, addRejections = [], ...batch }: StoreBatch) =>
      store.commit({ ...batch, addRejections: addRejections.map(doubting), ...(lease && { lease: { ...lease, server: urls[at]!, formers: formers.stored() } }) }),
    close: () => store.close(),
  };
  const options = {
    ...Object.getOwnPropertyDescriptors(rest),
    url: { get: () => urls[at] },
    webSocket: { value: Watched },
    store: { value: noting },
  };
  const stored = (await noting?.load()) ?? { pending: [], rejections: [] };
  const opened = (client = new Leaving(Object.defineProperties({}, options) as OpenOptions, stored));
  opened.onRejected(({ id, code }) => {
    const doubt = code === 'unknown-outcome' ? leaving.get(id) : undefined;
    if (doubt) {
      doubts.set(id, doubt);
    }
  });
  settle(decodeFragment(opened.document.confirmedState()));
  // What was stored may have come from another tab, which does not follow what this client has left.
  let made: PendingTransaction[] = [];
  opened.document.step('restore', () => {
    made = opened.took([], []);
  });
  if (made.length) {
    void opened.save({}, made);
  }
  return {
    client: opened,
    get url() {
      return urls[at]!;
    },
    moveOn() {
      const isWanted = opened.status.code !== 'offline';
      opened.goOffline();
      due = true;
      if (isWanted) {
        opened.goOnline();
      }
    },
  };
}
