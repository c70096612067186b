/** How late the changes of another server come to the server that this client is at, as that one measures it. In milliseconds. */
export interface OriginLag {
  /** Names the opening of its log, as 12 hex digits. */
  readonly origin: string;
  /** How long what is here now took to come; while nothing comes, how long that has been so. */
  readonly lagMillis: number;
  readonly p50Millis: number;
  readonly p95Millis: number;
  /** What the origin had admitted this long ago is here. */
  readonly ageMillis: number;
  /** By how much each of the others may be wrong; `Infinity` if nobody can tell. */
  readonly uncertaintyMillis: number;
  /** Its heartbeats are overdue. */
  readonly silent: boolean;
}
