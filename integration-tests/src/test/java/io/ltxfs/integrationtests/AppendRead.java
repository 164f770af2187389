package io.ltxfs.integrationtests;

/**
 * What a client read at once on a node.
 *
 * @param count how many rows
 * @param lastClient whose append the last row is
 * @param lastNumber its number
 */
record AppendRead(int client, String node, long begun, long ended, long count, int lastClient, long lastNumber) {}
