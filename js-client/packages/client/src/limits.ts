/** Greatest encoded size of a transaction in bytes: a client frame of 1 MiB less its envelope. */
export const MAX_TRANSACTION_BYTES = (1 << 20) - 64;
/** Greatest number of dots that a transaction claims. */
export const MAX_TRANSACTION_DOTS = 65_536;
/** Greatest number of objects that a transaction defines. */
export const MAX_TRANSACTION_OBJECTS = 4_096;
/** Greatest number of replicas that a transaction names. */
export const MAX_TRANSACTION_REPLICAS = 4_096;
/** Greatest encoded size of a presence payload in bytes. */
export const MAX_PRESENCE_BYTES = 4_096;
/** Least time between two presence frames in milliseconds. */
export const PRESENCE_INTERVAL_MILLIS = 60;
/** Shortest and longest ceiling of the random wait before the next connection, in milliseconds. */
export const BACKOFF_MIN_MILLIS = 200;
export const BACKOFF_MAX_MILLIS = 30_000;
/** A connection that has lived this long, in milliseconds, starts the backoff anew. */
export const HEALTHY_MILLIS = 10_000;
/** Longest wait for the server's first frame in milliseconds. */
export const HANDSHAKE_MILLIS = 10_000;
/** The confirmed state is stored this long, in milliseconds, after it changed. */
export const SAVE_DELAY_MILLIS = 1_000;
/** Least time between two reports of known verdicts, in milliseconds. */
export const PROGRESS_MILLIS = 1_000;
