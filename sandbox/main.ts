/**
 * `npm start`: an embedded Kubernetes API, an embedded Nacos, and the operator between them. Exit codes: 0 ended as asked
 * or everything was as it should be, 1 it was not, 2 a wrong option.
 */
import manifest from '../package.json' with { type: 'json' };
import { exitCodeOf, onceSignalled } from '../operator/process.ts';
import { runSandbox } from './demonstration/command.ts';
import { compileSandboxOptions, createSandboxCommand } from './sandbox-options.ts';

const program = createSandboxCommand().exitOverride();
program.action(async () => {
  const options = compileSandboxOptions(program, process.env);
  const { version } = manifest;
  process.exitCode = await runSandbox({ options, version, signal: onceSignalled(), output: process.stdout });
});

// `npm start -- --help | head` closes our output early, and that is no failure.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
