/** How the features name a connection: a NacosConnection by `namespace/name`, or the one given to the operator itself. */
export type ConnectionKey = string;

/** Not a legal `namespace/name`, so that no resource can take its place. */
export const DEFAULT_CONNECTION: ConnectionKey = '(default)';

/** Of the connection that something in `namespace` names, or of the default one when it names none. */
export function connectionKey(namespace = '', name: string | undefined): ConnectionKey {
  return name === undefined ? DEFAULT_CONNECTION : `${namespace}/${name}`;
}
