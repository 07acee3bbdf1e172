/**
 * The address of one Nacos server: its HTTP port with the context path, and its gRPC port.
 *
 * The gRPC port of a server is its HTTP port + 1000 unless it is mapped elsewhere. Nacos configures TLS of the two ports
 * apart: `scheme` speaks of the HTTP port alone.
 */
import { isIPv6 } from 'node:net';
import { BridgeError } from '../../errors.ts';

export interface ServerAddress {
  readonly scheme: 'http' | 'https';
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** '/nacos', or '' when the server is at the root. */
  readonly contextPath: string;
  readonly grpcPort: number;
}

const defaultPort = 8848;
const defaultContextPath = '/nacos';
const grpcPortOffset = 1000;

/**
 * Reads `HOST[:PORT][,HOST[:PORT]]`; each piece may carry a scheme, a context path and the gRPC port where that is not the
 * port + 1000: `http://[::1]:8848/nacos?grpcPort=9848`.
 *
 * @throws INVALID_OPTION, naming the piece and the rule.
 */
export function parseServerAddresses(text: string): ServerAddress[] {
  const addresses = text.split(/[,;]/).map((piece) => parseServerAddress(piece.trim()));
  const names = addresses.map(hostAndPort);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BridgeError('INVALID_OPTION', `the server ${twice} must be named once`);
  return addresses;
}

/** `HOST:PORT` for messages and logs. */
export function hostAndPort(server: ServerAddress): string {
  return `${bracketed(server.host)}:${server.port}`;
}

export function grpcTarget(server: ServerAddress): string {
  return `${bracketed(server.host)}:${server.grpcPort}`;
}

export function httpOrigin(server: ServerAddress): string {
  return `${server.scheme}://${hostAndPort(server)}`;
}

export function httpBase(server: ServerAddress): string {
  return httpOrigin(server) + server.contextPath;
}

const pattern =
  /^(?:(?<scheme>https?):\/\/)?(?:\[(?<ipv6>[^\]]*)\]|(?<name>[A-Za-z0-9._-]+))(?::(?<port>\d+))?(?<path>\/[^\s?#]*)?(?:\?grpcPort=(?<grpc>\d+))?$/;

function parseServerAddress(piece: string): ServerAddress {
  const invalid = (rule: string) => new BridgeError('INVALID_OPTION', `the server address '${shown(piece)}' ${rule}`);
  if (piece === '') throw invalid('must not be empty');
  const parts = pattern.exec(piece)?.groups;
  if (!parts) throw invalid('must be HOST[:PORT], with an IPv6 address in brackets');
  const { grpc, ipv6, name, path, port: portText, scheme } = parts;
  if (ipv6 !== undefined && !isIPv6(ipv6)) throw invalid('must have an IPv6 address between the brackets');
  if (scheme === 'https' && portText === undefined) {
    throw invalid(`must name its port: https is at 443 of a proxy as a rule, and at ${defaultPort} of a server`);
  }
  const port = portText === undefined ? defaultPort : Number(portText);
  const lastPort = grpc === undefined ? 65_535 - grpcPortOffset : 65_535;
  if (port < 1 || port > lastPort) {
    const why = grpc === undefined ? `, since gRPC is at that port + ${grpcPortOffset} unless grpcPort is given` : '';
    throw invalid(`must have a port from 1 to ${lastPort}${why}`);
  }
  const grpcPort = grpc === undefined ? port + grpcPortOffset : Number(grpc);
  if (grpcPort < 1 || grpcPort > 65_535) throw invalid('must have a grpcPort from 1 to 65535');
  const contextPath = path === undefined ? defaultContextPath : normaliseContextPath(path);
  const host = (ipv6 ?? name ?? '').toLowerCase();
  return { scheme: scheme === 'https' ? 'https' : 'http', host, port, contextPath, grpcPort };
}

/** `/nacos/` is `/nacos`, and `/` is ''. */
export function normaliseContextPath(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Somebody may have put user:password@ there. */
function shown(piece: string): string {
  return piece.replace(/[^/]*@/, '***@');
}
