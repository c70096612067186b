package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/** A shared text among the children of an XML fragment or element. */
public final class YXmlText extends YText {
    YXmlText(YDoc doc, int type) {
        super(doc, type);
    }

    /** The next sibling, or null. */
    @Nullable
    public YType nextSibling() {
        return Reader.sibling(doc, holder(), true);
    }

    /** The previous sibling, or null. */
    @Nullable
    public YType previousSibling() {
        return Reader.sibling(doc, holder(), false);
    }

    /** The text with its attributes as nested elements. */
    @Override
    public String toString() {
        return isDeleted() ? "" : Reader.xml(store(), type());
    }
}
