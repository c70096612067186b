package dev.rejoin.sync.wire;

/** A message that a client sends; one per WebSocket binary message. Source: docs/reference/sync-protocol.md. */
public sealed interface ClientMessage permits Hello, Submit, Progress, Presence, Ping, Pong, Goodbye, Await {}
