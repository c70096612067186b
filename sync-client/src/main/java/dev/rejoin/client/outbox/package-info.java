/** Durable pending writes. */
@NullMarked
package dev.rejoin.client.outbox;

import org.jspecify.annotations.NullMarked;
