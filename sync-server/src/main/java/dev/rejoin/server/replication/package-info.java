/** Several servers, each with its own log, that hold the same documents: every server follows every other one. */
@NullMarked
package dev.rejoin.server.replication;

import org.jspecify.annotations.NullMarked;
