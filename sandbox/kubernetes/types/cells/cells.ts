/**
 * The cells of a row of a built-in kind, in the order of its columns, as the API server prints them.
 *
 * Source: k8s.io/kubernetes/pkg/printers/internalversion/printers.go
 */
import type { KubeObject } from '../../object.ts';
import type { Cells } from './cell.ts';
import { clusterCells } from './cluster-cells.ts';
import { networkCells } from './network-cells.ts';
import { podCells } from './pod-cells.ts';
import { workloadCells } from './workload-cells.ts';

const cellsByKind: Readonly<Record<string, Cells>> = {
  ...clusterCells,
  ...networkCells,
  ...workloadCells,
  Pod: podCells,
};

export function cellsOf(kind: string, object: KubeObject, nowMs: number): readonly unknown[] {
  return cellsByKind[kind]?.(object, nowMs) ?? [object.metadata.name];
}
