/** Netty: WebSocket and HTTP pipeline, TLS, backpressure; the only server package that knows Netty. */
@NullMarked
package dev.rejoin.server.transport;

import org.jspecify.annotations.NullMarked;
