// Editors at a server that refuses some of what they do: stock yjs as a child process that keeps its documents from job to job.
import './ids.mjs'
import { describe, pendingBits, roots } from './describe.mjs'
import { serve } from './serve.mjs'
import * as Y from 'yjs'

const FROM_SERVER = 'server'
const editors = new Map()

const random = seed => {
  let state = seed | 0
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const attributes = (below, mark) => [{ b: true }, { b: null }, { i: true, b: null }, { link: mark }, { link: null }, {}][below(6)]

const editText = (text, below, mark) => {
  const index = below(text.length + 1)
  const length = Math.min(text.length - index, 1 + below(5))
  switch (below(6)) {
    case 0:
    case 1:
      return text.insert(index, mark, below(2) ? attributes(below, mark) : undefined)
    case 2:
      return text.insertEmbed(index, { mark }, attributes(below, mark))
    case 3:
      return length > 0 && text.format(index, length, attributes(below, mark))
    default:
      return length > 0 && text.delete(index, length)
  }
}

const made = (below, mark) => {
  switch (below(4)) {
    case 0:
      return new Y.Map([['in', mark], ['list', Y.Array.from([mark])]])
    case 1:
      return new Y.Text(mark)
    case 2:
      return Y.Array.from([mark, new Y.Map([['deep', new Y.Text(mark)]])])
    default:
      return { plain: mark }
  }
}

const editArray = (array, below, mark, depth) => {
  const index = below(array.length + 1)
  const child = index < array.length ? array.get(index) : null
  switch (below(5)) {
    case 0:
      return array.insert(index, [mark, below(9)])
    case 1:
      return array.insert(index, [made(below, mark)])
    case 2:
      return editChild(child, below, mark, depth)
    default:
      return array.delete(index, Math.min(array.length - index, 1 + below(3)))
  }
}

const editMap = (map, below, mark, depth) => {
  const key = 'k' + below(3)
  switch (below(5)) {
    case 0:
    case 1:
      return map.set(key, below(2) ? mark : below(99))
    case 2:
      return map.set(key, made(below, mark))
    case 3:
      return map.delete(key)
    default:
      return editChild(map.get(key), below, mark, depth)
  }
}

const editXml = (xml, below, mark, depth) => {
  const index = below(xml.length + 1)
  const child = index < xml.length ? xml.get(index) : null
  switch (below(6)) {
    case 0: {
      const element = new Y.XmlElement(below(2) ? 'p' : mark)
      element.setAttribute('id', mark)
      element.insert(0, [new Y.XmlText(mark)])
      return xml.insert(index, [element])
    }
    case 1:
      return xml.insert(index, [new Y.XmlText(mark)])
    case 2:
      return xml instanceof Y.XmlElement && xml.setAttribute('id', mark)
    case 3:
      return xml.delete(index, Math.min(xml.length - index, 1))
    default:
      return editChild(child, below, mark, depth)
  }
}

const editChild = (child, below, mark, depth) => {
  if (depth > 4) return
  if (child instanceof Y.Text) editText(child, below, mark)
  else if (child instanceof Y.Array) editArray(child, below, mark, depth + 1)
  else if (child instanceof Y.Map) editMap(child, below, mark, depth + 1)
  else if (child instanceof Y.XmlFragment) editXml(child, below, mark, depth + 1)
}

const edit = (doc, below, number) => {
  const { t, p, a, m, x } = roots(doc)
  doc.transact(() => {
    for (let i = below(3); i >= 0; i--) {
      const mark = 'Mark' + number + '.' + i + '!'
      const kind = below(4)
      if (kind === 0) editText(t, below, mark)
      else if (kind === 1) editArray(a, below, mark, 0)
      else if (kind === 2) editMap(m, below, mark, 0)
      else editXml(x, below, mark, 0)
    }
    // nobody ever deletes here, and every character is there once
    if (below(2)) p.insert(below(p.length + 1), String.fromCharCode(0x4e00 + number))
  })
}

const emitted = editor => {
  const updates = editor.updates
  editor.updates = []
  return updates.length === 0 ? new Uint8Array([0, 0]) : updates.length === 1 ? updates[0] : Y.mergeUpdates(updates)
}

serve({
  // number, client id, gc →
  0: (body, out) => {
    const number = body.int()
    const doc = new Y.Doc({ gc: body.byte() === 1, guid: 'doc' })
    doc.clientID = body.int()
    roots(doc)
    const editor = { doc, updates: [] }
    doc.on('update', (update, origin) => origin !== FROM_SERVER && editor.updates.push(update))
    editors.set(number, editor)
  },
  // number, seed, number of the edit → update
  1: (body, out) => {
    const editor = editors.get(body.int())
    edit(editor.doc, random(body.int()), body.int())
    out.blob(emitted(editor))
  },
  // number, update of the server → update that the editor makes of it: formats are cleaned up
  2: (body, out) => {
    const editor = editors.get(body.int())
    Y.applyUpdate(editor.doc, body.blob(), FROM_SERVER)
    out.blob(emitted(editor))
  },
  // number → what waits, description
  3: (body, out) => {
    const { doc } = editors.get(body.int())
    out.text(pendingBits(doc) + '\n' + describe(doc))
  },
  // number →
  4: (body, out) => editors.delete(body.int()),
  // updates → one
  5: (body, out) => out.blob(Y.mergeUpdates(body.blobs())),
  // number → what somebody who types after a refused deletion is shown when he undoes it
  6: (body, out) => {
    const editor = editors.get(body.int())
    const { t } = roots(editor.doc)
    const undo = new Y.UndoManager(t, { captureTimeout: 0 })
    editor.undo = undo
    t.delete(body.int(), body.int())
    out.blob(emitted(editor))
  },
  7: (body, out) => {
    const editor = editors.get(body.int())
    editor.undo.undo()
    out.text(roots(editor.doc).t.toString())
  },
  // number, index → encoded relative position in the text
  8: (body, out) => {
    const { doc } = editors.get(body.int())
    out.blob(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(roots(doc).t, body.int())))
  },
  // number, relative position → index
  9: (body, out) => {
    const { doc } = editors.get(body.int())
    out.int(Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(body.blob()), doc).index)
  },
  // number, index, characters → update
  10: (body, out) => {
    const editor = editors.get(body.int())
    roots(editor.doc).t.insert(body.int(), String.fromCharCode(...body.ints()))
    out.blob(emitted(editor))
  },
  // number → the text
  11: (body, out) => out.text(roots(editors.get(body.int()).doc).t.toString()),
  // number → update: a new paragraph with a text
  12: (body, out) => {
    const editor = editors.get(body.int())
    const paragraph = new Y.XmlElement('p')
    paragraph.insert(0, [new Y.XmlText('block')])
    roots(editor.doc).x.insert(0, [paragraph])
    out.blob(emitted(editor))
  },
  // number → update: the first paragraph goes
  13: (body, out) => {
    const editor = editors.get(body.int())
    roots(editor.doc).x.delete(0, 1)
    out.blob(emitted(editor))
  },
  // number → update: somebody types in the first paragraph
  14: (body, out) => {
    const editor = editors.get(body.int())
    roots(editor.doc).x.get(0).get(0).insert(5, ' more')
    out.blob(emitted(editor))
  }
})
