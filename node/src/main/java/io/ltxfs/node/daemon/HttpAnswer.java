package io.ltxfs.node.daemon;

import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer to an HTTP request.
 *
 * @param status the HTTP status
 * @param contentType the media type
 * @param body writes the body; what it throws before the first byte becomes an error's answer, later it cuts the body
 */
record HttpAnswer(int status, String contentType, Body body) {
    /** Writes a body. */
    @FunctionalInterface
    interface Body {
        void write(OutputStream out) throws IOException;
    }

    static HttpAnswer json(int status, Object document) {
        byte[] bytes = Json.writePretty(document).getBytes(StandardCharsets.UTF_8);
        return new HttpAnswer(status, "application/json", out -> out.write(bytes));
    }

    static HttpAnswer error(int status, String error, String next) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("error", error);
        document.put("next", next);
        return json(status, document);
    }
}
