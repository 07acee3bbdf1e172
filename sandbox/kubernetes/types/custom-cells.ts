/**
 * The table of a custom resource: its name, and the columns that its CRD asks for.
 */
import type { KubeObject } from '../object.ts';
import type { Column } from '../resource-type.ts';
import { age } from './age.ts';
import type { PrinterColumn } from './custom-resource-definition.ts';
import { jsonPath } from './json-path.ts';

const nameColumn: Column = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };

const ageOnly: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', description: '', jsonPath: '.metadata.creationTimestamp' },
];

export function printerColumns(columns: readonly PrinterColumn[] | undefined): readonly PrinterColumn[] {
  return columns === undefined || columns.length === 0 ? ageOnly : columns;
}

export function columnsOf(columns: readonly PrinterColumn[]): readonly Column[] {
  const rest = columns.map(({ name, type, format = '', description = '', priority = 0 }) => {
    return { name, type: type as Column['type'], format, description, priority };
  });
  return [nameColumn, ...rest];
}

export function customCells(columns: readonly PrinterColumn[], object: KubeObject, nowMs: number): readonly unknown[] {
  return [object.metadata.name, ...columns.map((column) => cellOf(column, object, nowMs))];
}

function cellOf({ type, jsonPath: path }: PrinterColumn, object: KubeObject, nowMs: number): unknown {
  const [value] = jsonPath(path)(object);
  if (value === undefined) return null;
  switch (type) {
    case 'date':
      return age(value, nowMs);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
