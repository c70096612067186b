import { RejoinError } from './errors.ts';
import { HANDSHAKE_MILLIS, PROGRESS_MILLIS } from './limits.ts';
import type { PendingTransaction } from './store.ts';
import {
  NOTHING,
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

/** What a session does to the world around it. */
export interface SessionHost {
  send(frame: Uint8Array): void;
  /** The session is over; the socket is to be closed. */
  lost(code: string, message: string, retryable: boolean): void;
  /** Transactions without a verdict, oldest first. One may be sent only once it survives a reload, else its dots might be used twice, and what it depends on is accepted. */
  readonly entries: readonly PendingTransaction[];
  readonly judged: Judged;
  /** The handshake is done. False if the document has begun another life, so that the session must end. */
  opened(welcome: Welcome): boolean;
  /**
   * Verdicts on what is pending up to a dot, without an outcome: it is accepted, and what others did, to be applied in one step, and what the server's
   * acknowledgement means: a store in memory only accepts.
   */
  settle(outcomes: readonly Outcome[], through: number, fragment: Uint8Array, reached: 'accepted' | 'durable'): void;
  sent(transaction: PendingTransaction): void;
  /**
   * Somebody else has used this replica id. Transactions up to `outcomes` have found their verdict; `refused` tells of the
   * others whether they are known not to have been accepted.
   */
  conflict(outcomes: readonly Outcome[], refused: (transaction: PendingTransaction) => boolean): void;
  /** The next transaction is larger than this server takes, and nothing is in flight. */
  oversized(transaction: PendingTransaction): void;
  /** The client is up to date with what the server held when it answered. */
  caughtUp(): void;
  presence(session: bigint, payload: Uint8Array): void;
}

const GREETING = 0;
const OPEN = 1;
const ENDED = 2;

/** One connection's conversation with the server: bytes and time in, bytes and effects out. No socket, no timer. */
export interface Session {
  /** When {@link tick} is due, in milliseconds of the same clock. */
  deadline(): number;
  tick(now: number): void;
  receive(bytes: Uint8Array, now: number): void;
  /** Sends what may be sent: saved, held by no other, in order, within the window. */
  pump(now: number): void;
  /** Sends a frame that needs no answer; only once the server has welcomed us. */
  say(frame: Uint8Array, now: number): void;
  /** Verdicts up to here survive a reload. */
  verdictsKnown(through: number, now: number): void;
  /** Leaves on purpose. */
  leave(now: number): void;
}

/** Begins the conversation by saying Hello. Its state lives in variables, not in an object: names of variables cost nothing. */
export function startSession(host: SessionHost, hello: Uint8Array, now: number): Session {
  let phase = GREETING;
  let heard = now;
  let spoke = 0;
  let heartbeat = 0;
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
  const speakAt = (): number => (phase === OPEN ? Math.min(spoke + heartbeat * 0.8, reportAt) : Infinity);

  function deadline(): number {
    return phase === ENDED ? Infinity : Math.min(silentAt(), speakAt());
  }

  function tick(now: number): void {
    if (phase === ENDED) {
      return;
    }
    if (now >= silentAt()) {
      end('timeout', '', true);
    } else if (now >= reportAt && phase === OPEN) {
      report(now);
    } else if (now >= speakAt()) {
      // any answer will do, whatever it answers
      say(pingFrame(1n), now);
    }
  }

  function receive(bytes: Uint8Array, now: number): void {
    if (phase === ENDED) {
      return;
    }
    heard = now;
    try {
      const frame = decodeServerFrame(bytes);
      if (frame.kind === 'failure') {
        end(frame.code, frame.message, frame.retryable);
      } else if ((frame.kind === 'welcome') !== (phase === GREETING)) {
        end('protocol-error');
      } else {
        switch (frame.kind) {
          case 'welcome':
            welcome(frame.welcome, now);
            break;
          case 'update':
            update(frame.update, now);
            break;
          case 'ping':
            say(pongFrame(frame.nonce), now);
            break;
          case 'presence':
            host.presence(frame.session, frame.payload);
        }
      }
    } catch (error) {
      if (!(error instanceof RejoinError)) {
        throw error;
      }
      end(error.code, error.message);
    }
  }

  function pump(now: number): void {
    if (phase !== OPEN) {
      return;
    }
    let inFlight = 0;
    for (const transaction of host.entries) {
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
        say(frame, now);
        host.sent(transaction);
      }
    }
  }

  function verdictsKnown(through: number, now: number): void {
    known = through;
    if (through > reported && reportAt === Infinity) {
      reportAt = now + PROGRESS_MILLIS;
    }
  }

  function leave(now: number): void {
    if (phase === OPEN) {
      report(now);
      say(goodbyeFrame(), now);
    }
    phase = ENDED;
  }

  function welcome(welcome: Welcome, now: number): void {
    if (welcome.protocolVersion !== 1) {
      end('upgrade-required', `protocol version ${welcome.protocolVersion}`);
      return;
    }
    maxInFlight = welcome.maxInFlight || 1;
    maxFrameBytes = welcome.maxFrameBytes || Infinity;
    heartbeat = welcome.heartbeatMillis || 10_000;
    phase = OPEN;
    if (!host.opened(welcome)) {
      phase = ENDED;
      return;
    }
    resume(welcome);
    pump(now);
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
    for (const transaction of host.entries) {
      const { last, chain: mine } = transaction;
      if (last <= judgedThrough) {
        const verdict = verdicts.find((each) => each.last === last && each.chain === mine);
        outcomes.push(verdict ?? { last, code: 'unknown-outcome', message: '', lost: true });
        shared ||= meets(transaction);
      }
    }
    if (shared) {
      sentThrough = judgedThrough;
      host.settle(outcomes, judgedThrough, NOTHING, 'durable');
    } else {
      phase = ENDED;
      const lowest = verdicts[0]?.last ?? judgedThrough;
      const found = outcomes.findLastIndex(({ lost }) => !lost);
      host.conflict(outcomes.slice(0, found + 1), ({ last }) => last > judgedThrough || lowest <= last);
    }
  }

  function update({ fragment, ackedThrough, level, rejections }: Update, now: number): void {
    if (ackedThrough > sentThrough) {
      end('protocol-error');
      return;
    }
    host.settle(rejections, ackedThrough, fragment, level >= 2 ? 'durable' : 'accepted');
    host.caughtUp();
    pump(now);
  }

  function report(now: number): void {
    reportAt = Infinity;
    if (known > reported) {
      reported = known;
      say(progressFrame(known), now);
    }
  }

  function say(frame: Uint8Array, now: number): void {
    spoke = now;
    host.send(frame);
  }

  function end(code: string, message = '', retryable = false): void {
    phase = ENDED;
    host.lost(code, message, retryable);
  }

  say(hello, now);
  return { deadline, tick, receive, pump, say, verdictsKnown, leave };
}
