/**
 * `npm run bench`: how fast the operator is, against a bare client that does the same work in the same run on the same
 * servers. README.md says what the figures mean.
 */
import { benchBulk } from './bulk.ts';
import { benchConfigs } from './configs.ts';
import { benchEmbedded } from './embedded-stalls.ts';
import { benchServices } from './services.ts';

const benchmarks: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  configs: benchConfigs,
  bulk: benchBulk,
  services: benchServices,
  embedded: benchEmbedded,
};

const [, , what = 'configs', ...args] = process.argv;
const benchmark = benchmarks[what];
if (benchmark) {
  process.exitCode = await benchmark(args);
} else {
  console.error(`there is no benchmark "${what}"; there are: ${Object.keys(benchmarks).join(', ')}`);
  process.exitCode = 2;
}
