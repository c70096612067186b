package dev.rejoin.crdt.yjs;

/**
 * What a root of a document is read as. Updates do not carry it: who writes knows, and who only stores and relays is told by nobody.
 */
public enum RootKind {
    /** {@link YText}. */
    TEXT,
    /** {@link YArray}. */
    ARRAY,
    /** {@link YMap}. */
    MAP,
    /** {@link YXmlFragment} or {@link YXmlElement}. */
    XML
}
