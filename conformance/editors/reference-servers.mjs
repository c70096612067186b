// The servers that the stock clients were made with, each on a port of its own on loopback: prints
// {"y-websocket": port, "hocuspocus": port} and runs until standard input ends.
//
// The one for y-websocket is the last that ships with the client: of its successor @y/websocket-server, 0.1.1 needs a
// native database to start, and 0.1.5 mixes two copies of Yjs 14 and cannot read an update.
//
// Hocuspocus refuses the token "refused" and lets "readonly" only read.
import { createServer } from 'node:http'
import { Server } from '@hocuspocus/server'
import { WebSocketServer } from 'ws'
import YWebsocketServer from 'y-websocket-2/bin/utils'

const LOOPBACK = '127.0.0.1'

const yWebsocket = createServer((_, response) => response.end('okay'))
const sockets = new WebSocketServer({ server: yWebsocket })
sockets.on('connection', YWebsocketServer.setupWSConnection)
await new Promise(resolve => yWebsocket.listen(0, LOOPBACK, resolve))

const hocuspocus = new Server({
  port: 0,
  address: LOOPBACK,
  quiet: true,
  stopOnSignals: false,
  async onAuthenticate ({ token, connectionConfig }) {
    if (token === 'refused') throw new Error('no')
    connectionConfig.readOnly = token === 'readonly'
  }
})
await hocuspocus.listen()

process.stdin.resume().on('end', () => process.exit(0))
process.stdout.write(JSON.stringify({
  'y-websocket': yWebsocket.address().port,
  hocuspocus: hocuspocus.address.port
}) + '\n')
