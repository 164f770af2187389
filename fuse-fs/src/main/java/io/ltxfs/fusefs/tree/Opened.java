package io.ltxfs.fusefs.tree;

import java.util.List;

/** What a file handle of the kernel stands for. */
sealed interface Opened permits OpenFile, Opened.OpenDirectory, Opened.OpenVirtual {

    /** A directory being listed. Guarded by its monitor. */
    final class OpenDirectory implements Opened {
        private List<Directories.Name> names = List.of();

        List<Directories.Name> names() {
            return names;
        }

        void names(List<Directories.Name> newNames) {
            names = newNames;
        }
    }

    /** A virtual file; what was read at offset 0 stays for the reads behind it. Guarded by its monitor. */
    final class OpenVirtual implements Opened {
        private byte[] text = new byte[0];

        byte[] text() {
            return text;
        }

        void text(byte[] newText) {
            text = newText;
        }
    }
}
