import { describeBulkCrash } from '../acceptance/bulk-crash.ts';
import { startEmbeddedWorld } from './world.ts';

describeBulkCrash('embedded servers', {
  rounds: 2,
  size: 30,
  start: () => startEmbeddedWorld('3.1'),
  stop: (world) => world.stop(),
});
