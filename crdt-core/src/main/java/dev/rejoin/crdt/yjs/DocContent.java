package dev.rejoin.crdt.yjs;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A subdocument as it is written.
 *
 * @param options what differs from the defaults: {@code gc=false}, {@code autoLoad=true}, {@code meta}
 */
record DocContent(String guid, Map<String, @Nullable Object> options) {}
