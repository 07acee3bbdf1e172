/**
 * The objects that the steps work with, as a person would write them.
 */
export function config(name: string, spec: string, metadata = ''): string {
  return `apiVersion: bridge.nacos.io/v1alpha1
kind: NacosConfig
metadata:
  name: ${name}
${indent(metadata, 2)}spec:
${indent(spec, 2)}`;
}

export function configMap(name: string, data: string, metadata = ''): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
${indent(metadata, 2)}data:
${indent(data, 2)}`;
}

/** Bound to the only node: the real cluster has no scheduler. */
export function deployment(name: string, replicas: number, image = 'registry.example/app:1'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      nodeName: node-1
      containers:
        - name: app
          image: ${image}
          ports:
            - containerPort: 8080
`;
}

export function service(name: string): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
`;
}

/** As a controller writes it, about another object. */
export function event(
  name: string,
  about: { kind: string; apiVersion: string; name: string; namespace: string },
): string {
  return `apiVersion: v1
kind: Event
metadata:
  name: ${name}
involvedObject:
  kind: ${about.kind}
  apiVersion: ${about.apiVersion}
  name: ${about.name}
  namespace: ${about.namespace}
  uid: UID
type: Normal
reason: Published
message: published to the dataId orders.yaml
count: 1
firstTimestamp: 2026-01-01T00:00:00Z
lastTimestamp: 2026-01-01T00:00:00Z
source:
  component: test
`;
}

export function documents(...texts: string[]): string {
  return texts.join('---\n');
}

function indent(text: string, blanks: number): string {
  return text === '' ? '' : `${text.trimEnd().replaceAll(/^/gm, ' '.repeat(blanks))}\n`;
}
