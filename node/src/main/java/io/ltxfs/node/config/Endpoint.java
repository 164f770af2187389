package io.ltxfs.node.config;

import java.util.regex.Pattern;

/** A host and a port. Port 0 asks for any free one. */
public record Endpoint(String host, int port) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|::1");

    /** Whether only programs of this machine can reach it. */
    public boolean isLoopback() {
        return LOOPBACK.matcher(host).matches();
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
