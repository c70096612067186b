import { afterEach, expect, vi } from 'vitest';
import { decodeFragment } from '../src/fragment.ts';
import { openAtOneOf, type FailoverOptions, type Placed } from '../src/failover.ts';
import type { Client, WebSocketLike } from '../src/index.ts';
import { FakeServer, settle as quiet } from '../src/testing.ts';
import { WAIT } from './wait.ts';

export const A = 'ws://a/sync';
export const B = 'ws://b/sync';
/** Closed after each test. */
export const clients: Client[] = [];

/** Two servers that do not replicate each other, so that each shows what it alone has accepted. */
export class Pair {
  readonly a = new FakeServer();
  readonly b = new FakeServer();
  now = 1_000_000;
  readonly seen: string[] = [];
  /** What was opened last. */
  placed!: Placed;

  async join(options: Partial<FailoverOptions> = {}): Promise<Client> {
    const servers: Record<string, FakeServer> = { [A]: this.a, [B]: this.b };
    const webSocket = function (url: string, protocol: string): WebSocketLike {
      return new servers[url]!.webSocket(url, protocol);
    } as never;
    const clock = (): number => this.now;
    this.placed = await openAtOneOf({ urls: [A, B], document: 'notes/1', webSocket, clock, onMove: (url) => this.seen.push(url), ...options });
    const { client } = this.placed;
    clients.push(client);
    await quiet();
    return client;
  }

  /** Server A goes, and stays away longer than a client waits for it. */
  async loseA(client: Client): Promise<void> {
    this.a.down = true;
    this.a.cut();
    await quiet();
    this.now += 10_000;
    client.goOnline();
    await vi.waitFor(() => expect(client.status.connection).toBe('connected'), WAIT);
    await quiet();
  }
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** What one server has admitted comes to the other, and to who is there. */
export function replicate(from: FakeServer, to: FakeServer): void {
  const all = from.judge.everything();
  to.judge.state.join(decodeFragment(all));
  to.peers.forEach((peer) => peer.tell(all));
}
