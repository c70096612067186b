/** The PostgreSQL guard against real servers. */
@NullMarked
package dev.rejoin.consistency.postgres;

import org.jspecify.annotations.NullMarked;
