package dev.rejoin.client;

import dev.rejoin.client.transport.Connector;
import java.util.List;

/**
 * The servers that a client may be at, and the one it is at now. It stays with a server as long as that one is well, and goes
 * to the next only after it has been unreachable or has refused for a while, because each of them is a judge of its own.
 *
 * <p>Single-owner. All times are milliseconds of one monotonic clock.
 */
final class Servers {
    /** One server: its name tells judges apart, also across restarts. */
    record Server(String judge, Connector connector) {}

    private final List<Server> all;
    private final long moveAfterMillis;
    private int current;
    private boolean isUnwell;
    private long unwellSince;

    Servers(List<Server> all, long moveAfterMillis) {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("no server");
        }
        this.all = List.copyOf(all);
        this.moveAfterMillis = moveAfterMillis;
    }

    Server current() {
        return all.get(current);
    }

    /** Goes to the server that leased the replica id, if it is still one of them. */
    void settleAt(String judge) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).judge().equals(judge)) {
                current = i;
            }
        }
    }

    /** The present server has taken the client in. */
    void isWell() {
        isUnwell = false;
    }

    /** The present server could not be reached, has gone, or has refused for now. */
    void failed(long now) {
        if (!isUnwell) {
            isUnwell = true;
            unwellSince = now;
        }
    }

    /** Goes to the next server if the present one has been unwell for long enough. */
    void moveIfDue(long now) {
        if (isUnwell && all.size() > 1 && now - unwellSince >= moveAfterMillis) {
            move();
        }
    }

    /** Goes to the next server now. */
    void move() {
        current = (current + 1) % all.size();
        isUnwell = false;
    }
}
