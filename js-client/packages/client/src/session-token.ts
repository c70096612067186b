import type { Client } from './client.ts';
import type { Document } from './document.ts';
import { RejoinError } from './errors.ts';
import type { OriginLag } from './lag.ts';
import { PinnedView } from './pinned.ts';
import { readWhereabouts, type Answer } from './standing.ts';
import { bytesOf, decodeToken, encodeToken, includes, keyOf, NOWHERE, textOf, union, type Positions } from './token.ts';
import { Topic } from './topic.ts';
import { awaitFrame } from './wire.ts';

export { PinnedView } from './pinned.ts';
export type { OriginLag } from './lag.ts';

/** The longest that anything is waited for, in milliseconds. */
export const MAX_WAIT_MILLIS = 60_000;
/** How many may wait. */
export const MAX_WAITING = 16;
/** How many views may be pinned. */
export const MAX_PINS = 16;

/** After its time is up a question waits this long for the answer that is on the way. */
const GRACE_MILLIS = 500;

/** How fresh a read must be: whatever is there; what the session has read and written; that and what any server had admitted so long ago; all that any server has admitted. */
export type ReadLevel = 'eventual' | 'session' | `bounded-staleness=${number}` | 'strong';

/** How fresh what a client shows is. */
export interface Freshness {
  /** The session has read or written something that does not show here yet: the honest thing is to say so. */
  readonly behind: boolean;
  /** Why it is behind, if the server has given up; empty while it is being fetched. */
  readonly code: string;
  /** What any server had admitted this long ago shows here, in milliseconds; not there if nobody can tell. */
  readonly ageMillis: number | undefined;
}

interface Question {
  readonly token: Uint8Array;
  readonly level: string;
  readonly until: number;
  settle(code: string): void;
}

const known = new WeakMap<Client, ClientSession>();

/**
 * What this client reads and writes of its document, over all servers; the same object for the same client. To be called right after `open`, so that the
 * first Hello tells the server of it.
 */
export function sessionOf(client: Client): ClientSession {
  let session = known.get(client);
  if (!session) {
    known.set(client, (session = new ClientSession(client)));
  }
  return session;
}

/** Follows what a client has been brought to. Made by {@link sessionOf}. */
export class ClientSession {
  private readonly client: Client;
  private readonly key: number;
  private epoch = 0n;
  /** Everything through here shows. */
  private shown = NOWHERE;
  /** Shows with the next update. */
  private arriving = NOWHERE;
  private allArrives = false;
  /** What the server of this connection was told of with the Hello. */
  private greeted = NOWHERE;
  /** What was read and written, here and elsewhere, of this life of the document; of another one before the first connection. */
  private seen = NOWHERE;
  private seenEpoch = 0n;
  private open = false;
  private isBehind = false;
  private code = '';
  /** The question whose answer ends being behind. */
  private catchingUp = 0;
  private lags: readonly OriginLag[] = [];
  private lagAt = 0;
  private heardAt: number | undefined;
  private asked = 0;
  private readonly questions = new Map<number, Question>();
  private changes = 0;
  private readonly pins = new Set<PinnedView>();
  private readonly freshnessListeners = new Topic<Freshness>();
  private readonly lagListeners = new Topic<readonly OriginLag[]>();

  /** @internal */
  constructor(client: Client) {
    this.client = client;
    this.key = keyOf(client.options.document);
    client.tap = { greeting: () => this.greeting(), frame: (bytes) => this.heard(bytes) };
    client.onStatus(({ connection }) => {
      this.open &&= connection === 'connected';
      if (connection === 'closed') {
        [...this.questions.values()].forEach((question) => question.settle('closed'));
        this.pins.forEach((pin) => pin.close());
      }
    });
    if (client.status.connection === 'connected') {
      // Its Hello has said nothing of a session: the answer tells where the server stands.
      this.open = true;
      this.epoch = this.seenEpoch = client.epoch;
      this.send(++this.asked, new Uint8Array(), '', MAX_WAIT_MILLIS);
    }
  }

  /**
   * What this client has read and written, for the header `Session-Token` of a request, for another session of this user, or for anybody: whoever reads with
   * it sees that too. Empty before the first connection.
   */
  get token(): string {
    return this.seen.size ? textOf(this.encoded()) : '';
  }

  /**
   * Takes in what was read and written elsewhere: the token of an HTTP answer, of an earlier page, of somebody's link. The server fetches what it lacks of that, and
   * until it has it this session is behind. What the token says of other documents is passed over; throws `token-invalid`.
   */
  observe(token: string): void {
    const lives = this.mine(token);
    for (const { epoch, positions } of lives) {
      if (!this.seenEpoch || epoch === this.seenEpoch) {
        this.seenEpoch = epoch;
        this.seen = union(this.seen, positions);
      }
    }
    if (this.open && !this.shows(lives)) {
      this.catchUp(bytesOf(token));
    }
  }

  private catchUp(token: Uint8Array): void {
    this.catchingUp = ++this.asked;
    this.send(this.catchingUp, token, '', MAX_WAIT_MILLIS);
    this.become(true, '');
  }

  /** How fresh what the client shows is, now. */
  get freshness(): Freshness {
    return { behind: this.isBehind, code: this.code, ageMillis: this.age() };
  }

  /** Calls the listener when the client has fallen behind, has caught up, or gives up; returns how to stop that. Ages change all the time, and are to be asked for. */
  onFreshness(listener: (freshness: Freshness) => void): () => void {
    return this.freshnessListeners.add(listener);
  }

  /** How late each other server is; the same array until the server tells of another. Empty if there are no others. */
  get lag(): readonly OriginLag[] {
    return this.lags;
  }

  /** Calls the listener with each new {@link lag}; returns how to stop that. */
  onLag(listener: (lag: readonly OriginLag[]) => void): () => void {
    return this.lagListeners.add(listener);
  }

  /**
   * Resolves when the client shows everything that the token asks for of its document, or rejects with a code: `session-not-satisfied`, `session-lost-writes`,
   * `epoch-changed`, `overloaded`, `timeout` (no server could be asked), `token-invalid` or `closed`. The server is asked once and tells; nothing polls.
   *
   * @param timeoutMillis more than 0, at most {@link MAX_WAIT_MILLIS}
   */
  async awaitVisible(token: string, timeoutMillis: number): Promise<void> {
    if (!this.shows(this.mine(token))) {
      await this.ask(bytesOf(token), '', timeoutMillis);
    }
  }

  /**
   * The document, once what it shows is as fresh as the level asks for; rejects as {@link awaitVisible}, and with `too-stale` or `origins-unreachable`. Own writes without a verdict
   * show at every level.
   */
  async read(level: ReadLevel, timeoutMillis: number): Promise<Document> {
    const isHere = level === 'eventual' || (level === 'session' && this.open && !this.isBehind);
    if (!isHere) {
      await this.ask(this.encoded(), level, timeoutMillis);
    }
    return this.client.document;
  }

  /** Pins what the client shows now: a view that others do not change, over which own writes show. Throws `too-many-pins`. */
  pin(): PinnedView {
    if (this.pins.size >= MAX_PINS) {
      throw new RejoinError('too-many-pins');
    }
    const pin = new PinnedView(
      this.client,
      () => this.changes,
      (closed) => this.pins.delete(closed),
    );
    this.pins.add(pin);
    return pin;
  }

  private greeting(): Uint8Array {
    this.greeted = this.seen;
    return this.encoded();
  }

  private encoded(): Uint8Array {
    return encodeToken({ key: this.key, epoch: this.seenEpoch, positions: this.seen });
  }

  private mine(token: string) {
    return token ? decodeToken(bytesOf(token)).filter(({ key }) => key === this.key) : [];
  }

  private shows(lives: ReturnType<ClientSession['mine']>): boolean {
    return lives.every(({ epoch, positions }) => epoch === this.epoch && includes(this.shown, positions));
  }

  private age(): number | undefined {
    if (this.heardAt === undefined || this.lags.some(({ uncertaintyMillis }) => uncertaintyMillis === Infinity)) {
      return undefined;
    }
    const now = performance.now();
    const ages = this.lags.map(({ ageMillis, uncertaintyMillis }) => ageMillis + uncertaintyMillis + now - this.lagAt);
    return Math.round(Math.max(0, this.open ? 0 : now - this.heardAt, ...ages));
  }

  private ask(token: Uint8Array, level: string, timeoutMillis: number): Promise<void> {
    if (!(timeoutMillis > 0 && timeoutMillis <= MAX_WAIT_MILLIS)) {
      throw new RejoinError('bad-value', `timeout outside 0…${MAX_WAIT_MILLIS} ms`);
    }
    if (this.questions.size >= MAX_WAITING || this.client.status.connection === 'closed') {
      throw new RejoinError(this.questions.size >= MAX_WAITING ? 'overloaded' : 'closed');
    }
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle('timeout'), timeoutMillis + GRACE_MILLIS);
      const settle = (code: string): void => {
        clearTimeout(timer);
        this.questions.delete(id);
        code ? reject(new RejoinError(code)) : resolve();
      };
      const question = { token, level, until: performance.now() + timeoutMillis, settle };
      this.questions.set(id, question);
      if (this.open) {
        this.repeat(id, question);
      }
    });
  }

  private repeat(id: number, { token, level, until }: Question): void {
    this.send(id, token, level, Math.max(1, Math.ceil(until - performance.now())));
  }

  private send(id: number, token: Uint8Array, level: string, timeoutMillis: number): void {
    this.client.say(awaitFrame(id, token, level, timeoutMillis));
  }

  /* What the server says */

  private heard(bytes: Uint8Array): void {
    this.heardAt = performance.now();
    try {
      const said = readWhereabouts(bytes);
      if (said.kind === 'welcome') {
        this.open = true;
        if (said.epoch !== this.epoch) {
          this.epoch = said.epoch;
          this.shown = NOWHERE;
        }
        this.arriving = said.held;
        this.allArrives = said.isAll;
        this.catchingUp = 0;
        if (!includes(this.greeted, this.seen)) {
          // Taken in while the greetings crossed.
          this.catchUp(this.encoded());
        } else if (this.isBehind || said.behind) {
          this.become(said.behind, '');
        }
        this.questions.forEach((question, id) => this.repeat(id, question));
      } else {
        this.changes += said.changes ? 1 : 0;
        this.show(union(this.arriving, said.held), this.allArrives || said.isAll);
        this.arriving = NOWHERE;
        this.allArrives = false;
      }
      if (said.lag.length) {
        this.lags = Object.freeze(said.lag);
        this.lagAt = this.heardAt;
        this.lagListeners.tell(this.lags);
      }
      said.answers.forEach((answer) => this.answered(answer));
    } catch (error) {
      this.client.lost('malformed', String(error), false);
    }
  }

  private show(more: Positions, isAll: boolean): void {
    this.shown = union(this.shown, more);
    if (this.seenEpoch !== this.epoch && !this.isBehind) {
      // What was seen was another life of the document.
      this.seenEpoch = this.epoch;
      this.seen = NOWHERE;
    }
    if (isAll && !this.isBehind) {
      // The server holds all that was seen. It names the latest opening of each log, which holds what was written in those before it:
      // without them a token does not grow with each restart of a server.
      this.seen = this.shown = new Map([...this.shown].filter(([origin]) => more.has(origin)));
    } else if (this.seenEpoch === this.epoch) {
      this.seen = union(this.seen, this.shown);
      if (this.isBehind && includes(this.shown, this.seen)) {
        this.become(false, '');
      }
    }
  }

  private answered({ id, code, lost, surviving }: Answer): void {
    this.questions.get(id)?.settle(code);
    if (id !== this.catchingUp || (!this.isBehind && !code)) {
      return;
    }
    if (code === 'session-lost-writes') {
      const left = [...this.seen].map(([origin, sequence]) => [origin, lost.has(origin) ? (surviving.get(origin) ?? 0n) : sequence] as const);
      this.seen = new Map(left.filter(([, sequence]) => sequence));
    } else if (code === 'epoch-changed' || code === 'token-invalid') {
      this.seenEpoch = this.epoch;
      this.seen = this.shown;
    }
    this.become(code === 'session-not-satisfied', code);
  }

  private become(behind: boolean, code: string): void {
    this.isBehind = behind;
    this.code = code;
    this.freshnessListeners.tell(this.freshness);
  }
}
