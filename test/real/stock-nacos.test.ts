/** The operator without a login and real servers that are as open as Nacos is shipped. */
import { describeStockNacos } from '../acceptance/stock-nacos.ts';
import { startNacos } from '../testbed/nacos.ts';

for (const [version, auth] of [
  ['3.1', 'admin'],
  ['2.3', false],
] as const) {
  describeStockNacos(`the operator without a login, and a real Nacos ${version} as it is shipped`, async () => {
    const nacos = await startNacos(version, { auth });
    return { endpoint: nacos, stop: () => nacos.stop() };
  });
}
