// What can be done to a document and asked of it, in the same words for yjs 13 and for Yjs 14, whose types differ.
// Roots are named after what they hold: text, map, array, xml.

/** Walks from the root by positions of children. */
const walk = (root, path) => path.reduce((node, position) => node.get(position), root)

const updates = (Y, doc) => ({
  stateVector: () => Buffer.from(Y.encodeStateVector(doc)).toString('base64'),
  update: ({ since }) => Buffer.from(
    Y.encodeStateAsUpdate(doc, since === undefined ? undefined : Buffer.from(since, 'base64'))).toString('base64'),
  /** As an application that loads a document would: the provider sends it on. */
  apply: ({ update }) => { Y.applyUpdate(doc, Buffer.from(update, 'base64'), 'application') }
})

/** Yjs 13 */
export const thirteen = (Y, doc) => {
  const text = () => doc.getText('text')
  const map = () => doc.getMap('map')
  const array = () => doc.getArray('array')
  const xml = () => doc.getXmlFragment('xml')
  return {
    insert: ({ index, text: inserted, attributes }) => text().insert(index, inserted, attributes),
    delete: ({ index, length }) => text().delete(index, length),
    format: ({ index, length, attributes }) => text().format(index, length, attributes),
    set: ({ key, value }) => { map().set(key, value) },
    remove: ({ key }) => map().delete(key),
    push: ({ values }) => array().push(values),
    arrayDelete: ({ index, length }) => array().delete(index, length),
    xmlElement: ({ path = [], index = 0, name, attributes = {} }) => {
      const element = new Y.XmlElement(name)
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
      walk(xml(), path).insert(index, [element])
    },
    xmlText: ({ path = [], index = 0, text: inserted }) => walk(xml(), path).insert(index, [new Y.XmlText(inserted)]),
    xmlAttribute: ({ path, key, value }) => walk(xml(), path).setAttribute(key, value),
    xmlDelete: ({ path = [], index, length = 1 }) => walk(xml(), path).delete(index, length),
    text: () => text().toString(),
    delta: () => text().toDelta(),
    map: () => map().toJSON(),
    array: () => array().toJSON(),
    xml: () => xml().toString(),
    ...updates(Y, doc)
  }
}

/** Yjs 14: one type for everything. Its text inside XML has no counterpart in yjs 13, so there is no `xmlText`. */
export const fourteen = (Y, doc) => {
  const text = () => doc.get('text')
  const map = () => doc.get('map')
  const array = () => doc.get('array')
  const xml = () => doc.get('xml')
  return {
    insert: ({ index, text: inserted, attributes }) => text().insert(index, inserted, attributes),
    delete: ({ index, length }) => text().delete(index, length),
    format: ({ index, length, attributes }) => text().format(index, length, attributes),
    set: ({ key, value }) => { map().setAttr(key, value) },
    remove: ({ key }) => map().deleteAttr(key),
    push: ({ values }) => array().push(values),
    arrayDelete: ({ index, length }) => array().delete(index, length),
    xmlElement: ({ path = [], index = 0, name, attributes = {} }) => {
      const element = new Y.Type(name)
      for (const [key, value] of Object.entries(attributes)) element.setAttr(key, value)
      walk(xml(), path).insert(index, [element])
    },
    xmlAttribute: ({ path, key, value }) => walk(xml(), path).setAttr(key, value),
    xmlDelete: ({ path = [], index, length = 1 }) => walk(xml(), path).delete(index, length),
    text: () => text().toString(),
    // in the words of yjs 13
    delta: () => (text().toDelta().toJSON().children ?? []).map(({ insert, format }) =>
      format === undefined ? { insert } : { insert, attributes: format }),
    map: () => map().getAttrs(),
    array: () => array().toArray(),
    xml: () => xml().toArray().join(''),
    ...updates(Y, doc)
  }
}
