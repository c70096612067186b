/** Telling other programs over HTTP that documents changed: one queue and one circuit for each receiver, signed deliveries, retries. */
@NullMarked
package dev.rejoin.server.webhook;

import org.jspecify.annotations.NullMarked;
