/** WebSocket connection of the client. */
@NullMarked
package dev.rejoin.client.transport;

import org.jspecify.annotations.NullMarked;
