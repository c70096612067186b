/** The Java client's public API: optimistic writes, honest status, durable pending writes, refusals with a reason. */
@NullMarked
package dev.rejoin.client;

import org.jspecify.annotations.NullMarked;
