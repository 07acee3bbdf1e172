/**
 * Which ConfigMaps and Secrets a pod mounts or reads into its environment.
 *
 * Pure. Its fields are what the API serves (`io.k8s.api.core.v1.PodSpec`); only what names a ConfigMap or a Secret is here.
 */
interface NamedObject {
  name?: string;
}

interface Container {
  envFrom?: { configMapRef?: NamedObject; secretRef?: NamedObject }[];
  env?: { valueFrom?: { configMapKeyRef?: NamedObject; secretKeyRef?: NamedObject } }[];
}

interface Volume {
  configMap?: NamedObject;
  secret?: { secretName?: string };
  projected?: { sources?: { configMap?: NamedObject; secret?: NamedObject }[] };
}

export interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
}

const kinds = ['ConfigMap', 'Secret'] as const;

export interface UsedObject {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
}

/** What its containers mount, or read into their environment; each once. */
export function usedObjects(spec: PodSpec | undefined): UsedObject[] {
  const { containers = [], initContainers = [], volumes = [] } = spec ?? {};
  const names = [
    ...volumes.flatMap(objectsOfVolume),
    ...[...initContainers, ...containers].flatMap(objectsOfContainer),
  ];
  return kinds.flatMap((kind) => {
    const named = new Set(names.map((one) => one[kind]).filter((name) => name !== undefined));
    return [...named].map((name) => ({ kind, name }));
  });
}

/** The name of the ConfigMap, or of the Secret, that is referred to. */
type Named = { readonly ConfigMap?: string; readonly Secret?: string };

function objectsOfVolume({ configMap, secret, projected }: Volume): Named[] {
  const sources = projected?.sources ?? [];
  return [
    { ConfigMap: configMap?.name, Secret: secret?.secretName },
    ...sources.map((source) => ({ ConfigMap: source.configMap?.name, Secret: source.secret?.name })),
  ];
}

function objectsOfContainer({ envFrom = [], env = [] }: Container): Named[] {
  return [
    ...envFrom.map(({ configMapRef, secretRef }) => ({ ConfigMap: configMapRef?.name, Secret: secretRef?.name })),
    ...env.map(({ valueFrom }) => ({
      ConfigMap: valueFrom?.configMapKeyRef?.name,
      Secret: valueFrom?.secretKeyRef?.name,
    })),
  ];
}
