/** The session state machine of both ends: bytes and time in, bytes and effects out. */
@NullMarked
package dev.rejoin.sync.session;

import org.jspecify.annotations.NullMarked;
