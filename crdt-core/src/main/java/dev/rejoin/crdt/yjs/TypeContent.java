package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/**
 * A nested shared type as it is written: what it is, and its name if it is an element or a hook.
 *
 * @param ref 0 array, 1 map, 2 text, 3 XML element, 4 XML fragment, 5 XML hook, 6 XML text
 * @param name node name of an element or a hook, otherwise null
 */
record TypeContent(int ref, @Nullable String name) {

    static final int XML_ELEMENT = 3;
    static final int XML_HOOK = 5;
    static final int LAST = 6;

    static boolean isNamed(int ref) {
        return ref == XML_ELEMENT || ref == XML_HOOK;
    }
}
