package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** How many sockets may be open, in all and from one place. */
final class ConnectionGateTest {
    private final ConnectionGate gate =
            new ConnectionGate(4, RateLimits.DEFAULTS.withConnectionsPerAddress(2), new TransportObserver() {}, 0);

    @Test
    void oneAddressHasItsShare() {
        assertTrue(gate.admit(from("192.0.2.1")));
        Peer second = from("192.0.2.1");
        assertTrue(gate.admit(second));
        assertFalse(gate.admit(from("192.0.2.1")));
        assertTrue(gate.admit(from("192.0.2.2")));
        second.close();
        assertTrue(gate.admit(from("192.0.2.1")));
    }

    @Test
    void aNetworkOfIpv6CountsAsOneAddress() {
        assertTrue(gate.admit(from("2001:db8:0:1::1")));
        assertTrue(gate.admit(from("2001:db8:0:1::2")));
        assertFalse(gate.admit(from("2001:db8:0:1:ffff::3")));
        assertTrue(gate.admit(from("2001:db8:0:2::1")));
    }

    @Test
    void allTogetherHaveABound() {
        Peer first = from("192.0.2.1");
        assertTrue(gate.admit(first));
        assertTrue(gate.admit(from("192.0.2.2")));
        assertTrue(gate.admit(from("192.0.2.3")));
        assertTrue(gate.admit(from("192.0.2.4")));
        assertFalse(gate.admit(from("192.0.2.5")));
        first.close();
        assertTrue(gate.admit(from("192.0.2.5")));
    }

    @Test
    void thisMachineIsBoundByTheTotalOnly() {
        for (int i = 0; i < 4; i++) {
            assertTrue(gate.admit(from("127.0.0.1")));
        }
        assertFalse(gate.admit(from("127.0.0.1")));
    }

    private static Peer from(String address) {
        try {
            return new Peer(new InetSocketAddress(InetAddress.getByName(address), 50_000));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** A channel that says where it comes from. */
    private static final class Peer extends EmbeddedChannel {
        private final SocketAddress remote;

        Peer(SocketAddress remote) {
            this.remote = remote;
        }

        @Override
        protected SocketAddress remoteAddress0() {
            return remote;
        }
    }
}
