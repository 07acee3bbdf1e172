/**
 * The two generations of Nacos that the embedded server can be, and what they have always told apart: the name of the
 * public namespace, what they announce, and what they call themselves.
 */
export const generations = ['3.1', '2.3'] as const;

export type Generation = (typeof generations)[number];

interface Traits {
  readonly version: string;
  /** How the public namespace is stored and shown. */
  readonly publicNamespace: string;
  /** What the server can do, as it acknowledges a setup. */
  readonly abilities: Readonly<Record<string, boolean>>;
}

export const traits: Readonly<Record<Generation, Traits>> = {
  '3.1': {
    version: '3.1.0',
    publicNamespace: 'public',
    abilities: { supportPersistentInstanceByGrpc: true, fuzzyWatch: true },
  },
  '2.3': {
    version: '2.3.2',
    publicNamespace: '',
    abilities: { supportPersistentInstanceByGrpc: true },
  },
};

/** The namespace of a config that `given` means; 2.3 takes 'public' for the name of another one. */
export function configNamespaceOf(generation: Generation, given: unknown): string {
  const text = typeof given === 'string' ? given.trim() : '';
  const isPublic = text === '' || (generation === '3.1' && text === 'null');
  return isPublic ? traits[generation].publicNamespace : text;
}
