package dev.rejoin.consistency.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a session has read and written, so that any server can tell whether it may answer: for each document its epoch and two
 * vectors of positions.
 *
 * <p>Tokens only grow: {@link #merge} takes the larger of each number, and is associative, commutative and idempotent. What makes one
 * smaller are explicit acts: {@link #settle} for what every server holds, {@link #without} for a document whose life has ended. A token is
 * never cleared because <em>one</em> server has caught up.
 *
 * <p>A document is named by 32 bits of a checksum of its name. Two names with one checksum, or a document that was created anew, are told
 * apart by the epoch, 64 random bits that are compared before anything else: what cannot be told apart is refused, never answered.
 *
 * <p>Immutable. The bytes of a token for one document and five servers are 63 as long as each number is below 2<sup>27</sup> and what was
 * read and what was written is kept as one (all four guarantees, or {@link #forOthers}); {@link TokenSeal} adds 16. See
 * docs/concepts/read-your-writes.md and decision 0018.
 */
public final class SessionToken {
    /** The name of the HTTP header that carries the text form. */
    public static final String HEADER = "Session-Token";

    /** The longest encoding, in bytes, a seal included. */
    public static final int MAX_BYTES = 4_096;

    /** How many lives of documents a token that comes from outside may speak of. */
    public static final int MAX_DOCUMENTS = 64;

    /** How many origins it may name in one document. */
    public static final int MAX_ORIGINS = 64;

    /** Asks for nothing. */
    public static final SessionToken EMPTY = new SessionToken(List.of());

    private final List<TokenEntry> entries;

    private SessionToken(List<TokenEntry> entries) {
        this.entries = entries;
    }

    static SessionToken ofSorted(List<TokenEntry> entries) {
        return entries.isEmpty() ? EMPTY : new SessionToken(List.copyOf(entries));
    }

    /** A token for what was read and what was written of one document in this life of it. */
    public static SessionToken of(String document, long epoch, PositionVector reads, PositionVector writes) {
        return new SessionToken(List.of(new TokenEntry(keyOf(document), epoch, reads, writes)));
    }

    /** The token of an answer that shows {@code version}. */
    public static SessionToken ofRead(String document, long epoch, PositionVector version) {
        return of(document, epoch, version, PositionVector.EMPTY);
    }

    /** The token of a write that was admitted at {@code position}. */
    public static SessionToken ofWrite(String document, long epoch, Position position) {
        return of(document, epoch, PositionVector.EMPTY, PositionVector.of(position));
    }

    /** CRC-32C of the name's UTF-8. */
    static int keyOf(String document) {
        CRC32C checksum = new CRC32C();
        checksum.update(document.getBytes(StandardCharsets.UTF_8));
        return (int) checksum.getValue();
    }

    /** The token that asks for what either asks for. Different epochs of one document are both kept. */
    public SessionToken merge(SessionToken other) {
        if (other.entries.isEmpty() || other == this) {
            return this;
        }
        if (entries.isEmpty()) {
            return other;
        }
        List<TokenEntry> merged = new ArrayList<>(entries.size() + other.entries.size());
        int a = 0;
        int b = 0;
        while (a < entries.size() && b < other.entries.size()) {
            TokenEntry mine = entries.get(a);
            TokenEntry theirs = other.entries.get(b);
            int order = mine.compareTo(theirs);
            merged.add(order == 0 ? mine.merge(theirs) : order < 0 ? mine : theirs);
            a += order <= 0 ? 1 : 0;
            b += order >= 0 ? 1 : 0;
        }
        merged.addAll(entries.subList(a, entries.size()));
        merged.addAll(other.entries.subList(b, other.entries.size()));
        return ofSorted(merged);
    }

    /** Whether this token asks for everything that {@code other} asks for. */
    public boolean includes(SessionToken other) {
        return merge(other).equals(this);
    }

    /** What was read in this life of a document. */
    public PositionVector reads(String document, long epoch) {
        TokenEntry entry = find(keyOf(document), epoch);
        return entry == null ? PositionVector.EMPTY : entry.reads();
    }

    /** What was written in this life of a document. */
    public PositionVector writes(String document, long epoch) {
        TokenEntry entry = find(keyOf(document), epoch);
        return entry == null ? PositionVector.EMPTY : entry.writes();
    }

    /** Whether it speaks of another life of this document than the one with this epoch. */
    public boolean knowsOtherEpoch(String document, long epoch) {
        return knowsOtherEpoch(keyOf(document), epoch);
    }

    boolean knowsOtherEpoch(int key, long epoch) {
        for (int i = 0; i < entries.size(); i++) {
            TokenEntry entry = entries.get(i);
            if (entry.key() == key && entry.epoch() != epoch) {
                return true;
            }
        }
        return false;
    }

    /** On the path of every read; {@code SessionTokenBenchmark}. */
    @Nullable
    TokenEntry find(int key, long epoch) {
        for (int i = 0; i < entries.size(); i++) {
            TokenEntry entry = entries.get(i);
            if (entry.isOf(key, epoch)) {
                return entry;
            }
        }
        return null;
    }

    List<TokenEntry> entries() {
        return entries;
    }

    /** What it says of these documents only. */
    public SessionToken only(String... documents) {
        int[] keys = Arrays.stream(documents).mapToInt(SessionToken::keyOf).toArray();
        return ofSorted(entries.stream()
                .filter(entry -> Arrays.stream(keys).anyMatch(key -> key == entry.key()))
                .toList());
    }

    /** What it says of other documents than this, for one whose life has ended. */
    public SessionToken without(String document) {
        int key = keyOf(document);
        return ofSorted(entries.stream().filter(entry -> entry.key() != key).toList());
    }

    /**
     * Forgets what every server holds for good.
     *
     * @param stable held by all servers, present and absent ones: what one alone holds is not
     */
    public SessionToken settle(String document, long epoch, PositionVector stable) {
        return replace(document, epoch, vector -> vector.beyond(stable));
    }

    /** A token for a link or a message: whoever follows it sees what this session has read and written, whatever guarantees it has chosen. */
    public SessionToken forOthers() {
        return ofSorted(entries.stream()
                .map(entry -> new TokenEntry(entry.key(), entry.epoch(), entry.all(), entry.all()))
                .toList());
    }

    SessionToken replace(String document, long epoch, Function<PositionVector, PositionVector> change) {
        int key = keyOf(document);
        return ofSorted(entries.stream()
                .map(entry -> entry.isOf(key, epoch)
                        ? new TokenEntry(key, epoch, change.apply(entry.reads()), change.apply(entry.writes()))
                        : entry)
                .toList());
    }

    /** How many lives of documents it speaks of. */
    public int size() {
        return entries.size();
    }

    /** Whether it asks for nothing. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /**
     * The canonical bytes: equal tokens have equal bytes.
     *
     * @throws IllegalStateException if it is above {@link #MAX_BYTES}, {@link #MAX_DOCUMENTS} or {@link #MAX_ORIGINS}; {@link #only} makes it smaller
     */
    public byte[] encode() {
        return TokenCodec.encode(this);
    }

    /**
     * Reads what {@link #encode} wrote. O(bytes)
     *
     * @throws MalformedTokenException if the bytes are not the canonical encoding of a token within the bounds, or carry a seal
     */
    public static SessionToken decode(byte[] bytes) {
        return TokenCodec.decode(bytes);
    }

    /**
     * Reads a token, sealed or not, whoever has sealed it: for clients, and for servers where a forged token makes nobody wait but its author. O(bytes)
     *
     * @throws MalformedTokenException as {@link #decode}, but for the seal
     */
    public static SessionToken decodeUnchecked(byte[] bytes) {
        return decode(TokenCodec.withoutSeal(bytes));
    }

    /**
     * The bytes as base64url without padding, for a header, a cookie or a link.
     *
     * @throws IllegalStateException as {@link #encode}
     */
    public String text() {
        return TokenCodec.text(encode());
    }

    /**
     * Reads what {@link #text} wrote; the empty text asks for nothing. O(characters)
     *
     * @throws MalformedTokenException as {@link #decode}
     */
    public static SessionToken parse(String text) {
        return text.isEmpty() ? EMPTY : decode(TokenCodec.bytes(text));
    }

    /**
     * Reads the text of a token, sealed or not, as {@link #decodeUnchecked}. O(characters)
     *
     * @throws MalformedTokenException as {@link #decodeUnchecked}
     */
    public static SessionToken parseUnchecked(String text) {
        return text.isEmpty() ? EMPTY : decodeUnchecked(TokenCodec.bytes(text));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof SessionToken that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    /** For people and logs; {@link #text} is for machines. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (TokenEntry entry : entries) {
            text.append(text.length() > 1 ? "; " : "")
                    .append("%08x@%016x".formatted(entry.key(), entry.epoch()))
                    .append(" reads ")
                    .append(entry.reads())
                    .append(" writes ")
                    .append(entry.writes());
        }
        return text.append(']').toString();
    }
}
