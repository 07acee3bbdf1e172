/**
 * One object of a file of manifests, which knows where its fields stand there.
 */
import type { ContentDocument } from '../config-sync/formats/reading.ts';
import type { Place } from '../config-sync/formats/syntax-problem.ts';

export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export class Manifest {
  readonly file: string;
  readonly object: ManifestObject;
  readonly #lines: readonly string[];
  readonly #document: ContentDocument;
  readonly #path: readonly string[];

  /** @param path of the object in the document, where that is a list of objects */
  constructor(
    file: string,
    lines: readonly string[],
    document: ContentDocument,
    object: ManifestObject,
    path: readonly string[],
  ) {
    this.file = file;
    this.object = object;
    this.#lines = lines;
    this.#document = document;
    this.#path = path;
  }

  /** Such as `NacosConfig/orders.yaml`. */
  get title(): string {
    return `${this.object.kind}/${this.object.metadata.name}`;
  }

  /** @param field such as `spec.tags[0]` or `data[app.yaml]`; '' is the object itself */
  placeOf(field: string): Place {
    return this.#document.placeOf([...this.#path, ...segmentsOf(field)]) ?? { line: 1, column: 1 };
  }

  /**
   * Where a place within the text of a field is in the file. Of texts that are no literal block (`|`), whose lines are not
   * those of the file, it is where the text begins.
   */
  placeWithin(field: string, within: Place): Place {
    const place = this.placeOf(field);
    const header = this.#lines[place.line - 1]?.slice(place.column - 1) ?? '';
    if (!/^\|[-+]?\s*(#.*)?$/.test(header)) return place;
    const indent = /^ */.exec(this.#lines.slice(place.line).find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
    return { line: place.line + within.line, column: indent + within.column };
  }
}

/** `spec.tags[0]` is the path spec, tags, 0; what stands in brackets may hold dots. */
function segmentsOf(field: string): string[] {
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([segment, inBrackets]) => inBrackets ?? segment);
}
