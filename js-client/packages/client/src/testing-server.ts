import { hex } from './bytes.ts';
import type { WebSocketLike } from './client.ts';
import { Document } from './document.ts';
import { decodeFragment, type Fragment } from './fragment.ts';
import { TYPE_LABELS, type ObjectType } from './mutation.ts';
import { Store } from './store.ts';
import { message, parse, type Fields, type Item } from './testing-frames.ts';
import { Judge } from './testing-judge.ts';
import type { Value } from './values.ts';

/** What a write puts somewhere. What it only takes away has no value and is not listed. */
export interface SubmittedChange {
  readonly path: readonly string[];
  readonly type: ObjectType;
  /** The element or value; of a counter, the amount. */
  readonly value: Value;
}

/** A write as the server sees it before it decides. */
export interface SubmittedWrite {
  readonly replica: string;
  readonly changes: readonly SubmittedChange[];
}

/**
 * A server of one document in memory, which speaks the real protocol and judges every write: by default it accepts. Its sockets are objects,
 * frames arrive in microtasks, and nothing of it depends on time. One server serves any number of clients, whatever document they name.
 */
export class FakeServer {
  /** @internal */
  judge = new Judge();
  /** @internal */
  epoch = 7n;
  /** Looks at a write; a code refuses it, an empty text accepts. */
  validate: (write: SubmittedWrite) => string = () => '';
  /** Writes are decided as they come only while this is true; otherwise they wait for {@link resume} or {@link decide}. */
  deciding = true;
  /** Nobody gets through: what comes to connect is cut. */
  down = false;
  /** What the network loses while sockets stay open: what clients say, what the server answers, or both. */
  loses: 'nothing' | 'requests' | 'answers' | 'both' = 'nothing';
  /** How often a client has said Hello. */
  hellos = 0;
  /** How many writes have come. */
  submits = 0;
  /** How many writes a client may have under way. */
  maxUnanswered = 256;
  /** What its acknowledgements mean: on a disk, or only accepted. */
  durable = true;
  /** How many verdicts of each client it remembers. */
  keptVerdicts = Infinity;
  /** What every Hello is answered with instead of a welcome. */
  answer: { readonly code: string; readonly close: number } | undefined;
  /** The largest frame that it takes, in bytes. */
  maxFrame = 1 << 20;
  /** What its clock says, in milliseconds since 1970; 0 = it does not tell. */
  time = 0;
  /** @internal Names its log; 0 = it does not say. */
  log = 0n;
  /** @internal It knows whose log a replica id is leased by. */
  refusesElsewhere = true;
  /** @internal Position of each Welcome and Update: the name of an opening of a log, and a number. */
  position: [bigint, number] | undefined;
  /** @internal What Welcomes say of where the server stands; with behind, Answer 0 is still to be said. */
  standing: Item[] = [];
  /** @internal */
  behind = false;
  /** @internal What clients ask to be told: the fields of their Awaits, and of Hellos the session token. */
  readonly awaits: Fields[] = [];
  /** @internal */
  readonly tokens: Uint8Array[] = [];
  /** @internal */
  readonly leases = new Map<string, string>();
  /** @internal */
  readonly peers = new Set<Peer>();
  private writers = 0;
  private sessions = 0n;

  /** For the option `webSocket` of a client. */
  get webSocket(): new (url: string, protocol: string) => WebSocketLike {
    const server = this;
    return class extends Peer {
      constructor() {
        super(server);
      }
    };
  }

  /** What the server holds, to be read. */
  get document(): Document {
    return new Document(this.judge.state);
  }

  /** How many writes wait to be decided. */
  get waiting(): number {
    return [...this.peers].reduce((sum, peer) => sum + peer.waiting.length, 0);
  }

  /** From here on writes wait. */
  hold(): void {
    this.deciding = false;
  }

  /** Decides what waits, and from here on what comes. */
  resume(): void {
    this.deciding = true;
    this.peers.forEach((peer) => peer.drain(Infinity));
  }

  /** Decides so many of the writes that wait, oldest first of each client; with a code, refuses them. */
  decide(count = 1, code = ''): void {
    const { validate } = this;
    try {
      this.validate = code ? () => code : validate;
      for (const peer of this.peers) {
        count -= peer.drain(count);
      }
    } finally {
      this.validate = validate;
    }
  }

  /** Loses the writes that wait, as a server that ends before it has decided them; their connections are cut. */
  lose(): void {
    [...this.peers].filter(({ waiting }) => waiting.length).forEach((peer) => peer.drop(1006));
  }

  /** Somebody else writes. */
  write(body: (document: Document) => void): void {
    const store = new Store((++this.writers).toString(16).padStart(16, 'f'), () => this.time || Date.now());
    store.join(decodeFragment(this.judge.everything()));
    const document = new Document(store, ({ fragment }) => {
      const { effect } = this.judge.judge(store.replica, fragment, () => '');
      this.peers.forEach((peer) => peer.tell(effect));
    });
    document.transact(() => body(document));
  }

  /** Cuts all connections, without a word. */
  cut(code = 1006): void {
    [...this.peers].forEach((peer) => peer.drop(code));
  }

  /** Ends all sessions, and every later one, with this failure. */
  refuseAll(code: string, close: number): void {
    this.answer = { code, close };
    this.peers.forEach((peer) => peer.fail(code, close, false));
  }

  /** The document is created anew. */
  recreate(): void {
    this.judge = new Judge();
    this.leases.clear();
    this.epoch++;
    this.cut();
  }

  /** @internal Tells everybody where the server stands. */
  stand(standing: Item[], at = this.position): void {
    this.peers.forEach((peer) => peer.deliver([[3, [...placed(at), [3, standing]]]]));
  }

  nextSession(): bigint {
    return ++this.sessions;
  }
}

/** @internal One connection, from both ends. */
export class Peer implements WebSocketLike {
  binaryType = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  private readonly server: FakeServer;
  private readonly session: bigint;
  readonly waiting: Uint8Array[] = [];
  private open = false;
  private closed = false;
  private replica = '';

  constructor(server: FakeServer) {
    this.server = server;
    this.session = server.nextSession();
    queueMicrotask(() => {
      if (server.down) {
        this.drop(1006);
      } else if (!this.closed) {
        this.open = true;
        server.peers.add(this);
        this.onopen?.({} as never);
      }
    });
  }

  send(data: Uint8Array): void {
    if (this.open && !['requests', 'both'].includes(this.server.loses)) {
      const [[field, [body]]] = [...parse(data)] as [[number, [Uint8Array]]];
      const fields = parse(body);
      if (field === 1) {
        this.hello(fields);
      } else if (field === 2) {
        this.server.submits++;
        this.waiting.push(fields.get(1)![0] as Uint8Array);
        this.drain(this.server.deciding ? Infinity : 0);
      } else if (field === 4) {
        this.others((peer) => peer.deliver([[4, [[1, this.session, 'fixed64'], [2, (fields.get(2)?.[0] ?? new Uint8Array()) as Uint8Array]]]]));
      } else if (field === 8) {
        this.server.awaits.push(fields);
      }
    }
  }

  close(): void {
    this.open = false;
    this.closed = true;
    this.server.peers.delete(this);
  }

  drop(code: number): void {
    this.close();
    queueMicrotask(() => this.onclose?.({ code } as never));
  }

  /** Decides at most so many writes; says how many it were. */
  drain(most: number): number {
    const { server } = this;
    let count = 0;
    for (; this.open && count < most && this.waiting.length; count++) {
      const { first, last, code, effect } = server.judge.judge(this.replica, this.waiting.shift()!, (fragment) => server.validate({ replica: this.replica, changes: changesOf(fragment) }));
      this.deliver([[2, [...placed(server.position), [3, last], [4, server.durable ? 2 : 1], ...(code ? [[5, [[1, first], [2, last], [3, code], [4, `because of ${code}`]]] as Item] : [])]]]);
      this.others((peer) => peer.tell(effect));
    }
    return count;
  }

  tell(effect: Uint8Array): void {
    if (this.replica) {
      this.deliver([[2, [...placed(this.server.position), [2, effect]]]]);
    }
  }

  fail(code: string, close: number, retryable: boolean): void {
    this.deliver([[7, [[1, code], [2, 'no'], [3, retryable ? 1 : 0]]]]);
    queueMicrotask(() => this.drop(close));
  }

  private hello(fields: Fields): void {
    const { server } = this;
    server.hellos++;
    server.tokens.push((fields.get(10)?.[0] ?? new Uint8Array()) as Uint8Array);
    if (server.answer) {
      this.fail(server.answer.code, server.answer.close, false);
      return;
    }
    const lessor = fields.get(11)?.[0] ?? 0n;
    if (server.refusesElsewhere && lessor && lessor !== server.log) {
      this.fail('lease-elsewhere', 4417, false);
      return;
    }
    this.replica = ((fields.get(3)?.[0] ?? 0n) as bigint).toString(16).padStart(16, '0');
    const key = hex(fields.get(4)![0] as Uint8Array);
    if ((server.leases.get(this.replica) ?? key) !== key) {
      this.fail('replica-conflict', 4409, false);
      return;
    }
    server.leases.set(this.replica, key);
    [...server.peers].filter((peer) => peer !== this && peer.replica === this.replica).forEach((peer) => peer.fail('session-replaced', 4410, false));
    const history = server.judge.histories.get(this.replica) ?? [];
    const known = Number(fields.get(7)?.[0] ?? 0n);
    const verdicts = history.slice(Math.max(0, history.length - server.keptVerdicts)).filter(({ last }) => last > known).map(({ last, chain, code }) => [7, [[1, last], [2, chain, 'fixed32'], [3, code]]] as Item);
    const { last = 0, chain = 0 } = history.at(-1) ?? {};
    this.deliver([
      [
        1,
        [
          [1, 1],
          [2, server.epoch, 'fixed64'],
          [3, this.session, 'fixed64'],
          ...placed(server.position, 4),
          [5, last],
          [6, chain, 'fixed32'],
          ...verdicts,
          [8, server.maxFrame],
          [9, server.maxUnanswered],
          [10, 10_000],
          [11, server.time],
          [12, server.standing],
          [13, server.behind ? 1 : 0],
          [14, server.log, 'fixed64'],
        ],
      ],
    ]);
    this.deliver([[2, [...placed(server.position), [2, server.judge.everything()]]]]);
  }

  private others(act: (peer: Peer) => void): void {
    this.server.peers.forEach((peer) => peer !== this && peer.replica && act(peer));
  }

  deliver(items: Item[]): void {
    if (!['answers', 'both'].includes(this.server.loses)) {
      const { buffer } = message(items);
      queueMicrotask(() => this.open && this.onmessage?.({ data: buffer } as never));
    }
  }
}

function placed(position: [bigint, number] | undefined, field = 1): Item[] {
  return position ? [[field, [[1, position[0], 'fixed64'], [2, position[1]]]]] : [];
}

/** What a transaction writes. Its own replica is the only one with cells. */
function changesOf(fragment: Fragment): SubmittedChange[] {
  const found: SubmittedChange[] = [];
  for (const { cells } of fragment.values()) {
    for (const { object, payload } of cells.values()) {
      const path: string[] = [];
      for (let at: typeof object | null = object; at; at = at.parent) {
        path.unshift(at.key);
      }
      const { value = null, amount } = payload as { value?: Value; amount?: bigint };
      found.push({ path, type: TYPE_LABELS[object.type] as ObjectType, value: amount === undefined ? value : Number(amount) });
    }
  }
  return found;
}
