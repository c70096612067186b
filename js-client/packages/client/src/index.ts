export { open, Client, type ConnectionState, type OpenOptions, type PendingWrite, type Status, type SyncState, type WebSocketLike } from './client.ts';
export type { ClientStore, Lease, StoreBatch, StoredDocument, StoredRejection, StoredState, StoredTransaction } from './client-store.ts';
export { Counter, Document, Flag, GCounter, Handle, MvRegister, Register, SharedMap, SharedSet, type ChangeEvent, type Origin } from './document.ts';
export { MemoryStore } from './memory-store.ts';
export { RejoinError } from './errors.ts';
export type { Mutation, ObjectType, Op } from './mutation.ts';
export type { Change } from './store.ts';
export type { Value } from './values.ts';
export type { Rejection, Write, WriteState } from './write.ts';
