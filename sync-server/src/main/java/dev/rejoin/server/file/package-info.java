/** Files that are read again when they change: keys, revocations, certificates. */
@NullMarked
package dev.rejoin.server.file;

import org.jspecify.annotations.NullMarked;
