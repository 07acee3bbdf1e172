// Generated from crds/bridge.nacos.io_nacosconfiginventories.yaml by `npm run generate`; do not edit.

/**
 * What is remembered. It is written by the operator alone.
 */
export interface NacosConfigInventoryStatus {
  /**
   * Where the dataIds are. Under another header no md5 counts.
   */
  header?: {
    /**
     * The name of the NacosConnection; without it the operator's default connection.
     */
    connection?: string;
    /**
     * The Nacos namespace; without it the public one.
     */
    namespaceId?: string;
    /**
     * What the Nacos namespace is known by: the content of its dataId `nacos-bridge-place`. Where it cannot be read, the servers tell.
     */
    placeId?: string;
    /**
     * HOST:PORT of the servers that the connection was given.
     *
     * Items: A server.
     */
    servers: string[];
  };
  /**
   * One an item, as `group dataId Kind/name key`, then, once both sides were equal, the md5 of that content (of a Secret's: of an HMAC) and who wrote it to Nacos: `o` for this resource, `t` for somebody else, with the time of that write where Nacos tells it.
   *
   * Items: An item.
   */
  entries?: string[];
}
