package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A node as a primary: the streams of its replicas. */
final class Serving implements Network.End {
    private static final long BEAT = Plan.TTL.toNanos() / 8;

    private static final class Replica {
        final Network.Stream stream;
        final long link;
        Standing standing;
        long epoch = -1;
        /** What was sent last of each database; nothing is sent of one that is not here. */
        final Map<String, Optional<Tx>> cursors = new HashMap<>();

        Replica(Network.Stream stream, long link, Standing standing) {
            this.stream = stream;
            this.link = link;
            this.standing = standing;
        }
    }

    private final Node node;
    private final Map<Long, Replica> replicas = new TreeMap<>();

    Serving(Node node) {
        this.node = node;
    }

    boolean perform(Action action) {
        if (action instanceof Action.Admit admit) {
            Replica replica = replicas.get(admit.link());
            if (replica != null) {
                admit(replica, admit);
            }
        } else if (action instanceof Action.RefuseReplica refuse) {
            Replica replica = replicas.remove(refuse.link());
            if (replica != null) {
                refuse(replica);
            }
        } else if (action instanceof Action.DropReplicas) {
            for (Replica replica : List.copyOf(replicas.values())) {
                refuse(replica);
            }
            replicas.clear();
        } else {
            return false;
        }
        return true;
    }

    private void refuse(Replica replica) {
        replica.stream.send(
                node,
                new Message.NotTaken(
                        node.machine.standing().promised(), node.status().primary()));
        replica.stream.close(node);
    }

    private void admit(Replica replica, Action.Admit admit) {
        replica.epoch = admit.epoch();
        Set<String> replaced = new HashSet<>();
        Set<String> absent = new HashSet<>();
        Map<String, Tx> mine = node.disk().durableHeads();
        Map<String, Place> theirs = replica.standing.positions();
        for (Map.Entry<String, Place> entry : theirs.entrySet()) {
            Tx head = mine.get(entry.getKey());
            if (head == null) {
                absent.add(entry.getKey());
            } else {
                Tx at = find(head, entry.getValue());
                if (at == null || head.txid - at.txid > node.cluster.plan.logReach) {
                    replaced.add(entry.getKey());
                } else {
                    replica.cursors.put(entry.getKey(), Optional.of(at));
                }
            }
        }
        for (String database : Plan.DATABASES) {
            if (!theirs.containsKey(database)) {
                Tx head = mine.get(database);
                if (Tx.txid(head) > node.cluster.plan.logReach) {
                    replaced.add(database);
                } else {
                    replica.cursors.put(database, Optional.empty());
                }
            } else if (absent.contains(database)) {
                replica.cursors.put(database, Optional.empty());
            }
        }
        replica.stream.send(node, new Message.Welcome(admit.epoch(), node.self, admit.start(), replaced, absent));
        beat(replica);
        push(replica);
    }

    private static @Nullable Tx find(Tx head, Place place) {
        Tx at = Tx.at(head, place.txid());
        return at != null && at.checksum == place.checksum() ? at : null;
    }

    /** Sends what is durable and was not sent. */
    void push() {
        for (Replica replica : List.copyOf(replicas.values())) {
            if (replica.epoch >= 0) {
                push(replica);
            }
        }
    }

    private void push(Replica replica) {
        for (Map.Entry<String, Tx> entry : node.disk().durableHeads().entrySet()) {
            Optional<Tx> cursor = replica.cursors.get(entry.getKey());
            if (cursor == null) {
                continue;
            }
            Tx sent = cursor.orElse(null);
            Tx head = entry.getValue();
            if (sent == head) {
                continue;
            }
            if (sent != null && !sent.isIn(head) || head.txid - Tx.txid(sent) > node.cluster.plan.logReach) {
                replica.cursors.remove(entry.getKey());
                replica.stream.send(node, new Message.Replace(replica.epoch, entry.getKey()));
                continue;
            }
            sendAfter(replica, sent, head);
            replica.cursors.put(entry.getKey(), Optional.of(head));
        }
    }

    private void sendAfter(Replica replica, @Nullable Tx sent, @Nullable Tx head) {
        if (head != null && head != sent) {
            sendAfter(replica, sent, head.before);
            replica.stream.send(node, new Message.Transaction(replica.epoch, head));
        }
    }

    /** A heartbeat to everybody, now and then. */
    void beat() {
        for (Replica replica : List.copyOf(replicas.values())) {
            if (replica.epoch >= 0) {
                beat(replica);
                push(replica);
            }
        }
        node.in(BEAT, this::beat);
    }

    private void beat(Replica replica) {
        replica.stream.send(
                node, new Message.Heartbeat(replica.epoch, node.lease.etag().orElse(""), node.machine.members()));
    }

    @Override
    public void receive(Network.Stream stream, Object message) {
        if (message instanceof Message.Hello hello) {
            Replica replica = new Replica(stream, node.next(), hello.standing());
            replicas.put(replica.link, replica);
            node.tell(new Event.ReplicaComes(replica.link, hello.replica(), hello.process(), hello.standing()));
            return;
        }
        Replica replica = of(stream);
        if (replica == null) {
            return;
        }
        if (message instanceof Message.Has has) {
            if (has.epoch() == replica.epoch) {
                node.tell(
                        has.durable().isEmpty() && has.applied().isEmpty() && !has.complete()
                                ? new Event.ReplicaHeard(replica.link)
                                : new Event.ReplicaHas(replica.link, has.durable(), has.applied(), has.complete()));
            }
        } else if (message instanceof Message.Resume resume) {
            if (resume.epoch() == replica.epoch) {
                replica.cursors.put(resume.database(), Optional.ofNullable(resume.at()));
                push(replica);
            }
        } else if (message instanceof Message.Promised promised) {
            node.tell(new Event.PromiseSeen(promised.epoch()));
        }
    }

    @Override
    public void broken(Network.Stream stream) {
        Replica replica = of(stream);
        if (replica != null) {
            replicas.remove(replica.link);
            node.tell(new Event.ReplicaGone(replica.link));
        }
    }

    private @Nullable Replica of(Network.Stream stream) {
        for (Replica replica : replicas.values()) {
            if (replica.stream == stream) {
                return replica;
            }
        }
        return null;
    }
}
