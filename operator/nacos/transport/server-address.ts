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
 * Reads `HOST[:PORT][,HOST[:PORT]]`; each piece may carry a scheme and a context path, `http://[::1]:8848/nacos`.
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
  /^(?:(?<scheme>https?):\/\/)?(?:\[(?<ipv6>[^\]]*)\]|(?<name>[A-Za-z0-9._-]+))(?::(?<port>\d+))?(?<path>\/[^\s?#]*)?$/;

function parseServerAddress(piece: string): ServerAddress {
  const invalid = (rule: string) => new BridgeError('INVALID_OPTION', `the server address '${shown(piece)}' ${rule}`);
  if (piece === '') throw invalid('must not be empty');
  const parts = pattern.exec(piece)?.groups;
  if (!parts) throw invalid('must be HOST[:PORT], with an IPv6 address in brackets');
  const { scheme, ipv6, name, port: portText, path } = parts;
  if (ipv6 !== undefined && !isIPv6(ipv6)) throw invalid('must have an IPv6 address between the brackets');
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port < 1 || port > 65_535 - grpcPortOffset) {
    throw invalid(
      `must have a port from 1 to ${65_535 - grpcPortOffset}, since gRPC is at that port + ${grpcPortOffset}`,
    );
  }
  const contextPath = path === undefined ? defaultContextPath : path.replace(/\/+$/, '');
  const host = (ipv6 ?? name ?? '').toLowerCase();
  return { scheme: scheme === 'https' ? 'https' : 'http', host, port, contextPath, grpcPort: port + grpcPortOffset };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Somebody may have put user:password@ there. */
function shown(piece: string): string {
  return piece.replace(/[^/]*@/, '***@');
}
