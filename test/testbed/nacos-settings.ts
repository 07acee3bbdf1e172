/**
 * How the testbed configures a Nacos server and its Java machine. Each line that is not plain has cost somebody an hour.
 */
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export interface NacosPlace {
  readonly version: '3.1' | '2.3';
  readonly host: string;
  readonly port: number;
  readonly home: string;
  /** HOST:PORT of all nodes of the cluster that it is one of; none for a standalone server. */
  readonly members?: readonly string[];
}

export interface NacosAuthOptions {
  /** `admin`: as Nacos 3 is shipped, the admin API asks for a login and clients need none. @default true */
  readonly auth?: boolean | 'admin';
  /** How long an access token lives. @default 18000 */
  readonly tokenSeconds?: number;
  /** Of one gRPC request. @default 10 MiB, the server's own */
  readonly maxMessageBytes?: number;
}

/** The text of application.properties. */
export function applicationProperties(place: NacosPlace, options: NacosAuthOptions): string {
  const { auth = true } = options;
  const tokenKey = Buffer.from('the key of a testbed, known to all').toString('base64');
  // 3.1 opens no main port when server.port is set.
  const port =
    place.version === '3.1'
      ? [`nacos.server.main.port=${place.port}`]
      : [`server.port=${place.port}`, 'server.servlet.contextPath=/nacos'];
  const { maxMessageBytes: max } = options;
  const limit = max === undefined ? [] : [`nacos.remote.server.grpc.sdk.max-inbound-message-size=${max}`];
  const lines = [
    ...port,
    ...limit,
    'nacos.server.contextPath=/nacos',
    `server.address=${place.host}`,
    `nacos.inetutils.ip-address=${place.host}`,
    `server.tomcat.basedir=file:${place.home}`,
    'server.tomcat.accesslog.enabled=false',
    'server.error.include-message=ALWAYS',
    'nacos.core.auth.system.type=nacos',
    `nacos.core.auth.enabled=${auth === true}`,
    `nacos.core.auth.admin.enabled=${auth !== false}`,
    `nacos.core.auth.console.enabled=${auth !== false}`,
    'nacos.core.auth.caching.enabled=true',
    'nacos.core.auth.server.identity.key=testbed',
    'nacos.core.auth.server.identity.value=testbed',
    `nacos.core.auth.plugin.nacos.token.secret.key=${tokenKey}`,
    `nacos.core.auth.plugin.nacos.token.expire.seconds=${options.tokenSeconds ?? 18_000}`,
    'management.elastic.metrics.export.enabled=false',
    'management.influx.metrics.export.enabled=false',
    'nacos.istio.mcp.server.enabled=false',
    'nacos.k8s.sync.enabled=false',
    // A cluster with embedded storage fails its "config_info namespace migrate pre check" otherwise.
    'nacos.config.namespace.compatible.mode=false',
    'spring.autoconfigure.exclude=org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration',
  ];
  return `${lines.join('\n')}\n`;
}

/** The arguments of `java`; `partDir` holds the server's jars in lib and the launcher in classes. */
export async function javaArgs(place: NacosPlace, partDir: string): Promise<string[]> {
  const lib = join(partDir, 'lib');
  // Two Hessian jars carry classes of the same names: 4 must be found first, else the start fails; the other must be
  // there as well, else every push fails in silence.
  const hessian = (await readdir(lib)).filter((file) => file.startsWith('hessian-4')).map((file) => join(lib, file));
  const classPath = [join(partDir, 'classes'), ...hessian, join(lib, '*')].join(delimiter);
  const logs = join(place.home, 'logs');
  const opened = ['java.lang', 'java.util', 'java.io'];
  return [
    // A short start and a small footprint count for more here than peak speed.
    '-Xms128m',
    '-Xmx512m',
    '-Xss512k',
    '-XX:MaxMetaspaceSize=256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Djava.net.preferIPv4Stack=true',
    ...(place.members ? ['-Dnacos.standalone=false', '-DembeddedStorage=true'] : ['-Dnacos.standalone=true']),
    `-Dnacos.home=${place.home}`,
    // Without these four, logs and caches go to the home folder of the user.
    `-Duser.home=${place.home}`,
    `-Dnacos.logs.path=${logs}`,
    `-DJM.LOG.PATH=${logs}`,
    `-Dderby.stream.error.file=${join(logs, 'derby.log')}`,
    `-Dnacos.remote.grpc.listen.ip=${place.host}`,
    ...opened.flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]),
    '-cp',
    classPath,
    place.version === '3.1' ? 'NacosLauncher' : 'com.alibaba.nacos.testbed.NacosLauncher',
    `--spring.config.additional-location=file:${join(place.home, 'conf')}/`,
  ];
}
