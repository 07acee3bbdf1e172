/**
 * The scenario suite against real servers. Two worlds of four servers each share two cores, hence the patience; how fast
 * the operator is, other tests and the benchmarks say.
 */
import { describeScenarios } from '../scenarios/suite.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';

describeScenarios(`scenarios with Nacos ${nacosVersion}`, {
  start: sharedWorld,
  startLimitMs,
  concurrency: 6,
  patience: 4,
});
