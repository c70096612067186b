package dev.rejoin.client.transport;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Opens WebSocket connections with the client of the JDK. */
public final class WebSocketConnector implements Connector {
    /** The subprotocol that is offered. */
    public static final String SUBPROTOCOL = "rejoin.v1";

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final long CLOSE_TIMEOUT_MILLIS = 2_000;
    private static final int ABNORMAL = 1006;

    private final URI uri;
    private final int maxMessageBytes;
    private final HttpClient http;

    /**
     * A connector to one address.
     *
     * @param uri {@code ws:} or {@code wss:}
     * @param maxMessageBytes a larger message closes the connection
     * @param tls whom to trust on {@code wss:}; null trusts whom the JVM trusts
     */
    public WebSocketConnector(URI uri, int maxMessageBytes, @Nullable SSLContext tls) {
        this.uri = uri;
        this.maxMessageBytes = maxMessageBytes;
        HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT);
        this.http = (tls == null ? client : client.sslContext(tls)).build();
    }

    @Override
    public void connect(ConnectionListener listener) {
        Socket socket = new Socket(listener, maxMessageBytes);
        http.newWebSocketBuilder()
                .connectTimeout(CONNECT_TIMEOUT)
                .subprotocols(SUBPROTOCOL)
                .buildAsync(uri, socket)
                .whenComplete((opened, failure) -> {
                    if (failure != null) {
                        socket.ended(ABNORMAL, describe(failure));
                    }
                });
    }

    private static String describe(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    /** One WebSocket: joins the parts of messages, and sends one message after the other as the JDK demands. */
    private static final class Socket implements WebSocket.Listener, Connection {
        private final ConnectionListener listener;
        private final int maxMessageBytes;
        private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
        private final ArrayDeque<byte[]> outgoing = new ArrayDeque<>();
        private boolean sending;
        private boolean closing;
        private int closeCode;
        private String closeReason = "";
        private boolean hasEnded;
        private @Nullable WebSocket socket;

        Socket(ConnectionListener listener, int maxMessageBytes) {
            this.listener = listener;
            this.maxMessageBytes = maxMessageBytes;
        }

        @Override
        public void onOpen(WebSocket opened) {
            synchronized (this) {
                socket = opened;
            }
            listener.opened(this);
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            if (parts.size() + data.remaining() > maxMessageBytes) {
                from.abort();
                ended(1009, "message of more than " + maxMessageBytes + " bytes");
                return null;
            }
            byte[] part = new byte[data.remaining()];
            data.get(part);
            if (last && parts.size() == 0) {
                listener.message(part);
            } else {
                parts.writeBytes(part);
                if (last) {
                    byte[] message = parts.toByteArray();
                    parts.reset();
                    listener.message(message);
                } else {
                    listener.part();
                    from.request(1);
                }
            }
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            from.abort();
            ended(1003, "a text message");
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            ended(code, reason);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            ended(ABNORMAL, describe(error));
        }

        void ended(int code, String reason) {
            synchronized (this) {
                if (hasEnded) {
                    return;
                }
                hasEnded = true;
                outgoing.clear();
            }
            listener.closed(code, reason);
        }

        @Override
        public synchronized void send(byte[] message) {
            if (hasEnded || closing) {
                return;
            }
            outgoing.add(message);
            sendNext();
        }

        @Override
        public synchronized void next() {
            Objects.requireNonNull(socket, "opened before anything is asked for")
                    .request(1);
        }

        @Override
        public synchronized void close(int code, String reason) {
            if (hasEnded || closing) {
                return;
            }
            closing = true;
            closeCode = code;
            closeReason = reason;
            sendNext();
        }

        private synchronized void sendNext() {
            if (sending || hasEnded) {
                return;
            }
            WebSocket open = Objects.requireNonNull(socket, "opened before anything is sent");
            byte @Nullable [] message = outgoing.poll();
            if (message != null) {
                sending = true;
                open.sendBinary(ByteBuffer.wrap(message), true).whenComplete((done, failure) -> {
                    synchronized (this) {
                        sending = false;
                    }
                    if (failure == null) {
                        sendNext();
                    } else {
                        open.abort();
                        ended(ABNORMAL, describe(failure));
                    }
                });
            } else if (closing) {
                sending = true;
                open.sendClose(closeCode, closeReason)
                        .orTimeout(CLOSE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
                        .whenComplete((done, failure) -> {
                            open.abort();
                            ended(closeCode, closeReason);
                        });
            }
        }
    }
}
