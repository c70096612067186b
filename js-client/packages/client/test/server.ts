import { ByteReader, ByteWriter, hex } from '../src/bytes.ts';
import type { WebSocketLike } from '../src/index.ts';
import type { Fragment } from '../src/fragment.ts';
import { Judge } from './judge.ts';

type Fields = Map<number, (bigint | Uint8Array)[]>;

/** The fields of a protobuf message, by number. */
export function parse(bytes: Uint8Array): Fields {
  const input = new ByteReader(bytes);
  const fields: Fields = new Map();
  while (!input.done) {
    const tag = input.varint();
    let value: bigint | Uint8Array;
    if (tag % 8 === 0) {
      value = input.varint64();
    } else if (tag % 8 === 2) {
      value = input.view(input.varint()).slice();
    } else {
      value = BigInt('0x' + hex(input.view(tag % 8 === 1 ? 8 : 4).slice().reverse()));
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

export type Item = [field: number, value: number | bigint | string | Uint8Array | Item[], as?: 'fixed64' | 'fixed32'];

export function message(items: Item[]): Uint8Array {
  const out = new ByteWriter();
  for (const [field, value, as] of items) {
    if (as) {
      out.varint(field * 8 + (as === 'fixed64' ? 1 : 5));
      for (let i = 0n; i < (as === 'fixed64' ? 8n : 4n); i++) {
        out.byte(Number((BigInt(value as bigint) >> (8n * i)) & 255n));
      }
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      out.varint(field * 8);
      out.varint(value);
    } else {
      out.varint(field * 8 + 2);
      out.lengthPrefixed(typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : message(value));
    }
  }
  return out.finish();
}

/** A miniature server of one document; sockets are objects, frames arrive in microtasks. */
export class FakeServer {
  judge = new Judge();
  epoch = 7n;
  refuse: (fragment: Fragment) => string = () => '';
  /** Frames of clients are decided only when this is true; otherwise they wait. */
  deciding = true;
  /** Nobody gets through. */
  down = false;
  hellos = 0;
  submits = 0;
  maxInFlight = 256;
  /** What its acknowledgements mean: 1 accepted, 2 on a disk. */
  level = 2;
  keptVerdicts = Infinity;
  /** What every Hello is answered with. */
  refusal: { readonly code: string; readonly close: number } | undefined;
  maxFrameBytes = 1 << 20;
  time = 0;
  /** Position of each Welcome and Update: the name of an opening of a log, and a number. */
  position: [bigint, number] | undefined;
  /** What Welcomes say of where the server stands; with behind, Answer 0 is still to be said. */
  standing: Item[] = [];
  behind = false;
  /** What clients ask to be told: the fields of their Awaits, and of Hellos the session token. */
  readonly awaits: Fields[] = [];
  readonly tokens: Uint8Array[] = [];
  readonly leases = new Map<string, string>();
  readonly peers = new Set<Peer>();
  private sessions = 0n;

  get webSocket(): new (url: string, protocol: string) => WebSocketLike {
    const server = this;
    return class extends Peer {
      constructor() {
        super(server);
      }
    };
  }

  resume(): void {
    this.deciding = true;
    this.peers.forEach((peer) => peer.drain());
  }

  /** Cuts all connections, without a word. */
  cut(code = 1006): void {
    [...this.peers].forEach((peer) => peer.drop(code));
  }

  /** Ends all sessions, and every later one, with this failure. */
  refuseAll(code: string, close: number): void {
    this.refusal = { code, close };
    this.peers.forEach((peer) => peer.fail(code, close, false));
  }

  /** The document is created anew. */
  recreate(): void {
    this.judge = new Judge();
    this.leases.clear();
    this.epoch++;
    this.cut();
  }

  /** Tells everybody where the server stands. */
  stand(standing: Item[], at = this.position): void {
    this.peers.forEach((peer) => peer.deliver([[3, [...placed(at), [3, standing]]]]));
  }

  nextSession(): bigint {
    return ++this.sessions;
  }
}

export class Peer implements WebSocketLike {
  binaryType = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  private readonly server: FakeServer;
  private readonly session: bigint;
  private readonly waiting: Uint8Array[] = [];
  private open = false;
  private replica = '';

  constructor(server: FakeServer) {
    this.server = server;
    this.session = server.nextSession();
    queueMicrotask(() => {
      if (server.down) {
        this.drop(1006);
      } else {
        this.open = true;
        server.peers.add(this);
        this.onopen?.({} as never);
      }
    });
  }

  send(data: Uint8Array): void {
    if (this.open) {
      const [[field, [body]]] = [...parse(data)] as [[number, [Uint8Array]]];
      const fields = parse(body);
      if (field === 1) {
        this.hello(fields);
      } else if (field === 2) {
        this.server.submits++;
        this.waiting.push(fields.get(1)![0] as Uint8Array);
        this.drain();
      } else if (field === 4) {
        this.others((peer) => peer.deliver([[4, [[1, this.session, 'fixed64'], [2, (fields.get(2)?.[0] ?? new Uint8Array()) as Uint8Array]]]]));
      } else if (field === 8) {
        this.server.awaits.push(fields);
      }
    }
  }

  close(): void {
    this.open = false;
    this.server.peers.delete(this);
  }

  drop(code: number): void {
    this.close();
    queueMicrotask(() => this.onclose?.({ code } as never));
  }

  drain(): void {
    while (this.open && this.server.deciding && this.waiting.length) {
      const { first, last, code, effect } = this.server.judge.judge(this.replica, this.waiting.shift()!, this.server.refuse);
      this.deliver([[2, [...placed(this.server.position), [3, last], [4, this.server.level], ...(code ? [[5, [[1, first], [2, last], [3, code], [4, `because of ${code}`]]] as Item] : [])]]]);
      this.others((peer) => peer.deliver([[2, [...placed(this.server.position), [2, effect]]]]));
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
    if (server.refusal) {
      this.fail(server.refusal.code, server.refusal.close, false);
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
    const verdicts = history.slice(-server.keptVerdicts).filter(({ last }) => last > known).map(({ last, chain, code }) => [7, [[1, last], [2, chain, 'fixed32'], [3, code]]] as Item);
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
          [8, server.maxFrameBytes],
          [9, server.maxInFlight],
          [10, 10_000],
          [11, server.time],
          [12, server.standing],
          [13, server.behind ? 1 : 0],
        ],
      ],
    ]);
    this.deliver([[2, [...placed(server.position), [2, server.judge.everything()]]]]);
  }

  private others(act: (peer: Peer) => void): void {
    this.server.peers.forEach((peer) => peer !== this && peer.replica && act(peer));
  }

  deliver(items: Item[]): void {
    const { buffer } = message(items);
    queueMicrotask(() => this.open && this.onmessage?.({ data: buffer } as never));
  }
}

function placed(position: [bigint, number] | undefined, field = 1): Item[] {
  return position ? [[field, [[1, position[0], 'fixed64'], [2, position[1]]]]] : [];
}

/** Lets everything happen that is under way. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}
