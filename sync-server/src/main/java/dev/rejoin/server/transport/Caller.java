package dev.rejoin.server.transport;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;

/**
 * Who is at the other end of a connection, or behind a proxy at its end.
 *
 * @param address in words, for policies and logs; empty if unknown
 * @param account of that address
 */
record Caller(String address, Account account) {
    private static final AttributeKey<Caller> KEY = AttributeKey.valueOf(Caller.class, "caller");
    private static final Caller UNKNOWN = new Caller("", Account.UNBOUNDED);

    /** Who has the whole connection. */
    static Caller of(Channel channel) {
        Caller known = channel.attr(KEY).get();
        return known == null ? UNKNOWN : known;
    }

    void has(Channel channel) {
        channel.attr(KEY).set(this);
    }
}
