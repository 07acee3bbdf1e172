/**
 * Which fields a JSON text holds twice, as paths: what JSON.parse cannot tell, and what `fieldValidation` asks for
 * (AdmitOptions.duplicateFields).
 */
import { visit } from 'jsonc-parser';
import { fieldPath } from '../../../operator/admission/schema-node.ts';

interface Container {
  readonly path: string;
  /** Undefined for lists. */
  readonly names: Set<string> | undefined;
  index: number;
  property: string;
}

export function duplicateFieldsOf(text: string): readonly string[] {
  const found = new Set<string>();
  const stack: Container[] = [];
  const pathHere = () => {
    const parent = stack.at(-1);
    if (!parent) return '';
    return parent.names ? fieldPath(parent.path, parent.property) : `${parent.path}[${parent.index}]`;
  };
  visit(text, {
    onObjectBegin: () => void stack.push({ path: pathHere(), names: new Set(), index: 0, property: '' }),
    onArrayBegin: () => void stack.push({ path: pathHere(), names: undefined, index: 0, property: '' }),
    onObjectEnd: () => void stack.pop(),
    onArrayEnd: () => void stack.pop(),
    onObjectProperty(name) {
      const object = stack.at(-1);
      if (!object?.names) return;
      if (object.names.has(name)) found.add(fieldPath(object.path, name));
      object.names.add(name);
      object.property = name;
    },
    onSeparator(character) {
      const list = stack.at(-1);
      if (character === ',' && list) list.index += 1;
    },
  });
  return [...found];
}
