import type { ClientStore, Lease, StoreBatch, StoredDocument, StoredRejection, StoredTransaction } from './client-store.ts';

/** A store that lives as long as this object; several runs may use it one after the other. */
export class MemoryStore implements ClientStore {
  private lease: Lease | undefined;
  private pending: StoredTransaction[] = [];
  private epoch = 0n;
  private fragments: Uint8Array[] = [];
  private accepted: StoredTransaction[] = [];
  private rejections: StoredRejection[] = [];

  async load(): Promise<StoredDocument> {
    const fragments = [...this.fragments, ...this.accepted.map(({ fragment }) => fragment)];
    return {
      lease: this.lease,
      pending: [...this.pending],
      state: fragments.length ? { epoch: this.epoch, fragments } : undefined,
      rejections: [...this.rejections],
    };
  }

  async commit(batch: StoreBatch): Promise<void> {
    const { settled, state, append = [], addRejections = [] } = batch;
    if (batch.renew) {
      this.pending = [];
    }
    if (batch.forget) {
      this.fragments = this.accepted = [];
    }
    this.lease = batch.lease ?? this.lease;
    this.pending = [...this.pending.filter(({ last }) => !append.some((each) => each.last === last)), ...append];
    if (settled) {
      const done = this.pending.filter(({ last }) => last <= settled.through);
      this.accepted = [...this.accepted, ...done.filter(({ last }) => !settled.voided.includes(last))];
      this.pending = this.pending.filter(({ last }) => last > settled.through);
    }
    if (state) {
      this.epoch = state.epoch;
      this.fragments = [state.fragment];
      this.accepted = this.accepted.filter(({ last }) => last > state.through);
    }
    this.rejections = [...this.rejections.filter(({ id }) => !addRejections.some((each) => each.id === id)), ...addRejections];
    this.rejections = this.rejections.filter(({ id }) => !batch.removeRejections?.includes(id));
  }

  async close(): Promise<void> {}
}
