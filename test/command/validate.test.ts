import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runValidate } from '../../operator/command/validate.ts';
import { isBridgeError } from '../../operator/errors.ts';
import { commandLine } from './command-line.ts';

const SECRET = 'sEcReT-marker';

/** Standard input, in the place of a file, is `(standard input)`. */
async function validate(input: string, files: readonly string[] = ['-']) {
  const written = { output: '', errors: '' };
  const into = (key: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[key] += String(chunk);
        done();
      },
    });
  const streams = { input: Readable.from([input]), output: into('output'), errors: into('errors') };
  const code = await runValidate({ files, namespace: 'default' }, streams);
  const lines = written.output.trimEnd().split('\n');
  return { code, problems: lines.slice(0, -1), summary: lines.at(-1) ?? '', errors: written.errors };
}

function config(spec: string, name = 'app.yaml'): string {
  return `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConfig\nmetadata: { name: ${name} }\nspec:\n${spec}\n`;
}

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: texts }\ndata:\n  a.json: |\n';

interface Case {
  what: string;
  manifests: string;
  /** The problems as they begin, after the file. */
  problems: RegExp[];
}

const cases: Case[] = [
  { what: 'nothing wrong', manifests: config('  content: "a: 1"'), problems: [] },
  { what: 'documents of comments alone', manifests: `# only\n---\n${config('  content: "a: 1"')}---\n`, problems: [] },
  {
    what: 'a field that there is not',
    manifests: config('  grup: shop\n  content: "a: 1"'),
    problems: [/^5:9 NacosConfig\/app.yaml spec\.grup: there is no such field$/],
  },
  {
    what: 'a value of the wrong type',
    manifests: config('  suspend: perhaps\n  content: "a: 1"'),
    problems: [/^5:12 NacosConfig\/app.yaml spec\.suspend: .*must be of type boolean/],
  },
  {
    what: 'a rule of the CRD that is broken',
    manifests: config('  source: Nacos\n  content: "a: 1"'),
    problems: [/^6:12 NacosConfig\/app.yaml spec\.content: .*must not be set when `source` is 'Nacos'/],
  },
  {
    what: 'a broken line of a literal block, at its line of the file',
    manifests: config('  content: |\n    a: 1\n    b: [\n    a: 2\n'),
    problems: [/^8:\d+ NacosConfig\/app.yaml spec\.content: The content is not valid yaml: line 3, column \d+: /],
  },
  {
    what: 'a broken content on one line, at its begin',
    manifests: config('  content: "a: 1\\na: 2"'),
    problems: [/^5:12 NacosConfig\/app.yaml spec\.content: .* line 2, column 1: Duplicate key$/],
  },
  {
    what: 'a broken content in a ConfigMap, where that stands',
    manifests: `${config('  contentFrom: { configMapKeyRef: { name: texts, key: a.json } }', 'a.json')}---\n${configMap}    {\n      "a" 1\n    }\n`,
    problems: [
      /^13:11 ConfigMap\/texts data\[a\.json\]: The content is not valid json: .*, as NacosConfig\/a\.json publishes it$/,
    ],
  },
  {
    what: 'a key that the ConfigMap lacks',
    manifests: `${config('  contentFrom: { configMapKeyRef: { name: texts, key: b } }')}---\n${configMap}    1\n`,
    problems: [/^5:16 NacosConfig\/app.yaml spec\.contentFrom: ConfigMap 'texts' has no key 'b'$/],
  },
  {
    what: 'a broken content in a Secret, without a word of it',
    manifests:
      config('  allowSecretExport: true\n  contentFrom: { secretKeyRef: { name: s, key: a } }') +
      `---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData:\n  a: "x: [${SECRET}"\n`,
    problems: [/^12:6 Secret\/s stringData\[a\]: .*line 1, column \d+; it comes from a Secret and is not shown/],
  },
  {
    what: 'text in binaryData, which is read as the operator reads it',
    manifests:
      config('  contentFrom: { configMapKeyRef: { name: bytes, key: a } }') +
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: bytes }\nbinaryData: { a: YTogMQ== }\n',
    problems: [],
  },
  {
    what: 'bytes in binaryData that are no text',
    manifests:
      config('  contentFrom: { configMapKeyRef: { name: bytes, key: a } }') +
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: bytes }\nbinaryData: { a: /w== }\n',
    problems: [/The content must be UTF-8 text, and key 'a' of ConfigMap 'bytes' is binary/],
  },
  {
    what: 'bytes of a Secret that are published in Base64',
    manifests:
      config('  allowSecretExport: true\n  contentFrom: { secretKeyRef: { name: s, key: a, encoding: Base64 } }', 'a') +
      '---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: /w== }\n',
    problems: [],
  },
  {
    what: 'a Secret that is no Base64, without a word of it',
    manifests: `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: "?${SECRET}" }\n`,
    problems: [/^1:1 Secret\/s: .*illegal base64/],
  },
  {
    what: 'a content that breaks its schema',
    manifests: config('  validation: { jsonSchema: { properties: { a: { type: string } } } }\n  content: |\n    a: 1'),
    problems: [/^7:8 NacosConfig\/app.yaml spec\.content: .*\/a \(line 1, column 4\) must be string$/],
  },
  {
    what: 'a schema that is none',
    manifests: config('  validation: { jsonSchema: { type: strin } }\n  content: "a: 1"'),
    problems: [/^5:29 NacosConfig\/app.yaml spec\.validation\.jsonSchema: .*must be a JSON Schema/],
  },
  {
    what: 'an object that is declared twice',
    manifests: `${config('  content: "a: 1"')}---\n${config('  content: "a: 2"')}`,
    problems: [/^9:19 NacosConfig\/app.yaml metadata\.name: is declared twice, also in \(standard input\):1$/],
  },
  {
    what: 'two that claim one dataId',
    manifests: `${config('  content: "a: 1"')}---\n${config('  dataId: app.yaml\n  content: "a: 1"', 'b')}`,
    problems: [/^11:11 NacosConfig\/b spec\.dataId: the dataId is already declared by NacosConfig\/app\.yaml in/],
  },
  {
    what: 'a kind of ours that there is not',
    manifests: 'apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosThing\nmetadata: { name: a }\n',
    problems: [/^2:7 NacosThing\/a kind: there is no NacosThing in bridge\.nacos\.io\/v1alpha1$/],
  },
  { what: 'what is no YAML', manifests: 'a: [\n', problems: [/^2:1: is no YAML: /] },
  { what: 'what is no object', manifests: '- 1\n', problems: [/^1:1: is no object of Kubernetes/] },
  {
    what: 'the items of a List',
    manifests: `kind: List\napiVersion: v1\nitems:\n  - apiVersion: bridge.nacos.io/v1alpha1\n    kind: NacosConfig\n    metadata: { name: a }\n    spec: { content: " " }\n`,
    problems: [/^7:22 NacosConfig\/a spec\.content: .*must not be blank/],
  },
];

describe('nacos-bridge validate', () => {
  for (const { what, manifests, problems } of cases) {
    it(`tells ${what}`, async () => {
      const told = await validate(manifests);
      assert.equal(told.problems.length, problems.length, told.problems.join('\n'));
      for (const [index, problem] of told.problems.entries()) {
        assert.ok(problem.startsWith('(standard input):'), problem);
        assert.match(problem.slice('(standard input):'.length), problems[index] ?? /^$/);
      }
      assert.equal(told.code, problems.length === 0 ? 0 : 1);
      assert.ok(!JSON.stringify(told).includes(SECRET));
    });
  }

  it('says what it could not check, and what it passed over', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n';
    const reference = config('  contentFrom: { configMapKeyRef: { name: elsewhere, key: a } }');
    const { code, errors, summary } = await validate(`${reference}---\n${deployment}`);
    assert.equal(code, 0);
    assert.match(errors, /ConfigMap 'elsewhere' is not among these files, so its content is not checked/);
    assert.equal(summary, 'no problems; 1 object in 1 file in order; 1 object of other kinds passed over');
  });

  it('reads folders with all that is below them, and passes over what is no manifest there', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-validate-'));
    try {
      await mkdir(join(dir, 'below/.git'), { recursive: true });
      await writeFile(join(dir, 'values.yaml'), 'replicas: 2\n');
      await writeFile(join(dir, 'below/app.yml'), config('  content: "a: ["'));
      await writeFile(join(dir, 'below/.git/app.yaml'), 'a: [');
      await writeFile(join(dir, 'README.md'), 'a: [');
      const { problems, summary } = await validate('', [dir]);
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.startsWith(`${join(dir, 'below/app.yml')}:5:12 NacosConfig/app.yaml spec.content`));
      assert.match(summary, /^1 problem; 1 object in 2 files/);
      await assert.rejects(validate('', [join(dir, 'below/.git/none')]), (error) =>
        isBridgeError(error, 'INVALID_OPTION'),
      );
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('ends with 0 in order, 1 with problems, and 2 for what it was not asked rightly', async () => {
    const [right, wrong, none, missing] = await Promise.all([
      commandLine(['validate', '-'], config('  content: "a: 1"')),
      commandLine(['validate', '-'], config('  content: "a: ["')),
      commandLine(['validate']),
      commandLine(['validate', 'there-is-no-such-file']),
    ]);
    assert.deepEqual([right.code, wrong.code, none.code, missing.code], [0, 1, 2, 2]);
    assert.match(none.errors, /FILE\|DIR\|-\.\.\. must be given/);
    assert.match(missing.errors, /'there-is-no-such-file' cannot be read/);
  });

  it('tells each content that takes too long to judge, and ends', async () => {
    const spec = `  content: '"${'a'.repeat(60)}!"'\n  validation: { jsonSchema: { pattern: '^(a+)+$' } }`;
    const slow = (name: string) => config(spec, `${name}.json`);
    const { code, output } = await commandLine(['validate', '-'], `${slow('one')}\n---\n${slow('two')}`);
    assert.equal(code, 1, output);
    for (const name of ['one', 'two'])
      assert.match(
        output,
        new RegExp(`NacosConfig/${name}.json spec.validation.jsonSchema: .*takes more than 5 s of processor time`),
      );
  });

  it('finds the examples in order', async () => {
    const { problems } = await validate('', [join(import.meta.dirname, '../../examples')]);
    assert.deepEqual(problems, []);
  });
});
