// The client's packages as this server has them. With a bundler these are '@rejoin/client', '@rejoin/client/idb' and so on.
export { open } from './rejoin/index.js';
export { openAtOneOf } from './rejoin/failover.js';
export { IndexedDbStore } from './rejoin/idb.js';
export { OperationTimes } from './rejoin/times.js';
export { presenceOf } from './rejoin/presence.js';
export { sessionOf } from './rejoin/session-token.js';
