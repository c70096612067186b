// The description by which documents of the two sides are compared: state vector, delete set, and for every live type
// its content and the ids of all its units in their order. Description.java gives the same text for the same document.
import * as Y from 'yjs'

const bits = new DataView(new ArrayBuffer(8))
const hex = number => number.toString(16).padStart(8, '0')

const describeNumber = value => {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0)) return 'n' + value
  bits.setFloat64(0, Number.isNaN(value) ? NaN : value)
  return 'f' + hex(bits.getUint32(0)) + hex(bits.getUint32(4))
}

/** Keeps what is described as text. */
export class Text {
  text = ''

  add (text) {
    this.text += text
  }
}

/** Keeps two hashes of 32 bits over the UTF-16 units of what is described, as Transcript.java does. */
export class Digest {
  a = 0x2545f491
  b = 0x6c078965

  add (text) {
    let { a, b } = this
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x9e3779b1)
      b = Math.imul(b ^ unit, 0x85ebca77)
      a ^= a >>> 15
    }
    this.a = a
    this.b = b
  }

  equals (a, b) {
    return (this.a | 0) === a && (this.b | 0) === b
  }
}

const addValue = (out, value) => {
  if (value === null) return out.add('null')
  switch (typeof value) {
    case 'undefined':
      return out.add('undefined')
    case 'boolean':
      return out.add(value ? 'true' : 'false')
    case 'number':
      return out.add(describeNumber(value))
    case 'bigint':
      return out.add(value + 'n')
    case 'string':
      out.add('"')
      out.add(value)
      return out.add('"')
  }
  if (value instanceof Uint8Array) return out.add('b' + Buffer.from(value).toString('hex'))
  if (Array.isArray(value)) return addList(out, value, addValue)
  if (value instanceof Y.AbstractType) return addType(out, value)
  if (value instanceof Y.Doc) return out.add('doc(' + value.guid + ')')
  addObject(out, value)
}

const addList = (out, list, addElement) => {
  out.add('[')
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out.add(',')
    addElement(out, list[i])
  }
  out.add(']')
}

const addObject = (out, object) => {
  out.add('{')
  const keys = Object.keys(object).sort()
  for (let i = 0; i < keys.length; i++) {
    if (i > 0) out.add(',')
    out.add(keys[i])
    out.add(':')
    addValue(out, object[keys[i]])
  }
  out.add('}')
}

const objectText = object => {
  const out = new Text()
  addObject(out, object)
  return out.text
}

const DELETED = 100 // no kind of content

// ids of the units of a list, the deleted ones too: runs of one client and one kind
const addUnits = (out, first) => {
  out.add('#')
  let client = -1
  let from = 0
  let to = 0
  let kind = -1
  for (let item = first; item !== null; item = item.right) {
    const itemKind = item.deleted ? DELETED : item.content.getRef()
    if (item.id.clock === to && item.id.client === client && itemKind === kind) {
      to += item.length
    } else {
      if (client >= 0) {
        addRun(out, client, from, to, kind)
        out.add(' ')
      }
      client = item.id.client
      from = item.id.clock
      to = from + item.length
      kind = itemKind
    }
  }
  if (client >= 0) addRun(out, client, from, to, kind)
}

const addRun = (out, client, from, to, kind) => {
  out.add(String(client))
  out.add(':')
  out.add(String(from))
  out.add('+')
  out.add(String(to - from))
  out.add(kind === DELETED ? '-' : String(kind))
}

// neighbouring strings of equal attributes are one: where yjs cuts them depends on markers that mean nothing
export const addDelta = (out, delta) => {
  let before = null
  for (const { insert, attributes } of delta) {
    const attributed = attributes === undefined ? '' : objectText(attributes)
    if (before !== null && !(typeof insert === 'string' && before === attributed)) {
      out.add('"')
      out.add(before)
    }
    if (typeof insert === 'string') {
      if (before !== attributed) out.add('"')
      out.add(insert)
      before = attributed
    } else {
      before = null
      out.add('<')
      addValue(out, insert)
      out.add('>')
      out.add(attributed)
    }
  }
  if (before !== null) {
    out.add('"')
    out.add(before)
  }
}

const addMap = (out, type) => {
  out.add('{')
  for (const key of type._map.size > 1 ? [...type._map.keys()].sort() : type._map.keys()) {
    const last = type._map.get(key)
    let first = last
    while (first.left !== null) first = first.left
    out.add(key)
    out.add('=')
    if (last.deleted) out.add('-')
    else addValue(out, last.content.getContent()[last.length - 1])
    addUnits(out, first)
    out.add(';')
  }
  out.add('}')
}

const isText = delta => delta.every(({ insert }) => typeof insert === 'string')

// whether a type reads as XML; how an object inside of one reads is an accident
const isMarkup = type =>
  type instanceof Y.Text ? isText(type.toDelta()) : type instanceof Y.XmlFragment && type.toArray().every(isMarkup)

// what is no type has no business there, and ours does not show it
const addChild = (out, child) => (child instanceof Y.AbstractType ? addType(out, child) : out.add('?'))

const addType = (out, type) => {
  if (type instanceof Y.Text) {
    const delta = type.toDelta()
    out.add(type instanceof Y.XmlText ? 'XT' : 'T')
    addDelta(out, delta)
    out.add('|')
    if (type instanceof Y.XmlText) {
      if (isText(delta)) out.add(type.toString())
    } else {
      out.add(type.toString())
      out.add('|')
      out.add(String(type.length))
    }
    addUnits(out, type._start)
    addMap(out, type)
  } else if (type instanceof Y.Array) {
    out.add('A')
    out.add(String(type.length))
    addList(out, type.toArray(), addValue)
    addUnits(out, type._start)
  } else if (type instanceof Y.XmlElement) {
    out.add('XE')
    out.add(type.nodeName)
    addList(out, type.toArray(), addChild)
    addUnits(out, type._start)
    addMap(out, type)
  } else if (type instanceof Y.XmlFragment) {
    out.add('XF')
    addList(out, type.toArray(), addChild)
    if (isMarkup(type)) out.add(type.toString())
    addUnits(out, type._start)
  } else {
    out.add('M')
    addMap(out, type)
  }
}

const ROOTS = 5

export const addDocument = (out, doc) => {
  const { t, p, a, m, x } = roots(doc)
  const clients = [...doc.store.clients.keys()].sort((c, d) => c - d)
  out.add('sv')
  for (const client of clients) {
    out.add(' ')
    out.add(String(client))
    out.add(':')
    out.add(String(Y.getState(doc.store, client)))
  }
  out.add('\nds')
  const deleted = Y.createDeleteSetFromStructStore(doc.store).clients
  for (const client of clients) {
    const ranges = deleted.get(client)
    if (ranges === undefined) continue
    for (const { clock, len } of ranges) out.add(' ' + client + ':' + clock + '+' + len)
  }
  if (doc.share.size > ROOTS) {
    for (const name of [...doc.share.keys()].sort()) {
      const root = doc.share.get(name)
      if (root.constructor !== Y.AbstractType || root._start === null) continue
      out.add('\nroot ')
      out.add(name)
      addUnits(out, root._start)
    }
  }
  out.add('\nt ')
  addType(out, t)
  out.add('\np ')
  addType(out, p)
  out.add('\na ')
  addType(out, a)
  out.add('\nm ')
  addType(out, m)
  out.add('\nx ')
  addType(out, x)
}

export const describe = doc => {
  const out = new Text()
  addDocument(out, doc)
  return out.text
}

export const pendingBits = doc => (doc.store.pendingStructs === null ? 0 : 1) | (doc.store.pendingDs === null ? 0 : 2)

const known = new WeakMap()

export const roots = doc => {
  let all = known.get(doc)
  if (all === undefined) {
    all = {
      t: doc.get('t', Y.Text),
      p: doc.get('p', Y.Text),
      a: doc.get('a', Y.Array),
      m: doc.get('m', Y.Map),
      x: doc.get('x', Y.XmlFragment)
    }
    known.set(doc, all)
  }
  return all
}
