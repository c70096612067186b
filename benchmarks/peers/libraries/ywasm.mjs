// ywasm, the Rust port of Yjs compiled to WebAssembly, behind the adapter of the replay.
import * as W from 'ywasm'

const CLIENT = 1

function load (apply, update) {
  const doc = new W.YDoc({})
  apply(doc, update)
  return { doc, text: doc.getText('text') }
}

export default {
  name: 'ywasm',
  package: 'ywasm',
  heap: 'rss',
  positions: 'units',

  create (listener, client = CLIENT) {
    const doc = new W.YDoc({ clientID: client })
    const subscription = listener ? doc.onUpdate(listener) : null
    return { doc, text: doc.getText('text'), subscription }
  },

  edit (held, position, deleted, inserted) {
    if (deleted === 0) held.text.insert(position, inserted)
    else if (inserted.length === 0) held.text.delete(position, deleted)
    else {
      const transaction = held.doc.beginTransaction()
      held.text.delete(position, deleted, transaction)
      held.text.insert(position, inserted, undefined, transaction)
      transaction.free()
    }
  },

  apply (held, update) {
    W.applyUpdate(held.doc, update)
  },

  text: held => held.text.toString(),

  close (held) {
    held.subscription?.free()
    held.text.free()
    held.doc.free()
  },

  formats: {
    v1: { encode: held => W.encodeStateAsUpdate(held.doc), load: update => load(W.applyUpdate, update) },
    v2: { encode: held => W.encodeStateAsUpdateV2(held.doc), load: update => load(W.applyUpdateV2, update) }
  }
}
