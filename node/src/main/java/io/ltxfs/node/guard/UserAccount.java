package io.ltxfs.node.guard;

import io.ltxfs.database.posix.NameService;
import java.io.IOException;
import java.util.List;

/** A user of the machine, from its user database (which may be more than a file). */
record UserAccount(String name, String uid, String gid, String home, String shell) {

    /**
     * Looks a user up by name or number.
     *
     * @throws GuardException if there is none
     */
    static UserAccount find(String nameOrNumber) throws GuardException {
        List<String> fields;
        try {
            fields = NameService.find("passwd", nameOrNumber).orElse(List.of());
        } catch (IOException e) {
            throw new GuardException(
                    "user " + nameOrNumber,
                    "cannot be looked up: " + e.getMessage(),
                    "try 'getent passwd " + nameOrNumber + "'");
        }
        if (fields.size() < 7) {
            throw new GuardException(
                    "user " + nameOrNumber, "there is no such user", "name one that 'getent passwd' knows");
        }
        return new UserAccount(fields.get(0), fields.get(2), fields.get(3), fields.get(5), fields.get(6));
    }
}
