package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Feeds the structs of decoded updates to a store: each as soon as what it refers to is there, the rest is kept in {@link Pending}.
 *
 * <p>A section is the run of structs of one client. It stops at the first struct that refers to something unknown, and goes on when the
 * section it waits for has come far enough, in the order in which yjs does it. Nothing here fails for what an update says once it is integrated: all of that is checked when it is
 * decoded and in {@link #check}, before anything changes.
 */
final class Integrator {
    /** From so many structs on the trees of lists are built after they are all in place. */
    private static final int BULK = 256;

    /** From so many structs on a document's first update is one that opens it. */
    private static final int OPENING = 16;

    private final Store store;
    private final KnownUnits known;
    final Pending pending;

    // of the batch under way, by section
    private int[] cursors = new int[1]; // the next struct to look at
    private int[] parked = new int[1]; // the first struct that has to wait for another update
    private int[] order = new int[1]; // sections by client, the highest first

    // structs that wait for one of the batch, the last for the one under way
    private int depth;
    private int[] waitingSection = new int[1];
    private int[] waitingStruct = new int[1];
    private long[] awaitedClock = new long[1];
    private long[] awaitedClient = new long[1];
    private final SectionIndex sections = new SectionIndex();

    /** What takes the structs while a document is opened, or null. */
    private @Nullable Loader loader;

    /** What the section that has just stopped waits for. */
    private long blockedClient;

    private long blockedClock;

    Integrator(Store store, UpdateLimits limits, TimeSource time) {
        this.store = store;
        this.known = new KnownUnits(store);
        this.pending = new Pending(limits, time);
    }

    /** Throws if a batch contradicts what is known; changes nothing. */
    void check(StructBatch batch) {
        int at = 0;
        for (int section = 0; section < batch.sections; section++) {
            int end = batch.sectionEnd[section];
            if (known.contradict(batch, firstUnknown(batch, at, end))) {
                throw new MalformedUpdateException("a struct contradicts what is known under its id");
            }
            at = end;
        }
    }

    /** The first struct of a section of which a unit is unknown, or its last. */
    private int firstUnknown(StructBatch batch, int from, int to) {
        int next = store.clients.next(batch.client[from]);
        int at = from;
        while (at < to - 1 && batch.clock[at] + batch.length[at] <= next) {
            at++;
        }
        return at;
    }

    /** Takes in a batch: structs, deletions, and whatever waited for them. Returns whether nothing of it waits. */
    boolean integrate(StructBatch batch) {
        batch.orderDeletes();
        if (batch.count > OPENING
                && store.items.limit() == 0
                && !store.changes.watched
                && pending.isEmpty()
                && load(batch)) {
            return pending.isEmpty();
        }
        batch.takeText();
        boolean complete = true;
        boolean bulk = batch.count > BULK && batch.count > store.items.live() / 4;
        store.tree.beginBulk(bulk);
        if (bulk) {
            store.arena.expectLatin(batch.latinUnits());
        }
        if (batch.sections == 1) {
            int stopped = run(batch, 0, batch.count);
            if (stopped < batch.count) {
                pending.add(batch.copy(stopped, batch.count), blockedClient, blockedClock);
                complete = false;
            }
        } else if (batch.sections > 1) {
            complete = integrateSections(batch);
        }
        store.tree.endBulk();
        if (batch.deleteCount > 0) {
            complete &= delete(batch);
        }
        resume();
        pending.expire();
        return complete || pending.isEmpty();
    }

    /** Opens a document that nothing is in yet. Returns whether it could be done so; if not, nothing has changed. */
    private boolean load(StructBatch batch) {
        index(batch);
        Loader opening = new Loader(store, batch, sections);
        if (!opening.resolve()) {
            return false;
        }
        loader = opening;
        boolean complete = schedule(opening.pieces());
        loader = null;
        if (!complete || opening.isDeclined()) {
            return false;
        }
        opening.commit();
        deleteFrom(opening.pieces(), opening);
        return true;
    }

    /** As {@link #delete(StructBatch)} after {@link #load}: most of what a whole document says is deleted is gone from it. O(structs + ranges) to see that */
    private void deleteFrom(StructBatch batch, Loader loaded) {
        int section = NONE;
        int at = 0;
        int end = 0;
        for (int i = 0; i < batch.deleteCount; i++) {
            long from = batch.deleteClock[i];
            long to = from + batch.deleteLength[i];
            if (i == 0 || batch.deleteClient[i] != batch.deleteClient[i - 1]) {
                section = sections.get(batch.deleteClient[i]);
                at = section <= 0 ? 0 : batch.sectionEnd[section - 1];
                end = section < 0 ? 0 : batch.sectionEnd[section];
            }
            while (at < end && batch.clock[at] + batch.length[at] <= from) {
                at++;
            }
            int beyond = at;
            while (beyond < end && batch.clock[beyond] < to && loaded.isGone(beyond)) {
                beyond++;
            }
            long gone = beyond > at ? batch.clock[beyond - 1] + batch.length[beyond - 1] : from;
            if (gone < to) {
                delete(batch.deleteClient[i], from, to - from);
            }
            // the last of them may reach into the next range
            at = Math.max(at, beyond - 1);
        }
    }

    private void index(StructBatch batch) {
        sections.clear(batch.sections);
        for (int i = 0; i < batch.sections; i++) {
            sections.put(batch.client[batch.sectionEnd[i] - 1], i);
        }
    }

    private boolean integrateSections(StructBatch batch) {
        boolean complete = schedule(batch);
        for (int section = 0; !complete && section < batch.sections; section++) {
            int end = batch.sectionEnd[section];
            int stopped = run(batch, parked[section], end);
            if (stopped < end) {
                pending.add(batch.copy(stopped, end), blockedClient, blockedClock);
            }
        }
        return complete;
    }

    /**
     * Takes the sections in the order of yjs, which decides where contradictory structs go: from the highest client down; a struct that refers to one that
     * is still to come has its section suspended, and is looked at again as soon as that one is there. What suspended sections wait for in vain parks all
     * of them. Returns whether all went to their end.
     */
    private boolean schedule(StructBatch batch) {
        int count = batch.sections;
        begin(batch);
        for (int i = 0; i < count; i++) {
            int section = order[i];
            while (cursors[section] < batch.sectionEnd[section]) {
                int stopped = run(batch, cursors[section], batch.sectionEnd[section]);
                cursors[section] = stopped + 1;
                if (stopped < batch.sectionEnd[section]) {
                    awaitAndResume(batch, section, stopped);
                }
            }
        }
        for (int section = 0; section < count; section++) {
            if (parked[section] < batch.sectionEnd[section]) {
                return false;
            }
        }
        return true;
    }

    private void begin(StructBatch batch) {
        int count = batch.sections;
        if (cursors.length < count) {
            cursors = new int[count];
            parked = new int[count];
            order = new int[count];
        }
        index(batch);
        boolean descending = true;
        for (int i = 0; i < count; i++) {
            int start = i == 0 ? 0 : batch.sectionEnd[i - 1];
            cursors[i] = start;
            parked[i] = batch.sectionEnd[i];
            order[i] = i;
            descending &= i == 0 || batch.client[start] < batch.client[start - 1];
        }
        if (!descending) {
            int[] sorted = IntStream.range(0, count)
                    .boxed()
                    .sorted(Comparator.comparingLong((Integer i) -> -batch.client[batch.sectionEnd[i] - 1]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            System.arraycopy(sorted, 0, order, 0, count);
        }
        depth = 0;
    }

    /** Goes on from a struct that refers to something unknown, until no struct of the batch is suspended. */
    private void awaitAndResume(StructBatch batch, int firstSection, int firstStruct) {
        int section = firstSection;
        int at = firstStruct;
        while (true) {
            if (isMissing(batch, at)) {
                suspend(section, at);
            } else {
                integrateUnknown(batch, at);
            }
            if (depth == 0) {
                return;
            }
            int top = depth - 1;
            if (hasArrived(awaitedClient[top], awaitedClock[top])) {
                section = waitingSection[top];
                at = waitingStruct[top];
                depth--;
                continue;
            }
            int other = sections.get(awaitedClient[top]);
            if (other == NONE || other == waitingSection[top] || cursors[other] >= batch.sectionEnd[other]) {
                park(batch);
                return;
            }
            section = other;
            at = cursors[other]++;
        }
    }

    /** Whether what a suspended struct waits for is there. */
    private boolean hasArrived(long client, long clock) {
        return loader != null ? loader.isLinked((int) clock) : clock < store.clients.next(client);
    }

    private void suspend(int section, int at) {
        if (depth == waitingSection.length) {
            waitingSection = Arrays.copyOf(waitingSection, 2 * depth);
            waitingStruct = Arrays.copyOf(waitingStruct, 2 * depth);
            awaitedClient = Arrays.copyOf(awaitedClient, 2 * depth);
            awaitedClock = Arrays.copyOf(awaitedClock, 2 * depth);
        }
        waitingSection[depth] = section;
        waitingStruct[depth] = at;
        awaitedClient[depth] = blockedClient;
        awaitedClock[depth++] = blockedClock;
    }

    /** What is suspended has to wait for another update, and so have the structs behind. */
    private void park(StructBatch batch) {
        while (depth > 0) {
            int section = waitingSection[--depth];
            parked[section] = Math.min(parked[section], waitingStruct[depth]);
            cursors[section] = batch.sectionEnd[section];
        }
    }

    /** Integrates structs until one refers to something unknown; returns where it stopped. */
    private int run(StructBatch batch, int from, int to) {
        if (loader != null) {
            return loader.run(from, to);
        }
        int at = from;
        while (at < to && !isMissing(batch, at)) {
            integrateUnknown(batch, at);
            at++;
        }
        return at;
    }

    private void integrateUnknown(StructBatch batch, int at) {
        if (loader != null) {
            loader.run(at, at + 1);
            return;
        }
        int next = store.clients.next(batch.client[at]);
        long clock = batch.clock[at];
        if (clock + batch.length[at] > next) {
            integrateOne(batch, at, (int) (next - clock));
        }
    }

    /** Whether a struct refers to something unknown; says what. */
    private boolean isMissing(StructBatch batch, int at) {
        if (loader != null) {
            int missing = loader.missing(at);
            // the struct itself instead of its clock, which says all that the loader is asked
            return missing != NONE && blocked(batch.client[missing], missing);
        }
        long client = batch.client[at];
        long clock = batch.clock[at];
        if (clock > store.clients.next(client)) {
            return blocked(client, clock - 1);
        }
        int flags = batch.flags[at];
        if ((flags & 0x80) != 0 && isUnknown(client, batch.originClient[at], batch.originClock[at])) {
            return blocked(batch.originClient[at], batch.originClock[at]);
        }
        if ((flags & 0x40) != 0 && isUnknown(client, batch.rightClient[at], batch.rightClock[at])) {
            return blocked(batch.rightClient[at], batch.rightClock[at]);
        }
        long parent = batch.parentClient[at];
        return parent >= 0
                && isUnknown(client, parent, batch.parentClock[at])
                && blocked(parent, batch.parentClock[at]);
    }

    private boolean isUnknown(long own, long client, long clock) {
        return client != own && clock >= store.clients.next(client);
    }

    private boolean blocked(long client, long clock) {
        blockedClient = client;
        blockedClock = clock;
        return true;
    }

    private void integrateOne(StructBatch batch, int at, int offset) {
        Items items = store.items;
        int kind = batch.ref[at];
        int client = store.clients.intern(batch.client[at]);
        int length = (int) batch.length[at] - offset;
        if (kind == Items.GC) {
            store.addGarbage(client, length);
            return;
        }
        int flags = batch.flags[at];
        if (kind == Items.STRING && offset == 0 && (flags & 0x80) != 0 && extend(batch, at, client, length)) {
            return;
        }
        int originClient = NONE;
        int originClock = 0;
        int left = NONE;
        if (offset > 0) {
            originClient = client;
            originClock = (int) batch.clock[at] + offset - 1;
        } else if ((flags & 0x80) != 0) {
            originClient = store.clients.find(batch.originClient[at]);
            originClock = (int) batch.originClock[at];
        }
        if (originClient != NONE) {
            left = store.itemEndingAt(originClient, originClock);
        }
        int rightClient = NONE;
        int rightClock = 0;
        int right = NONE;
        if ((flags & 0x40) != 0) {
            rightClient = store.clients.find(batch.rightClient[at]);
            rightClock = (int) batch.rightClock[at];
            right = store.itemStartingAt(rightClient, rightClock);
        }
        int type = NONE;
        int entry = NONE;
        if (left != NONE && items.kind(left) == Items.GC || right != NONE && items.kind(right) == Items.GC) {
            store.addGarbage(client, length);
            return;
        }
        int neighbour = left != NONE ? left : right;
        if (neighbour != NONE) {
            int place = items.place(neighbour);
            if (place >= 0) {
                type = store.tree.typeOf(neighbour);
            } else {
                entry = ~place;
            }
        } else {
            type = parent(batch, at);
            if (type == NONE) {
                store.addGarbage(client, length);
                return;
            }
            String key = batch.parentSub[at];
            if (key != null) {
                entry = store.entries.intern(type, key);
            }
        }
        int head = kind;
        int content = 0;
        if (kind == Items.STRING) {
            int start = batch.textStart[at] + offset;
            if (batch.latin[at]) {
                content = store.arena.reserveLatin(length);
                copyLatin(batch.text, start, store.arena.latin, content, length);
            } else {
                head |= Items.WIDE;
                content = store.arena.reserveWide(length);
                System.arraycopy(batch.text, start, store.arena.wide, content, length);
            }
        } else if (kind == Items.DELETED) {
            head |= Items.GONE;
        } else {
            content = store.slots.add(content(batch.content[at], kind, offset));
        }
        int item = store.add(client, length, originClient, originClock, rightClient, rightClock, head, content);
        store.place(item, left, right, type, entry);
    }

    static Object content(@Nullable Object decoded, int kind, int offset) {
        return switch (kind) {
            case Items.JSON, Items.ANY ->
                ValueRun.of((Object[]) Objects.requireNonNull(decoded)).from(offset);
            case Items.EMBED -> new EmbedContent(decoded);
            default -> Objects.requireNonNull(decoded);
        };
    }

    /** The type that a struct without neighbours names as its parent, or {@link Items#NONE} if there is none such. */
    private int parent(StructBatch batch, int at) {
        if (batch.parentClient[at] < 0) {
            return store.internRoot(Objects.requireNonNull(batch.parent[at]));
        }
        int holder = store.itemAt(store.clients.find(batch.parentClient[at]), (int) batch.parentClock[at]);
        return store.items.kind(holder) == Items.TYPE ? store.items.content(holder) : NONE;
    }

    /**
     * Typing: the struct goes on where its client's newest item ends, and nothing has come between. The item grows, as joining the two
     * would make it.
     */
    private boolean extend(StructBatch batch, int at, int client, int length) {
        Items items = store.items;
        ClientItems own = store.clients.items(client);
        if (batch.originClient[at] != batch.client[at]
                || batch.originClock[at] != batch.clock[at] - 1
                || own.isEmpty()
                || store.changes.watched) {
            return false;
        }
        int item = own.lastItem();
        int head = items.head(item);
        if ((head & (0xf | Items.GONE | Items.REDONE | Items.KEEP)) != Items.STRING || items.place(item) < 0) {
            return false;
        }
        int rightClient = items.rightClient(item);
        int next = items.next(item);
        if ((batch.flags[at] & 0x40) == 0) {
            if (rightClient != NONE || next != NONE) {
                return false;
            }
        } else if (rightClient == NONE
                || next == NONE
                || store.clients.id(rightClient) != batch.rightClient[at]
                || items.rightClock(item) != batch.rightClock[at]
                || items.client(next) != rightClient
                || items.clock(next) != batch.rightClock[at]) {
            return false;
        }
        store.extend(item, batch.text, batch.textStart[at], length, batch.latin[at]);
        return true;
    }

    static void copyLatin(char[] from, int start, byte[] to, int at, int length) {
        for (int i = 0; i < length; i++) {
            to[at + i] = (byte) from[start + i];
        }
    }

    // deletions

    private boolean delete(StructBatch batch) {
        boolean complete = true;
        for (int i = 0; i < batch.deleteCount; i++) {
            complete &= delete(batch.deleteClient[i], batch.deleteClock[i], batch.deleteLength[i]);
        }
        return complete;
    }

    private boolean delete(long client, long clock, long length) {
        int known = store.clients.next(client);
        long end = clock + length;
        if (clock < known) {
            deleteKnown(store.clients.find(client), (int) clock, (int) Math.min(end, known));
        }
        if (end > known) {
            pending.addDelete(client, Math.max(clock, known), end);
            return false;
        }
        return true;
    }

    private void deleteKnown(int client, int from, int to) {
        Items items = store.items;
        ClientItems own = store.clients.items(client);
        own.locate(from);
        int chunk = own.locatedChunk();
        int index = own.locatedIndex();
        int clock = from;
        while (clock < to) {
            int item = own.item(chunk, index);
            int end = items.end(item);
            if (items.isGone(item)) {
                if (++index == own.count(chunk)) {
                    chunk++;
                    index = 0;
                }
            } else {
                end = Math.min(end, to);
                deleteUnits(item, clock, end);
                own = store.clients.items(client);
                if (end < to) {
                    own.locate(end);
                    chunk = own.locatedChunk();
                    index = own.locatedIndex();
                }
            }
            clock = end;
        }
    }

    private void deleteUnits(int item, int from, int to) {
        Items items = store.items;
        int keep = from - items.clock(item);
        if (items.end(item) == to && store.canTrim(item, keep)) {
            store.trimEnd(item, to - from);
            return;
        }
        int part = keep > 0 ? store.split(item, keep) : item;
        if (items.end(part) > to) {
            if (store.canTrim(part, to - from)) {
                store.trimStart(part, to - from);
                return;
            }
            store.split(part, to - from);
        }
        if (store.canErase(part)) {
            store.erase(part);
        } else {
            store.delete(part);
        }
    }

    /** Takes in what waited for the clients that have grown. */
    private void resume() {
        if (pending.isEmpty()) {
            return;
        }
        Changes changes = store.changes;
        boolean progress = true;
        while (progress) {
            progress = false;
            for (int i = 0; i < changes.grownCount(); i++) {
                int client = changes.grownClient(i);
                long id = store.clients.id(client);
                int next = store.clients.items(client).next;
                for (Pending.Run run = pending.poll(id, next); run != null; run = pending.poll(id, next)) {
                    resume(run);
                    progress = true;
                    next = store.clients.items(client).next;
                }
                long[] ranges = pending.pollDeletes(id, next);
                for (int range = 0; range < ranges.length; range += 2) {
                    delete(id, ranges[range], ranges[range + 1] - ranges[range]);
                }
            }
        }
    }

    private void resume(Pending.Run run) {
        StructBatch structs = run.structs();
        if (known.contradict(structs, firstUnknown(structs, 0, structs.count))) {
            pending.drop(structs.count);
            return;
        }
        int stopped = run(structs, 0, structs.count);
        if (stopped < structs.count) {
            StructBatch rest = stopped == 0 ? structs : structs.copy(stopped, structs.count);
            pending.add(new Pending.Run(rest, run.since()), blockedClient, blockedClock);
        }
    }
}
