package io.ltxfs.node.config;

import java.util.regex.Pattern;

/** A host and a port. Port 0 asks for any free one. */
public record Endpoint(String host, int port) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|::1");

    /** Whether only programs of this machine can reach it. */
    public boolean isLoopback() {
        return LOOPBACK.matcher(host).matches();
    }

    /** Whether it stands for every address of this machine, which is nothing to connect to. */
    public boolean isWildcard() {
        return host.equals("0.0.0.0") || host.equals("::");
    }

    /** The same host with the port that was found, if this one asks for any. */
    public Endpoint withPort(int found) {
        return port == 0 ? new Endpoint(host, found) : this;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
