import type { StoredRejection, TakenWrite } from './client-store.ts';
import type { ConnectionState } from './status.ts';
import type { TabWrite } from './tab-outbox.ts';
import type { WriteState } from './write.ts';

/*
 * What the tabs of a browser say to each other. Tabs may run different releases of this package, so a change of these messages takes
 * another name of the channel and of the locks. The build keeps the names of these properties.
 */
export const CHANNEL = 'rejoin:tabs:1:';

/** A write that awaits its verdict, under the dots that the leader has given it. */
export interface Sequenced {
  readonly id: string;
  readonly replica: string;
  readonly first: number;
  readonly last: number;
  readonly fragment: Uint8Array;
  readonly mutations: Uint8Array;
  readonly state: WriteState;
}

/** One step of the leader, to be shown as one step. The steps of one leader are numbered; who misses one asks for the whole. */
export interface LeaderStep {
  readonly type: 'step' | 'whole';
  /** Random, for each time that somebody leads. */
  readonly leader: string;
  readonly count: number;
  /** Epoch of the document; 0 before the first connection. */
  readonly life: bigint;
  /** What has been confirmed since the last step; in a whole one: all of it. */
  readonly joins: readonly Uint8Array[];
  /** What was confirmed before does not count any more: the document has begun another life. */
  readonly forget: boolean;
  /** Writes that are new among the pending ones, or have been given other dots; in a whole step: all. */
  readonly pending: readonly Sequenced[];
  /** Pending writes that are on their way into the store; they are told as pending once they are there. */
  readonly storing: readonly string[];
  /** Where the dots of writes stand that have been taken; in a whole step: all that later writes may refer to. */
  readonly taken: readonly TakenWrite[];
  /** States that writes have reached. Those that are accepted, durable or rejected are not pending any more. */
  readonly states: readonly (readonly [id: string, state: WriteState])[];
  /** Writes that were taken back while this leader leads, or before it and of which the server does not have the dots. */
  readonly cancelled: readonly string[];
  readonly rejections: readonly StoredRejection[];
  readonly status: LeaderStatus;
}

/** What the status of every tab is made of. */
export interface LeaderStatus {
  readonly connection: ConnectionState;
  readonly code: string;
  readonly message: string;
  readonly upToDate: boolean;
  readonly savesLocally: boolean;
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  readonly clockOffset: number;
}

export type TabMessage =
  | LeaderStep
  /** This tab is there, and who leads is to tell the whole. */
  | { readonly type: 'join'; readonly tab: string }
  /** A write, which is in the outbox unless that has failed. Said again, it asks what became of it. No later one refers to writes of its tab before `settledBefore`. */
  | { readonly type: 'write'; readonly write: TabWrite; readonly settledBefore: number }
  | { readonly type: 'discard'; readonly id: string }
  /** This write is to be taken back. If it is too late for that, the answer is that it is kept. */
  | { readonly type: 'cancel' | 'kept'; readonly id: string }
  | { readonly type: 'online'; readonly online: boolean };

/** The part of a `BroadcastChannel` that the tabs use. */
export interface ChannelLike {
  onmessage: ((event: { readonly data: never }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}
