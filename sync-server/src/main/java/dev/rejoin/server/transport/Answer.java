package dev.rejoin.server.transport;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One HTTP response with its whole body in memory, not yet tied to a connection. */
final class Answer {
    private final HttpResponseStatus status;
    private final String contentType;
    private final byte[] body;
    private final List<String[]> headers = new ArrayList<>();

    private Answer(HttpResponseStatus status, String contentType, byte[] body) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
    }

    static Answer of(HttpResponseStatus status, String contentType, byte[] body) {
        return new Answer(status, contentType, body);
    }

    static Answer text(HttpResponseStatus status, String contentType, String body) {
        return new Answer(status, contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    /** A refusal in the form of RFC 9457, with a code from {@code docs/reference/sync-protocol.md} where one fits. */
    static Answer problem(HttpResponseStatus status, String code, String detail) {
        return new Answer(status, "application/problem+json", Json.problem(status, code, detail))
                .with("cache-control", "no-store");
    }

    static Answer notModified() {
        return new Answer(HttpResponseStatus.NOT_MODIFIED, "", new byte[0]);
    }

    static Answer noContent() {
        return new Answer(HttpResponseStatus.NO_CONTENT, "", new byte[0]).with("cache-control", "no-store");
    }

    Answer with(CharSequence name, String value) {
        headers.add(new String[] {name.toString(), value});
        return this;
    }

    int status() {
        return status.code();
    }

    /** The response as it goes out; to HEAD the same head without the body. */
    FullHttpResponse toResponse(boolean head, boolean keepAlive) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        HttpHeaders out = response.headers();
        if (!status.equals(HttpResponseStatus.NOT_MODIFIED) && !status.equals(HttpResponseStatus.NO_CONTENT)) {
            HttpUtil.setContentLength(response, body.length);
            out.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        }
        out.set("x-content-type-options", "nosniff");
        for (String[] header : headers) {
            out.set(header[0], header[1]);
        }
        if (!keepAlive) {
            out.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        return response;
    }
}
