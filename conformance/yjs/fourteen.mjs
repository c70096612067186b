// Yjs 14 as a child process: reads updates and tells what documents they make, and what it would write itself.
import { serve } from './serve.mjs'
import * as Y from '@y/y'

const ROOTS = ['t', 'p', 'a', 'm', 'x']

const units = start => {
  const runs = []
  for (let item = start; item !== null; item = item.right) {
    const kind = item.deleted ? '-' : String(item.content.getRef())
    const last = runs[runs.length - 1]
    if (last && last.client === item.id.client && last.to === item.id.clock && last.kind === kind) {
      last.to += item.length
    } else {
      runs.push({ client: item.id.client, from: item.id.clock, to: item.id.clock + item.length, kind })
    }
  }
  return runs.map(({ client, from, to, kind }) => client + ':' + from + '+' + (to - from) + kind).join(' ')
}

const describe = doc => {
  const clients = [...doc.store.clients.keys()].sort((c, d) => c - d)
  let text = 'sv'
  for (const [client, clock] of [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort((a, b) => a[0] - b[0])) {
    text += ' ' + client + ':' + clock
  }
  text += '\nds'
  const deleted = Y.createDeleteSetFromStructStore(doc.store).clients
  for (const client of clients) {
    const ranges = deleted.get(client)
    if (ranges !== undefined) for (const { clock, len } of ranges.getIds()) text += ' ' + client + ':' + clock + '+' + len
  }
  for (const name of ROOTS) {
    const root = doc.get(name)
    text += '\n' + name + ' ' + units(root._start)
    for (const key of [...root._map.keys()].sort()) {
      let first = root._map.get(key)
      while (first.left !== null) first = first.left
      text += ' ' + key + '=' + units(first)
    }
  }
  return text
}

serve({
  // gc, v2 flags, updates → description of the document they make, and its bytes
  5: (body, out) => {
    const doc = new Y.Doc({ gc: body.byte() === 1 })
    doc.cleanupFormatting = false
    const versions = body.ints()
    body.blobs().forEach((update, i) => {
      if (versions[i % versions.length] === 0) Y.applyUpdate(doc, update, 'remote')
      else Y.applyUpdateV2(doc, update, 'remote')
    })
    out.text(describe(doc))
    out.blob(Y.encodeStateAsUpdate(doc))
    out.blob(Y.encodeStateAsUpdateV2(doc))
  }
})
