/** A transaction in the local store. */
export interface StoredTransaction {
  /** Id of the write, which it keeps however often it is issued; not there in what earlier versions have stored. */
  readonly id?: string;
  readonly first: number;
  readonly last: number;
  readonly chain: number;
  readonly fragment: Uint8Array;
  readonly mutations: Uint8Array;
  /** Ids of the writes without which it is not to happen; those that are not pending any more are accepted. */
  readonly after?: readonly string[];
}

/** The right to write as one replica, and how far its history has verdicts. */
export interface Lease {
  readonly replica: string;
  readonly leaseKey: Uint8Array;
  readonly judged: { readonly last: number; readonly chain: number };
  /** Names the log of the server that gave it; not there before one has said so. */
  readonly log?: bigint;
  /** The address of the server that gave it, where there are several. */
  readonly server?: string;
  /** What servers that were left were sent, and cells of which are perhaps not to stay; oldest first. */
  readonly formers?: readonly StoredFormer[];
}

export interface StoredRejection {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly mutations: Uint8Array;
  /** What is to be looked for, where state of other servers may tell whether it was accepted. */
  readonly doubt?: StoredDoubt;
}

/** A transaction that its judge was sent and has not answered. */
export interface StoredDoubt {
  readonly replica: string;
  readonly first: number;
  readonly last: number;
  readonly fragment: Uint8Array;
  /** Where its dots are known and its cells are not there, it was refused. */
  readonly absenceTells: boolean;
}

/** A write that a judge was sent whom the client has left before the verdict, and which of its cells are not to stay if that judge has accepted it. */
export interface StoredFormer {
  readonly replica: string;
  readonly first: number;
  readonly last: number;
  readonly fragment: Uint8Array;
  /** Counters of the cells that are not to stay. */
  readonly unwanted: readonly number[];
  /** Later writes of this client are those with dots above this one, under its present replica id. */
  readonly before: number;
  /** The write with that last dot is the same, issued again, and has no verdict. */
  readonly isAgain: boolean;
}

/** Confirmed state of one life of the document. */
export interface StoredState {
  readonly epoch: bigint;
  /** Fragments to be joined: states, and accepted transactions that no state contains yet. */
  readonly fragments: readonly Uint8Array[];
}

/** What an earlier run has left. */
export interface StoredDocument {
  /** The lease that this run continues, with its transactions that await their verdict, oldest first. */
  readonly lease?: Lease | undefined;
  readonly pending: readonly StoredTransaction[];
  readonly state?: StoredState | undefined;
  readonly rejections: readonly StoredRejection[];
}

/** Where the dots of a write stand that a tab has put into the shared outbox: the first of them became dot `counter` of `replica`; 0 = it was issued anew. */
export interface TakenWrite {
  readonly tab: string;
  readonly first: number;
  readonly last: number;
  readonly replica: string;
  readonly counter: number;
  /** It was refused when it was taken, or taken back since. */
  readonly refused?: boolean;
}

/** Changes of the store that happen together or not at all. */
export interface StoreBatch {
  /** Replaces the lease and drops all transactions of the one before, or records how far its verdicts are known. */
  readonly lease?: Lease;
  /** Starts anew under `lease`. */
  readonly renew?: boolean;
  /** New transactions; one with the last dot of a stored one takes its place. */
  readonly append?: readonly StoredTransaction[];
  /** What is appended, or refused, was written by a tab that does not lead: its record in the outbox of the tabs is settled with this. */
  readonly taken?: TakenWrite;
  /** Transactions up to here have verdicts; those not named in `voided` are confirmed. */
  readonly settled?: { readonly through: number; readonly voided: readonly number[] };
  /** The confirmed state, which contains all transactions settled up to `through`. */
  readonly state?: { readonly epoch: bigint; readonly fragment: Uint8Array; readonly through: number };
  /** Drops the confirmed state. */
  readonly forget?: boolean;
  /** New rejections; one with the id of a stored one takes its place. */
  readonly addRejections?: readonly StoredRejection[];
  readonly removeRejections?: readonly string[];
  /** The page is going away: what takes an answer of the store will not happen. Such a batch has `lease` and `state`. */
  readonly leaving?: boolean;
}

/**
 * Where a client keeps what must survive a reload. Batches take effect in the order of the calls. A batch fails with
 * code `session-replaced` when another run has taken over the lease; it then has had no effect.
 */
export interface ClientStore {
  /** Called once. Takes over a lease that no living run holds, if there is one. */
  load(): Promise<StoredDocument>;
  /** Resolves when the batch survives a crash of this process. */
  commit(batch: StoreBatch): Promise<void>;
  /** Gives the lease up for the next run to continue. */
  close(): Promise<void>;
}
