/** Netty: WebSocket and HTTP pipeline, deadlines, backpressure; the only server package that knows Netty. No TLS yet. */
@NullMarked
package dev.rejoin.server.transport;

import org.jspecify.annotations.NullMarked;
