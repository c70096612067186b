package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/** A mark in a text: from here on attribute {@code key} has {@code value}; null ends it. */
record FormatContent(String key, @Nullable Object value) {}
