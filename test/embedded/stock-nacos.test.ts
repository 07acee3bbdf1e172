/** The operator without a login and embedded servers that are as open as Nacos is shipped. */
import { describeStockNacos } from '../acceptance/stock-nacos.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';

describeStockNacos('the operator without a login, and an embedded Nacos 3.1 as it is shipped', async () => {
  const { endpoint, nacos } = await startEmbeddedEndpoint('3.1', undefined, 'admin');
  return { endpoint, stop: () => nacos.stop() };
});
