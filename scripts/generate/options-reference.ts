/**
 * `docs/reference/options.md`: every option of the operator, from the table that the command line itself is made of.
 */
import { renderOptionsMarkdown } from '../../operator/options/commands.ts';
import { type Derived, markdown } from './derived.ts';

const introduction = `<!-- Generated from operator/options/run-options.ts by \`npm run generate\`; do not edit. -->

# Options of \`nacos-bridge run\`

Every option is a flag and an environment variable; the flag wins. An option that is unknown, or whose value breaks a
rule, stops the start with a message that names it. The chart sets them from its [values](../../charts/nacos-bridge/values.yaml).
`;

export function optionsReference(): Promise<Derived> {
  return markdown('docs/reference/options.md', `${introduction}\n${renderOptionsMarkdown().replaceAll('### ', '## ')}`);
}
