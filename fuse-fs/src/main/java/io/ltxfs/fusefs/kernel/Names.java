package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Zero-terminated names in a request, up to the buffer's limit. Only UTF-8 is let in: names become keys and URLs. */
final class Names {
    private static final int NAME_BYTES_MAX = 255;

    private Names() {}

    /** The name that begins at an offset. */
    static String at(ByteBuffer in, int offset) {
        int bytes = after(in, offset) - 1 - offset;
        if (bytes > NAME_BYTES_MAX) {
            throw new BadNameException(Errno.ENAMETOOLONG);
        }
        return text(in, offset, bytes);
    }

    /** The target of a symbolic link. */
    static String target(ByteBuffer in, int offset) {
        return text(in, offset, after(in, offset) - 1 - offset);
    }

    /** The offset behind the zero that ends the name at an offset. */
    static int after(ByteBuffer in, int offset) {
        int at = offset;
        while (in.get(at) != 0) {
            at++;
        }
        return at + 1;
    }

    private static String text(ByteBuffer in, int offset, int bytes) {
        byte[] utf8 = new byte[bytes];
        in.get(offset, utf8);
        for (byte b : utf8) {
            if (b < 0) {
                return decode(utf8);
            }
        }
        return new String(utf8, StandardCharsets.ISO_8859_1);
    }

    private static String decode(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadNameException(Errno.EILSEQ);
        }
    }
}
