/**
 * The cells of a row of a built-in kind, in the order of its columns, as the API server prints them. Kinds that are not
 * here show their name and their age.
 *
 * Source: k8s.io/kubernetes/pkg/printers/internalversion/printers.go
 */
import type { KubeObject } from '../../object.ts';
import { ageOf, type Cells } from './cell-text.ts';
import { clusterCells } from './cluster-cells.ts';
import { podCells } from './pod-cells.ts';
import { workloadCells } from './workload-cells.ts';

const cellsByKind: Readonly<Record<string, Cells>> = { ...clusterCells, ...workloadCells, Pod: podCells };

/** Kinds with columns of their own. */
export const printedKinds: readonly string[] = Object.keys(cellsByKind);

export function builtInCells(kind: string, object: KubeObject, nowMs: number): readonly unknown[] {
  return cellsByKind[kind]?.(object, nowMs) ?? [object.metadata.name, ageOf(object, nowMs)];
}
