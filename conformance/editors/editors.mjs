// The stock clients. Each is what an application would make of its package: a document, its awareness and a provider, and
// the provider's own methods; only the WebSocket class is ours.
import { fourteen, thirteen } from './content.mjs'

// a client loads its own packages only: loading all of them takes longer than most tests
const Y_WEBSOCKET = {
  'y-websocket-1': () => import('y-websocket-1'),
  'y-websocket-2': () => import('y-websocket-2'),
  'y-websocket-3': () => import('y-websocket-3'),
  'y-websocket-4': () => import('y-websocket-4')
}
const HOCUSPOCUS = {
  'hocuspocus-2': () => import('hocuspocus-provider-2'),
  'hocuspocus-3': () => import('hocuspocus-provider-3'),
  'hocuspocus-4': () => import('hocuspocus-provider-4')
}

const newDocument = (Y, content, clientId) => {
  const doc = new Y.Doc()
  if (clientId !== undefined) doc.clientID = clientId
  return { doc, content: content(Y, doc), transact: body => Y.transact(doc, body) }
}

const forward = (source, names, report) => {
  for (const name of names) source.on(name, (...values) => report(name, values[0]))
}

// as an application may do it: what the server refuses is in the document until the message after this one
const refusedText = (doc, payload) => {
  if (!payload.startsWith('{"type":"rejected"')) return undefined
  return JSON.parse(payload).refused.map(({ client, from, to }) => doc.store.clients.get(client)
    .filter(({ id, length }) => id.clock < to && id.clock + length > from)
    .map(({ id, content }) => content?.str?.slice(Math.max(0, from - id.clock), to - id.clock) ?? '')
    .join('')).join(' ')
}

/** y-websocket: a document is a connection. */
class YWebsocket {
  dialect = 'y-websocket'

  constructor ({ WebsocketProvider }, { Y, content, setting }) {
    const { url, document, params, connect, clientId, options, awareness, recorder, report } = setting
    const fresh = newDocument(Y, content, clientId)
    const provider = new WebsocketProvider(url, document, fresh.doc, {
      connect,
      params,
      disableBc: true,
      WebSocketPolyfill: recorder.WebSocket,
      ...options
    })
    if (!awareness) provider.awareness.setLocalState(null)
    forward(provider, ['status', 'sync', 'closed', 'connection-close'], (name, value) => {
      if (name === 'status') report({ event: 'status', status: value.status })
      else if (name === 'sync') report({ event: 'synced', state: value })
      else if (name === 'closed') report({ event: 'closed', code: value.code, reason: value.reason })
      else report({ event: 'connection-close', code: value?.code ?? null })
    })
    this.opened = { ...fresh, provider, awareness: provider.awareness }
  }

  document () {
    return this.opened
  }

  commands = {
    connect: () => this.opened.provider.connect(),
    disconnect: () => this.opened.provider.disconnect(),
    destroy: () => this.opened.provider.destroy()
  }

  status ({ provider }) {
    return { connected: provider.wsconnected, synced: provider.synced, reconnects: provider.shouldConnect }
  }
}

/** Hocuspocus: many documents on one connection. */
class Hocuspocus {
  dialect = 'hocuspocus'
  #documents = new Map()

  constructor (classes, { Y, content, setting }) {
    const { client, url, document, token, params, connect, options, recorder, report } = setting
    this.setting = setting
    this.classes = classes
    this.newDocument = clientId => newDocument(Y, content, clientId)
    this.second = client === 'hocuspocus-2'
    this.first = document
    this.socket = new this.classes.HocuspocusProviderWebsocket({
      url,
      WebSocketPolyfill: recorder.WebSocket,
      // version 2 puts parameters into the address, later ones have the application do it
      ...(this.second ? { parameters: params, connect } : { autoConnect: connect }),
      ...options
    })
    this.socket.on('status', ({ status }) => report({ event: 'status', status }))
    this.#open(document, token)
  }

  #open (name, token) {
    const { options, awareness, clientId, report } = this.setting
    const fresh = this.newDocument(name === this.first ? clientId : undefined)
    const opened = { ...fresh, token }
    const provider = new this.classes.HocuspocusProvider({
      ...options,
      websocketProvider: this.socket,
      name,
      document: fresh.doc,
      // asked anew for every handshake
      token: token === undefined ? null : () => opened.token,
      ...(awareness ? {} : { awareness: null }),
      ...(this.second ? { broadcast: false } : {})
    })
    opened.provider = provider
    opened.awareness = provider.awareness
    opened.denied = []
    forward(provider, ['synced', 'authenticated', 'authenticationFailed', 'stateless', 'close',
      'unsyncedChanges'], (event, value) => {
      if (event === 'authenticationFailed') opened.denied.push(value.reason)
      if (event === 'unsyncedChanges') report({ event, document: name, number: provider.unsyncedChanges })
      else if (event === 'close') {
        const { code, reason } = value.event
        report({ event: 'documentClose', document: name, code, reason: String(reason) })
      } else if (event === 'stateless') {
        report({ event, document: name, ...value, lost: refusedText(fresh.doc, value.payload) })
      } else report({ event, document: name, ...value })
    })
    this.#documents.set(name, opened)
    if (!this.second) provider.attach()
  }

  document (name = this.first) {
    const opened = this.#documents.get(name)
    if (opened === undefined) throw new Error('no document ' + name)
    return opened
  }

  commands = {
    connect: () => { this.socket.connect() },
    disconnect: () => this.socket.disconnect(),
    destroy: ({ document }) => this.document(document).provider.destroy(),
    /** Opens a further document on the same connection. */
    open: ({ document, token }) => this.#open(document, token),
    /** Takes a document off the connection, which stays; version 2 calls this disconnect and connect. */
    detach: ({ document }) => {
      const { provider } = this.document(document)
      if (this.second) provider.disconnect()
      else provider.detach()
    },
    attach: ({ document }) => {
      const { provider } = this.document(document)
      if (this.second) provider.connect()
      else provider.attach()
    },
    setToken: ({ document, token }) => { this.document(document).token = token },
    sendToken: ({ document, token }) => {
      const opened = this.document(document)
      if (token !== undefined) opened.token = token
      return opened.provider.sendToken()
    },
    sendStateless: ({ document, payload }) => this.document(document).provider.sendStateless(payload),
    forceSync: ({ document }) => this.document(document).provider.forceSync()
  }

  status ({ provider, denied }) {
    return {
      connected: this.socket.status === 'connected',
      synced: provider.synced,
      unsynced: provider.unsyncedChanges,
      hasUnsyncedChanges: provider.hasUnsyncedChanges,
      authenticated: provider.isAuthenticated,
      scope: provider.authorizedScope ?? null,
      denied,
      reconnects: this.socket.shouldConnect
    }
  }
}

export const dialectOf = client => client in HOCUSPOCUS ? 'hocuspocus' : 'y-websocket'

/** Starts a client of the kind that `setting.client` names. */
export const start = async setting => {
  const { client } = setting
  const load = Y_WEBSOCKET[client] ?? HOCUSPOCUS[client]
  if (load === undefined) throw new Error('no client ' + client)
  const Kind = client in HOCUSPOCUS ? Hocuspocus : YWebsocket
  if (client === 'y-websocket-4') return new Kind(await load(), { Y: await import('@y/y'), content: fourteen, setting })
  return new Kind(await load(), { Y: await import('yjs'), content: thirteen, setting })
}
