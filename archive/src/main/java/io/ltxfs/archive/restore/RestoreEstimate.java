package io.ltxfs.archive.restore;

import io.ltxfs.archive.plan.RestorePlan;

/**
 * What a restore would do.
 *
 * @param plan what it would read
 * @param bytes the size of the file that it would write
 * @param bytesFetched what it would fetch, besides lists
 * @param requests how many requests that takes, planning included
 */
public record RestoreEstimate(RestorePlan plan, long bytes, long bytesFetched, long requests) {}
