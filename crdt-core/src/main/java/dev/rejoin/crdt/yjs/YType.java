package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A shared type: a place in a document that many edit. Roots are asked for by name, others are made where they stand and go when what they stand in
 * is deleted.
 *
 * <p>An object of this class is a handle; a document has one for each of its types. One that has been deleted cannot be read any more once its
 * content has been collected: then every call throws {@link IllegalStateException}.
 */
public abstract sealed class YType permits YText, YArray, YMap, YXmlFragment {
    final YDoc doc;
    private int type;
    private final Listeners<Consumer<YEvent>> observers = new Listeners<>();
    private final Listeners<Consumer<List<YEvent>>> deepObservers = new Listeners<>();

    YType(YDoc doc, int type) {
        this.doc = doc;
        this.type = type;
    }

    static YType of(YDoc doc, int type, int kind) {
        return switch (kind) {
            case Types.ARRAY -> new YArray(doc, type);
            case Types.MAP, Types.XML_HOOK -> new YMap(doc, type);
            case Types.TEXT -> new YText(doc, type);
            case Types.XML_TEXT -> new YXmlText(doc, type);
            case Types.XML_ELEMENT -> new YXmlElement(doc, type);
            case Types.XML_FRAGMENT -> new YXmlFragment(doc, type);
            default -> throw new IllegalStateException("the type has no kind yet");
        };
    }

    static String kindName(int kind) {
        return switch (kind) {
            case Types.ARRAY -> "an array";
            case Types.MAP -> "a map";
            case Types.TEXT -> "a text";
            case Types.XML_ELEMENT -> "an XML element";
            case Types.XML_FRAGMENT -> "an XML fragment";
            case Types.XML_HOOK -> "an XML hook";
            case Types.XML_TEXT -> "an XML text";
            default -> "of no kind";
        };
    }

    /** The number of the type in the store. */
    final int type() {
        if (type == NONE) {
            throw new IllegalStateException("the type has been deleted");
        }
        return type;
    }

    final Store store() {
        return doc.store;
    }

    /** The type's record is given to another type. */
    final void drop() {
        if (!observers.isEmpty() || !deepObservers.isEmpty()) {
            observers.clear();
            deepObservers.clear();
            doc.watch(-1);
        }
        type = NONE;
    }

    /** The document. */
    public final YDoc doc() {
        return doc;
    }

    /** Whether what this type stood in has been deleted. */
    public final boolean isDeleted() {
        return type == NONE || holder() != NONE && store().items.isGone(holder());
    }

    final int holder() {
        return store().types.item(type());
    }

    /** The type that this one stands in, or null for a root. */
    @Nullable
    public final YType parent() {
        int holder = holder();
        return holder == NONE ? null : doc.handle(store().parentType(holder));
    }

    /** The name of a root, or null. */
    @Nullable
    public final String rootName() {
        return holder() == NONE ? (String) store().slots.get(store().types.get(type(), Types.NAME)) : null;
    }

    /** The content as a plain value: text and XML as a string, arrays as lists, maps as maps. */
    public abstract Object toJson();

    /** Calls {@code observer} after each transaction that has changed this type itself. */
    public final YSubscription observe(Consumer<YEvent> observer) {
        return watched(observers, observer);
    }

    /** Calls {@code observer} after each transaction that has changed this type or one below it, nearest first. */
    public final YSubscription observeDeep(Consumer<List<YEvent>> observer) {
        return watched(deepObservers, observer);
    }

    private <L> YSubscription watched(Listeners<L> listeners, L listener) {
        type();
        boolean wasWatched = isWatched();
        YSubscription subscription = listeners.add(listener);
        if (!wasWatched) {
            doc.watch(1);
        }
        return () -> {
            if (listeners.contains(listener)) {
                subscription.close();
                if (!isWatched()) {
                    doc.watch(-1);
                }
            }
        };
    }

    private boolean isWatched() {
        return !observers.isEmpty() || !deepObservers.isEmpty();
    }

    final Listeners<Consumer<YEvent>> observers() {
        return observers;
    }

    final Listeners<Consumer<List<YEvent>>> deepObservers() {
        return deepObservers;
    }

    static void checkRange(int index, int length, int size) {
        if (index < 0 || length < 0 || index > size - length) {
            throw new IndexOutOfBoundsException(
                    "from " + index + ", " + length + " units, of a type with " + size + " units");
        }
    }

    final int units() {
        return store().tree.length(type());
    }
}
