import type { Client } from './client.ts';
import { RejoinError } from './errors.ts';
import { MAX_PRESENCE_BYTES, PRESENCE_INTERVAL_MILLIS } from './limits.ts';
import { Topic } from './topic.ts';
import { decodeValue, encodeValue, type Value } from './values.ts';
import { presenceFrame } from './wire.ts';

const known = new WeakMap<Client, Presence>();

/**
 * Who else has the document open, and what each of them shows: the same object for the same client. With a value, shows
 * that from now on.
 */
export function presenceOf(client: Client, own?: Value): Presence {
  let presence = known.get(client);
  if (!presence) {
    known.set(client, (presence = new Presence(client)));
  }
  if (own !== undefined) {
    presence.own = own;
  }
  return presence;
}

/** What this client and the others show to each other while they are connected. It is not stored. Made by {@link presenceOf}. */
export class Presence {
  private readonly client: Client;
  private mine: Value = null;
  private payload = new Uint8Array();
  private unsent = false;
  private connected = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private others: ReadonlyMap<string, Value> = new Map();
  private readonly listeners = new Topic<ReadonlyMap<string, Value>>();

  /** @internal */
  constructor(client: Client) {
    this.client = client;
    client.onShown = () => this.read();
    client.onStatus(() => this.follow());
    this.follow();
  }

  /** What this client shows to the others, at most 4,096 bytes; null = nothing. */
  get own(): Value {
    return this.mine;
  }

  set own(value: Value) {
    const payload = value === null ? new Uint8Array() : encodeValue(value);
    if (payload.length > MAX_PRESENCE_BYTES) {
      throw new RejoinError('too-large');
    }
    this.mine = value;
    this.payload = payload as Uint8Array<ArrayBuffer>;
    this.unsent = true;
    this.send();
  }

  /** What the other sessions show, by session; the same map until it changes. */
  get presences(): ReadonlyMap<string, Value> {
    return this.others;
  }

  /** Calls the listener when others come, go, or change what they show; returns how to stop that. */
  onPresence(listener: (presences: ReadonlyMap<string, Value>) => void): () => void {
    return this.listeners.add(listener);
  }

  /** Each connection is told anew, and begins without the others. */
  private follow(): void {
    const connected = this.client.status.connection === 'connected';
    if (connected !== this.connected) {
      this.connected = connected;
      this.unsent = this.mine !== null;
      this.send();
      this.read();
    }
  }

  /** Sends the newest, at once or when the rate allows. */
  private send(): void {
    if (this.unsent && this.connected && this.timer === undefined) {
      this.unsent = false;
      this.client.say(presenceFrame(this.payload));
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.send();
      }, PRESENCE_INTERVAL_MILLIS);
    }
  }

  private read(): void {
    const { shown } = this.client;
    if (shown.size || this.others.size) {
      const others = new Map<string, Value>();
      shown.forEach((payload, session) => {
        try {
          others.set(session.toString(16).padStart(16, '0'), decodeValue(payload));
        } catch {
          // The server relays what it does not read; what is no value shows nothing and harms nobody.
        }
      });
      this.others = others;
      this.listeners.tell(others);
    }
  }
}
