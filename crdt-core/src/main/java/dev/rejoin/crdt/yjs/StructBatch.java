package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The structs and deletions of decoded updates, in columns in the order of the wire. Scratch: kept and reused by its owner.
 *
 * <p>Decoding checks everything that can be checked without a document: the form, closed sets of kinds, lengths, limits, that nothing refers to its own
 * future. It either fills the batch or throws and leaves nothing of use. Nothing is allocated for a count that is only declared: every struct takes bytes, or
 * is paid from the budget of {@link UpdateLimits#maxUnpaidStructs}. Skips are left out; they only move the clock of what follows.
 */
final class StructBatch {
    static final int HAS_ORIGIN = 0x80;
    static final int HAS_RIGHT = 0x40;
    static final int HAS_SUB = 0x20;
    private static final int KIND = 0x1f;

    /** What {@link #shrink} lets stay, in structs. */
    private static final int FEW = 256;

    int count;
    long[] client = {};
    long[] clock = {};
    long[] length = {};

    /** Content kinds, as in {@link Items}. */
    byte[] ref = {};

    byte[] flags = {};
    long[] originClient = {};
    long[] originClock = {};
    long[] rightClient = {};
    long[] rightClock = {};

    /** Names of roots. */
    @Nullable
    String[] parent = {};

    /** −1 if the parent is not told by its item. */
    long[] parentClient = {};

    long[] parentClock = {};

    @Nullable
    String[] parentSub = {};

    @Nullable
    Object[] content = {};

    /** Where the characters of a string are in {@link #text}; the complement of where they are in {@link #source}, if they are in place. */
    int[] textStart = {};

    /** Whether the characters of a string are all below U+0100. */
    boolean[] latin = {};

    char[] text = {};
    int textLength;

    /** Which structs are pieces of others, if some were cut. */
    private boolean[] pieces = {};

    /** The update that was decoded last, while strings are in it. */
    private byte[] source = {};

    /** Whether strings of ASCII stay in the update until somebody takes them from there; a large update only. */
    private boolean inPlace;

    /** Runs of structs of one client; where each ends. */
    int sections;

    int[] sectionEnd = {};

    /** Sections without structs, and how many with structs came before each. */
    private int emptyCount;

    private long[] emptyClient = {};
    private int[] emptyAt = {};

    int deleteCount;

    /** Whether the clients of deletions descend and ranges ascend without touching each other twice, as in honest updates. */
    private boolean deletesOrdered = true;

    long[] deleteClient = {};
    long[] deleteClock = {};
    long[] deleteLength = {};

    private UpdateLimits limits = UpdateLimits.DEFAULT;
    private final Names names = new Names();
    private final AnyReader anyReader = new AnyReader(names);
    private final JsonReader jsonReader = new JsonReader();
    private char[] jsonUnits = {};
    private byte[] in = {};
    private int at;
    private int end;
    private int unpaid;
    private @Nullable StructColumns columns;

    void reset() {
        Arrays.fill(content, 0, count, null);
        Arrays.fill(parentSub, 0, count, null);
        count = 0;
        textLength = 0;
        sections = 0;
        deleteCount = 0;
        deletesOrdered = true;
        emptyCount = 0;
        source = NO_BYTES;
        inPlace = false;
    }

    /** Lets go of what a large update has taken, once it has been used. */
    void shrink() {
        source = NO_BYTES;
        if (client.length <= FEW && text.length <= 16 * FEW) {
            return;
        }
        count = 0;
        deleteCount = 0;
        sections = 0;
        text = new char[0];
        client = new long[0];
        clock = new long[0];
        length = new long[0];
        ref = new byte[0];
        flags = new byte[0];
        originClient = new long[0];
        originClock = new long[0];
        rightClient = new long[0];
        rightClock = new long[0];
        parent = new String[0];
        parentClient = new long[0];
        parentClock = new long[0];
        parentSub = new String[0];
        content = new Object[0];
        textStart = new int[0];
        latin = new boolean[0];
        deleteClient = new long[0];
        deleteClock = new long[0];
        deleteLength = new long[0];
        columns = null;
    }

    /** Decodes an update of the first encoding in {@code [from, to)}. */
    void decodeV1(byte[] bytes, int from, int to, UpdateLimits bounds) {
        reset();
        appendV1(bytes, from, to, bounds);
    }

    /** As {@link #decodeV1}, but strings of ASCII stay where they are, in {@code bytes}, until {@link #takeText} or {@link #copyLatin}. */
    void decodeV1InPlace(byte[] bytes, UpdateLimits bounds) {
        reset();
        inPlace = true;
        source = bytes;
        appendV1(bytes, 0, bytes.length, bounds);
        inPlace = false;
    }

    /** Puts all strings that are still in the update into {@link #text}, where everybody but {@link Loader} looks for them. */
    void takeText() {
        if (source.length == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (ref[i] == Items.STRING && textStart[i] < 0) {
                int from = ~textStart[i];
                int units = (int) length[i];
                textRoom(units);
                textStart[i] = textLength;
                for (int k = 0; k < units; k++) {
                    text[textLength++] = (char) source[from + k];
                }
            }
        }
        source = NO_BYTES;
    }

    /** Puts the characters of a string of one-byte characters into an arena; returns where. */
    int copyLatin(int i, TextArena arena) {
        int units = (int) length[i];
        int to = arena.reserveLatin(units);
        int from = textStart[i];
        if (from < 0) {
            System.arraycopy(source, ~from, arena.latin, to, units);
        } else {
            for (int k = 0; k < units; k++) {
                arena.latin[to + k] = (byte) text[from + k];
            }
        }
        return to;
    }

    /** Decodes an update of the second encoding in {@code [from, to)}. */
    void decodeV2(byte[] bytes, int from, int to, UpdateLimits bounds) {
        reset();
        appendV2(bytes, from, to, bounds);
    }

    private void begin(byte[] bytes, int from, int to, UpdateLimits bounds) {
        if (to - from > bounds.maxBytes()) {
            throw new MalformedUpdateException("update longer than " + bounds.maxBytes() + " bytes", from);
        }
        limits = bounds;
        in = bytes;
        at = from;
        end = to;
        unpaid = bounds.maxUnpaidStructs();
    }

    // the first encoding

    /** As {@link #decodeV1}, behind what is there. */
    void appendV1(byte[] bytes, int from, int to, UpdateLimits bounds) {
        begin(bytes, from, to, bounds);
        int firstSection = sections;
        long clients = varUint();
        for (long i = 0; i < clients; i++) {
            long declared = declaredStructs();
            long id = varUint();
            long next = varUint();
            int before = count;
            // no struct takes less than two bytes
            room((int) Math.min(declared, end - at >> 1));
            for (long k = 0; k < declared; k++) {
                next = structV1(id, next);
            }
            endSection(before, id);
        }
        dropReplacedSections(firstSection);
        deletesV1();
        in = NO_BYTES;
    }

    private static final byte[] NO_BYTES = {};

    private long declaredStructs() {
        int start = at;
        long declared = varUint();
        if (declared > limits.maxStructs()) {
            throw new MalformedUpdateException("more than " + limits.maxStructs() + " structs", start);
        }
        return declared;
    }

    private void endSection(int before, long id) {
        if (count > before) {
            if (sections == sectionEnd.length) {
                sectionEnd = Arrays.copyOf(sectionEnd, 2 * sections + 2);
            }
            sectionEnd[sections++] = count;
        } else if (sections > 0) {
            if (emptyCount == emptyClient.length) {
                emptyClient = Arrays.copyOf(emptyClient, 2 * emptyCount + 2);
                emptyAt = Arrays.copyOf(emptyAt, 2 * emptyCount + 2);
            }
            emptyClient[emptyCount] = id;
            emptyAt[emptyCount++] = sections;
        }
    }

    private long structV1(long id, long start) {
        int info = u8();
        int kind = info & KIND;
        if (kind == UpdateWriter.SKIP) {
            return checkedEnd(start, positive(varUint()));
        }
        int i = take();
        client[i] = id;
        clock[i] = start;
        ref[i] = (byte) kind;
        parent[i] = null;
        parentClient[i] = -1;
        parentSub[i] = null;
        content[i] = null;
        if (kind == Items.GC) {
            flags[i] = 0;
            length[i] = positive(varUint());
            return checkedEnd(start, length[i]);
        }
        flags[i] = (byte) (info & ~KIND);
        if ((info & HAS_ORIGIN) != 0) {
            originClient[i] = varUint();
            originClock[i] = reference();
        }
        if ((info & HAS_RIGHT) != 0) {
            rightClient[i] = varUint();
            rightClock[i] = reference();
        }
        if ((info & (HAS_ORIGIN | HAS_RIGHT)) == 0) {
            if (varUint() == 1) {
                parent[i] = varString();
            } else {
                parentClient[i] = varUint();
                parentClock[i] = reference();
            }
            if ((info & HAS_SUB) != 0) {
                parentSub[i] = varString();
            }
        }
        contentV1(i, kind);
        checkReferences(i);
        return checkedEnd(start, length[i]);
    }

    private void contentV1(int i, int kind) {
        length[i] = 1;
        switch (kind) {
            case Items.STRING -> stringV1(i);
            case Items.DELETED -> length[i] = positive(varUint());
            case Items.ANY -> {
                int values = positiveCount();
                length[i] = values;
                content[i] = anyValues(values);
            }
            case Items.FORMAT -> {
                String key = varString();
                content[i] = new FormatContent(key, json());
            }
            case Items.TYPE -> {
                int type = typeRef(varUint());
                content[i] = new TypeContent(type, TypeContent.isNamed(type) ? varString() : null);
            }
            case Items.BINARY -> {
                int size = count(1);
                content[i] = Arrays.copyOfRange(in, at, at + size);
                at += size;
            }
            case Items.EMBED -> content[i] = json();
            case Items.JSON -> {
                int values = positiveCount();
                length[i] = values;
                @Nullable Object[] elements = new @Nullable Object[values];
                for (int k = 0; k < values; k++) {
                    elements[k] = jsonOrUndefined();
                }
                content[i] = elements;
            }
            case Items.DOC -> {
                String guid = varString();
                content[i] = document(guid, any());
            }
            default -> throw new MalformedUpdateException("no kind of content: " + kind, at);
        }
    }

    private void stringV1(int i) {
        int size = count(1);
        int from = at;
        int to = from + size;
        at = to;
        if (size == 0) {
            throw new MalformedUpdateException("empty string", from);
        }
        if (inPlace && Utf8.asciiEnd(in, from, to) == to) {
            textStart[i] = ~from;
            length[i] = size;
            latin[i] = true;
            return;
        }
        textRoom(size);
        int start = textLength;
        int stop = Utf8.decode(in, from, to, text, start);
        if (stop == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", from);
        }
        textLength = stop;
        string(i, start, stop);
    }

    private void string(int i, int start, int stop) {
        textStart[i] = start;
        length[i] = stop - start;
        int all = 0;
        for (int k = start; k < stop; k++) {
            all |= text[k];
        }
        latin[i] = all < 0x100;
    }

    /** Units of the strings whose characters are all below U+0100. */
    int latinUnits() {
        int units = 0;
        for (int i = 0; i < count; i++) {
            units += ref[i] == Items.STRING && latin[i] ? (int) length[i] : 0;
        }
        return units;
    }

    private void textRoom(int more) {
        if (text.length - textLength < more) {
            text = Arrays.copyOf(text, Math.max(textLength + more, text.length + (text.length >> 1) + 16));
        }
    }

    private void deletesV1() {
        long clients = varUint();
        int before = deleteCount;
        for (long i = 0; i < clients; i++) {
            long id = varUint();
            int ranges = count(2);
            for (int k = 0; k < ranges; k++) {
                long start = varUint();
                addDelete(id, start, varUint(), before);
            }
        }
    }

    private void addDelete(long id, long start, long units, int before) {
        if (units == 0) {
            // yjs fails on it, unless it knows the clock
            throw new MalformedUpdateException("deletion of length 0", at);
        }
        if (start > limits.maxClock() || units > limits.maxClock() - start) {
            throw new MalformedUpdateException("deletion beyond clock " + limits.maxClock(), at);
        }
        if (deleteCount - before == limits.maxDeletes()) {
            throw new MalformedUpdateException("more than " + limits.maxDeletes() + " deletions", at);
        }
        if (deleteCount == deleteClient.length) {
            int room = 2 * deleteCount + 2;
            deleteClient = Arrays.copyOf(deleteClient, room);
            deleteClock = Arrays.copyOf(deleteClock, room);
            deleteLength = Arrays.copyOf(deleteLength, room);
        }
        if (deleteCount > 0) {
            long last = deleteClient[deleteCount - 1];
            deletesOrdered &=
                    id < last || id == last && start >= deleteClock[deleteCount - 1] + deleteLength[deleteCount - 1];
        }
        deleteClient[deleteCount] = id;
        deleteClock[deleteCount] = start;
        deleteLength[deleteCount++] = units;
    }

    /** Orders deletions and joins those that overlap, so that what is gone through for one is not gone through for another. */
    void orderDeletes() {
        if (deletesOrdered) {
            return;
        }
        deletesOrdered = true;
        DeleteSet.Builder builder = DeleteSet.builder();
        for (int i = 0; i < deleteCount; i++) {
            builder.add(deleteClient[i], deleteClock[i], deleteLength[i]);
        }
        deleteCount = 0;
        builder.build().forEachRange((id, start, units) -> {
            deleteClient[deleteCount] = id;
            deleteClock[deleteCount] = start;
            deleteLength[deleteCount++] = units;
        });
    }

    // the second encoding

    /** As {@link #decodeV2}, behind what is there. */
    void appendV2(byte[] bytes, int from, int to, UpdateLimits bounds) {
        begin(bytes, from, to, bounds);
        StructColumns in2 = columns;
        if (in2 == null) {
            in2 = new StructColumns();
            columns = in2;
        }
        varUint(); // features: none are defined
        at = in2.open(bytes, at, to);
        textLength = in2.decodeText(this);
        int firstSection = sections;
        long clients = varUint();
        for (long i = 0; i < clients; i++) {
            long declared = declaredStructs();
            long id = in2.client.next();
            long next = varUint();
            int before = count;
            for (long k = 0; k < declared; k++) {
                next = structV2(in2, id, next);
            }
            endSection(before, id);
        }
        dropReplacedSections(firstSection);
        deletesV2();
        in2.close();
        in = NO_BYTES;
    }

    private long structV2(StructColumns in2, long id, long start) {
        int info = in2.info.next();
        int kind = info & KIND;
        pay();
        if (kind == UpdateWriter.SKIP) {
            return checkedEnd(start, positive(varUint()));
        }
        int i = take();
        client[i] = id;
        clock[i] = start;
        ref[i] = (byte) kind;
        parent[i] = null;
        parentClient[i] = -1;
        parentSub[i] = null;
        content[i] = null;
        if (kind == Items.GC) {
            flags[i] = 0;
            length[i] = positive(in2.length.next());
            return checkedEnd(start, length[i]);
        }
        flags[i] = (byte) (info & ~KIND);
        if ((info & HAS_ORIGIN) != 0) {
            originClient[i] = in2.client.next();
            originClock[i] = checkedReference(in2.leftClock.next());
        }
        if ((info & HAS_RIGHT) != 0) {
            rightClient[i] = in2.client.next();
            rightClock[i] = checkedReference(in2.rightClock.next());
        }
        if ((info & (HAS_ORIGIN | HAS_RIGHT)) == 0) {
            if (in2.parentInfo.next() == 1) {
                parent[i] = in2.string(this, names);
            } else {
                parentClient[i] = in2.client.next();
                parentClock[i] = checkedReference(in2.leftClock.next());
            }
            if ((info & HAS_SUB) != 0) {
                parentSub[i] = in2.string(this, names);
            }
        }
        contentV2(in2, i, kind);
        checkReferences(i);
        return checkedEnd(start, length[i]);
    }

    private void contentV2(StructColumns in2, int i, int kind) {
        length[i] = 1;
        switch (kind) {
            case Items.STRING -> {
                int start = in2.textPosition();
                string(i, start, in2.skipString());
                if (length[i] == 0) {
                    throw new MalformedUpdateException("empty string", at);
                }
            }
            case Items.DELETED -> length[i] = positive(in2.length.next());
            case Items.ANY -> {
                long values = positive(in2.length.next());
                if (values > end - at) {
                    throw new MalformedUpdateException("values beyond the end of the input", at);
                }
                length[i] = values;
                content[i] = anyValues((int) values);
            }
            case Items.FORMAT -> {
                String key = in2.key(this, names);
                content[i] = new FormatContent(key, any());
            }
            case Items.TYPE -> {
                int type = typeRef(in2.typeRef.next());
                content[i] = new TypeContent(type, TypeContent.isNamed(type) ? in2.key(this, names) : null);
            }
            case Items.BINARY -> {
                int size = count(1);
                content[i] = Arrays.copyOfRange(in, at, at + size);
                at += size;
            }
            case Items.EMBED -> content[i] = any();
            case Items.JSON -> {
                long values = positive(in2.length.next());
                if (values > in2.textLeft() + unpaid) {
                    throw new MalformedUpdateException("values beyond the end of the input", at);
                }
                length[i] = values;
                @Nullable Object[] elements = new @Nullable Object[(int) values];
                for (int k = 0; k < values; k++) {
                    int start = in2.textPosition();
                    elements[k] = jsonOrUndefined(text, start, in2.skipString());
                }
                content[i] = elements;
            }
            case Items.DOC -> {
                String guid = in2.string(this, names);
                content[i] = document(guid, any());
            }
            default -> throw new MalformedUpdateException("no kind of content: " + kind, at);
        }
    }

    /** A struct of the second encoding may take no byte at all: those beyond the length of the input are counted. */
    private void pay() {
        if (count >= end && --unpaid < 0) {
            throw new MalformedUpdateException(
                    "more than " + limits.maxUnpaidStructs() + " structs beyond the length of the update", at);
        }
    }

    private void deletesV2() {
        long clients = varUint();
        int before = deleteCount;
        for (long i = 0; i < clients; i++) {
            long id = varUint();
            int ranges = count(2);
            long next = 0;
            for (int k = 0; k < ranges; k++) {
                long start = next + varUint();
                long units = varUint() + 1;
                addDelete(id, start, units, before);
                next = start + units;
            }
        }
    }

    // both

    /**
     * Of several sections of one client the last replaces the others, as in yjs, even if it is empty. Honest updates have none such; their clients descend.
     */
    private void dropReplacedSections(int firstSection) {
        boolean distinct = emptyCount == 0;
        for (int s = firstSection + 1; s < sections && distinct; s++) {
            distinct = client[sectionEnd[s - 1]] < client[sectionEnd[s - 1] - 1];
        }
        if (distinct) {
            return;
        }
        SectionIndex last = new SectionIndex();
        last.clear(sections - firstSection);
        for (int s = firstSection; s < sections; s++) {
            last.put(client[sectionEnd[s] - 1], s);
        }
        SectionIndex emptied = new SectionIndex();
        emptied.clear(emptyCount);
        for (int i = 0; i < emptyCount; i++) {
            emptied.put(emptyClient[i], emptyAt[i]);
        }
        emptyCount = 0;
        int start = firstSection == 0 ? 0 : sectionEnd[firstSection - 1];
        int filled = start;
        int kept = firstSection;
        for (int s = firstSection; s < sections; s++) {
            int stop = sectionEnd[s];
            long id = client[stop - 1];
            if (last.get(id) == s && emptied.get(id) <= s) {
                for (int i = start; i < stop; i++) {
                    move(i, filled++);
                }
                sectionEnd[kept++] = filled;
            }
            start = stop;
        }
        sections = kept;
        count = filled;
    }

    private void move(int from, int to) {
        if (from != to) {
            set(this, from, to);
            textStart[to] = textStart[from];
        }
    }

    private void set(StructBatch source, int from, int to) {
        client[to] = source.client[from];
        clock[to] = source.clock[from];
        length[to] = source.length[from];
        ref[to] = source.ref[from];
        flags[to] = source.flags[from];
        originClient[to] = source.originClient[from];
        originClock[to] = source.originClock[from];
        rightClient[to] = source.rightClient[from];
        rightClock[to] = source.rightClock[from];
        parent[to] = source.parent[from];
        parentClient[to] = source.parentClient[from];
        parentClock[to] = source.parentClock[from];
        parentSub[to] = source.parentSub[from];
        content[to] = source.content[from];
        latin[to] = source.latin[from];
    }

    private int take() {
        if (count == client.length) {
            room(Math.max(4, count >> 1));
        }
        return count++;
    }

    /** Makes room for so many more structs. */
    private void room(int more) {
        if (client.length - count < more) {
            int room = Math.max(count + more, count + (count >> 1));
            client = Arrays.copyOf(client, room);
            clock = Arrays.copyOf(clock, room);
            length = Arrays.copyOf(length, room);
            ref = Arrays.copyOf(ref, room);
            flags = Arrays.copyOf(flags, room);
            originClient = Arrays.copyOf(originClient, room);
            originClock = Arrays.copyOf(originClock, room);
            rightClient = Arrays.copyOf(rightClient, room);
            rightClock = Arrays.copyOf(rightClock, room);
            parent = Arrays.copyOf(parent, room);
            parentClient = Arrays.copyOf(parentClient, room);
            parentClock = Arrays.copyOf(parentClock, room);
            parentSub = Arrays.copyOf(parentSub, room);
            content = Arrays.copyOf(content, room);
            textStart = Arrays.copyOf(textStart, room);
            latin = Arrays.copyOf(latin, room);
        }
    }

    /** That a struct does not refer to its own client's units from its own on. */
    private void checkReferences(int i) {
        long id = client[i];
        int has = flags[i];
        boolean wrong = (has & HAS_ORIGIN) != 0 && originClient[i] == id && originClock[i] >= clock[i]
                || (has & HAS_RIGHT) != 0 && rightClient[i] == id && rightClock[i] >= clock[i]
                || parentClient[i] == id && parentClock[i] >= clock[i];
        if (wrong) {
            throw new MalformedUpdateException("a struct refers to its own future", at);
        }
        // what yjs makes of it depends on whether the run that the unit is in has been joined yet
        if ((has & HAS_ORIGIN) != 0
                && (has & HAS_RIGHT) != 0
                && originClient[i] == rightClient[i]
                && originClock[i] == rightClock[i]) {
            throw new MalformedUpdateException("a struct between a unit and itself", at);
        }
    }

    private long positive(long units) {
        if (units < 1) {
            throw new MalformedUpdateException("length 0", at);
        }
        return units;
    }

    private long checkedEnd(long start, long units) {
        if (start > limits.maxClock() || units > limits.maxClock() - start) {
            throw new MalformedUpdateException("struct beyond clock " + limits.maxClock(), at);
        }
        return start + units;
    }

    private long reference() {
        return checkedReference(varUint());
    }

    private long checkedReference(long referred) {
        if (referred < 0 || referred >= limits.maxClock()) {
            throw new MalformedUpdateException("reference beyond clock " + limits.maxClock(), at);
        }
        return referred;
    }

    private int typeRef(long type) {
        if (type < 0 || type > TypeContent.LAST) {
            throw new MalformedUpdateException("no kind of type: " + type, at);
        }
        return (int) type;
    }

    @SuppressWarnings("unchecked")
    private DocContent document(String guid, @Nullable Object options) {
        if (!(options instanceof Map)) {
            throw new MalformedUpdateException("a document's options are no object", at);
        }
        return new DocContent(guid, (Map<String, @Nullable Object>) options);
    }

    private @Nullable Object[] anyValues(int values) {
        @Nullable Object[] elements = new @Nullable Object[values];
        for (int k = 0; k < values; k++) {
            elements[k] = any();
        }
        return elements;
    }

    private @Nullable Object any() {
        Object value = anyReader.read(in, at, end, true, limits.maxDepth());
        at = anyReader.position();
        return value;
    }

    private @Nullable Object json() {
        int units = jsonText();
        return jsonReader.read(jsonUnits, 0, units, true, limits.maxDepth(), at);
    }

    private @Nullable Object jsonOrUndefined() {
        int units = jsonText();
        return jsonOrUndefined(jsonUnits, 0, units);
    }

    private @Nullable Object jsonOrUndefined(char[] units, int from, int to) {
        if (to - from == 9 && new String(units, from, 9).equals("undefined")) {
            return Undefined.UNDEFINED;
        }
        return jsonReader.read(units, from, to, true, limits.maxDepth(), at);
    }

    private int jsonText() {
        int size = count(1);
        int from = at;
        at += size;
        if (jsonUnits.length < size) {
            jsonUnits = new char[Math.max(64, size)];
        }
        int stop = Utf8.decode(in, from, at, jsonUnits, 0);
        if (stop == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", from);
        }
        return stop;
    }

    private int u8() {
        if (at >= end) {
            throw new MalformedUpdateException("cut off", at);
        }
        return in[at++] & 0xff;
    }

    private long varUint() {
        int start = at;
        if (start < end) {
            byte first = in[start];
            if (first >= 0) {
                at = start + 1;
                return first;
            }
        }
        long read = Varint.read(in, start, end);
        at = start + (int) (read >>> Varint.LENGTH_SHIFT);
        return read & Varint.VALUE;
    }

    /** How many things follow, each of which takes at least {@code size} bytes. */
    private int count(int size) {
        int start = at;
        long declared = varUint();
        if (declared > (end - at) / size) {
            throw new MalformedUpdateException("count beyond the end of the input", start);
        }
        return (int) declared;
    }

    private int positiveCount() {
        return (int) positive(count(1));
    }

    private String varString() {
        int size = count(1);
        int from = at;
        int to = from + size;
        at = to;
        if (Utf8.asciiEnd(in, from, to) == to) {
            return names.ascii(in, from, to);
        }
        int start = textLength;
        textRoom(size);
        int stop = Utf8.decode(in, from, to, text, start);
        if (stop == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", from);
        }
        return names.units(text, start, stop);
    }

    // cutting

    /** Whether a cut of a string would separate the halves of a character. */
    boolean tears(int i, int offset) {
        if (ref[i] != Items.STRING || latin[i]) {
            return false;
        }
        int cut = textStart[i] + offset;
        return Character.isHighSurrogate(text[cut - 1]) && Character.isLowSurrogate(text[cut]);
    }

    /**
     * The same structs and deletions, some structs in pieces as if they had come so. Characters are shared.
     *
     * @param cuts struct in the upper half, units of it before the cut in the lower; ascending, different
     */
    StructBatch cut(long[] cuts, int cutCount) {
        StructBatch parts = new StructBatch();
        parts.room(count + cutCount);
        parts.pieces = new boolean[count + cutCount];
        parts.sectionEnd = new int[sections];
        parts.text = text;
        parts.textLength = textLength;
        parts.source = source;
        int cut = 0;
        int section = 0;
        for (int i = 0; i < count; i++) {
            int from = 0;
            for (; cut < cutCount && (int) (cuts[cut] >>> 32) == i; cut++) {
                int to = (int) cuts[cut];
                parts.addPiece(this, i, from, to);
                from = to;
            }
            if (from == 0) {
                int to = parts.take();
                parts.set(this, i, to);
                parts.textStart[to] = textStart[i];
            } else {
                parts.addPiece(this, i, from, (int) length[i]);
            }
            if (i + 1 == sectionEnd[section]) {
                parts.sectionEnd[section++] = parts.count;
            }
        }
        parts.sections = sections;
        parts.deleteCount = deleteCount;
        parts.deleteClient = deleteClient;
        parts.deleteClock = deleteClock;
        parts.deleteLength = deleteLength;
        return parts;
    }

    private void addPiece(StructBatch whole, int i, int from, int to) {
        int at2 = take();
        set(whole, i, at2);
        pieces[at2] = true;
        length[at2] = to - from;
        textStart[at2] = whole.textStart[i] < 0 ? whole.textStart[i] - from : whole.textStart[i] + from;
        if (content[at2] instanceof Object[] values) {
            content[at2] = Arrays.copyOfRange(values, from, to);
        }
        if (from > 0) {
            clock[at2] += from;
            flags[at2] |= (byte) HAS_ORIGIN;
            originClient[at2] = client[at2];
            originClock[at2] = clock[at2] - 1;
            parent[at2] = null;
            parentClient[at2] = -1;
            parentSub[at2] = null;
        }
    }

    /** Whether a struct is a piece of one that was cut. */
    boolean isPiece(int i) {
        return i < pieces.length && pieces[i];
    }

    // parts

    /** Structs from one to another, all of one client, in a batch of their own. */
    StructBatch copy(int from, int to) {
        StructBatch part = new StructBatch();
        int units = 0;
        for (int i = from; i < to; i++) {
            units += ref[i] == Items.STRING ? (int) length[i] : 0;
        }
        part.text = new char[units];
        for (int i = from; i < to; i++) {
            int at2 = part.take();
            part.set(this, i, at2);
            if (ref[i] == Items.STRING) {
                int size = (int) length[i];
                part.textStart[at2] = part.textLength;
                System.arraycopy(text, textStart[i], part.text, part.textLength, size);
                part.textLength += size;
            }
        }
        part.endSection(0, client[from]);
        return part;
    }

    /** Memory held, roughly, in bytes. */
    long retainedBytes() {
        long bytes = 120L * client.length + 2L * text.length;
        for (int i = 0; i < count; i++) {
            Object held = content[i];
            bytes += held instanceof byte[] binary
                    ? binary.length
                    : held instanceof Object[] values ? 32L * values.length : 0;
        }
        return bytes;
    }

    /** The values of a struct of values. */
    @Nullable
    Object[] values(int i) {
        if (content[i] instanceof Object[] held) {
            return held;
        }
        throw new AssertionError("content kind " + ref[i]);
    }

    /** Writes a struct from its unit {@code offset} on. */
    void write(int i, int offset, UpdateWriter out) {
        if (ref[i] == Items.GC) {
            out.gc(length[i] - offset);
            return;
        }
        writeHead(i, offset, out);
        writeContent(i, offset, (int) length[i], out);
    }

    /** Writes what stands before the content of an item. */
    void writeHead(int i, int offset, UpdateWriter out) {
        int has = flags[i] & 0xff;
        if (offset > 0) {
            has |= HAS_ORIGIN;
        }
        out.info(has | ref[i]);
        if (offset > 0) {
            out.leftId(client[i], clock[i] + offset - 1);
        } else if ((has & HAS_ORIGIN) != 0) {
            out.leftId(originClient[i], originClock[i]);
        }
        if ((has & HAS_RIGHT) != 0) {
            out.rightId(rightClient[i], rightClock[i]);
        }
        if ((has & (HAS_ORIGIN | HAS_RIGHT)) == 0) {
            String root = parent[i];
            if (root != null) {
                out.parentRoot(root);
            } else {
                out.parentId(parentClient[i], parentClock[i]);
            }
            String key = parentSub[i];
            if (key != null) {
                out.parentSub(key);
            }
        }
    }

    /** Writes the content of an item from its unit {@code from} to {@code to}; what is no row of units as a whole. */
    void writeContent(int i, int from, int to, UpdateWriter out) {
        Object held = content[i];
        switch (ref[i]) {
            case Items.DELETED -> out.deleted(to - from);
            case Items.STRING -> out.string(text, textStart[i] + from, textStart[i] + to);
            case Items.EMBED -> out.embed(held);
            default -> {
                if (held instanceof FormatContent mark) {
                    out.format(mark);
                } else if (held instanceof TypeContent type) {
                    out.type(type);
                } else if (held instanceof DocContent doc) {
                    out.doc(doc);
                } else if (held instanceof byte[] binary) {
                    out.binary(binary);
                } else if (held instanceof Object[] values) {
                    if (ref[i] == Items.ANY) {
                        out.any(values, from, to);
                    } else {
                        out.json(values, from, to);
                    }
                } else {
                    throw new AssertionError("content kind " + ref[i]);
                }
            }
        }
    }

    /** Writes the structs, which are of one client and without gaps, as an update. */
    void writeTo(UpdateWriter out) {
        out.count(1);
        int structs = 0;
        long next = clock[0];
        for (int i = 0; i < count; i++) {
            structs += clock[i] > next ? 2 : 1;
            next = clock[i] + length[i];
        }
        out.section(structs, client[0], clock[0]);
        next = clock[0];
        for (int i = 0; i < count; i++) {
            if (clock[i] > next) {
                out.skip(clock[i] - next);
            }
            write(i, 0, out);
            next = clock[i] + length[i];
        }
        out.deleteClients(0);
    }
}
