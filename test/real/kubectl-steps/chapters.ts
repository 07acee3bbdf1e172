/**
 * All steps, in the order in which they run: the CRDs come first.
 */
import { cluster } from './cluster.ts';
import { declaring } from './declaring.ts';
import { owning } from './owning.ts';
import { reading } from './reading.ts';
import { refusing } from './refusing.ts';
import type { Chapter } from './step.ts';
import { waiting } from './waiting.ts';
import { workloads } from './workloads.ts';

export const chapters: readonly Chapter[] = [cluster, declaring, reading, owning, refusing, waiting, workloads];
