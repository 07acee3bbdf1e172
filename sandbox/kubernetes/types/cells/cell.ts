/**
 * Makes the cells of one kind's rows: all of them, also those of `-o wide`.
 */
import type { KubeObject } from '../../object.ts';

export type Cells = (object: KubeObject, nowMs: number) => readonly unknown[];
