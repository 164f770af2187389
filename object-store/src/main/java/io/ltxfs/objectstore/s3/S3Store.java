package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ByteRange;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectKeys;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Objects in S3. Opening makes no request and loads next to nothing: the first request builds the client. */
public final class S3Store implements ObjectStore {
    /** What S3 answers and accepts at most. */
    static final int PAGE_KEYS_MAX = 1000;

    private final S3Url url;
    private final S3Requests requests;
    private final S3Put puts;
    private final int pageKeys;
    /** Set when the server has refused to delete many objects by one request. */
    private volatile boolean deletesSingly;

    private S3Store(S3Url url, S3Requests requests, int pageKeys) {
        this.url = url;
        this.requests = requests;
        this.puts = new S3Put(url, requests);
        this.pageKeys = pageKeys;
    }

    /** Opens a place with credentials found the AWS SDK's usual way, at the first request. */
    public static S3Store open(S3Url url) {
        return new S3Store(
                url,
                new S3Requests(url, new Credentials(S3Clients::usualCredentials), null, S3Requests.READ_TRIES),
                PAGE_KEYS_MAX);
    }

    /**
     * Opens a place for one who would rather hear soon that there is no answer: nothing is asked twice, reads neither.
     *
     * @param timeout for connecting, and for a whole call with a small object; a shorter one in the URL counts
     */
    public static S3Store openImpatient(S3Url url, Duration timeout) {
        S3Url shorter = url.withTimeout(timeout.compareTo(url.timeout()) < 0 ? timeout : url.timeout());
        return new S3Store(
                shorter, new S3Requests(shorter, new Credentials(S3Clients::usualCredentials), null, 1), PAGE_KEYS_MAX);
    }

    /** Opens a place with credentials. */
    public static S3Store open(S3Url url, AwsCredentialsProvider credentials) {
        return open(url, credentials, null, PAGE_KEYS_MAX);
    }

    /** Opens a place where requests can be watched and changed, and pages are small. */
    static S3Store open(
            S3Url url, AwsCredentialsProvider credentials, @Nullable ExecutionInterceptor interceptor, int pageKeys) {
        return new S3Store(
                url,
                new S3Requests(url, new Credentials(() -> credentials), interceptor, S3Requests.READ_TRIES),
                pageKeys);
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        return puts.put(serverKey(key), describe(key), body, options);
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        String serverKey = serverKey(key);
        try {
            HeadObjectResponse answer = requests.read(
                    describe(key),
                    client -> client.headObject(head ->
                            head.bucket(url.bucket()).key(serverKey).overrideConfiguration(requests.timeout(0))));
            return S3Content.info(key, answer.contentLength(), answer.lastModified(), answer.eTag(), answer.metadata());
        } catch (StoreException e) {
            if (tellsLittle(e.kind())) {
                explain(key);
            }
            throw e;
        }
    }

    /** The answer to a HEAD has no body, so a wrong secret looks like a denial, and a missing bucket like a missing object. */
    private boolean tellsLittle(Kind kind) {
        return kind == Kind.DENIED
                || kind == Kind.PROTOCOL
                || kind == Kind.NO_STORE
                || kind == Kind.NOT_FOUND && !requests.answered();
    }

    /** Asks again in a way that is answered with a reason, and throws it. */
    private void explain(String key) throws StoreException {
        try {
            // If this is not refused, the first answer stands.
            get(key, 0, 1).close();
        } catch (StoreException e) {
            if (e.kind() != Kind.RANGE) {
                throw e;
            }
        } catch (IOException e) {
            // From closing.
        }
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        return S3Content.open(url, requests, key, serverKey(key), null, Long.MAX_VALUE);
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        ByteRange.checkArguments(offset, length);
        String range;
        if (offset < 0) {
            range = "bytes=" + offset;
        } else if (offset > Long.MAX_VALUE - length) {
            range = "bytes=" + offset + "-";
        } else {
            range = "bytes=" + offset + "-" + (offset + length - 1);
        }
        try {
            return S3Content.open(url, requests, key, serverKey(key), range, length);
        } catch (StoreException e) {
            if (offset < 0 && e.kind() == Kind.RANGE) {
                // An empty object has no last bytes; to us they are none.
                ObjectInfo info = head(key);
                if (info.size() == 0) {
                    return new ObjectContent(info, 0, 0, InputStream.nullInputStream());
                }
            }
            throw e;
        }
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        String base = url.base();
        String after = startAfter.isEmpty() ? "" : base + startAfter;
        while (true) {
            String from = after;
            ListObjectsV2Response answer = requests.read(
                    describe(prefix),
                    client -> client.listObjectsV2(list -> list.bucket(url.bucket())
                            .prefix(base + prefix)
                            .startAfter(from.isEmpty() ? null : from)
                            .maxKeys(pageKeys)
                            .overrideConfiguration(requests.timeout(0))));
            List<ObjectInfo> objects = new ArrayList<>();
            for (S3Object object : answer.contents()) {
                String key = object.key();
                if (!key.startsWith(base + prefix) || ObjectKeys.ORDER.compare(key, after) <= 0) {
                    throw requests.errors()
                            .lacking(
                                    new S3Errors.Request(describe(prefix), S3Errors.Action.READ, null),
                                    "keys in the order of their bytes");
                }
                after = key;
                String ours = key.substring(base.length());
                // Others leave keys such as 'directory/' in buckets.
                if (S3Text.isKey(ours)) {
                    objects.add(S3Content.info(ours, object.size(), object.lastModified(), object.eTag(), Map.of()));
                }
            }
            boolean more = Boolean.TRUE.equals(answer.isTruncated());
            if (!objects.isEmpty() || !more || answer.contents().isEmpty()) {
                return new ListPage(objects, more && !objects.isEmpty());
            }
        }
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        String whole = url.base() + prefix;
        SortedSet<String> names = new TreeSet<>(ObjectKeys.ORDER);
        String token = null;
        do {
            String from = token;
            ListObjectsV2Response answer = requests.read(
                    describe(prefix),
                    client -> client.listObjectsV2(list -> list.bucket(url.bucket())
                            .prefix(whole)
                            .delimiter("/")
                            .continuationToken(from)
                            .maxKeys(pageKeys)
                            .overrideConfiguration(requests.timeout(0))));
            for (CommonPrefix child : answer.commonPrefixes()) {
                String name =
                        child.prefix().substring(whole.length(), child.prefix().length() - 1);
                if (S3Text.isKey(name)) {
                    names.add(name);
                }
            }
            token = Boolean.TRUE.equals(answer.isTruncated()) ? answer.nextContinuationToken() : null;
        } while (token != null);
        return List.copyOf(names);
    }

    @Override
    public void delete(String key) throws StoreException {
        String serverKey = serverKey(key);
        try {
            requests.send(
                    new S3Errors.Request(describe(key), S3Errors.Action.WRITE, null),
                    client -> client.deleteObject(delete ->
                            delete.bucket(url.bucket()).key(serverKey).overrideConfiguration(requests.timeout(0))));
        } catch (StoreException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        List<String> all = List.copyOf(keys);
        all.forEach(ObjectKeys::check);
        for (int from = 0; from < all.size(); from += PAGE_KEYS_MAX) {
            List<String> some = all.subList(from, Math.min(all.size(), from + PAGE_KEYS_MAX));
            if (some.size() > 1 && !deletesSingly && deletedAtOnce(some)) {
                continue;
            }
            for (String key : some) {
                delete(key);
            }
        }
    }

    /** False if the server cannot delete many objects by one request. */
    private boolean deletedAtOnce(List<String> keys) throws StoreException {
        List<ObjectIdentifier> objects = new ArrayList<>();
        for (String key : keys) {
            objects.add(ObjectIdentifier.builder().key(serverKey(key)).build());
        }
        S3Errors.Request request = new S3Errors.Request(describe(keys.get(0)), S3Errors.Action.WRITE, null);
        DeleteObjectsResponse answer;
        try {
            answer = requests.send(
                    request,
                    client -> client.deleteObjects(delete -> delete.bucket(url.bucket())
                            .delete(Delete.builder()
                                    .objects(objects)
                                    .quiet(true)
                                    .build())
                            .overrideConfiguration(requests.timeout(0))));
        } catch (StoreException e) {
            if (S3Errors.isNotImplemented(e)) {
                deletesSingly = true;
                return false;
            }
            throw e;
        }
        for (S3Error error : answer.errors()) {
            if (!"NoSuchKey".equals(error.code())) {
                String key = error.key() == null ? "" : error.key();
                String place = describe(
                        key.startsWith(url.base()) ? key.substring(url.base().length()) : key);
                throw requests.errors().notDeleted(new S3Errors.Request(place, S3Errors.Action.WRITE, null), error);
            }
        }
        return true;
    }

    private String serverKey(String key) {
        return url.base() + ObjectKeys.check(key);
    }

    /** Explains the store's state: reached, bucket, credentials, clock. Reads only. */
    public List<S3Check> check() {
        return S3Check.run(url, requests);
    }

    @Override
    public String describe() {
        return url.describe();
    }

    @Override
    public String describe(String key) {
        return url.describe(key);
    }

    @Override
    public boolean isLocal() {
        return false;
    }

    @Override
    public void close() {
        requests.close();
    }
}
