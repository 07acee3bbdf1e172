/** What is secret, between real servers, with no more rights than the chart gives. */
import { describeSecretMarker } from '../embedded/secret-marker-suite.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';

describeSecretMarker(`with Nacos ${nacosVersion}`, { start: sharedWorld, startLimitMs });
