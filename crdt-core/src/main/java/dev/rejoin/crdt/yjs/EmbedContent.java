package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/** A value that stands in a text as if it were one character. */
record EmbedContent(@Nullable Object value) {}
