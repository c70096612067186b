// @hocuspocus/server on the port that is given, in its own settings: everybody may write, nothing is kept on disk.
import { Server } from '@hocuspocus/server'

await new Server({ port: Number(process.argv[2]), address: '127.0.0.1', quiet: true, stopOnSignals: false }).listen()
