// Loro behind the adapter of the replay: updates, snapshots and shallow snapshots.
import { LoroDoc } from 'loro-crdt'

function load (bytes) {
  const doc = new LoroDoc()
  doc.import(bytes)
  return { doc, text: doc.getText('text') }
}

export default {
  name: 'Loro',
  package: 'loro-crdt',
  heap: 'rss',
  positions: 'units',

  create (listener) {
    const doc = new LoroDoc()
    doc.setPeerId(1n)
    if (listener) doc.subscribeLocalUpdates(listener)
    return { doc, text: doc.getText('text') }
  },

  edit (held, position, deleted, inserted) {
    if (deleted > 0) held.text.delete(position, deleted)
    if (inserted.length > 0) held.text.insert(position, inserted)
    held.doc.commit()
  },

  apply (held, update) {
    held.doc.import(update)
  },

  text: held => held.text.toString(),

  close (held) {
    held.text.free()
    held.doc.free()
  },

  formats: {
    update: { encode: held => held.doc.export({ mode: 'update' }), load },
    snapshot: { encode: held => held.doc.export({ mode: 'snapshot' }), load },
    shallow: {
      encode: held => held.doc.export({ mode: 'shallow-snapshot', frontiers: held.doc.frontiers() }),
      load
    }
  }
}
