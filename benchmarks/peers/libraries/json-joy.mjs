// json-joy behind the adapter of the replay. Its CommonJS build: the other one does not load in Node, and made to load it is no faster.
import crdt from 'json-joy/lib/json-crdt/index.js'
import patches from 'json-joy/lib/json-crdt-patch/index.js'

const { Model } = crdt
const { Patch } = patches
const SESSION = 70_000

export default {
  name: 'json-joy',
  package: 'json-joy',
  heap: 'js',
  positions: 'units',

  create (listener) {
    const model = Model.create(undefined, SESSION)
    if (!listener) {
      model.api.set('')
      model.api.flush()
      return { model, text: model.api.str([]), listener }
    }
    model.api.set('')
    listener(model.api.flush().toBinary())
    return { model, text: model.api.str([]), listener }
  },

  /** The document starts out without a root; the first update brings it. */
  createEmpty () {
    return { model: Model.create(undefined, SESSION + 1) }
  },

  edit (held, position, deleted, inserted) {
    if (deleted > 0) held.text.del(position, deleted)
    if (inserted.length > 0) held.text.ins(position, inserted)
    const patch = held.model.api.flush()
    if (held.listener) held.listener(patch.toBinary())
  },

  apply (held, update) {
    held.model.applyPatch(Patch.fromBinary(update))
  },

  text: held => held.model.view(),

  close () {},

  formats: {
    binary: {
      encode: held => held.model.toBinary(),
      load (bytes) {
        const model = Model.load(bytes, SESSION + 2)
        return { model, text: model.api.str([]) }
      }
    }
  }
}
