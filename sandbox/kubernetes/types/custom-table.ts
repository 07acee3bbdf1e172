/**
 * The table of a custom resource: its name, and the columns that its CRD asks for.
 */
import type { Column, ResourceType } from '../resource-type.ts';
import { age } from './age.ts';
import type { PrinterColumn } from './custom-resource-definition.ts';
import { jsonPath } from './json-path.ts';

const nameColumn: Column = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };

const ageOnly: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', description: '', jsonPath: '.metadata.creationTimestamp' },
];

/** @throws Error for a path that is not understood */
export function customTable(printed: readonly PrinterColumn[] = []): Pick<ResourceType, 'columns' | 'cells'> {
  const asked = printed.length === 0 ? ageOnly : printed;
  const columns = asked.map(({ name, type, format = '', description = '', priority = 0 }) => {
    return { name, type: type as Column['type'], format, description, priority };
  });
  const sources = asked.map(({ type, jsonPath: text }) => ({ type, path: jsonPath(text) }));
  return {
    columns: [nameColumn, ...columns],
    cells: (object, nowMs) => [
      object.metadata.name,
      ...sources.map(({ type, path }) => cellOf(type, path(object)[0], nowMs)),
    ],
  };
}

function cellOf(type: string, value: unknown, nowMs: number): unknown {
  if (value === undefined) return null;
  switch (type) {
    case 'date':
      return age(value, nowMs);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
    case 'boolean':
      return typeof value === type ? value : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
