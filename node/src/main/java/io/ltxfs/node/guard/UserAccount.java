package io.ltxfs.node.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A user of the machine, from its user database (which may be more than a file). */
record UserAccount(String name, String uid, String gid, String home, String shell) {

    /**
     * Looks a user up by name or number.
     *
     * @throws GuardException if there is none
     */
    static UserAccount find(String nameOrNumber) throws GuardException {
        String line;
        try {
            Process getent = new ProcessBuilder(List.of("getent", "passwd", nameOrNumber))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            line = new String(getent.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new GuardException("user " + nameOrNumber, "getent cannot be run: " + e.getMessage(), "install it");
        }
        String[] fields = line.split(":", -1);
        if (fields.length < 7) {
            throw new GuardException(
                    "user " + nameOrNumber, "there is no such user", "name one that 'getent passwd' knows");
        }
        return new UserAccount(fields[0], fields[2], fields[3], fields[5], fields[6]);
    }
}
