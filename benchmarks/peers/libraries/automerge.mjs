// Automerge behind the adapter of the replay: one change per edit.
import * as A from '@automerge/automerge'

const ACTOR = '01'
const PATH = ['text']

export default {
  name: 'Automerge',
  package: '@automerge/automerge',
  heap: 'rss',
  positions: 'units',

  create (listener) {
    const doc = A.from({ text: '' }, { actor: ACTOR })
    if (listener) listener(A.getLastLocalChange(doc))
    return { doc, listener }
  },

  /** The document starts out without its text; the first change brings it. */
  createEmpty () {
    return { doc: A.init({ actor: '02' }) }
  },

  edit (held, position, deleted, inserted) {
    held.doc = A.change(held.doc, draft => A.splice(draft, PATH, position, deleted, inserted))
    if (held.listener) held.listener(A.getLastLocalChange(held.doc))
  },

  apply (held, update) {
    held.doc = A.applyChanges(held.doc, [update])[0]
  },

  text: held => held.doc.text,

  close (held) {
    A.free(held.doc)
  },

  formats: {
    binary: {
      encode: held => A.save(held.doc),
      load: bytes => ({ doc: A.load(bytes, { actor: '03' }) })
    }
  }
}
