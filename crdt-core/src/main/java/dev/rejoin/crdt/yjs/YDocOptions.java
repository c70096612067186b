package dev.rejoin.crdt.yjs;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a document is made with.
 *
 * @param clientId the client whose edits the document's are, from 0 to 2^53−1; negative for a random one. Two documents that are edited under one id at
 *     the same time diverge: name one only if you know that nobody else uses it
 * @param guid the name that a parent document knows this one by
 * @param gc whether the content of what is deleted is freed
 * @param limits bounds on what updates may say
 * @param refusesContradictions whether updates are compared with what is held already, see {@link ContradictoryUpdateException}
 * @param time what says how long something has waited for earlier updates
 * @param autoLoad whether a subdocument asks for its content wherever it arrives
 * @param shouldLoad whether a subdocument asks for its content here
 * @param meta what the parent document says of a subdocument, or null
 */
public record YDocOptions(
        long clientId,
        String guid,
        boolean gc,
        UpdateLimits limits,
        boolean refusesContradictions,
        TimeSource time,
        boolean autoLoad,
        boolean shouldLoad,
        @Nullable Object meta) {
    static final YDocOptions DEFAULT =
            new YDocOptions(-1, "", true, UpdateLimits.DEFAULT, false, TimeSource.system(), false, true, null);

    /** Checks the client id. */
    public YDocOptions {
        if (clientId >= 1L << 53) {
            throw new IllegalArgumentException("a client id is below 2^53: " + clientId);
        }
    }

    /** A random client, a random name, garbage collected, default limits. */
    public static YDocOptions defaults() {
        return DEFAULT.withGuid("");
    }

    /** These options with another client. */
    public YDocOptions withClientId(long id) {
        return new YDocOptions(id, guid, gc, limits, refusesContradictions, time, autoLoad, shouldLoad, meta);
    }

    /** These options with another name; an empty one stands for a random one. */
    public YDocOptions withGuid(String name) {
        String chosen = name.isEmpty() ? ReplicaId.random() + "-" + ReplicaId.random() : name;
        return new YDocOptions(clientId, chosen, gc, limits, refusesContradictions, time, autoLoad, shouldLoad, meta);
    }

    /** These options with garbage collected or not. */
    public YDocOptions withGc(boolean collect) {
        return new YDocOptions(
                clientId, guid, collect, limits, refusesContradictions, time, autoLoad, shouldLoad, meta);
    }

    /** These options with other limits. */
    public YDocOptions withLimits(UpdateLimits bounds) {
        return new YDocOptions(clientId, guid, gc, bounds, refusesContradictions, time, autoLoad, shouldLoad, meta);
    }

    /**
     * These options for a document that throws {@link ContradictoryUpdateException} for an update that says of a unit something else than what
     * the document holds, as long as it holds it. Other documents ignore what updates say of known units.
     */
    public YDocOptions withContradictionsRefused(boolean refuse) {
        return new YDocOptions(clientId, guid, gc, limits, refuse, time, autoLoad, shouldLoad, meta);
    }

    /** These options with another clock for what waits for earlier updates. */
    public YDocOptions withTime(TimeSource clock) {
        return new YDocOptions(clientId, guid, gc, limits, refusesContradictions, clock, autoLoad, shouldLoad, meta);
    }

    /** These options for a subdocument that asks for its content wherever it arrives, or not. */
    public YDocOptions withAutoLoad(boolean auto) {
        return new YDocOptions(clientId, guid, gc, limits, refusesContradictions, time, auto, shouldLoad || auto, meta);
    }

    /** These options with something that the parent document says of a subdocument. */
    public YDocOptions withMeta(@Nullable Object value) {
        return new YDocOptions(
                clientId,
                guid,
                gc,
                limits,
                refusesContradictions,
                time,
                autoLoad,
                shouldLoad,
                JsValue.normalize(value, JsValue.DEPTH));
    }

    /** The content that stands for such a document in its parent. */
    DocContent content() {
        Map<String, @Nullable Object> written = new LinkedHashMap<>();
        if (!gc) {
            written.put("gc", false);
        }
        if (autoLoad) {
            written.put("autoLoad", true);
        }
        if (meta != null) {
            written.put("meta", meta);
        }
        return new DocContent(guid, written);
    }

    /** The options of a document that an update brings. */
    static YDocOptions of(DocContent content) {
        Map<String, ?> written = content.options();
        boolean auto = Boolean.TRUE.equals(written.get("autoLoad"));
        return new YDocOptions(
                -1,
                content.guid(),
                !Boolean.FALSE.equals(written.get("gc")),
                UpdateLimits.DEFAULT,
                false,
                TimeSource.system(),
                auto,
                auto || Boolean.TRUE.equals(written.get("shouldLoad")),
                written.get("meta"));
    }
}
