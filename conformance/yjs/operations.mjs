// How the numbers of a script act on a yjs document. Operations.java does the same to ours.
import { ATTRIBUTES, EMBEDS, KEYS, LIST_VALUES, NAMES, PLAIN_TEXTS, TEXTS, VALUES, XML_VALUES } from './pools.mjs'
import { roots } from './describe.mjs'
import * as Y from 'yjs'

export const live = doc => {
  const found = { text: [], array: [], map: [], xml: [], element: [], all: [] }
  const visit = type => {
    found.all.push(type)
    if (type instanceof Y.Text) {
      found.text.push(type)
      for (let item = type._start; item !== null; item = item.right) {
        if (!item.deleted && item.content instanceof Y.ContentType) visit(item.content.type)
      }
    } else if (type instanceof Y.Array) {
      found.array.push(type)
      for (const value of type.toArray()) if (value instanceof Y.AbstractType) visit(value)
    } else if (type instanceof Y.XmlFragment) {
      found.xml.push(type)
      if (type instanceof Y.XmlElement) found.element.push(type)
      for (const child of type.toArray()) visit(child)
    } else {
      found.map.push(type)
      for (const key of [...type.keys()].sort()) {
        const value = type.get(key)
        if (value instanceof Y.AbstractType) visit(value)
      }
    }
  }
  const { t, a, m, x } = roots(doc)
  for (const root of [t, a, m, x]) visit(root)
  return found
}

export const pick = (list, raw) => list[raw % list.length]

// one character per unit of the text; what is not text shows as U+0000
const unitsOf = type => {
  let units = ''
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    units += item.content instanceof Y.ContentString ? item.content.str : '\0'.repeat(item.length)
  }
  return units
}

const within = (units, index) => {
  if (index <= 0 || index >= units.length) return false
  const before = units.charCodeAt(index - 1)
  const after = units.charCodeAt(index)
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000
}

// instead of a position: where the last edit of this replica ended
const CURSOR = 1 << 20

// positions in a text: never between the halves of a pair
class Positions {
  constructor (type, pairs, cursor) {
    this.length = type.length
    this.units = pairs ? unitsOf(type) : ''
    this.cursor = cursor
  }

  snap (index) {
    return within(this.units, index) ? index + 1 : index
  }

  any (raw) {
    return this.snap(raw >= CURSOR ? Math.min(this.cursor, this.length) : raw % (this.length + 1))
  }

  // end of a stretch of at least one unit, if there is one
  end (from, raw) {
    return from >= this.length ? from : this.snap(from + 1 + (raw % (this.length - from)))
  }
}

const KINDS = [
  () => new Y.Array(),
  () => new Y.Map(),
  () => new Y.Text(),
  () => new Y.XmlElement('n'),
  () => new Y.XmlFragment(),
  () => new Y.XmlText()
]
const TEXT_KINDS = 4 // those that a text takes
const newType = raw => pick(KINDS, raw)()
const newDoc = raw => new Y.Doc({ guid: 'g' + (raw % 5), autoLoad: raw % 3 === 1, gc: raw % 4 !== 1, meta: raw % 7 === 3 ? { v: raw % 2 } : null })

// yjs tells objects by identity, so each operation has its own
const attributes = raw => copy(pick(ATTRIBUTES, raw)) ?? undefined

const copy = value => {
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, copy(held)]))
}

export class Operations {
  constructor (doc, pairs) {
    this.doc = doc
    this.pairs = pairs
    this.cursor = 0
  }

  positions (type) {
    return new Positions(type, this.pairs, this.cursor)
  }

  index (raw, length) {
    return raw >= CURSOR ? Math.min(this.cursor, length) : raw % (length + 1)
  }

  text (raw) {
    return pick(this.pairs ? TEXTS : TEXTS.slice(0, PLAIN_TEXTS), raw)
  }

  perform (op, g) {
    const types = op === 7 || op === 8 ? null : live(this.doc)
    switch (op) {
      case 1: {
        const type = pick(types.text, g[0])
        const at = this.positions(type).any(g[1])
        const text = this.text(g[2])
        type.insert(at, text, attributes(g[3]))
        this.cursor = at + text.length
        return
      }
      case 2: {
        const type = pick(types.text, g[0])
        const positions = this.positions(type)
        const from = positions.any(g[1])
        type.delete(from, positions.end(from, g[2]) - from)
        this.cursor = from
        return
      }
      case 3: {
        const type = pick(types.text, g[0])
        const positions = this.positions(type)
        const from = positions.any(g[1])
        type.format(from, positions.end(from, g[2]) - from, attributes(g[3]) ?? {})
        return
      }
      case 4: {
        const type = pick(types.text, g[0])
        type.insertEmbed(this.positions(type).any(g[1]), pick(EMBEDS, g[2]), attributes(g[3]))
        return
      }
      case 5: {
        const type = pick(types.text, g[0])
        type.insertEmbed(this.positions(type).any(g[1]), pick(KINDS, g[2] % TEXT_KINDS)())
        return
      }
      case 6:
        return this.applyDelta(pick(types.text, g[0]), g)
      case 7: {
        const type = this.doc.get('p', Y.Text)
        const at = this.positions(type).any(g[0])
        const text = this.text(g[1])
        type.insert(at, text)
        this.cursor = at + text.length
        return
      }
      case 8: {
        const type = this.doc.get('p', Y.Text)
        const positions = this.positions(type)
        const from = positions.any(g[0])
        type.delete(from, positions.end(from, g[1]) - from)
        this.cursor = from === 0 ? 0 : positions.snap(from - 1)
        return
      }
      case 9: {
        const type = pick(types.array, g[0])
        const at = this.index(g[1], type.length)
        type.insert(at, g.slice(2).map(raw => VALUES[raw % LIST_VALUES]))
        this.cursor = at + g.length - 2
        return
      }
      case 10:
        pick(types.array, g[0]).push(g.slice(1).map(raw => VALUES[raw % LIST_VALUES]))
        return
      case 11: {
        const type = pick(types.array, g[0])
        const from = this.index(g[1], type.length)
        type.delete(from, from === type.length ? 0 : 1 + (g[2] % (type.length - from)))
        return
      }
      case 12: {
        const type = pick(types.array, g[0])
        type.insert(this.index(g[1], type.length), [newType(g[2])])
        return
      }
      case 13: {
        const type = pick(types.array, g[0])
        type.insert(this.index(g[1], type.length), [newDoc(g[2])])
        return
      }
      case 14:
        pick(types.map, g[0]).set(pick(KEYS, g[1]), pick(VALUES, g[2]))
        return
      case 15:
        pick(types.map, g[0]).set(pick(KEYS, g[1]), newType(g[2]))
        return
      case 16:
        pick(types.map, g[0]).delete(pick(KEYS, g[1]))
        return
      case 17:
        pick(types.map, g[0]).clear()
        return
      case 18:
        pick(types.map, g[0]).set(pick(KEYS, g[1]), newDoc(g[2]))
        return
      case 19: {
        const type = pick(types.xml, g[0])
        type.insert(this.index(g[1], type.length), [g[2] % 2 === 0 ? new Y.XmlText() : new Y.XmlElement(pick(NAMES, g[2] >> 1))])
        return
      }
      case 20: {
        const type = pick(types.xml, g[0])
        const from = this.index(g[1], type.length)
        type.delete(from, from === type.length ? 0 : 1 + (g[2] % (type.length - from)))
        return
      }
      case 21:
        if (types.element.length > 0) pick(types.element, g[0]).setAttribute(pick(KEYS, g[1]), pick(XML_VALUES, g[2]))
        return
      case 22:
        if (types.element.length > 0) pick(types.element, g[0]).removeAttribute(pick(KEYS, g[1]))
        return
      case 23:
        pick(types.text, g[0]).setAttribute(pick(KEYS, g[1]), pick(XML_VALUES, g[2]))
        return
      case 24:
        pick(types.text, g[0]).removeAttribute(pick(KEYS, g[1]))
        return
      default:
        throw new Error('no operation ' + op)
    }
  }

  // after the target: (kind, number, attributes) each
  applyDelta (type, g) {
    const positions = this.positions(type)
    const delta = []
    let at = 0
    for (let i = 1; i + 2 < g.length; i += 3) {
      const given = attributes(g[i + 2])
      const op = {}
      switch (g[i] % 4) {
        case 0:
        case 1: {
          const end = positions.end(at, g[i + 1])
          if (end === at) continue
          op[g[i] % 4 === 0 ? 'retain' : 'delete'] = end - at
          at = end
          break
        }
        case 2:
          op.insert = this.text(g[i + 1])
          break
        default:
          op.insert = pick(EMBEDS, g[i + 1])
      }
      if (given !== undefined && op.delete === undefined) op.attributes = given
      delta.push(op)
    }
    type.applyDelta(delta)
  }
}
