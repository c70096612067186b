// One stock client of one kind in a process of its own, moved by commands.
//
//   node stock-client.mjs --client y-websocket-3 --url ws://localhost:1234/yjs --document notes
//
// Standard input: a JSON object per line, {"id": 1, "do": "insert", "index": 0, "text": "a"}. Standard output: per command
// {"id": 1, "ok": …} or {"id": 1, "error": "…"}, and in between what happens by itself: {"event": …}. Hocuspocus opens
// many documents on one connection; a command names one with "document", or means the first.
import { createInterface } from 'node:readline'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { dialectOf, start } from './editors.mjs'
import { Recorder } from './recorder.mjs'

const { values: given } = parseArgs({
  options: {
    client: { type: 'string' },
    url: { type: 'string' },
    document: { type: 'string' },
    token: { type: 'string' },
    params: { type: 'string', default: '{}' },
    // further options of the provider, as JSON
    options: { type: 'string', default: '{}' },
    'client-id': { type: 'string' },
    'no-connect': { type: 'boolean', default: false },
    'no-awareness': { type: 'boolean', default: false }
  }
})

const RECHECK_MILLIS = 200

const print = line => process.stdout.write(JSON.stringify(line) + '\n')

const exceptions = []
const events = {}
const waiting = new Set()

const recheck = () => {
  for (const check of waiting) check()
}

const report = said => {
  events[said.event] = (events[said.event] ?? 0) + 1
  if (said.event !== 'frame') print(said)
  // the provider has yet to act on it
  setImmediate(recheck)
}

const thrown = error => {
  const text = String(error?.stack ?? error)
  exceptions.push(text)
  report({ event: 'exception', text })
}
process.on('uncaughtException', thrown)
process.on('unhandledRejection', thrown)

// standard output belongs to the answers
const denied = []
for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
  console[level] = (...words) => {
    const text = words.map(word => word instanceof Error ? word.stack : String(word)).join(' ')
    const refusal = /^Permission denied to access .*\n(.*)/.exec(text)
    if (refusal !== null) denied.push(refusal[1])
    if (level === 'error') exceptions.push(text)
    report({ event: 'console', level, text })
  }
}

const recorder = new Recorder(dialectOf(given.client), report)
const editor = await start({
  client: given.client,
  url: given.url,
  document: given.document,
  token: given.token,
  params: JSON.parse(given.params),
  options: JSON.parse(given.options),
  connect: !given['no-connect'],
  awareness: !given['no-awareness'],
  clientId: given['client-id'] === undefined ? undefined : Number(given['client-id']),
  recorder,
  report
})

const watched = new Set()
const watch = opened => {
  if (watched.has(opened)) return opened
  watched.add(opened)
  opened.doc.on('update', () => setImmediate(recheck))
  opened.awareness?.on('change', () => setImmediate(recheck))
  return opened
}
const documentOf = command => watch(editor.document(command.document))

const states = ({ awareness }) => awareness === null ? {} : Object.fromEntries(awareness.getStates())

const status = opened => ({
  denied,
  ...editor.status(opened),
  clientId: opened.doc.clientID,
  awareness: states(opened),
  connections: recorder.connections,
  closes: recorder.closes,
  refusals: recorder.refusals,
  unconfirmed: recorder.echoes.missing,
  counts: recorder.counts,
  events,
  exceptions
})

/** Whether all of what is asked for holds. */
const holds = (asked, opened) => {
  const now = status(opened)
  return Object.entries(asked).every(([name, wanted]) => {
    switch (name) {
      case 'text':
      case 'map':
      case 'array':
      case 'xml':
      case 'delta':
        return isDeepStrictEqual(opened.content[name]({}), wanted)
      case 'contains':
        return opened.content.text({}).includes(wanted)
      // how many are present, this client among them
      case 'present':
        return Object.keys(now.awareness).length === wanted
      // states of clients, by their ids; null for one that is absent
      case 'states':
        return Object.entries(wanted).every(([client, state]) => isDeepStrictEqual(now.awareness[client] ?? null, state))
      // at least so often
      case 'events':
        return Object.entries(wanted).every(([event, times]) => (events[event] ?? 0) >= times)
      case 'sent':
      case 'received':
        return Object.entries(wanted).every(([type, times]) => (recorder.counts[name][type] ?? 0) >= times)
      // how often it was refused in words that begin like this, at least
      case 'refusedFor':
        return Object.entries(wanted).every(([code, times]) => now.denied.filter(word => word.startsWith(code)).length >= times)
      case 'connections':
        return now.connections >= wanted
      case 'closed':
        return now.closes.includes(wanted)
      case 'refused':
        return now.refusals.includes(wanted)
      // every change of its own has come back
      case 'confirmed':
        return (now.unconfirmed.length === 0) === wanted
      default:
        if (!(name in now)) throw new Error('nothing to wait for: ' + name)
        return isDeepStrictEqual(now[name], wanted)
    }
  })
}

const waitFor = ({ for: asked, timeout = 20_000, document }) => new Promise((resolve, reject) => {
  const opened = documentOf({ document })
  const end = (act, value) => {
    waiting.delete(check)
    clearInterval(again)
    clearTimeout(late)
    act(value)
  }
  const check = () => {
    try {
      if (holds(asked, opened)) end(resolve, status(opened))
    } catch (error) {
      end(reject, error)
    }
  }
  const again = setInterval(check, RECHECK_MILLIS)
  const late = setTimeout(() => {
    const recent = recorder.frames.slice(-12).map(({ direction, messages }) => ({ direction, messages }))
    const shown = { status: status(opened), text: opened.content.text({}), recent }
    end(reject, new Error('not within ' + timeout + ' ms: ' + JSON.stringify(asked) + '; ' + JSON.stringify(shown)))
  }, timeout)
  waiting.add(check)
  check()
})

const commands = {
  status: command => status(documentOf(command)),
  wait: waitFor,
  /** Several changes in one transaction, so that the provider sends one update. */
  transact: command => {
    const { content, transact } = documentOf(command)
    transact(() => command.commands.forEach(inner => content[inner.do](inner)))
  },
  setState: command => documentOf(command).awareness.setLocalState(command.state),
  setField: command => documentOf(command).awareness.setLocalStateField(command.field, command.value),
  states: command => states(documentOf(command)),
  frames: ({ from = 0 }) => recorder.frames.slice(from),
  counts: () => recorder.counts,
  resetCounts: () => { recorder.counts = { sent: {}, received: {} } },
  /** Bytes that no provider would send. */
  sendRaw: ({ hex }) => recorder.socket.send(Buffer.from(hex, 'hex')),
  /** Ends the connection as a network does: without a word. */
  cut: () => recorder.socket.terminate(),
  /** Stops reading from the network, so that the server's buffers fill. */
  pause: () => recorder.socket.pause(),
  resume: () => recorder.socket.resume(),
  exit: () => setImmediate(() => process.exit(0)),
  ...editor.commands
}

const perform = command => {
  const known = commands[command.do]
  if (known !== undefined) return known(command)
  const { content } = documentOf(command)
  if (content[command.do] === undefined) throw new Error(given.client + ' knows no command ' + command.do)
  return content[command.do](command)
}

createInterface({ input: process.stdin }).on('line', async line => {
  const command = JSON.parse(line)
  try {
    const ok = await perform(command)
    print({ id: command.id, ok: ok === undefined ? null : ok })
  } catch (error) {
    print({ id: command.id, error: String(error?.message ?? error) })
  }
}).on('close', () => process.exit(0))

print({ event: 'started', client: given.client, clientId: editor.document().doc.clientID })
