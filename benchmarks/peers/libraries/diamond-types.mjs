// diamond-types compiled to WebAssembly, behind the adapter of the replay. It counts positions in code points.
import { Doc } from 'diamond-types-node'

export default {
  name: 'diamond-types',
  package: 'diamond-types-node',
  heap: 'rss',
  positions: 'points',

  create (listener) {
    return { doc: new Doc('local'), listener }
  },

  edit (held, position, deleted, inserted) {
    const before = held.listener ? held.doc.getLocalVersion() : null
    if (deleted > 0) held.doc.del(position, deleted)
    if (inserted.length > 0) held.doc.ins(position, inserted)
    if (held.listener) held.listener(held.doc.getPatchSince(before))
  },

  apply (held, update) {
    held.doc.mergeBytes(update)
  },

  text: held => held.doc.get(),

  close (held) {
    held.doc.free()
  },

  formats: {
    binary: {
      encode: held => held.doc.toBytes(),
      load: bytes => ({ doc: Doc.fromBytes(bytes, 'loaded') })
    }
  }
}
