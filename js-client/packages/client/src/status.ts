/** State of the connection; after `error` and `closed` the client does not reconnect by itself. */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected' | 'error' | 'closed';

/**
 * State of what this client has to say and to hear: `synchronized` (a server has confirmed it since this client was opened),
 * `synchronizing`, `offline-pending` (writes wait
 * for a connection), `blocked` (writes wait and nothing will send them without help), `rejected` (the list of
 * rejections is not empty).
 */
export type SyncState = 'synchronized' | 'synchronizing' | 'offline-pending' | 'blocked' | 'rejected';

export interface Status {
  readonly connection: ConnectionState;
  /** Why the connection is not there, for example `shutting-down` or `needs-auth`; empty if there is no reason. */
  readonly code: string;
  readonly message: string;
  readonly sync: SyncState;
  /** Number of writes that await their verdict. */
  readonly pending: number;
  /** False if there is no local store or it has failed: writes are sent, but do not survive a reload. */
  readonly savesLocally: boolean;
}

/** @internal */
export function syncOf(connection: ConnectionState, pending: number, rejections: number, isCaughtUp: boolean): SyncState {
  if (pending) {
    return connection === 'error' || connection === 'closed' ? 'blocked' : connection === 'connected' ? 'synchronizing' : 'offline-pending';
  }
  return rejections ? 'rejected' : isCaughtUp ? 'synchronized' : 'synchronizing';
}
