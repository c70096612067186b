/** One live document: subscribers, order of changes, limits, eviction. */
@NullMarked
package dev.rejoin.server.room;

import org.jspecify.annotations.NullMarked;
