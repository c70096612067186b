import { RejoinError } from './errors.ts';
import { HANDSHAKE_MILLIS, PROGRESS_MILLIS } from './limits.ts';
import type { PendingTransaction } from './store.ts';
import {
  FAILURE,
  NOTHING,
  PING,
  PRESENCE,
  UPDATE,
  WELCOME,
  decodeServerFrame,
  goodbyeFrame,
  pingFrame,
  pongFrame,
  progressFrame,
  submitFrame,
  type Update,
  type Welcome,
} from './wire.ts';

/** A verdict on one transaction; an empty code accepts. */
export interface Outcome {
  readonly last: number;
  readonly code: string;
  readonly message: string;
  /** The verdict is no longer known: the transaction's effect, if it has one, comes from the server. */
  readonly lost?: boolean;
}

/** How far this replica's history has verdicts, and its checksum there. */
export interface Judged {
  readonly last: number;
  readonly chain: number;
}

/** What a session does to the world around it, which tells it the time. After {@link lost}, {@link conflict} or {@link oversized} it is not asked for anything any more but to leave. */
export interface SessionHost {
  /** Milliseconds. */
  clock(): number;
  send(frame: Uint8Array): void;
  /** The session is over; the socket is to be closed. */
  lost(code: string, message: string, retryable: boolean): void;
  /** Transactions without a verdict, oldest first. One may be sent only once it survives a reload, else its dots might be used twice, and what it depends on is accepted. */
  readonly unjudged: readonly PendingTransaction[];
  readonly judged: Judged;
  /** The handshake is done. If the client does not go on with this server, it leaves. */
  opened(welcome: Welcome): void;
  /**
   * Verdicts on what is pending up to a dot, without an outcome: it is accepted, and what others did, to be applied in one step, and what the server's
   * acknowledgement means: a store in memory only accepts. Then the client may be up to date with what the server held when it answered.
   */
  settle(outcomes: readonly Outcome[], through: number, fragment: Uint8Array, reached: 'accepted' | 'durable', isUpToDate: boolean): void;
  sent(transaction: PendingTransaction): void;
  /**
   * Somebody else has used this replica id. Transactions up to `outcomes` have found their verdict; `isOpen` tells of the
   * others whether they may have been accepted, and notes that.
   */
  conflict(outcomes: readonly Outcome[], isOpen: (transaction: PendingTransaction) => boolean): void;
  /** The next transaction is larger than this server takes, and nothing is in flight. */
  oversized(transaction: PendingTransaction): void;
  presence(session: bigint, payload: Uint8Array): void;
}

const GREETING = 0;
const OPEN = 1;
const ENDED = 2;

/** One connection's conversation with the server: bytes in, bytes and effects out. No socket, no timer. */
export interface Session {
  /** When {@link tick} is due, by the host's clock. */
  deadline(): number;
  tick(): void;
  receive(bytes: Uint8Array): void;
  /** Sends what may be sent: saved, held by no other, in order, within the window. */
  pump(): void;
  /** Sends a frame that needs no answer; only once the server has welcomed us. */
  say(frame: Uint8Array): void;
  /** Verdicts up to here survive a reload. */
  verdictsKnown(through: number): void;
  /** Leaves, on purpose or because the session is over. */
  leave(): void;
}

/** Begins the conversation by saying Hello. Its state lives in variables, not in an object: names of variables cost nothing. */
export function startSession(host: SessionHost, hello: Uint8Array): Session {
  let phase = GREETING;
  let heard = host.clock();
  let spoke = 0;
  /** Infinite until the server has welcomed us. */
  let heartbeat = Infinity;
  let maxInFlight = 0;
  let maxFrameBytes = 0;
  /** Own dots up to here have been sent on this connection or have their verdict. */
  let sentThrough = 0;
  let known = 0;
  let reported = host.judged.last;
  let reportAt = Infinity;

  /** When the server has been silent for too long. */
  const silentAt = (): number => heard + (phase === OPEN ? 2.5 * heartbeat : HANDSHAKE_MILLIS);

  /** When the server is to hear from us. */
  const speakAt = (): number => Math.min(spoke + heartbeat * 0.8, reportAt);

  function deadline(): number {
    return Math.min(silentAt(), speakAt());
  }

  function tick(): void {
    const now = host.clock();
    if (now >= silentAt()) {
      end('timeout', '', true);
    } else if (now >= reportAt) {
      report();
    } else if (now >= speakAt()) {
      // any answer will do, whatever it answers
      say(pingFrame(1n));
    }
  }

  function receive(bytes: Uint8Array): void {
    heard = host.clock();
    try {
      const frame = decodeServerFrame(bytes);
      if (frame.kind === FAILURE) {
        end(frame.code, frame.message, frame.retryable);
      } else if ((frame.kind === WELCOME) !== (phase === GREETING)) {
        end('protocol-error');
      } else if (frame.kind === WELCOME) {
        welcome(frame);
      } else if (frame.kind === UPDATE) {
        update(frame);
      } else if (frame.kind === PING) {
        say(pongFrame(frame.nonce));
      } else if (frame.kind === PRESENCE) {
        host.presence(frame.session, frame.payload);
      }
    } catch (error) {
      if (!(error instanceof RejoinError)) {
        throw error;
      }
      end(error.code, error.message);
    }
  }

  function pump(): void {
    if (phase !== OPEN) {
      return;
    }
    let inFlight = 0;
    for (const transaction of host.unjudged) {
      if (transaction.last <= sentThrough) {
        inFlight++;
      } else if (!transaction.sendable || transaction.write.isHeld || inFlight >= maxInFlight) {
        return;
      } else {
        const frame = submitFrame(transaction.fragment);
        if (frame.length > maxFrameBytes) {
          if (!inFlight) {
            host.oversized(transaction);
          }
          return;
        }
        inFlight++;
        sentThrough = transaction.last;
        say(frame);
        host.sent(transaction);
      }
    }
  }

  function verdictsKnown(through: number): void {
    known = through;
    if (phase === OPEN && through > reported && reportAt === Infinity) {
      reportAt = host.clock() + PROGRESS_MILLIS;
    }
  }

  function leave(): void {
    if (phase === OPEN) {
      report();
      say(goodbyeFrame());
    }
    phase = ENDED;
  }

  function welcome(welcome: Welcome): void {
    if (welcome.protocolVersion !== 1) {
      end('upgrade-required', `protocol version ${welcome.protocolVersion}`);
      return;
    }
    maxInFlight = welcome.maxInFlight || 1;
    maxFrameBytes = welcome.maxFrameBytes || Infinity;
    heartbeat = welcome.heartbeatMillis || 10_000;
    phase = OPEN;
    host.opened(welcome);
    if (phase === OPEN) {
      resume(welcome);
      pump();
    }
  }

  /**
   * Finds out what became of the transactions that an earlier connection has left without a verdict. If the point up to
   * which the server has judged is a point of this client's history, the session goes on, even where a verdict is no
   * longer kept. Otherwise the histories have parted. The server drops its oldest verdicts first.
   */
  function resume({ judgedThrough, chain, verdicts }: Welcome): void {
    const outcomes: Outcome[] = [];
    const meets = (point: Judged): boolean => point.last === judgedThrough && point.chain === chain;
    let shared = meets(host.judged);
    for (const transaction of host.unjudged) {
      const { last, chain: mine } = transaction;
      if (last <= judgedThrough) {
        const verdict = verdicts.find((each) => each.last === last && each.chain === mine);
        outcomes.push(verdict ?? { last, code: 'unknown-outcome', message: '', lost: true });
        shared ||= meets(transaction);
      }
    }
    if (shared) {
      sentThrough = judgedThrough;
      host.settle(outcomes, judgedThrough, NOTHING, 'durable', false);
    } else {
      phase = ENDED;
      const lowest = verdicts[0]?.last ?? judgedThrough;
      const found = outcomes.findLastIndex(({ lost }) => !lost);
      host.conflict(outcomes.slice(0, found + 1), ({ last, write }) => (write.isSent = last <= judgedThrough && last < lowest));
    }
  }

  function update({ fragment, ackedThrough, level, rejections }: Update): void {
    if (ackedThrough > sentThrough) {
      end('protocol-error');
      return;
    }
    host.settle(rejections, ackedThrough, fragment, level >= 2 ? 'durable' : 'accepted', true);
    pump();
  }

  function report(): void {
    reportAt = Infinity;
    if (known > reported) {
      reported = known;
      say(progressFrame(known));
    }
  }

  function say(frame: Uint8Array): void {
    spoke = host.clock();
    host.send(frame);
  }

  function end(code: string, message = '', retryable = false): void {
    phase = ENDED;
    host.lost(code, message, retryable);
  }

  say(hello);
  return { deadline, tick, receive, pump, say, verdictsKnown, leave };
}
