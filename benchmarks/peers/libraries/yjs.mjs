// Yjs behind the adapter of the replay: text, rich text, trees, both encodings. The ES module build: the CommonJS one is several times slower.
import * as Y from 'yjs'
import { createHash } from 'node:crypto'

const CLIENT = 1

function open (client = CLIENT) {
  const doc = new Y.Doc()
  doc.clientID = client
  return doc
}

function load (apply, update) {
  const doc = new Y.Doc()
  apply(doc, update)
  return doc
}

export default {
  name: 'Yjs',
  package: 'yjs',
  heap: 'js',
  positions: 'units',

  create (listener, client) {
    const doc = open(client)
    if (listener) doc.on('update', listener)
    return { doc, text: doc.getText('text') }
  },

  edit (held, position, deleted, inserted) {
    if (deleted === 0) held.text.insert(position, inserted)
    else if (inserted.length === 0) held.text.delete(position, deleted)
    else {
      held.doc.transact(() => {
        held.text.delete(position, deleted)
        held.text.insert(position, inserted)
      })
    }
  },

  apply (held, update) {
    Y.applyUpdate(held.doc, update)
  },

  text: held => held.text.toString(),

  close (held) {
    held.doc.destroy()
  },

  formats: {
    v1: {
      encode: held => Y.encodeStateAsUpdate(held.doc),
      load (update) {
        const doc = load(Y.applyUpdate, update)
        return { doc, text: doc.getText('text') }
      }
    },
    v2: {
      encode: held => Y.encodeStateAsUpdateV2(held.doc),
      load (update) {
        const doc = load(Y.applyUpdateV2, update)
        return { doc, text: doc.getText('text') }
      }
    }
  },

  rich: {
    step (held, op) {
      const text = held.text
      switch (op[0]) {
        case 'i': text.insert(op[1], op[2], op[3]); break
        case 'e': text.insertEmbed(op[1], op[2]); break
        case 'd': text.delete(op[1], op[2]); break
        case 'f': text.format(op[1], op[2], op[3]); break
      }
    },
    matches: (held, trace) => canonical(segments(held.text.toDelta())) === canonical(trace.delta)
  },

  tree: {
    /** The paragraphs' texts by position, as an editor binding keeps them. */
    open (held) {
      held.root = held.doc.getXmlFragment('prosemirror')
      held.texts = []
    },

    step (held, op) {
      switch (op[0]) {
        case 'p': held.doc.transact(() => paragraph(held, op[1], op[2], op[3], op[4])); break
        case 'i': held.texts[op[1]].insert(op[2], op[3], op[4]); break
        case 'd': held.texts[op[1]].delete(op[2], op[3]); break
        case 'f': held.texts[op[1]].format(op[2], op[3], op[4]); break
        case 'a': held.texts[op[1]].parent.setAttribute(op[2], op[3]); break
        case 's':
          held.doc.transact(() => {
            if (op[6] > 0) held.texts[op[1]].delete(op[2], op[6])
            paragraph(held, op[1] + 1, op[3], op[4], op[5])
          })
          break
        case 'j':
          held.doc.transact(() => {
            append(held.texts[op[1]], op[2], op[3])
            held.root.delete(op[1] + 1, 1)
            held.texts.splice(op[1] + 1, 1)
          })
          break
      }
    },

    text: held => held.doc.getXmlFragment('prosemirror').toArray().map(element => plain(element.get(0))).join('\n'),

    matches: (held, trace) =>
      createHash('sha256').update(held.doc.getXmlFragment('prosemirror').toString()).digest('hex') === trace.digest
  }
}

function paragraph (held, at, name, attributes, segments) {
  const element = new Y.XmlElement(name)
  held.root.insert(at, [element])
  for (const key in attributes) element.setAttribute(key, attributes[key])
  const text = new Y.XmlText()
  element.insert(0, [text])
  append(text, 0, segments)
  held.texts.splice(at, 0, text)
}

function append (text, at, segments) {
  for (const [content, attributes] of segments) {
    text.insert(at, content, attributes)
    at += content.length
  }
}

const plain = text => text.toDelta().map(op => typeof op.insert === 'string' ? op.insert : '').join('')

const segments = delta => delta.map(op => [op.insert, op.attributes ?? {}])

const canonical = segments => JSON.stringify(segments.map(([insert, attributes]) =>
  [insert, Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1))]))
