package io.ltxfs.objectstore.tools;

import java.net.URI;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** S3Proxy in this JVM, with its objects in memory and conditions that hold under concurrent puts. */
public final class InProcessServer implements S3Server {
    private final S3Proxy proxy;

    private InProcessServer(S3Proxy proxy) {
        this.proxy = proxy;
    }

    /** Starts it. */
    public static InProcessServer start() {
        LockingBlobStore blobs = new LockingBlobStore(new TransientNio2BlobStore());
        blobs.createContainer(BUCKET);
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(blobs)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                .build();
        try {
            proxy.start();
        } catch (Exception e) {
            throw new AssertionError("S3Proxy did not start", e);
        }
        return new InProcessServer(proxy);
    }

    @Override
    public String endpoint() {
        return "http://127.0.0.1:" + proxy.getPort();
    }

    @Override
    public void close() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new AssertionError("S3Proxy did not stop", e);
        }
    }
}
