package dev.rejoin.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS on one connection, with one handshake: a peer that begins another is closed (RFC 5746 allows a server to refuse it, and
 * the engine of the JDK would let a peer repeat it for ever). How long the handshake may take is up to {@link PeerDeadline}.
 */
final class TlsHandler extends SslHandler {
    private static final Logger LOG = LoggerFactory.getLogger(TlsHandler.class);
    /* Type of a record that carries a handshake in the open; in TLS 1.3 none does once there are keys. */
    private static final int HANDSHAKE = 22;
    private static final long FAREWELL_MILLIS = 1_000;

    TlsHandler(SSLEngine engine) {
        super(engine);
        setHandshakeTimeoutMillis(0);
        setCloseNotifyFlushTimeoutMillis(FAREWELL_MILLIS);
    }

    /** Called with the beginning of a record at the reader's index, once for each record or more often. */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
        if (handshakeFuture().isSuccess() && in.isReadable() && in.getUnsignedByte(in.readerIndex()) == HANDSHAKE) {
            LOG.debug(
                    "closing {}: it asks for a second handshake", ctx.channel().remoteAddress());
            in.skipBytes(in.readableBytes());
            ctx.close();
            return;
        }
        super.decode(ctx, in, out);
    }
}
