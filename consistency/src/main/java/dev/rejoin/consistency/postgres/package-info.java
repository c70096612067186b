/**
 * Read-your-writes for applications that read from PostgreSQL replicas over JDBC: a token of the write, and a check whether a replica has
 * replayed it. Needs {@code java.sql} only; the driver is the application's.
 */
@NullMarked
package dev.rejoin.consistency.postgres;

import org.jspecify.annotations.NullMarked;
