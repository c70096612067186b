package dev.rejoin.sync.wire;

/** A message that a server sends; one per WebSocket binary message. Source: docs/reference/sync-protocol.md. */
public sealed interface ServerMessage permits Welcome, Update, Watermark, Presence, Ping, Pong, Failure {}
