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

const sorted = object => Object.keys(object).sort()

const describeValue = value => {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'undefined':
      return 'undefined'
    case 'boolean':
      return String(value)
    case 'number':
      return describeNumber(value)
    case 'bigint':
      return value + 'n'
    case 'string':
      return '"' + value + '"'
  }
  if (value instanceof Uint8Array) return 'b' + Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return '[' + value.map(describeValue).join(',') + ']'
  if (value instanceof Y.AbstractType) return describeType(value)
  if (value instanceof Y.Doc) return 'doc(' + value.guid + ')'
  return describeObject(value)
}

const describeObject = object => '{' + sorted(object).map(key => key + ':' + describeValue(object[key])).join(',') + '}'

const forward = item => item.right

// ids of the units of a list, the deleted ones too: runs of one client and one kind
const describeUnits = (first, next) => {
  let text = ''
  let client = -1
  let from = 0
  let to = 0
  let kind = ''
  for (let item = first; item !== null; item = next(item)) {
    const itemKind = item.deleted ? '-' : String(item.content.getRef())
    if (item.id.client === client && item.id.clock === to && itemKind === kind) {
      to += item.length
    } else {
      if (client >= 0) text += client + ':' + from + '+' + (to - from) + kind + ' '
      client = item.id.client
      from = item.id.clock
      to = from + item.length
      kind = itemKind
    }
  }
  if (client >= 0) text += client + ':' + from + '+' + (to - from) + kind
  return '#' + text
}

// neighbouring strings of equal attributes are one: where yjs cuts them depends on markers that mean nothing
export const describeDelta = delta => {
  let text = ''
  let before = null
  for (const { insert, attributes } of delta) {
    const attributed = attributes === undefined ? '' : describeObject(attributes)
    if (typeof insert === 'string') {
      if (before === attributed) text += insert
      else text += (before === null ? '' : '"' + before) + '"' + insert
      before = attributed
    } else {
      if (before !== null) text += '"' + before
      before = null
      text += '<' + describeValue(insert) + '>' + attributed
    }
  }
  return before === null ? text : text + '"' + before
}

const describeMap = type => {
  let text = '{'
  for (const key of [...type._map.keys()].sort()) {
    const last = type._map.get(key)
    let first = last
    while (first.left !== null) first = first.left
    const value = last.deleted ? '-' : describeValue(last.content.getContent()[last.length - 1])
    text += key + '=' + value + describeUnits(first, forward) + ';'
  }
  return text + '}'
}

// whether a type reads as XML; how an object inside of one reads is an accident
const isMarkup = type =>
  type instanceof Y.Text
    ? type.toDelta().every(({ insert }) => typeof insert === 'string')
    : type instanceof Y.XmlFragment && type.toArray().every(isMarkup)

const markup = type => (isMarkup(type) ? type.toString() : '')

// what is no type has no business there, and ours does not show it
const describeChild = child => (child instanceof Y.AbstractType ? describeType(child) : '?')

const describeType = type => {
  const units = describeUnits(type._start, forward)
  if (type instanceof Y.XmlText) return 'XT' + describeDelta(type.toDelta()) + '|' + markup(type) + units + describeMap(type)
  if (type instanceof Y.Text) return 'T' + describeDelta(type.toDelta()) + '|' + type.toString() + '|' + type.length + units + describeMap(type)
  if (type instanceof Y.Array) return 'A' + type.length + '[' + type.toArray().map(describeValue).join(',') + ']' + units
  if (type instanceof Y.XmlElement) return 'XE' + type.nodeName + '[' + type.toArray().map(describeChild).join(',') + ']' + units + describeMap(type)
  if (type instanceof Y.XmlFragment) return 'XF[' + type.toArray().map(describeChild).join(',') + ']' + markup(type) + units
  return 'M' + describeMap(type)
}

export const describe = doc => {
  const { t, p, a, m, x } = roots(doc)
  const clients = [...doc.store.clients.keys()].sort((c, d) => c - d)
  let text = 'sv'
  for (const client of clients) text += ' ' + client + ':' + Y.getState(doc.store, client)
  text += '\nds'
  const deleted = Y.createDeleteSetFromStructStore(doc.store).clients
  for (const client of clients) {
    const ranges = deleted.get(client)
    if (ranges !== undefined) for (const { clock, len } of ranges) text += ' ' + client + ':' + clock + '+' + len
  }
  for (const name of [...doc.share.keys()].sort()) {
    const root = doc.share.get(name)
    if (root.constructor === Y.AbstractType && root._start !== null) text += '\nroot ' + name + describeUnits(root._start, forward)
  }
  return text + '\nt ' + describeType(t) + '\np ' + describeType(p) + '\na ' + describeType(a) + '\nm ' + describeType(m) + '\nx ' + describeType(x)
}

export const pendingBits = doc => (doc.store.pendingStructs === null ? 0 : 1) | (doc.store.pendingDs === null ? 0 : 2)

export const roots = doc => ({
  t: doc.get('t', Y.Text),
  p: doc.get('p', Y.Text),
  a: doc.get('a', Y.Array),
  m: doc.get('m', Y.Map),
  x: doc.get('x', Y.XmlFragment)
})

// two hashes of 32 bits over the UTF-16 units, as Description.java computes them
export const digest = (text, out) => {
  let a = 0x2545f491
  let b = 0x6c078965
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x85ebca77)
    a ^= a >>> 15
  }
  out.int(a)
  out.int(b)
}
